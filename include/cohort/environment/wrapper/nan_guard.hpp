#pragma once
#include <cohort/backend/finite.hpp>
#include <cohort/environment/wrapper/own_state.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class E, class S>
struct guarded_state {
  S not_finite;  ///< 1 where the guard has ended the episode, else 0
};

}  // namespace detail

/// A step whose reward or next observation is not finite is undone, gives `reward`, and terminates the episode, whose
/// last observation is then the finite one before it; the state says so. Without the guard such a number ends the run,
/// with an environment_error that names it, the step and the lane, and so does one in a first observation all the same.
template <class E>
struct nan_guard : detail::with_own<E, detail::guarded_state> {
  double reward;

  explicit nan_guard(E e, double r = 0) : detail::with_own<E, detail::guarded_state>(std::move(e)), reward(r) {
    check();
  }
  void check() const {
    detail::require(reward - reward == 0, "nan_guard", "reward", reward, "a finite number");
    detail::wrapper<E>::check();
  }
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    auto const before = this->inner(s);
    auto result = E::step(s, action, draws...);
    using number = decltype(result.reward);
    using S = detail::formula_scalar<number>;
    S wrong = detail::is_not_finite{}(S(result.reward));
    auto const& seen = E::observe(s);
    for (std::size_t d = 0; d < seen.size(); ++d) wrong += detail::is_not_finite{}(S(seen[d]));
    mask_t<S> broken = wrong > 0;
    detail::undo_where<E, S>(broken, this->inner(s), before);
    this->own(s).not_finite = detail::given_back<typename State::scalar>(select(broken, S(1), S(0)));
    result.reward = detail::given_back<number>(select(broken, S(reward), S(result.reward)));
    result.terminated = detail::given_back<decltype(result.terminated)>(mask_t<S>(result.terminated) | broken);
    return result;
  }
};

}  // namespace COHORT_NAMESPACE
