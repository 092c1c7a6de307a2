#pragma once
#include <cohort/cohort.hpp>

#include "../support/archetype.hpp"
#include "../support/counting_environment.hpp"
#include "../support/spaces.hpp"
#include "support.hpp"

namespace cohort::conformance {

/// A policy whose actions come from a record (a function of the step, the row and the sample), so that runs on
/// different backends stay comparable: one flipped action would part them. Behind an observation may stand a mask of
/// `masked` columns: a forbidden action's next is taken.
template <class P>
struct forced : P {
  using action = typename P::action;
  int masked = 0;

  template <class B, class T>
  void act(B& backend, view<T const> observation, stream_id s, int G, view<action> out, view<T> logp) {
    std::vector<action> record(std::size_t(out.size()));
    for (std::size_t i = 0; i < record.size(); ++i) {
      random_stream draws(stream_id{99, draw_purpose::user, s.step}, std::uint32_t(i));
      if constexpr (std::is_integral_v<action>)
        record[i] = action(draws.integer(std::uint32_t(P::distribution().actions)));
      else record[i] = action(draws.uniform(-1.5, 1.5));
    }
    if (masked > 0) {
      std::vector<T> rows(std::size_t(observation.size()));
      backend.download(std::span<T>(rows), observation);
      for (std::size_t i = 0; i < record.size(); ++i) {
        T const* mask = &rows[(i + 1) * std::size_t(observation.columns)] - masked;
        while (mask[int(record[i])] == 0) record[i] = action((int(record[i]) + 1) % masked);
      }
    }
    backend.upload(out, std::span<action const>(record));
    P::log_probability(backend, view<T const>(P::parameters()), observation, view<action const>(out), G, logp);
  }
};

/// The parameters after three updates.
template <class B, class Algorithm, class E>
std::vector<double> after_three_updates(B& backend, Algorithm const& algorithm, E const& environment) {
  using T = value_t<B>;
  forced policy{actor_critic{backend, environment, {.hidden = {16, 16}, .policy_gain = 1}, random_seed{5}},
                mask_columns<E>};
  auto stop = [](train_report const& report) { return report.updates == 3; };
  struct {
    decltype(stop) at;
    bool on_update(train_report const& r) { return at(r); }
  } hook{stop};
  auto report = train(backend, algorithm, environment, policy, {.steps = 100'000, .seed = 3}, hook);
  REQUIRE(report.updates == 3);
  std::vector<T> all(std::size_t(policy.parameters().rows));
  backend.download(std::span<T>(all), view<T const>(policy.parameters()));
  return std::vector<double>(all.begin(), all.end());
}

template <class B, class Algorithm, class E>
void trains_as_the_reference(B& backend, Algorithm const& algorithm, E const& environment) {
  archetype<double> reference;
  auto want = after_three_updates(reference, algorithm, environment),
       got = after_three_updates(backend, algorithm, environment);
  REQUIRE(got.size() == want.size());
  double furthest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) furthest = std::max(furthest, std::abs(got[i] - want[i]));
  REQUIRE(furthest < (sizeof(value_t<B>) == 4 ? 1e-5 : 1e-10));
}

/// Whole training: with the same actions three updates of each algorithm end within 1e-5 (in double 1e-10) of the
/// reference's parameters, in environments that step by formulas and in one that steps on the host.
template <class B>
void training(B& backend) {
  auto const descent =
      update{.epochs = 2, .minibatch_size = 48, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = .5};
  auto const ppo = algorithm{.rollout = lanes{.count = 6, .horizon = 20},
                             .advantage = gae{},
                             .objective = clipped_ratio{} + value_loss{.weight = .5} + entropy_bonus{.weight = .01},
                             .update = descent};
  SECTION("training: PPO on CartPole") { trains_as_the_reference(backend, ppo, classic_control::cart_pole{}); }
  SECTION("training: PPO on an environment that steps on the host") {
    trains_as_the_reference(backend, ppo, support::counting{});
  }
  SECTION("training: PPO on environments that mask actions, one that steps by formulas and one on the host") {
    trains_as_the_reference(backend, ppo, spaces::lane_doors{});
    trains_as_the_reference(backend, ppo, spaces::doors{});
  }
  SECTION("training: GRPO on CartPole, with a reference policy and a mean over series") {
    trains_as_the_reference(backend,
                            algorithm{.rollout = groups{.count = 2, .group = 4},
                                      .advantage = group_relative{.by = credit::return_to_go, .gamma = .99},
                                      .objective = clipped_ratio{} + kl_penalty{.weight = .1},
                                      .aggregation = series_mean{},
                                      .update = descent},
                            classic_control::cart_pole{});
  }
  SECTION(
      "training: exact divergences from the reference and from the old policy, rewards in units of their running "
      "deviation") {
    auto const with_divergences = algorithm{
        .rollout = lanes{.count = 6, .horizon = 20},
        .advantage = gae{},
        .objective = clipped_ratio{} + value_loss{} + exact_kl_penalty{.weight = .1} + old_kl_penalty{.weight = .2},
        .update = descent,
        .reward = running_reward_scale{}};
    trains_as_the_reference(backend, with_divergences, classic_control::cart_pole{});
    trains_as_the_reference(backend, with_divergences, classic_control::pendulum{});
  }
  SECTION("training: Hybrid GRPO on Pendulum, with probes of two steps") {
    trains_as_the_reference(backend,
                            algorithm{.rollout = probes{.lanes = 4, .horizon = 10, .group = 3, .depth = 2},
                                      .advantage = hybrid_grpo{.gamma = .9},
                                      .objective = clipped_ratio{} + value_loss{.weight = .5},
                                      .update = descent},
                            time_limit{classic_control::pendulum{}, 7});
  }
  SECTION("training: TRPO on CartPole and on Pendulum") {
    auto trpo = algorithm{
        .rollout = lanes{.count = 6, .horizon = 20},
        .advantage = gae{},
        .objective = importance_ratio{} + value_loss{},
        .update = trust_region{.target_kl = .001,
                               .damping = 1,
                               .iterations = 3,
                               .critic = update{.epochs = 2, .minibatch_size = 48, .optimizer = adam{.rate = 3e-4}}}};
    trains_as_the_reference(backend, trpo, classic_control::cart_pole{});
    trains_as_the_reference(backend, trpo, classic_control::pendulum{});
  }
  SECTION("training: VinePPO on Pendulum, and on an environment that steps on the host") {
    auto vine_ppo = algorithm{.rollout = vine{.lanes = 3, .horizon = 10, .rollouts = 2},
                              .advantage = gae{.lambda = 0},
                              .objective = clipped_ratio{} + value_loss{.weight = .5},
                              .update = descent};
    trains_as_the_reference(backend, vine_ppo, time_limit{classic_control::pendulum{}, 7});
    vine_ppo.update.normalize = normalization::none;  // there all advantages are 0, but for rounding
    trains_as_the_reference(backend, vine_ppo, support::counting{.life = 8});
  }
}

}  // namespace cohort::conformance
