#include <cohort/sampler/state_dependent_gaussian.hpp>
#include "distributions.hpp"

using namespace distributions;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class T>
using plain = independent<state_dependent_gaussian, T, 2>;
template <class T>
struct squashed : independent<tanh_gaussian, T, 2> {
  squashed(tanh_gaussian m = {}) : independent<tanh_gaussian, T, 2>(m, {-2, -1}, {2, 1}) {}
};
constexpr auto unbounded = log_std_bound::none;
double normal_distribution(double z) { return .5 * std::erfc(-z / std::sqrt(2.)); }

/// E over u of a function, u ~ N(mean, std^2), by the trapezoidal rule, which for a smooth function that falls off like
/// a normal density is as exact as double is.
template <class F>
double expectation(double mean, double std, F f) {
  double total = 0, h = 1. / 256;
  for (double z = -12; z <= 12; z += h)
    total += h * std::exp(-.5 * z * z) / std::sqrt(2 * std::acos(-1.)) * f(mean + std * z);
  return total;
}

}  // namespace

TEST_CASE("state_dependent_gaussian: log-probabilities, entropies, divergences and their gradients of torch and SciPy",
          "[golden]") {
  require_recorded(plain<double>{{.bound = unbounded}}, "state_dependent_gaussian.txt");
}

TEST_CASE(
    "state_dependent_gaussian: gradients and Fisher products are those of five-point differences, whatever bounds "
    "log_std") {
  for (state_dependent_gaussian m : {state_dependent_gaussian{.bound = unbounded},
                                     {.bound = log_std_bound::clamp},
                                     {.bound = log_std_bound::tanh, .low = -3, .high = 1}}) {
    for (int G : {1, 3}) require_gradient(plain<double>{m}, G);
    require_divergence(plain<double>{m});
  }
}

TEST_CASE("state_dependent_gaussian: it is diagonal_gaussian with a log_std for each row") {
  int R = 9;
  numbers p = uniform(R * 4, 1), mean, log_std, dmean(2 * R), dlog_std(2 * R), logp(R), entropy(R);
  for (int r = 0; r < R; ++r)
    for (int d = 0; d < 2; ++d) mean.push_back(p[4 * r + d]), log_std.push_back(p[4 * r + 2 + d]);
  rows<plain<double>> r{{}, p, uniform(2 * R, 2, -2, 2)};
  cpu backend;
  diagonal_gaussian<double> other{2};
  other.evaluate(backend, matrix(std::as_const(mean), R), matrix(std::as_const(log_std), R),
                 matrix(std::as_const(r.a), R), 1, matrix(logp, R), matrix(entropy, R));
  require_close(r.evaluate().logp, logp, 1e-14, 1e-14);
  require_close(r.evaluate().entropy, entropy, 1e-14, 1e-14);
  numbers one(R, 1), two(R, 2);
  other.backward(backend, matrix(std::as_const(mean), R), matrix(std::as_const(log_std), R),
                 matrix(std::as_const(r.a), R), 1, matrix(std::as_const(one), R), matrix(std::as_const(two), R),
                 matrix(dmean, R), matrix(dlog_std, R));
  auto found = r.backward(one, two);
  for (int i = 0; i < 2 * R; ++i) {
    REQUIRE(close(found[4 * (i / 2) + i % 2], dmean[i], 1e-13, 1e-13));
    REQUIRE(close(found[4 * (i / 2) + 2 + i % 2], dlog_std[i], 1e-13, 1e-13));
  }
}

TEST_CASE("state_dependent_gaussian: limits hold log_std, and where it is cut off there is no gradient") {
  auto entropy = [](state_dependent_gaussian m, double raw) {
    return rows<independent<state_dependent_gaussian, double, 1>>{
               independent<state_dependent_gaussian, double, 1>{m}, {0, raw}, {0}}
               .evaluate()
               .entropy[0] -
           .5 * (1 + std::log(2 * std::acos(-1.)));
  };
  REQUIRE(close(entropy({}, 7), 2, 1e-15));
  REQUIRE(close(entropy({}, -30), -20, 1e-15));
  REQUIRE(close(entropy({.bound = log_std_bound::tanh, .low = -5, .high = 2}, 0), -1.5, 1e-15));
  REQUIRE(close(entropy({.bound = log_std_bound::tanh, .low = -5, .high = 2}, 50), 2, 1e-15));
  rows<plain<double>> r{{}, {0, 0, 3, 1}, {1, 1}};
  auto slope = r.backward({1}, {1});
  REQUIRE(slope[2] == 0);
  REQUIRE(slope[3] != 0);
  for (auto b : {unbounded, log_std_bound::clamp, log_std_bound::tanh}) {
    state_dependent_gaussian m{.bound = b, .low = -5, .high = 2};
    REQUIRE(close(m.log_std(real<double>(m.start(1, -.5))).value, -.5, 1e-13));
    REQUIRE(m.start(0, -.5) == 0);
  }
  REQUIRE_THROWS_WITH(
      (plain<double>{{.low = 2, .high = 1}}),
      ContainsSubstring(
          "state_dependent_gaussian: low, the lower limit of log_std, is 2, expected a number below high"));
}

TEST_CASE("state_dependent_gaussian: log_std of -20 and 20 have finite gradients") {
  rows<plain<double>> r{plain<double>{{.bound = unbounded}}, {0, 3, -20, 20}, {}};
  r.sample(1);
  for (double x : r.backward({1}, {1})) REQUIRE(std::isfinite(x));
  rows<squashed<double>> s{tanh_gaussian{{.bound = unbounded}}, r.p, {}};
  auto logp = s.sample(1);
  REQUIRE(std::isfinite(logp[0]));
  for (double x : s.backward({1}, {1})) REQUIRE(std::isfinite(x));
  for (int d = 0; d < 2; ++d) REQUIRE(std::abs(s.a[std::size_t(d)]) <= s.d.high[std::size_t(d)]);
}

TEST_CASE("state_dependent_gaussian: samples of each row are normal, and of no two numbers dependent") {
  rows<plain<double>> r{{}, repeated({1.5, -.5, -.7, .4}, 50'000), {}, 2};
  r.sample(1);
  for (int k = 0; k < 4; ++k) {
    double mean = k % 2 ? -.5 : 1.5, std = std::exp(k % 2 ? .4 : -.7);
    require_distribution(column(r.a, k, 4), [&](double x) { return normal_distribution((x - mean) / std); });
    require_uncorrelated(column(r.a, k, 4), column(r.a, (k + 1) % 4, 4));
  }
}

TEST_CASE(
    "state_dependent_gaussian: in float, log-probabilities, entropies and gradients are those of double, squashed or "
    "not") {
  require_float<plain>(1, 1e-5, 1e-5);
  require_float<squashed>(1, 1e-5, 1e-5);
}

TEST_CASE(
    "state_dependent_gaussian: a sample's log-probability is what evaluate gives it, and does not depend on the other "
    "rows, squashed or not") {
  require_samples(plain<double>{});
  require_samples(squashed<double>{});
}

TEST_CASE(
    "tanh_gaussian: log-probabilities of torch, where tanh rounds to 1 too; the entropy's stand-in and its gradient by "
    "moving the action",
    "[golden]") {
  require_recorded(squashed<double>{tanh_gaussian{{.bound = unbounded}}}, "tanh_gaussian.txt");
}

TEST_CASE(
    "tanh_gaussian: the gradient of log-probabilities, divergences and Fisher products are those of five-point "
    "differences") {
  for (int G : {1, 3}) require_gradient(squashed<double>{}, G, 1.5, false);
  require_divergence(squashed<double>{});
}

TEST_CASE(
    "tanh_gaussian: the environment's action is the squashed one, within its bounds, and has the density that is "
    "claimed") {
  rows<squashed<double>> r{{}, repeated({.5, -.3, .2, -1}, 60'000), {}};
  auto logp = r.sample(1);
  for (int d = 0; d < 2; ++d) {
    double mean = d ? -.3 : .5, std = std::exp(d ? -1 : .2), high = d ? 1 : 2;
    require_distribution(column(r.a, d, 4),
                         [&](double a) { return normal_distribution((std::atanh(a / high) - mean) / std); });
  }
  for (int i = 0; i < 100; ++i) {
    double expected = 0;
    for (int d = 0; d < 2; ++d) {
      double mean = d ? -.3 : .5, std = std::exp(d ? -1 : .2), high = d ? 1 : 2, a = r.a[4 * i + d];
      expected += std::log(slope([&](double x) { return normal_distribution((std::atanh(x / high) - mean) / std); }, a,
                                 1e-4 * (high - std::abs(a))));
    }
    REQUIRE(close(logp[i], expected, 1e-7, 1e-7));
  }
}

TEST_CASE(
    "tanh_gaussian: the entropy's stand-in and its gradient are on average the entropy and its gradient, to 5 sigma") {
  double mean = .4, log_std = -.3;
  auto entropy = [](double m, double s) {
    double std = std::exp(s);
    return s + .5 * (1 + std::log(2 * std::acos(-1.))) +
           expectation(m, std, [](double u) { return std::log(1 - std::tanh(u) * std::tanh(u)); });
  };
  int n = 200'000;
  rows<independent<tanh_gaussian, double, 1>> r{
      independent<tanh_gaussian, double, 1>{{}, {-1}, {1}}, repeated({mean, log_std}, n), {}};
  auto logp = r.sample(1);
  auto values = r.evaluate().entropy, slopes = r.backward(numbers(n, 0), numbers(n, 1));
  for (int i = 0; i < n; ++i) REQUIRE(close(values[i], -logp[i], 1e-12, 1e-12));
  auto check = [&](numbers const& x, double expected) {
    double sum = 0, squares = 0;
    for (double v : x) sum += v, squares += v * v;
    double average = sum / n, deviation = std::sqrt(squares / n - average * average);
    CAPTURE(average, expected);
    REQUIRE(std::abs(average - expected) < 5 * deviation / std::sqrt(double(n)));
  };
  check(values, entropy(mean, log_std));
  check(column(slopes, 0, 2), slope([&](double m) { return entropy(m, log_std); }, mean));
  check(column(slopes, 1, 2), slope([&](double s) { return entropy(mean, s); }, log_std));
}

TEST_CASE("tanh_gaussian: the mode is the squashed mean") {
  auto mode = rows<squashed<double>>{{}, {.5, -40, 0, 0}, {}}.mode();
  REQUIRE(close(mode[0], 2 * std::tanh(.5), 1e-15));
  REQUIRE(mode[1] == -1);
  REQUIRE(mode[2] == .5);
  REQUIRE(mode[3] == -40);
}

TEST_CASE("tanh_gaussian: bounds that are not finite or not in order are refused") {
  double const inf = std::numeric_limits<double>::infinity();
  REQUIRE_THROWS_WITH(
      (independent<tanh_gaussian, double, 2>{{}, {-1, -inf}, {1, inf}}),
      ContainsSubstring(
          "independent: number 1 of an action lies between -inf and inf, expected finite bounds in order"));
  REQUIRE_THROWS_AS((independent<tanh_gaussian, double, 1>{{}, {1}, {1}}), value_error);
}
