#pragma once
#include <cohort/environment/wrapper/own_state.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// Of an environment that always has a mask: one known to the compiler, or of a `masked` that is said when it runs.
template <class E>
concept always_masked = has_action_mask<E> && !requires(E const& e) { e.masked; };
template <class E>
void require_no_mask(char const* where, E const& environment) {
  if (is_masked(environment))
    throw value_error(
        std::string(where) +
        ": the environment has an action mask, which may forbid the next step the action that is repeated");
}

template <class E, class S>
struct steps_of_episode {
  S base_steps;  ///< taken in this episode
};

}  // namespace detail

/// Each action is taken `times` steps in a row, fewer where the episode ends or E's max_episode_steps is reached; the
/// reward is their sum. As Gymnasium's RepeatAction. An episode then has max_episode_steps / times steps, rounded up.
///
/// action_repeat{sticky_actions{e, .25}, 4} draws before each of E's steps, as Atari's emulator does; the other way
/// round once for all four.
template <class E>
struct action_repeat : detail::with_own<E, detail::steps_of_episode> {
  static_assert(!detail::always_masked<E>,
                "action_repeat: the environment has an action mask, which may forbid the next step the action that is "
                "repeated");
  int times;
  int max_episode_steps;

  action_repeat(E e, int n) : detail::with_own<E, detail::steps_of_episode>(std::move(e)), times(n) {
    check();
    int const limit = episode_limit(this->base());
    max_episode_steps = limit / times + (limit % times != 0);
  }
  void check() const {
    detail::require(times > 0, "action_repeat", "times", times, "a positive number");
    detail::require_no_mask("action_repeat", this->base());
    detail::wrapper<E>::check();
  }
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    int const limit = episode_limit(this->base());
    auto result = E::step(s, action, draws...);
    using number = decltype(result.reward);
    using S = detail::formula_scalar<number>;
    S reward = result.reward, steps = this->own(s).base_steps + 1;
    mask_t<S> terminated(result.terminated);
    for (int k = 1; k < times; ++k) {
      mask_t<S> over = terminated | (steps >= S(limit > 0 ? limit : std::numeric_limits<int>::max()));
      if constexpr (!detail::generic_state<E>)
        if (over.value || detail::truncates(result)) break;
      auto const before = this->inner(s);
      auto const next = E::step(s, action, draws...);
      detail::undo_where<E, S>(over, this->inner(s), before);
      reward = select(over, reward, reward + next.reward);
      steps = select(over, steps, steps + 1);
      terminated = terminated | (mask_t<S>(next.terminated) & !over);
      if constexpr (requires { result.truncated; }) result.truncated = next.truncated;
    }
    this->own(s).base_steps = detail::given_back<typename State::scalar>(steps);
    result.reward = detail::given_back<number>(reward);
    result.terminated = detail::given_back<decltype(result.terminated)>(terminated);
    return result;
  }
};

}  // namespace COHORT_NAMESPACE
