#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include <cohort/environment/wrapper/reward_formula.hpp>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/parameters.hpp"

using namespace cohort;

namespace {

/// What the wrappers make of CartPole, by hand.
struct tenth_of_cart_pole : classic_control::cart_pole {
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action) const {
    auto result = classic_control::cart_pole::step(s, action);
    return {S(.1 * result.reward), result.terminated};
  }
};

template <class E>
auto trained(E const& environment) {
  eigen::backend cpu({.threads = 1});
  auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 24},
                             .objective = clipped_ratio{} + value_loss{},
                             .update = update{.epochs = 2, .minibatch_size = 32}};
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto const report = train(cpu, ppo, environment, policy, {.steps = 400, .seed = 2});
  return std::pair(report.mean_return, support::parameters_of(policy));
}

}  // namespace

TEST_CASE("wrappers: what is trained on a wrapped environment has the bits that one written by hand gives") {
  auto const wrapped = trained(reward_scale{classic_control::cart_pole{}, .1});
  CHECK(wrapped.first > 1);
  CHECK(wrapped == trained(tenth_of_cart_pole{}));
}

TEST_CASE("reward_scale, reward_clip, reward_sign: rewards of plain environments and of those without a type") {
  CHECK(environment_run(reward_scale{support::counting{}, -.25}, 1).step(0).reward == -.25);
  CHECK(environment_run(reward_clip{support::counting{}, -1, .5}, 1).step(0).reward == .5);
  reward_sign erased{reward_scale{environment_of<discrete>(support::counting{}), -3}};
  environment_run run{erased, 1};
  CHECK(run.step(0).reward == -1);
  CHECK(run.observation()[0] == 1);
  CHECK_THROWS_WITH(reward_scale(support::counting{}, 1 / 0.), "reward_scale: factor is inf, expected a finite number");
}
