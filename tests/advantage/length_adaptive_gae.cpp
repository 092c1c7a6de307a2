#include <cohort/advantage/decoupled.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/length_adaptive_gae.hpp>
#include <cohort/advantage/whitened.hpp>
#include <numeric>
#include "../catch.hpp"
#include "grouped.hpp"
#include "lane_batch.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

/// Answers of these lengths with random values, scored on their last steps alone.
template <class T = double>
struct scored {
  std::vector<T> value, next_value;
  grouped<T> b;

  scored(std::vector<int> const& lengths, std::vector<T> const& scores)
      : b(lengths, {int(lengths.size())}, std::vector<T>(std::accumulate(lengths.begin(), lengths.end(), 0u))) {
    for (std::size_t n = 0; n < scores.size(); ++n) b.reward[std::size_t(b.offsets[n + 1]) - 1] = scores[n];
    value = uniform<T>(b.offsets.back(), 1, -3, 3), next_value = value;
    std::rotate(next_value.begin(), next_value.begin() + 1, next_value.end());  // behind an end nobody reads it
  }
  batch_view<T> views() const {
    auto v = b.views();
    v.value = all(value), v.next_value = all(next_value);
    return v;
  }
};

}  // namespace

TEST_CASE(
    "length_adaptive_gae: each series has the numbers of gae with the lambda of its length: 0 up to 1 / alpha steps, "
    ".5 for 40, .8 for 100") {
  scored s({40, 1, 19, 20, 25, 100}, {1, -1, 2, .5, 0, 1});
  double const lambda[] = {.5, 0, 0, 0, .2, .8};
  for (double gamma : {1., .9}) {
    auto found = estimate(length_adaptive_gae{.gamma = gamma, .alpha = .05}, s.views());
    for (int n = 0; n < 6; ++n) {
      auto expected = estimate(gae{.gamma = gamma, .lambda = lambda[n]}, s.views());
      for (auto i = std::size_t(s.b.offsets[n]); i < std::size_t(s.b.offsets[n + 1]); ++i) {
        REQUIRE(close(found.advantage[i], expected.advantage[i], 1e-12, 1e-13));
        REQUIRE(close(found.target[i], expected.target[i], 1e-12, 1e-13));
      }
    }
  }
}

TEST_CASE("length_adaptive_gae: a length is one of valid steps") {
  scored s({60}, {1});
  for (int i = 0; i < 60; ++i) s.b.valid.push_back(i % 3 != 1);
  auto found = estimate(length_adaptive_gae{.gamma = .9, .alpha = .05}, s.views()),
       expected = estimate(gae{.gamma = .9, .lambda = .5}, s.views());
  for (std::size_t i = 0; i < 60; ++i) REQUIRE(close(found.advantage[i], expected.advantage[i], 1e-12, 1e-13));
}

TEST_CASE(
    "length_adaptive_gae: a share of a series that is not positive is refused, and so are gae's bad arguments, by its "
    "name") {
  scored s({3}, {1});
  REQUIRE_THROWS_WITH(estimate(length_adaptive_gae{.alpha = 0}, s.views()),
                      ContainsSubstring("length_adaptive_gae: alpha is 0, expected a positive number"));
  REQUIRE_THROWS_WITH(estimate(length_adaptive_gae{.gamma = 2}, s.views()),
                      ContainsSubstring("length_adaptive_gae: gamma is 2"));
  auto without = s.views();
  without.value = {};
  REQUIRE_THROWS_WITH(estimate(length_adaptive_gae{}, without),
                      ContainsSubstring("length_adaptive_gae reads value and next_value"));
}

TEST_CASE("decoupled: advantages of the one, targets of the other, whichever they are") {
  scored s({5, 2, 9}, {1, 0, -2});
  gae const near{.gamma = .9, .lambda = .3}, far{.gamma = .95, .lambda = .9};
  auto both = estimate(decoupled{near, far}, s.views());
  REQUIRE(both.advantage == estimate(near, s.views()).advantage);
  REQUIRE(both.target == estimate(far, s.views()).target);
  auto relative = estimate(decoupled{group_relative{}, far}, s.views());
  REQUIRE(relative.advantage == estimate(group_relative{}, s.views()).advantage);
  REQUIRE(relative.target == both.target);
}

TEMPLATE_TEST_CASE(
    "decoupled: the target of monte_carlo without a bootstrap is an answer's score to the last bit, at each of its "
    "steps",
    "", float, double) {
  std::vector<TestType> const scores{1, 0, TestType(.3), -1};
  scored<TestType> s({7, 90, 1, 33}, scores);
  auto target =
      estimate(decoupled{length_adaptive_gae{}, monte_carlo{.gamma = 1, .bootstrap = false}}, s.views()).target;
  auto by_gae = estimate(gae{.gamma = 1, .lambda = 1}, s.views()).target;
  bool rounded = false;
  for (int n = 0; n < 4; ++n)
    for (auto i = std::size_t(s.b.offsets[n]); i < std::size_t(s.b.offsets[n + 1]); ++i) {
      REQUIRE(target[i] == scores[std::size_t(n)]);
      rounded |= by_gae[i] != target[i];
    }
  REQUIRE(rounded);
}

TEST_CASE("decoupled: without a critic it is the one of the advantages alone") {
  grouped<double> b({2, 3}, {2}, {1, 2, 0, 1, 5});
  REQUIRE(advantages(decoupled{group_relative{}, gae{}}, b) == advantages(group_relative{}, b));
}

TEST_CASE("decoupled: reads what either reads, and tells both of an update") {
  STATIC_REQUIRE(detail::needs_of<decoupled<gae, kl_in_reward<gae>>>() == (needs::ref_logp | needs::critic));
  STATIC_REQUIRE(detail::needs_of<decoupled<kl_in_reward<gae>, gae>>() == (needs::ref_logp | needs::critic));
  STATIC_REQUIRE(detail::needs_of<decoupled<>>() == needs::critic);
  struct told {
    int times = 0;
    void adapt(int by) { times += by; }
  };
  decoupled<told, whitened<told>> both;
  detail::adapt(both, 3);
  REQUIRE((both.estimator.times == 3 && both.target.estimator.times == 3));
}
