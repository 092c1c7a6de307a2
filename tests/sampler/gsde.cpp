#include <cohort/sampler/gsde.hpp>
#include "distributions.hpp"

using namespace distributions;

namespace {

using gaussian = gsde_gaussian<gsde, double, 2>;
constexpr int D = 2, L = 3;

/// Rows of means and features.
numbers joined(numbers const& mean, numbers const& features) {
  numbers x;
  for (std::size_t r = 0; r < mean.size() / D; ++r) {
    x.insert(x.end(), mean.begin() + std::ptrdiff_t(r) * D, mean.begin() + std::ptrdiff_t(r + 1) * D);
    x.insert(x.end(), features.begin() + std::ptrdiff_t(r) * L, features.begin() + std::ptrdiff_t(r + 1) * L);
  }
  return x;
}

void require_recorded(gsde model, std::string const& file) {
  auto t = golden::read("distribution/" + file);
  auto row = [&](char const* name) -> numbers const& { return golden::row(t, name); };
  model.epsilon = row("epsilon")[0];
  auto d = model.distribution<double, D>(L);
  numbers x = joined(row("mean"), row("features")), logp(12), entropy(12), dx(x.size()), dlog_s(L * D);
  cpu backend;
  d.evaluate(backend, matrix(std::as_const(x), 12), all(row("log_s")), matrix(row("action"), 12), 1, all(logp),
             all(entropy));
  require_close(logp, row("logp"), 1e-10, 1e-10);
  require_close(entropy, row("entropy"), 1e-10, 1e-10);
  d.backward(backend, matrix(std::as_const(x), 12), all(row("log_s")), matrix(row("action"), 12), 1,
             all(row("weight_logp")), all(row("weight_entropy")), matrix(dx, 12), all(dlog_s));
  require_close(dx, joined(row("gradient_mean"), row("gradient_features")), 1e-10, 1e-10);
  require_close(dlog_s, row("gradient_log_s"), 1e-10, 1e-10);
}

struct drawn {
  numbers action, logp;
};
drawn draw(gaussian const& d, numbers const& x, numbers const& log_s, std::uint32_t step, int G = 1) {
  cpu backend;
  std::ptrdiff_t R = std::ptrdiff_t(x.size()) / (D + L);
  drawn a{numbers(R * G * D), numbers(R * G)};
  d.sample(backend, stream_id{1, draw_purpose::action, step}, matrix(x, R), all(log_s), G, matrix(a.action, R),
           matrix(a.logp, R));
  return a;
}
numbers const log_s{-.5, .3, .2, -1, 0, .1};

}  // namespace

TEST_CASE("gsde: log-probabilities, entropies and gradients of Stable-Baselines3's StateDependentNoiseDistribution",
          "[golden]") {
  require_recorded({}, "gsde.txt");
  require_recorded({.learn_features = true}, "gsde_features.txt");
  require_recorded({.learn_features = true, .expln = true}, "gsde_expln.txt");
}

TEST_CASE(
    "gsde: the noise is a linear function of the features that is drawn anew in every fourth step, another for each "
    "row and sample") {
  auto d = gsde{.sample_every = 4}.distribution<double, D>(L);
  numbers none(2 * D, 0), first{.3, -.2, 1, .5, .5, -1}, second{-1, .4, .2, .1, .7, .3}, sum(2 * L);
  for (int i = 0; i < 2 * L; ++i) sum[std::size_t(i)] = first[std::size_t(i)] + second[std::size_t(i)];
  auto noise = [&](numbers const& features, std::uint32_t step) {
    return draw(d, joined(none, features), log_s, step, 2).action;
  };
  auto a = noise(first, 8), b = noise(second, 8), c = noise(sum, 8);
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(close(a[i] + b[i], c[i], 1e-12, 1e-12));
  for (std::uint32_t step : {9, 10, 11}) REQUIRE(noise(first, step) == a);
  auto next = noise(first, 12), before = noise(first, 7);
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE((next[i] != a[i] && before[i] != a[i]));
  numbers alike{.3, -.2, 1, .3, -.2, 1};
  auto of_alike = noise(alike, 8);
  for (std::size_t i = 0; i < of_alike.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) REQUIRE(of_alike[i] != of_alike[j]);
  REQUIRE(draw(gsde{.sample_every = 1}.distribution<double, D>(L), joined(none, first), log_s, 9).action !=
          draw(gsde{.sample_every = 1}.distribution<double, D>(L), joined(none, first), log_s, 8).action);
}

TEST_CASE("gsde: actions are normal with the variance that the features give, and their numbers independent") {
  auto d = gsde{.epsilon = 0}.distribution<double, D>(L);
  int const n = 40'000;
  numbers row{.3, -1, .5, -.8, 1.2}, x = repeated(row, n);
  auto [action, logp] = draw(d, x, log_s, 0);
  for (int k = 0; k < D; ++k) {
    double v = 0;
    for (int l = 0; l < L; ++l) v += std::pow(row[std::size_t(D + l)] * std::exp(log_s[std::size_t(l * D + k)]), 2);
    require_distribution(column(action, k, D),
                         [&](double a) { return .5 * std::erfc(-(a - row[std::size_t(k)]) / std::sqrt(2 * v)); });
  }
  require_uncorrelated(column(action, 0, D), column(action, 1, D));
}

TEST_CASE("gsde: a sample's log-probability is what evaluate gives it; the mode is the mean") {
  auto d = gsde{}.distribution<double, D>(L);
  numbers x = uniform(7 * (D + L), 3), logp(21), entropy(21), mode(7 * D);
  auto a = draw(d, x, log_s, 5, 3);
  cpu backend;
  d.evaluate(backend, matrix(std::as_const(x), 7), all(log_s), matrix(std::as_const(a.action), 7), 3, matrix(logp, 7),
             matrix(entropy, 7));
  require_close(a.logp, logp, 1e-14, 1e-14);
  d.mode(backend, matrix(std::as_const(x), 7), all(log_s), matrix(mode, 7));
  for (int r = 0; r < 7; ++r)
    for (int k = 0; k < D; ++k) REQUIRE(mode[std::size_t(r * D + k)] == x[std::size_t(r * (D + L) + k)]);
}
