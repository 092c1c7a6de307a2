#include <cohort/backend/eigen.hpp>
#include <cohort/backend/saved_state.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"
#include "../support/lanes_in_one_call.hpp"
#include "../support/parameters.hpp"

using namespace cohort;
using classic_control::cart_pole, classic_control::pendulum, support::lanes_in_one_call;

namespace {

template <class E, class... Model>
auto trained(E const& e, Model... model) {
  eigen::backend cpu({.threads = 1});
  auto const ppo = algorithm{.rollout = lanes{.count = 5, .horizon = 30},
                             .objective = clipped_ratio{} + value_loss{},
                             .update = update{.epochs = 2, .minibatch_size = 50}};
  actor_critic policy{cpu, e, model..., network_options{.hidden = {8}}, random_seed{1}};
  auto const report = train(cpu, ppo, e, policy, {.steps = 1500, .seed = 2});
  CHECK(report.episodes > 10);
  auto returns = evaluate(cpu, e, policy, 7, 3);
  return std::tuple(report.mean_return, support::parameters_of(policy),
                    std::vector<double>(returns.begin(), returns.end()));
}

}  // namespace

TEST_CASE("lanes_together: an environment that steps all its lanes in one call gives what it gives one by one") {
  on_host const poles{cart_pole{.max_episode_steps = 40}};
  CHECK(trained(lanes_in_one_call<on_host<cart_pole>>{poles}) == trained(poles));
  CHECK(trained(time_limit{lanes_in_one_call<on_host<cart_pole>>{poles}, 9}) == trained(time_limit{poles, 9}));
  // Whatever is asked for of threads, its lanes go together.
  CHECK(trained(on_threads{lanes_in_one_call<on_host<cart_pole>>{poles}, 3, true}) == trained(poles));
  on_host const arms{pendulum{.max_episode_steps = 25}};
  CHECK(trained(lanes_in_one_call<on_host<pendulum>>{arms}) == trained(arms));
  CHECK(trained(lanes_in_one_call<on_host<pendulum>>{arms}, tanh_gaussian{}) == trained(arms, tanh_gaussian{}));
}

TEST_CASE("lanes_together: what starts lanes alike, copies states or saves them is refused") {
  lanes_in_one_call<on_host<cart_pole>> const e{on_host{cart_pole{}}};
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, e, {.hidden = {4}}, random_seed{1}};
  auto const hybrid = algorithm{.rollout = probes{.lanes = 2, .horizon = 4, .group = 2},
                                .advantage = hybrid_grpo{},
                                .objective = clipped_ratio{} + value_loss{},
                                .update = update{.epochs = 1}};
  CHECK_THROWS_WITH(train(cpu, hybrid, e, policy, {.steps = 100}),
                    "lanes that their environment steps together cannot be started alike");
  auto const grpo = algorithm{.rollout = groups{.count = 1, .group = 2},
                              .advantage = group_relative{},
                              .objective = clipped_ratio{},
                              .update = update{.epochs = 1}};
  CHECK_THROWS_WITH(train(cpu, grpo, e, policy, {.steps = 5000}),
                    "lanes that their environment steps together cannot be started alike");
  auto const ppo = algorithm{.rollout = lanes{.count = 2, .horizon = 8}, .objective = clipped_ratio{} + value_loss{}};
  training run{cpu, ppo, e, policy, {.steps = 100}};
  run.step();
  CHECK_THROWS_WITH(copy_out(cpu, run), "lanes that their environment steps together cannot be saved in mid-episode");
}
