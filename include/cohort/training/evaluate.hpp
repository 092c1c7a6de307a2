#pragma once
#include <cohort/environment/lanes.hpp>

namespace cohort {

/// The returns of `episodes` whole episodes under the most probable actions, side by side, from starts that depend on the seed alone and that no
/// training run draws.
///
/// Raises value_error if the environment has no max_episode_steps: an episode might never end.
template <backend B, environment E, class Policy>
std::vector<double> evaluate(B& backend, E const& e, Policy& policy, int episodes, std::uint64_t seed = 0) {
  using T = value_t<B>;
  using action = typename Policy::action;
  detail::require(episodes > 0, "evaluate", "episodes", episodes, "a positive number");
  if (episode_limit(e) <= 0) throw value_error("evaluate: the environment has no max_episode_steps: give it one, time_limit{environment, n}");
  int N = episodes, D = observation_size<E>, A = policy.distribution().action_width();
  vector_environment<B, E> lanes(e, N, seed, purpose::evaluation);
  for (int n = 0; n < N; ++n) lanes.reset(n);
  typename B::template array<T> observation(N * D), reward(N);
  typename B::template array<action> actions(N * A);
  typename B::template array<std::uint8_t> terminated(N), truncated(N);
  lanes.observe(observation.matrix(N, D));
  std::vector<double> returns(N, 0.);
  std::vector<char> ended(N, false);
  for (int alive = N; alive > 0;) {
    policy.act_deterministic(backend, view<T const>(observation.matrix(N, D)), actions.matrix(N, A));
    lanes.step(view<action const>(actions.matrix(N, A)), reward.all(), terminated.all(), truncated.all(), observation.matrix(N, D));
    for (int n = 0; n < N; ++n) {
      bool done = terminated.data()[n] || truncated.data()[n];
      if (!ended[n]) {
        returns[n] += reward.data()[n];
        if (done) ended[n] = true, --alive;
      }
      if (done) lanes.reset(n), lanes.observe(n, observation.data() + n * D);
    }
  }
  return returns;
}

}  // namespace cohort
