#pragma once
#include <cohort/environment/wrapper/own_state.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class E, class S>
struct statistics_of_episode {
  S episode_return;  ///< the sum of its rewards so far
  S episode_length;  ///< its steps
};

}  // namespace detail

/// Keeps in the state what the episode has returned so far and how many steps it has had, of the rewards and steps of
/// what is wrapped: inside of a reward_scale those that were not scaled.
///
///     environment_run run{episode_statistics{e}, 1};
///     run.state().episode_return
template <class E>
struct episode_statistics : detail::with_own<E, detail::statistics_of_episode> {
  explicit episode_statistics(E e) : detail::with_own<E, detail::statistics_of_episode>(std::move(e)) {}
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    auto const result = E::step(s, action, draws...);
    auto& own = this->own(s);
    own.episode_return += result.reward;
    own.episode_length += 1;
    return result;
  }
};

}  // namespace COHORT_NAMESPACE
