#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/backend/saved_state.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/goes_on.hpp"

using namespace cohort;

namespace {

using cpu = eigen::backend;

auto policy_for(cpu& backend, auto const& environment) {
  return actor_critic{backend, environment, {.hidden = {8, 8}}, random_seed{3}};
}

template <class Algorithm, class E>
void goes_on_bit_by_bit(Algorithm const& algorithm, E const& environment) {
  cpu backend;
  // three rollouts of several steps each
  CHECK(support::goes_on_bit_by_bit(
            backend, algorithm, environment, [&] { return policy_for(backend, environment); }, 3) >= 12);
}

auto const descent = update{.epochs = 2, .minibatch_size = 24, .optimizer = adam{.rate = 1e-3}};

}  // namespace

TEST_CASE("training: a run that is copied in the middle goes on bit by bit: every rollout and update") {
  using namespace classic_control;
  auto objective = clipped_ratio{} + value_loss{};
  auto ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 16}, .objective = objective, .update = descent};
  SECTION("lanes, in an environment of formulas") { goes_on_bit_by_bit(ppo, cart_pole{}); }
  SECTION("lanes, in an environment on the host") { goes_on_bit_by_bit(ppo, support::counting{}); }
  SECTION("groups") {
    goes_on_bit_by_bit(algorithm{.rollout = groups{.count = 2, .group = 3},
                                 .advantage = group_relative{},
                                 .objective = clipped_ratio{} + kl_penalty{},
                                 .update = descent},
                       cart_pole{});
  }
  SECTION("probes") {
    goes_on_bit_by_bit(algorithm{.rollout = probes{.lanes = 2, .horizon = 8, .group = 3, .depth = 2},
                                 .advantage = hybrid_grpo{},
                                 .objective = objective,
                                 .update = descent},
                       pendulum{});
  }
  SECTION("vine") {
    goes_on_bit_by_bit(algorithm{.rollout = vine{.lanes = 2, .horizon = 4, .rollouts = 2},
                                 .advantage = gae{.lambda = 0},
                                 .objective = objective,
                                 .update = descent},
                       time_limit{pendulum{}, 9});
  }
  SECTION("critic_warmup") {
    goes_on_bit_by_bit(algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                                 .objective = objective,
                                 .update = critic_warmup{.updates = 4, .critic = descent, .then = descent}},
                       cart_pole{});
  }
  SECTION("trust_region") {
    goes_on_bit_by_bit(algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                                 .objective = importance_ratio{} + value_loss{},
                                 .update = trust_region{.critic = descent}},
                       cart_pole{});
  }
}

TEST_CASE("training: and every optimizer") {
  auto with = [](auto optimizer) {
    goes_on_bit_by_bit(algorithm{.rollout = lanes{.count = 4, .horizon = 8},
                                 .objective = clipped_ratio{} + value_loss{},
                                 .update = update{.epochs = 2, .minibatch_size = 16, .optimizer = optimizer}},
                       classic_control::cart_pole{});
  };
  std::apply([&](auto const&... optimizer) { (with(optimizer), ...); }, catalogue::optimizers{});
}

TEST_CASE("training: and statistics of rewards, controllers, the reference and draws of selections") {
  auto with = [](auto objective, auto advantage, auto reward) {
    goes_on_bit_by_bit(algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                                 .advantage = advantage,
                                 .objective = objective,
                                 .update = descent,
                                 .reward = reward,
                                 .reference = {.every = 2, .share = .5}},
                       classic_control::cart_pole{});
  };
  with(clipped_ratio{} + value_loss{} + exact_kl_penalty{.weight = doubling_kl{.weight = .1, .target = 1e-4}}, gae{},
       running_reward_scale{});
  with(weighted(clip_cov{.share = .1, .low = -1}, policy_gradient{}) + value_loss{} +
           entropy_bonus{.weight = entropy_target{.target = .9}},
       kl_in_reward<gae, k1, proportional_kl>{.weight = {.horizon = 1000}}, raw_reward{});
}

TEST_CASE("training: the state of another composition is refused, and nothing is changed") {
  cpu backend;
  classic_control::cart_pole environment;
  auto policy = policy_for(backend, environment), other = policy_for(backend, environment);
  auto ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 8}, .objective = clipped_ratio{} + value_loss{}};
  auto with_sgd = algorithm{.rollout = lanes{.count = 4, .horizon = 8},
                            .objective = clipped_ratio{} + value_loss{},
                            .update = update{.optimizer = sgd{}}};
  training a{backend, ppo, environment, policy, {.steps = 64}};
  training b{backend, with_sgd, environment, other, {.steps = 64}};
  REQUIRE(a.step());
  auto before = copy_out(backend, b);
  using Catch::Matchers::ContainsSubstring;
  CHECK_THROWS_WITH(copy_in(backend, b, copy_out(backend, a)),
                    ContainsSubstring("'learner/optimizer/momentum' is not in what was saved"));
  auto wider = actor_critic{backend, environment, {.hidden = {9}}, random_seed{3}};
  training c{backend, ppo, environment, wider, {.steps = 64}};
  CHECK_THROWS_WITH(copy_in(backend, c, copy_out(backend, a)), ContainsSubstring("'parameters' was saved with"));
  CHECK(copy_out(backend, b) == before);
}

TEST_CASE("training: a step in time slices returns when it is complete, and says at the end what step says") {
  cpu backend;
  auto policy = policy_for(backend, classic_control::cart_pole{});
  training run{backend,
               algorithm{.rollout = lanes{.count = 4, .horizon = 8}, .objective = clipped_ratio{} + value_loss{}},
               classic_control::cart_pole{},
               policy,
               {.steps = 64}};
  using Catch::Matchers::ContainsSubstring;
  CHECK_THROWS_WITH(run.step_for(-1), ContainsSubstring("step_for's milliseconds is -1, expected 0 or a positive"));
  CHECK(std::isnan(run.report().mean_return));  // of no episode
  CHECK(run.step_for(1e9) == step_state::updated);
  CHECK(run.report().updates == 1);
  CHECK(run.step_for(0) == step_state::under_way);
  CHECK(run.report().updates == 1);
  CHECK(run.step());
  CHECK(run.report().updates == 2);
  CHECK(run.step_for(0) == step_state::ended);
}

TEST_CASE("training: what is said at the end of a run is about the run so far") {
  cpu backend;
  classic_control::cart_pole environment;
  auto ppo = algorithm{
      .rollout = lanes{.count = 4, .horizon = 16}, .objective = clipped_ratio{} + value_loss{}, .update = descent};
  auto policy = policy_for(backend, environment), other = policy_for(backend, environment);
  training run{backend, ppo, environment, policy, {.steps = 3, .seed = 1}, true};
  CHECK(!run.step());
  CHECK(!run.step());
  REQUIRE(run.report().warnings.size() == 1);
  CHECK(run.report().warnings[0] == "no update was made: 3 steps end before the first rollout does");
  run.limits.steps = 200;
  while (run.step()) {
  }
  CHECK(run.report().updates > 0);
  CHECK(run.report().warnings.empty());

  training again{backend, ppo, environment, other, {.steps = 200, .seed = 1}, true};
  copy_in(backend, again, copy_out(backend, run));
  CHECK(!again.step());
  CHECK(again.report().warnings.empty());

  training slow{backend, ppo, environment, other, {.steps = 200, .seed = 1}, false};
  while (slow.step()) {
  }
  REQUIRE(slow.report().warnings.size() == 1);
  CHECK(slow.report().warnings[0] ==
        "compiled without optimization, which is a hundred times slower: add -O3, in CMake -DCMAKE_BUILD_TYPE=Release");
}
