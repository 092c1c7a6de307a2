#pragma once
#include <cmath>
#include <cohort/policy/network_options.hpp>
#include <cohort/rollout/stepper.hpp>
#include <cohort/scalar/welford.hpp>
#include <numeric>
#include <vector>

namespace COHORT_NAMESPACE {

/// What `evaluate` returns: the return of each episode, and what they say together.
struct episode_returns : std::vector<double> {
  using std::vector<double>::vector;

  double mean() const { return std::accumulate(begin(), end(), 0.) / double(size()); }
  /// The standard deviation (of n - 1); 0 for a single episode.
  double deviation() const {
    detail::welford all;
    for (double r : *this) all.add(r);
    return all.deviation();
  }
  /// How far the mean may be from the policy's own, 95 times of 100: 1.96 deviations over the square root of the
  /// number.
  double interval() const { return 1.96 * deviation() / std::sqrt(double(size())); }
  int episodes() const { return int(size()); }
};

/// The returns of `episodes` whole episodes under the most probable actions, side by side, from starts that depend on
/// the seed alone and that no training run draws.
///
/// Raises value_error if the environment has no max_episode_steps: an episode might never end.
template <backend B, class E, class Policy>
episode_returns evaluate(B& backend, E const& e, Policy& policy, int episodes, std::uint64_t seed = 0) {
  if constexpr (detail::was_refused<Policy>) {
    return {};
  } else if constexpr (!environment<E>) {
#include <cohort/environment/requirements.inc>
    return {};
  } else {
    using T = value_t<B>;
    detail::require(episodes > 0, "evaluate", "episodes", episodes, "a positive number");
    if (episode_limit(e) <= 0)
      throw value_error("evaluate: the environment has no max_episode_steps: give it one, time_limit{environment, n}");
    int N = episodes, D = detail::seen_count(e) + detail::memory_of(policy);
    detail::stepper<B, E, Policy> stepper(backend, e, policy, N, seed, draw_purpose::action, draw_purpose::evaluation);
    stepper.environment().reset(backend);
    typename decltype(stepper)::record step;
    step.resize_steps(backend, N, policy.distribution().action_width());
    typename B::template array<T> observation, last;
    for (auto* a : {&observation, &last}) backend.resize(*a, N * D);
    auto seen = observation.matrix(N, D);
    stepper.observe_new(backend, seen);
    episode_returns returns(std::size_t(N), 0.);
    detail::rollout_record<T> record;
    detail::first_episodes first;
    for (first.start(returns.size()); first.alive > 0;) {
      stepper.require_usable(backend, view<T const>(seen));
      stepper.step_deterministic(backend, policy, view<T const>(seen), step, 0, seen);
      stepper.require_finite_rewards(backend, step, 0);
      stepper.read(backend, step, 0, record);
      if (first.count(record, [&](std::size_t n, double reward, bool) { returns[n] += reward; }))
        stepper.restart(backend, step, 0, seen, last.matrix(N, D));
    }
    return returns;
  }
}

}  // namespace COHORT_NAMESPACE
