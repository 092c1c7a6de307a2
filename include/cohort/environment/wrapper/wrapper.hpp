#pragma once
#include <cohort/environment/plain_steps.hpp>
#include <cohort/error.hpp>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

// What wrappers are made of. A wrapper of an environment E is a class derived from E: what it does not define is E's,
// its parameters, spaces, names, mask, limit and states among them. Wrappers of scalar-generic environments are
// scalar-generic: their formulas are over the scalar S of what they are given, which is real<double> for a plain one.

namespace COHORT_NAMESPACE::detail {

template <class E>
inline constexpr std::size_t draws_in_step = steps_with_noise<E>;

/// The scalar in which a wrapper's formula computes with numbers of this type.
template <class Number>
using formula_scalar = std::conditional_t<std::is_arithmetic_v<Number>, real<double>, Number>;

/// A scalar as a number of an environment: itself, or its plain value.
template <class Number, class S>
constexpr Number given_back(S const& x) {
  if constexpr (std::is_arithmetic_v<Number>) return Number(x.value);
  else return x;
}

/// What a step returned, its reward changed by a formula.
template <class Outcome, class F>
constexpr Outcome with_reward(Outcome result, F const& formula) {
  using number = decltype(result.reward);
  result.reward = given_back<number>(formula(formula_scalar<number>(result.reward)));
  return result;
}

/// Number d of an action.
template <class Action>
constexpr auto const& number_of(Action const& action, std::size_t d) {
  if constexpr (requires { action.size(); }) return action[d];
  else return action;
}
template <class Action>
using action_scalar =
    formula_scalar<std::remove_cvref_t<decltype(number_of(std::declval<Action const&>(), std::size_t(0)))>>;

/// An action of E whose numbers are f(0), f(1), ...; a vector of them where the extent is dynamic.
template <class E, class S, class F>
constexpr auto action_with(E const& environment, F const& f) {
  using number = std::conditional_t<generic_state<E>, S, plain_number<E>>;
  if constexpr (discrete_actions<E>) {
    return given_back<number>(f(std::size_t(0)));
  } else {
    as_many<number, action_numbers<E>()> action{};
    if constexpr (action_numbers<E>() == dynamic) action.resize(std::size_t(size_of(environment.actions)));
    for (std::size_t d = 0; d < action.size(); ++d) action[d] = given_back<number>(f(d));
    return action;
  }
}

/// What E shows, as numbers of one's own.
template <class E, class State>
constexpr auto observed(E const& environment, State const& s) {
  auto const& seen = environment.observe(s);
  as_many<std::remove_cvref_t<decltype(seen[0])>, observation_size<E>> numbers{};
  if constexpr (observation_size<E> == dynamic) numbers.resize(seen.size());
  for (std::size_t d = 0; d < numbers.size(); ++d) numbers[d] = seen[d];
  return numbers;
}

/// The base of all wrappers. Those with parameters have a `check` of their own, which calls this one.
template <class E>
class wrapper : public E {
#include <cohort/environment/requirements.inc>

 public:
  explicit wrapper(E e) : E(std::move(e)) {}

  void check() const {
    if constexpr (requires(E const& e) { e.check(); }) E::check();
  }

 protected:
  E const& base() const { return *this; }
};

}  // namespace COHORT_NAMESPACE::detail
