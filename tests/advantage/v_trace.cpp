#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/v_trace.hpp>
#include "../catch.hpp"
#include "lane_batch.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

struct off_policy {
  lane_batch<> steps = random_batch(16, 5);
  numbers sampler_logp = uniform(80, 11, -3, 0), old_logp = uniform(80, 12, -3, 0);
  off_policy() {
    for (std::size_t i = 0; i < 75; ++i)
      if (!steps.terminated[i] && !steps.truncated[i]) steps.next_value[i] = steps.value[i + 5];
  }
  batch_view<double> views() const {
    auto v = steps.views();
    v.sampler_logp = all(sampler_logp);
    v.old_logp = all(old_logp);
    return v;
  }
};

}  // namespace

TEST_CASE("v_trace: the definition, as a sum over what is still to come") {
  off_policy b;
  v_trace v{.gamma = .9, .lambda = .8, .rho = 1.2, .c = .7, .rho_pg = 1.5};
  auto found = estimate(v, b.views());
  for (int n = 0; n < 5; ++n)
    for (int t = 0; t < 16; ++t) {
      auto ratio = [&](int i) { return std::exp(b.old_logp[i] - b.sampler_logp[i]); };
      auto correction = [&](int from) {  // e_from
        double sum = 0, weight = 1;
        for (int s = from; s < 16; ++s) {
          int i = s * 5 + n;
          double delta =
              b.steps.reward[i] + (b.steps.terminated[i] ? 0 : .9 * b.steps.next_value[i]) - b.steps.value[i];
          sum += weight * std::min(1.2, ratio(i)) * delta;
          if (b.steps.terminated[i] || b.steps.truncated[i]) break;
          weight *= .9 * .8 * std::min(.7, ratio(i));
        }
        return sum;
      };
      int i = t * 5 + n;
      bool ended = b.steps.terminated[i] || b.steps.truncated[i];
      double e = correction(t), next = ended ? 0 : correction(t + 1);
      REQUIRE(close(found.target[i], b.steps.value[i] + e, 0, 1e-13));
      double beyond = b.steps.terminated[i] ? 0 : .9 * (b.steps.next_value[i] + .8 * next);
      REQUIRE(close(found.advantage[i], std::min(1.5, ratio(i)) * (b.steps.reward[i] + beyond - b.steps.value[i]), 0,
                    1e-13));
    }
}

TEST_CASE("v_trace: on policy its targets and advantages are gae's") {
  off_policy b;
  auto view = b.views();
  for (bool absent : {false, true}) {
    view.old_logp = absent ? decltype(view.old_logp){} : view.sampler_logp;
    auto found = estimate(v_trace{.gamma = .9, .lambda = .8}, view),
         expected = estimate(gae{.gamma = .9, .lambda = .8}, view);
    for (int i = 0; i < 80; ++i) {
      REQUIRE(close(found.target[i], expected.target[i], 0, 1e-13));
      REQUIRE(close(found.advantage[i], expected.advantage[i], 0, 1e-13));
    }
  }
}

TEST_CASE("v_trace: an action that the learner would hardly take carries nothing back") {
  off_policy b;
  b.old_logp = numbers(80, -1e6);
  auto found = estimate(v_trace{}, b.views());
  for (int i = 0; i < 80; ++i) {
    REQUIRE(found.target[i] == b.steps.value[i]);
    REQUIRE(found.advantage[i] == 0);
  }
}

TEST_CASE(
    "v_trace: needs a critic, the sampler's log-probabilities and valid steps, and refuses parameters out of their "
    "range") {
  off_policy b;
  auto view = b.views();
  view.sampler_logp = {};
  REQUIRE_THROWS_WITH(estimate(v_trace{}, view), ContainsSubstring("sampler_logp"));
  view = b.views();
  view.value = {};
  REQUIRE_THROWS_WITH(estimate(v_trace{}, view), ContainsSubstring("v_trace reads value"));
  view = b.views();
  flags valid(80, 1);
  view.valid = all(std::as_const(valid));
  REQUIRE_THROWS_WITH(estimate(v_trace{}, view), ContainsSubstring("invalid"));
  REQUIRE_THROWS_WITH(estimate(v_trace{.lambda = 2}, b.views()), ContainsSubstring("lambda is 2"));
  REQUIRE_THROWS_WITH(estimate(v_trace{.c = 0}, b.views()), ContainsSubstring("is 0") && ContainsSubstring("positive"));
}
