#include <cohort/aggregation/means.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/value_loss.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int M = 37, N = 6;  // odd: a pack's tail too
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A batch of ragged series, its log-ratios away from the edges of the clip.
struct batch {
  numbers old_logp = uniform(M, 1, -2, 0), ref_logp = uniform(M, 2, -2, 0), advantage = uniform(M, 3, -2, 2),
          target = uniform(M, 4, -3, 3), old_value = uniform(M, 5), logp, entropy = uniform(M, 6, 0, 1),
          value = uniform(M, 7, -3, 3);
  integers series_of;
  flags valid;

  batch() : series_of(M) {
    double const offsets[] = {-.6, -.35, -.1, 0, .05, .15, .3, .5};  // 1 - 0.2 and 1 + 0.28 are at -0.223 and 0.247
    for (int i = 0; i < M; ++i) {
      logp.push_back(old_logp[i] + offsets[i % 8]);
      series_of[i] = i < 3 ? 0 : i < 4 ? 1 : i < 20 ? 2 : i < 30 ? 4 : 5;  // none of series 3
    }
  }
  step_views<double> views() const {
    return {.sampler_logp = all(old_logp),
            .old_logp = all(old_logp),
            .logp = all(logp),
            .ref_logp = all(ref_logp),
            .advantage = all(advantage),
            .entropy = all(entropy),
            .value = all(value),
            .old_value = all(old_value),
            .target = all(target),
            .valid = valid.empty() ? view<std::uint8_t const>{} : all(valid)};
  }
};

struct gradients {
  numbers loss = numbers(M, not_a_number), logp = numbers(M, not_a_number), entropy = numbers(M, not_a_number),
          value = numbers(M, not_a_number);
  double total() const {
    double sum = 0;
    for (double x : loss) sum += x;
    return sum;
  }
};

/// Steps are averaged, except where the objective says otherwise.
template <class O>
gradients run(O const& o, batch const& b) {
  cpu backend;
  constexpr int modes = detail::aggregations_in<O>;
  numbers weight((1 + modes) * M);
  aggregated_steps<double> steps{M, N, all(b.series_of), b.views().valid};
  std::array<view<double const>, 1 + modes> weights;
  for (int k = 0; k <= modes; ++k) weights[k] = all(std::as_const(weight)).part(k * M, M);
  step_mean{}(backend, steps, all(weight).part(0, M));
  std::apply([&, k = 1](auto const&... mode) mutable { (mode(backend, steps, all(weight).part(k++ * M, M)), ...); },
             detail::composed(o).modes);
  gradients g;
  differentiate(backend, o, b.views(), weights, {all(g.loss), all(g.logp), all(g.entropy), all(g.value)});
  return g;
}

auto composed() {
  return clipped_ratio{.epsilon = .2, .epsilon_high = .28} +
         aggregate(series_mean{}, kl_penalty{.estimator = k3{}, .weight = .3}) + 2 * value_loss{.weight = .25} +
         entropy_bonus{.weight = .05};
}

/// The same loss written out, term by term, with the means as sums over steps and over series.
double by_hand(batch const& b) {
  auto valid = [&](int i) { return b.valid.empty() || b.valid[i]; };
  double steps = 0, count[N] = {}, series = 0;
  for (int i = 0; i < M; ++i)
    if (valid(i)) ++steps, ++count[b.series_of[i]];
  for (double c : count) series += c > 0;
  double total = 0;
  for (int i = 0; i < M; ++i) {
    if (!valid(i)) continue;
    double ratio = std::exp(b.logp[i] - b.old_logp[i]), x = b.logp[i] - b.ref_logp[i], A = b.advantage[i];
    double policy = -std::min(ratio * A, std::min(std::max(ratio, .8), 1.28) * A);
    double error = b.value[i] - b.target[i];
    total += (policy + .5 * error * error - .05 * b.entropy[i]) / steps +
             .3 * (std::exp(-x) - 1 + x) / (count[b.series_of[i]] * series);
  }
  return total;
}

void require_differences(batch b) {
  gradients g = run(composed(), b);
  auto check = [&](numbers batch::* field, numbers const& found) {
    for (int i = 0; i < M; ++i) {
      double x = (b.*field)[i];
      double expected = slope([&](double y) { return (b.*field)[i] = y, by_hand(b); }, x);
      (b.*field)[i] = x;
      REQUIRE(close(found[i], expected, 1e-9, 1e-11));
    }
  };
  REQUIRE(close(g.total(), by_hand(b), 1e-14));
  check(&batch::logp, g.logp);
  check(&batch::entropy, g.entropy);
  check(&batch::value, g.value);
}

}  // namespace

TEST_CASE(
    "differentiate: loss and gradient of a composed objective, one term averaged over series, equal differences of the "
    "total loss") {
  require_differences({});
}

TEST_CASE("differentiate: with invalid steps too") {
  batch b;
  b.valid = coins(M, 8, .7);
  b.valid[3] = 0;  // the only step of series 1: it has left the mean over series
  require_differences(b);
}

TEST_CASE(
    "differentiate: whatever an invalid step holds, its loss and partials are 0 and those of the others do not "
    "change") {
  batch clean;
  clean.valid = coins(M, 8, .7);
  batch dirty = clean;
  for (int i = 0; i < M; ++i)
    if (!dirty.valid[i])
      for (auto field : {&batch::old_logp, &batch::ref_logp, &batch::advantage, &batch::target, &batch::logp,
                         &batch::entropy, &batch::value})
        (dirty.*field)[i] = i % 2 ? not_a_number : std::numeric_limits<double>::infinity();
  gradients a = run(composed(), clean), b = run(composed(), dirty);
  for (auto field : {&gradients::loss, &gradients::logp, &gradients::entropy, &gradients::value}) {
    REQUIRE((a.*field) == (b.*field));
    for (int i = 0; i < M; ++i)
      if (!clean.valid[i]) REQUIRE((b.*field)[i] == 0);
  }
}

TEST_CASE(
    "differentiate: partials with respect to what an objective does not read are not written, and it need not be "
    "given") {
  batch b;
  gradients g = run(entropy_bonus{.weight = 1}, b);
  for (int i = 0; i < M; ++i) {
    REQUIRE(close(g.entropy[i], -1. / M, 1e-15));
    REQUIRE(std::isnan(g.logp[i]));
    REQUIRE(std::isnan(g.value[i]));
  }
  cpu backend;
  double one = 1;
  numbers loss(M), slope(M);
  differentiate(backend, entropy_bonus{.weight = 1}, {.entropy = all(std::as_const(b.entropy))},
                {broadcast(view<double const>(&one, 1), M)}, {.loss = all(loss), .entropy = all(slope)});
  REQUIRE(slope == numbers(M, -1));
}

TEST_CASE("differentiate: names the term that an objective reads and the batch does not have") {
  batch b;
  cpu backend;
  double one = 1;
  gradients g;
  using term = view<double const> step_views<double>::*;
  std::pair<term, char const*> const terms[] = {
      {&step_views<double>::old_logp, "old_logp"}, {&step_views<double>::logp, " logp"},
      {&step_views<double>::ref_logp, "ref_logp"}, {&step_views<double>::advantage, "advantage"},
      {&step_views<double>::entropy, "entropy"},   {&step_views<double>::value, " value"},
      {&step_views<double>::target, "target"}};
  auto o = clipped_ratio{} + kl_penalty{} + value_loss{} + entropy_bonus{};
  for (auto [field, name] : terms) {
    auto views = b.views();
    views.*field = {};
    auto call = [&] {
      differentiate(backend, o, views, {broadcast(view<double const>(&one, 1), M)},
                    {all(g.loss), all(g.logp), all(g.entropy), all(g.value)});
    };
    REQUIRE_THROWS_AS(call(), value_error);
    REQUIRE_THROWS_WITH(call(), ContainsSubstring(name) && ContainsSubstring("does not have"));
  }
}

TEST_CASE("differentiate: says so where there is no room for a partial that the objective has") {
  batch b;
  cpu backend;
  double one = 1;
  gradients g;
  auto call = [&] {
    differentiate(backend, clipped_ratio{} + entropy_bonus{}, b.views(), {broadcast(view<double const>(&one, 1), M)},
                  {.loss = all(g.loss), .logp = all(g.logp)});
  };
  REQUIRE_THROWS_AS(call(), value_error);
  REQUIRE_THROWS_WITH(call(), ContainsSubstring("entropy"));
}
