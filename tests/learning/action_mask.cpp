// Environments that forbid actions: their steps throw where a forbidden one is taken.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include "../catch.hpp"
#include "../support/mean_reward.hpp"
#include "../support/refusal.hpp"
#include "../support/spaces.hpp"

using namespace cohort;

namespace {

/// Allows nothing from the fourth step of an episode on.
struct closing {
  struct state {
    int count = 0;
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{0}, {10}};
  int max_episode_steps = 8;
  state reset(random_stream&) const { return {}; }
  std::array<float, 1> observe(state const& s) const { return {float(s.count)}; }
  std::array<bool, 2> action_mask(state const& s) const { return {false, s.count < 3}; }
  outcome step(state& s, int) const {
    ++s.count;
    return {};
  }
};

template <class Rollout, class Estimator>
auto algorithm_of(Rollout const& rollout, Estimator const& estimator) {
  return algorithm{
      .rollout = rollout,
      .advantage = estimator,
      .objective = clipped_ratio{} + value_loss{.weight = .5} + entropy_bonus{.weight = .002},
      .aggregation = step_mean{},
      .update = update{
          .epochs = 6, .minibatch_size = 128, .optimizer = adam{.rate = linear{3e-3, 0}}, .max_gradient_norm = .5}};
}

template <class E>
void require_learning(E const& environment, double before, double after) {
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, environment, {.hidden = {32, 32}}, random_seed{3}};
  CHECK(support::mean_reward(cpu, environment, policy) < before);
  train(cpu, algorithm_of(lanes{.count = 16, .horizon = 32}, gae{.gamma = 0}), environment, policy,
        {.steps = 30'000, .seed = 3});
  CHECK(support::mean_reward(cpu, environment, policy) > after);
}

}  // namespace

TEST_CASE("action_mask: the best of the allowed actions is learned, and no forbidden one taken") {
  require_learning(spaces::doors{}, -.4, -.15);
  require_learning(spaces::masked_choices{}, -.35, -.2);
  require_learning(spaces::masked_bits{}, -.35, -.2);
}

TEST_CASE("action_mask: every rollout and TRPO, with exact divergences, bear masks") {
  eigen::backend cpu({.threads = 1});
  spaces::doors environment;
  actor_critic policy{cpu, environment, {.hidden = {16}}, random_seed{3}};
  train(cpu, algorithm_of(groups{.count = 4, .group = 4}, group_relative{}), environment, policy, {.steps = 2'000});
  train(cpu, algorithm_of(probes{.lanes = 4, .horizon = 8, .group = 3, .depth = 2}, hybrid_grpo{}), environment, policy,
        {.steps = 2'000});
  train(cpu, algorithm_of(vine{.lanes = 2, .horizon = 4, .rollouts = 2, .gamma = 1}, gae{.gamma = 1, .lambda = 0}),
        environment, policy, {.steps = 2'000});
  auto trpo = algorithm{.rollout = lanes{.count = 16, .horizon = 32},
                        .advantage = gae{.gamma = 0},
                        .objective = importance_ratio{} + exact_kl_penalty{.weight = .01} + value_loss{},
                        .aggregation = step_mean{},
                        .update = trust_region{}};
  double before = support::mean_reward(cpu, environment, policy);
  train(cpu, trpo, environment, policy, {.steps = 10'000});
  double after = support::mean_reward(cpu, environment, policy);
  CHECK(std::isfinite(after));
  CHECK(after > before);
}

TEST_CASE("action_mask: an environment in SIMD lanes masks each of its lanes") {
  eigen::backend cpu({.threads = 1});
  spaces::lane_doors environment;
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{3}};
  lanes rollout{.count = 21, .horizon = 30};
  rollout_summary summary;
  lanes::collector<eigen::backend, spaces::lane_doors, decltype(policy)> collector(cpu, rollout, environment, policy,
                                                                                   1);
  auto& b = collector.collect(cpu, policy, 1'000'000, summary);
  REQUIRE(b.observation_size == 4);
  int last = 0;
  for (std::ptrdiff_t m = 0; m < b.R; ++m) {
    float const* row = b.observation.data() + 4 * m;
    bool positive = row[0] > 0;
    REQUIRE((row[1] == !positive && row[2] == !positive && row[3] == positive));
    REQUIRE(b.reward.data()[m] == 1);  // of an allowed action
    last += positive;
  }
  CHECK(last > b.R / 4);
  CHECK(last < b.R * 3 / 4 + 50);
  for (double r : evaluate(cpu, environment, policy, 5)) CHECK(r == 10);
}

TEST_CASE("action_mask: a mask that allows nothing is refused with the step and the lane") {
  eigen::backend cpu({.threads = 1});
  closing environment;
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{3}};
  auto says = [&](auto const& rollout, auto const& estimator) {
    return support::refusal<environment_error>(
        [&] { train(cpu, algorithm_of(rollout, estimator), environment, policy, {.steps = 1'000}); });
  };
  std::string expected = "step 3, lane 0: the environment's action mask allows no action, expected at least one";
  CHECK(says(lanes{.count = 2, .horizon = 16}, gae{}) == expected);
  CHECK(says(groups{.count = 1, .group = 2}, group_relative{}) == expected);
  CHECK(says(probes{.lanes = 2, .horizon = 16, .group = 2}, hybrid_grpo{}) == expected);
  CHECK(says(vine{.lanes = 2, .horizon = 3, .rollouts = 2}, gae{.lambda = 0}) != "");
  CHECK_THROWS_WITH(evaluate(cpu, environment, policy, 3), expected);
  // A state that no action is asked for may have such a mask: the episode's end.
  auto ends = time_limit{closing{}, 3};
  actor_critic other{cpu, ends, {.hidden = {8}}, random_seed{3}};
  CHECK_NOTHROW(train(cpu, algorithm_of(lanes{.count = 2, .horizon = 16}, gae{}), ends, other, {.steps = 200}));
  CHECK_NOTHROW(
      train(cpu, algorithm_of(groups{.count = 1, .group = 2}, group_relative{}), ends, other, {.steps = 200}));
}
