#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/n_step.hpp>
#include "../catch.hpp"
#include "lane_batch.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

/// By the definition, of one lane or segment whose steps are at `at(0)`, `at(1)`, ...
template <class At>
double plain(lane_batch<> const& b, At at, std::ptrdiff_t t, std::ptrdiff_t length, int n, double gamma) {
  double sum = 0, weight = 1;
  for (int k = 0;; ++k) {
    std::size_t i = std::size_t(at(t + k));
    sum += weight * b.reward[i];
    weight *= gamma;
    if (b.terminated[i]) return sum;
    if (b.truncated[i] || k + 1 == n || t + k + 1 == length) return sum + weight * b.next_value[i];
  }
}

}  // namespace

TEST_CASE("n_step: the definition, for lanes and for segments of different lengths") {
  auto b = random_batch(20, 6);
  integers offsets{0, 1, 30, 30, 77, 120};
  auto packed = b.views();
  packed.series = partition::segments(all(std::as_const(offsets)), 120, 47);
  for (int n : {1, 2, 5, 19, 20, 60}) {
    auto lanes = estimate(n_step{.n = n, .gamma = .9}, b), segments = estimate(n_step{.n = n, .gamma = .9}, packed);
    for (std::ptrdiff_t i = 0; i < 120; ++i) {
      double expected = plain(b, [&](std::ptrdiff_t t) { return t * 6 + i % 6; }, i / 6, 20, n, .9);
      REQUIRE(close(lanes.target[i], expected, 0, 1e-13));
      REQUIRE(close(lanes.advantage[i], expected - b.value[i], 0, 1e-13));
    }
    for (std::size_t s = 0; s + 1 < offsets.size(); ++s)
      for (std::ptrdiff_t i = offsets[s]; i < offsets[s + 1]; ++i) {
        double expected = plain(
            b, [&](std::ptrdiff_t t) { return offsets[s] + t; }, i - offsets[s], offsets[s + 1] - offsets[s], n, .9);
        REQUIRE(close(segments.target[i], expected, 0, 1e-13));
      }
  }
}

TEST_CASE("n_step: one step is gae with lambda 0, the whole series is lambda 1") {
  auto b = random_batch(15, 4);
  for (std::ptrdiff_t i = 0; i < 14 * 4; ++i)  // each next value that of the following step, but where an episode ends
    if (!b.terminated[i] && !b.truncated[i]) b.next_value[i] = b.value[i + 4];
  auto check = [&](int n, double lambda) {
    auto found = estimate(n_step{.n = n}, b), expected = estimate(gae{.lambda = lambda}, b);
    for (int i = 0; i < 60; ++i) REQUIRE(close(found.advantage[i], expected.advantage[i], 0, 1e-13));
  };
  check(1, 0);
  check(15, 1);
  check(1000, 1);
}

TEST_CASE("n_step: what follows a termination may even be a NaN") {
  auto b = one_episode({1, 2, 3}, {0, 0, 0}, std::numeric_limits<double>::quiet_NaN());
  b.terminated[2] = 1;
  for (double a : estimate(n_step{.n = 3, .gamma = 1}, b).advantage) REQUIRE(std::isfinite(a));
}

TEST_CASE("n_step: needs a critic and valid steps, and refuses parameters out of their range") {
  auto b = random_batch(4, 3);
  auto view = b.views();
  view.value = {};
  REQUIRE_THROWS_WITH(estimate(n_step{}, view), ContainsSubstring("n_step reads value and next_value"));
  b.valid = flags(12, 1);
  REQUIRE_THROWS_WITH(estimate(n_step{}, b), ContainsSubstring("invalid") && ContainsSubstring("gae"));
  REQUIRE_THROWS_WITH(estimate(n_step{.n = 0}, b), ContainsSubstring("n is 0"));
  REQUIRE_THROWS_WITH(estimate(n_step{.gamma = -1}, b), ContainsSubstring("gamma is -1"));
}
