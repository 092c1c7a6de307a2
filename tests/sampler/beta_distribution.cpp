#include <cohort/sampler/beta_distribution.hpp>
#include "distributions.hpp"

using namespace distributions;

namespace {

template <class T>
struct on_box : independent<beta_distribution, T, 2> {
  on_box() : independent<beta_distribution, T, 2>({}, {-2, 0}, {2, 1}) {}
};
template <class T>
struct on_unit : independent<beta_distribution, T, 1> {
  on_unit() : independent<beta_distribution, T, 1>({}, {0}, {1}) {}
};

double shape(double p) { return 1 + std::max(p, 0.) + std::log1p(std::exp(-std::abs(p))); }

/// The distribution of u = log x - log(1 - x), which is smooth: its density summed along a fine grid.
struct logit_beta {
  double low, step;
  numbers cumulative{0};
  logit_beta(double a, double b, double low, double high) : low(low), step((high - low) / 40'000) {
    auto density = [&](double u) {
      return std::exp(-a * std::log1p(std::exp(-u)) - b * std::log1p(std::exp(u)) - std::lgamma(a) - std::lgamma(b) +
                      std::lgamma(a + b));
    };
    for (int i = 1; i <= 40'000; ++i)
      cumulative.push_back(cumulative.back() + step / 2 * (density(low + (i - 1) * step) + density(low + i * step)));
  }
  double operator()(double u) const {
    double at = (u - low) / step;
    auto i = std::size_t(std::min(std::max(at, 0.), 39'999.));
    return cumulative[i] + (at - double(i)) * (cumulative[i + 1] - cumulative[i]);
  }
};

}  // namespace

TEST_CASE("beta_distribution: log-probabilities, entropies, divergences and their gradients of torch and SciPy",
          "[golden]") {
  require_recorded(on_box<double>{}, "beta.txt");
}

TEST_CASE("beta_distribution: shapes from 1 to 10^6 and actions at the bounds cost no digits, by 60-digit arithmetic",
          "[golden]") {
  auto t = golden::read("distribution/beta_extremes.txt");
  auto r = recorded_rows(on_unit<double>{}, t);
  auto [logp, entropy] = r.evaluate();
  require_close(logp, golden::row(t, "logp"), 1e-12, 1e-12);
  require_close(entropy, golden::row(t, "entropy"), 1e-12, 1e-12);
  numbers zero(std::size_t(r.R()), 0), one(zero.size(), 1);
  require_close(r.backward(one, zero), golden::row(t, "logp_slope"), 1e-11, 1e-12);
  require_close(r.backward(zero, one), golden::row(t, "entropy_slope"), 1e-11, 1e-12);
}

TEST_CASE("beta_distribution: gradients and Fisher products are those of five-point differences") {
  for (int G : {1, 3}) require_gradient(on_box<double>{}, G);
  require_divergence(on_box<double>{});
}

TEST_CASE("beta_distribution: in float, log-probabilities, entropies and gradients are those of double") {
  require_float<on_box>(1, 1e-5, 1e-5);
}

TEST_CASE(
    "beta_distribution: a sample's log-probability is what evaluate gives it, and does not depend on the other rows") {
  require_samples(on_box<double>{});
}

TEST_CASE(
    "beta_distribution: samples are distributed as their shapes say, from flat to sharp, and of no two numbers "
    "dependent") {
  for (auto [p0, p1] : {std::pair{-40., -40.}, {0., 0.}, {2., -1.}, {-40., 30.}, {1e4, 2e4}}) {
    rows<on_box<double>> r{{}, repeated({p0, p1, p1, p0}, 50'000), {}, 2};
    r.sample(1);
    for (int k : {2, 3, 6, 7}) {
      auto u = column(r.a, k, 8), a = column(r.a, k - 2, 8);
      auto [low, high] = std::minmax_element(u.begin(), u.end());
      double first = k % 2 ? p1 : p0, second = k % 2 ? p0 : p1;
      logit_beta f(shape(first), shape(second), *low - 1 / shape(std::max(p0, p1)) - (p0 < 0 ? 20 : 0), *high + 1e-3);
      require_distribution(u, f);
      require_uncorrelated(u, column(r.a, k == 7 ? 2 : k == 3 ? 6 : k + 1, 8));
      double lowest = k % 2 ? 0 : -2, width = k % 2 ? 1 : 4;
      for (int i = 0; i < 100; ++i)
        REQUIRE(close(a[std::size_t(i)], lowest + width / (1 + std::exp(-u[std::size_t(i)])), 1e-14, 1e-14));
    }
  }
}

TEST_CASE("beta_distribution: the mode is (alpha - 1) / (alpha + beta - 2), the middle where both are 1") {
  auto mode = rows<on_box<double>>{{}, {1, -1e4, .5, -1e4}, {}}.mode();
  double a = shape(1), b = shape(.5);
  REQUIRE(close(mode[0], -2 + 4 * (a - 1) / (a + b - 2), 1e-14));
  REQUIRE(mode[1] == .5);
}

TEST_CASE("beta_distribution: draws for parameters that are no numbers come to an end") {
  rows<on_unit<double>> r{{}, {NAN, 0}, {}};
  REQUIRE(std::isnan(r.sample(1)[0]));
}
