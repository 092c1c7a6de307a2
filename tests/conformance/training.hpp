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

/// f(name, algorithm, environment) for each run: environments that step by formulas, and ones that step on the host.
template <class F>
void each_run(F f) {
  using namespace classic_control;
  auto const descent =
      update{.epochs = 2, .minibatch_size = 48, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = .5};
  auto const ppo = algorithm{.rollout = lanes{.count = 6, .horizon = 20},
                             .advantage = gae{},
                             .objective = clipped_ratio{} + value_loss{.weight = .5} + entropy_bonus{.weight = .01},
                             .update = descent};
  f("PPO on CartPole", ppo, cart_pole{});
  f("PPO on an environment that steps on the host", ppo, support::counting{});
  f("PPO on an environment that masks actions", ppo, spaces::lane_doors{});
  f("PPO on an environment that masks actions on the host", ppo, spaces::doors{});
  f("GRPO on CartPole, with a reference policy and a mean over series",
    algorithm{.rollout = groups{.count = 2, .group = 4},
              .advantage = group_relative{.by = credit::return_to_go, .gamma = .99},
              .objective = clipped_ratio{} + kl_penalty{.weight = .1},
              .aggregation = series_mean{},
              .update = descent},
    cart_pole{});
  auto const divergences = algorithm{
      .rollout = lanes{.count = 6, .horizon = 20},
      .advantage = gae{},
      .objective = clipped_ratio{} + value_loss{} + exact_kl_penalty{.weight = .1} + old_kl_penalty{.weight = .2},
      .update = descent,
      .reward = running_reward_scale{}};
  f("exact divergences from the reference and the old policy, and scaled rewards, on CartPole", divergences,
    cart_pole{});
  f("exact divergences from the reference and the old policy, and scaled rewards, on Pendulum", divergences,
    pendulum{});
  f("Hybrid GRPO on Pendulum, with probes of two steps",
    algorithm{.rollout = probes{.lanes = 4, .horizon = 10, .group = 3, .depth = 2},
              .advantage = hybrid_grpo{.gamma = .9},
              .objective = clipped_ratio{} + value_loss{.weight = .5},
              .update = descent},
    time_limit{pendulum{}, 7});
  auto const trpo = algorithm{
      .rollout = lanes{.count = 6, .horizon = 20},
      .advantage = gae{},
      .objective = importance_ratio{} + value_loss{},
      .update = trust_region{.target_kl = .001,
                             .damping = 1,
                             .iterations = 3,
                             .critic = update{.epochs = 2, .minibatch_size = 48, .optimizer = adam{.rate = 3e-4}}}};
  f("TRPO on CartPole", trpo, cart_pole{});
  f("TRPO on Pendulum", trpo, pendulum{});
  auto vine_ppo = algorithm{.rollout = vine{.lanes = 3, .horizon = 10, .rollouts = 2},
                            .advantage = gae{.lambda = 0},
                            .objective = clipped_ratio{} + value_loss{.weight = .5},
                            .update = descent};
  f("VinePPO on Pendulum", vine_ppo, time_limit{pendulum{}, 7});
  vine_ppo.update.normalize = normalization::none;  // there all advantages are 0, but for rounding
  f("VinePPO on an environment that steps on the host", vine_ppo, support::counting{.life = 8});
}

/// The k-th run on the archetype, in double: compiled once for all backends, in reference_training.cpp.
std::vector<double> reference_run(int k);

/// Whole training: with the same actions three updates of each algorithm end within 1e-5 (in double 1e-10) of the
/// reference's parameters.
template <class B>
void training(B& backend) {
  int next = 0;
  each_run([&](char const* name, auto const& algorithm, auto const& environment) {
    int k = next++;
    DYNAMIC_SECTION("training: " << name) {
      auto want = reference_run(k), got = after_three_updates(backend, algorithm, environment);
      REQUIRE(got.size() == want.size());
      double furthest = 0;
      for (std::size_t i = 0; i < want.size(); ++i) furthest = std::max(furthest, std::abs(got[i] - want[i]));
      REQUIRE(furthest < (sizeof(value_t<B>) == 4 ? 1e-5 : 1e-10));
    }
  });
}

}  // namespace cohort::conformance
