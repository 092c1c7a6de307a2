#pragma once
#include <cohort/rollout/episodes.hpp>

namespace cohort {

/// The returns of `episodes` whole episodes under the most probable actions, side by side, from starts that depend on
/// the seed alone and that no training run draws.
///
/// Raises value_error if the environment has no max_episode_steps: an episode might never end.
template <backend B, environment E, class Policy>
std::vector<double> evaluate(B& backend, E const& e, Policy& policy, int episodes, std::uint64_t seed = 0) {
  using T = value_t<B>;
  using action = typename Policy::action;
  detail::require(episodes > 0, "evaluate", "episodes", episodes, "a positive number");
  if (episode_limit(e) <= 0)
    throw value_error("evaluate: the environment has no max_episode_steps: give it one, time_limit{environment, n}");
  int N = episodes, D = seen_columns<E>, A = policy.distribution().action_width();
  vector_environment<B, E> lanes(backend, e, N, seed, draw_purpose::evaluation);
  lanes.reset(backend);
  typename B::template array<T> observation, last, reward;
  typename B::template array<action> actions;
  typename B::template array<std::uint8_t> terminated, truncated;
  for (auto* a : {&observation, &last}) backend.resize(*a, N * D);
  backend.resize(reward, N);
  backend.resize(actions, N * A);
  for (auto* a : {&terminated, &truncated}) backend.resize(*a, N);
  auto seen = observation.matrix(N, D);
  lanes.observe(backend, seen);
  std::vector<double> returns(std::size_t(N), 0.);
  std::vector<char> ended(std::size_t(N), false);
  detail::rollout_record<T> record;
  for (int alive = N; alive > 0;) {
    lanes.require_finite_observations(backend, view<T const>(seen), lanes.steps(), N);
    lanes.require_allowed_actions(backend, view<T const>(seen), lanes.steps(), N);
    policy.act_deterministic(backend, view<T const>(seen), actions.matrix(N, A));
    lanes.step(backend, view<action const>(actions.matrix(N, A)), reward.all(), terminated.all(), truncated.all(),
               seen);
    lanes.require_finite_rewards(backend, reward.all(), lanes.steps() - 1, N);
    record.read(backend, reward.all(), terminated.all(), truncated.all());
    bool any_ended = false;
    for (std::size_t n = 0; n < returns.size(); ++n) {
      any_ended = any_ended || record.done(n);
      if (ended[n]) continue;
      returns[n] += record.reward[n];
      if (record.done(n)) ended[n] = true, --alive;
    }
    if (any_ended) lanes.restart(backend, terminated.all(), truncated.all(), seen, last.matrix(N, D));
  }
  return returns;
}

}  // namespace cohort
