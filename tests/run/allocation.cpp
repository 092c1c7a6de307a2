#include <cohort/backend/eigen.hpp>

#include <cohort/cohort.hpp>
#include "../catch.hpp"
#include "../support/allocations.hpp"

using namespace cohort;

namespace {

auto descent(std::int64_t minibatch) {
  return update{.epochs = 2, .minibatch_size = minibatch, .optimizer = adam{.rate = 1e-3}, .max_gradient_norm = .5};
}

template <class Policy, class Rollout, class Advantage, class Objective, class Aggregation, class Update,
          class N = network_options>
long allocations_of_second_update(Rollout const& rollout, Advantage const& advantage, Objective const& objective,
                                  Aggregation aggregation, Update how, N const& networks = {}) {
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole environment;
  Policy policy(cpu, environment, networks, random_seed{1});
  typename Rollout::template collector<eigen::backend, classic_control::cart_pole, Policy> collector(
      cpu, rollout, environment, policy, 1);
  rollout_summary summary;
  auto& batch = collector.collect(cpu, policy, 1'000'000, summary);
  estimates<float> out{batch.advantage.all(), Policy::has_critic ? batch.target.all() : view<float>{}};
  advantage(cpu, batch.view_for_estimator(), out);
  typename detail::learner_for<eigen::backend, Update, Policy, std::remove_cvref_t<decltype(batch)>>::type learner(
      cpu, how, aggregation, policy, 1);
  auto erased = any_objective<eigen::backend>::in_parts(objective);
  long before = allocations;
  learner.learn(cpu, erased, policy, batch, 0);
  REQUIRE(allocations > before);
  before = allocations;
  learner.learn(cpu, erased, policy, batch, 0);
  advantage(cpu, batch.view_for_estimator(), out);
  return allocations - before;
}

using with_critic = actor_critic<eigen::backend, categorical>;
using without_critic = actor<eigen::backend, categorical>;

}  // namespace

TEST_CASE(
    "learner: after its first update PPO allocates nothing, in whole batches or in minibatches with a remainder") {
  auto objective = clipped_ratio{} + value_loss{} + entropy_bonus{};
  CHECK(allocations_of_second_update<with_critic>(lanes{.count = 8, .horizon = 32}, gae{}, objective, step_mean{},
                                                  descent(0)) == 0);
  CHECK(allocations_of_second_update<with_critic>(lanes{.count = 8, .horizon = 32}, gae{}, objective, step_mean{},
                                                  descent(60)) == 0);
}

TEST_CASE("learner: after its first update one of a policy that remembers allocates nothing") {
  auto how = descent(60);
  how.unroll = 12, how.burn_in = 4;
  for (auto const& u : {descent(0), how})
    CHECK(allocations_of_second_update<with_critic>(lanes{.count = 8, .horizon = 32}, gae{},
                                                    clipped_ratio{} + value_loss{}, step_mean{}, u,
                                                    network{dense{8}, gru{8}, lstm{4}}) == 0);
}

TEST_CASE("learner: after its first update GRPO allocates nothing") {
  CHECK(allocations_of_second_update<without_critic>(groups{.count = 2, .group = 4},
                                                     group_relative{.by = credit::return_to_go}, clipped_ratio{},
                                                     series_mean{}, descent(64)) == 0);
}

TEST_CASE("learner: after its first update Hybrid GRPO allocates nothing") {
  CHECK(allocations_of_second_update<with_critic>(probes{.lanes = 8, .horizon = 16, .group = 3},
                                                  hybrid_grpo{.target = critic_target::lambda_return, .tail = true},
                                                  clipped_ratio{} + value_loss{}, step_mean{}, descent(64)) == 0);
}

TEST_CASE("learner: after its first update TRPO allocates nothing, with a critic or without") {
  auto objective = importance_ratio{} + value_loss{} + entropy_bonus{};
  CHECK(allocations_of_second_update<with_critic>(lanes{.count = 8, .horizon = 32}, gae{}, objective, step_mean{},
                                                  trust_region{}) == 0);
  CHECK(allocations_of_second_update<without_critic>(groups{.count = 2, .group = 4},
                                                     group_relative{.by = credit::return_to_go}, importance_ratio{},
                                                     step_mean{}, trust_region{.over = divergence_over::pi}) == 0);
}
