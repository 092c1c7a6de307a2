// Every kind of actions, and every distribution of box actions, learns: from the first policy's mean reward of a step
// to nearly the best, 0.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include "../catch.hpp"
#include "../support/mean_reward.hpp"
#include "../support/spaces.hpp"

using namespace cohort;

namespace {

template <class E, class... Model>
void require_learning(E const& environment, double before, double after, Model const&... model) {
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, environment, model..., network_options{.hidden = {32, 32}, .log_std = -.5}, random_seed{3}};
  auto ppo = algorithm{
      .rollout = lanes{.count = 16, .horizon = 32},
      .advantage = gae{.gamma = 0},
      .objective = clipped_ratio{} + value_loss{.weight = .5} + entropy_bonus{.weight = .002},
      .aggregation = step_mean{},
      .update = update{
          .epochs = 6, .minibatch_size = 128, .optimizer = adam{.rate = linear{3e-3, 0}}, .max_gradient_norm = .5}};
  CHECK(support::mean_reward(cpu, environment, policy) < before);
  train(cpu, ppo, environment, policy, {.steps = 30'000, .seed = 3});
  CHECK(support::mean_reward(cpu, environment, policy) > after);
}

}  // namespace

TEST_CASE("train: several choices in one action are learned") { require_learning(spaces::choices{}, -.8, -.2); }

TEST_CASE("train: bits are learned") { require_learning(spaces::bits{}, -1, -.2); }

TEST_CASE("train: box actions are learned from every distribution that may be chosen for them") {
  require_learning(spaces::numbers{}, -.8, -.05);
  require_learning(spaces::numbers{}, -.8, -.05, state_dependent_gaussian{});
  require_learning(spaces::numbers{}, -.8, -.05, tanh_gaussian{});
  require_learning(spaces::numbers{}, -.8, -.05, beta_distribution{});
  require_learning(spaces::numbers{}, -.8, -.1, gsde{});
  require_learning(spaces::numbers{}, -.8, -.05, gsde{.sample_every = 8, .learn_features = true, .expln = true});
}

TEST_CASE("train: TRPO and exact divergences take every distribution") {
  auto run = []<class E, class... Model>(E const& environment, Model const&... model) {
    eigen::backend cpu({.threads = 1});
    actor_critic policy{cpu, environment, model..., network_options{.hidden = {16}}, random_seed{3}};
    double before = support::mean_reward(cpu, environment, policy);
    auto trpo = algorithm{.rollout = lanes{.count = 16, .horizon = 32},
                          .advantage = gae{.gamma = 0},
                          .objective = importance_ratio{} + value_loss{},
                          .aggregation = step_mean{},
                          .update = trust_region{}};
    train(cpu, trpo, environment, policy, {.steps = 5'000, .seed = 3});
    double between = support::mean_reward(cpu, environment, policy);
    CHECK(between > before);
    auto with_kl = algorithm{
        .rollout = lanes{.count = 16, .horizon = 32},
        .advantage = gae{.gamma = 0},
        .objective = importance_ratio{} + old_kl_penalty{.weight = 1.} + exact_kl_penalty{.weight = .01} + value_loss{},
        .aggregation = step_mean{},
        .update = update{.epochs = 4, .minibatch_size = 128, .optimizer = adam{.rate = 3e-3}, .max_gradient_norm = .5}};
    train(cpu, with_kl, environment, policy, {.steps = 10'000, .seed = 3});
    CHECK(support::mean_reward(cpu, environment, policy) > between);
  };
  run(spaces::choices{});
  run(spaces::bits{});
  run(spaces::numbers{}, state_dependent_gaussian{});
  run(spaces::numbers{}, tanh_gaussian{});
  run(spaces::numbers{}, beta_distribution{});
  run(spaces::numbers{}, gsde{.learn_features = true});
}
