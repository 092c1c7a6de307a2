#pragma once
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <concepts>
#include <tuple>
#include <utility>

namespace COHORT_NAMESPACE {

namespace detail {

template <class E>
inline constexpr bool discrete_actions = requires {
  { E::actions.n } -> std::convertible_to<int>;
};
template <class E>
using actions_of = std::remove_cvref_t<decltype(E::actions)>;
template <class E>
concept has_spaces = discrete_actions<E> || requires {
  requires is_box<actions_of<E>> || is_multi_discrete<actions_of<E>> || is_binary<actions_of<E>>;
};

template <class E>
concept has_observations = requires { requires is_box<std::remove_cvref_t<decltype(E::observations)>>; };

/// Whether the state is a template over the scalar: then the environment steps in SIMD lanes.
template <class E>
concept generic_state = requires { typename E::template state<real<float>>; };

template <class E, bool = generic_state<E>>
struct state_of {
  using type = typename E::template state<real<double>>;
};
template <class E>
  requires requires { typename E::state; }
struct state_of<E, false> {
  using type = typename E::state;
};

template <class E>
concept has_state = generic_state<E> || requires { typename E::state; };

/// What a step receives: an int, or an array of floats (box) or ints; S or an array of S where the environment is
/// scalar-generic.
template <class E, class Number, bool = discrete_actions<E>>
struct action_of {
  using type = Number;
};
template <class E, class Number>
struct action_of<E, Number, false> {
  using type = std::array<std::conditional_t<std::is_same_v<Number, int> && is_box<actions_of<E>>, float, Number>,
                          actions_of<E>::dimensions>;
};
template <class E>
using step_action = typename action_of<E, std::conditional_t<generic_state<E>, real<double>, int>>::type;

template <class E>
concept has_reset = requires(E const& e, random_stream& draws) {
  { e.template reset<real<double>>(draws) } -> std::same_as<typename state_of<E>::type>;
} || requires(E const& e, random_stream& draws) {
  { e.reset(draws) } -> std::same_as<typename state_of<E>::type>;
};

template <class E>
concept steps_with_noise = requires(E const& e, typename state_of<E>::type& s, step_action<E> const& a,
                                    random_stream& draws) { e.step(s, a, draws); };

/// Steps with noise or without, as the environment says by `bool draws_in_step() const`.
template <class E>
concept steps_either_way =
    steps_with_noise<E> && requires(E const& e, typename state_of<E>::type& s, step_action<E> const& a) {
      e.step(s, a);
      { e.draws_in_step() } -> std::same_as<bool>;
    };

template <class R>
concept is_outcome = requires(R r) {
  r.reward;
  r.terminated;
};

template <class E>
concept has_step = requires(E const& e, typename state_of<E>::type& s, step_action<E> const& a) {
  { e.step(s, a) } -> is_outcome;
} || requires(E const& e, typename state_of<E>::type& s, step_action<E> const& a, random_stream& draws) {
  { e.step(s, a, draws) } -> is_outcome;
};

template <class E>
concept has_observe = requires(E const& e, typename state_of<E>::type const& s) {
  { e.observe(s)[0] };
  requires std::tuple_size_v<std::remove_cvref_t<decltype(e.observe(s))>> ==
               std::remove_cvref_t<decltype(E::observations)>::dimensions;
};

/// How many values each choice of an action can have; a box has no choices.
template <class E>
constexpr auto choices_of() {
  using A = actions_of<E>;
  if constexpr (discrete_actions<E>) {
    return std::array<int, 1>{E::actions.n};
  } else if constexpr (is_multi_discrete<A>) {
    return E::actions.n;
  } else {
    std::array<int, is_binary<A> ? A::dimensions : 0> two{};
    two.fill(2);
    return two;
  }
}
template <class E>
constexpr int values_of_actions() {
  int total = 0;
  for (int n : choices_of<E>()) total += n;
  return total;
}
template <class E>
concept has_action_mask = requires(E const& e, typename state_of<E>::type const& s) { e.action_mask(s); };
template <class E>
constexpr int mask_size_of() {
  if constexpr (has_action_mask<E>)
    return int(std::tuple_size_v<std::remove_cvref_t<decltype(std::declval<E const&>().action_mask(
                   std::declval<typename state_of<E>::type const&>()))>>);
  else return 0;
}
template <class E>
constexpr bool mask_fits() {
  if constexpr (has_action_mask<E>) return mask_size_of<E>() == values_of_actions<E>();
  else return true;
}

}  // namespace detail

/// An environment: a state that is a value, and functions of it. Copying the state clones the environment.
///
///     struct state { ... };
///     static constexpr discrete actions{2};                        // or box<D>, multi_discrete{3, 5}, binary<N>
///     static constexpr box<4> observations{low, high};
///     state reset(random_stream&) const;
///     outcome step(state&, int action) const;                      // may take a random_stream& as well
///     std::array<float, 4> observe(state const&) const;
///     int max_episode_steps;                                       // optional: episodes are truncated after so many
///     std::array<bool, n> action_mask(state const&) const;         // optional: which actions are allowed
///
/// An action is an int (discrete), a std::array<float, D> (box), or a std::array<int, K> (multi_discrete, binary). The
/// n of an action mask is that of discrete{n}, the sum of multi_discrete's (choice by choice), or 2 N of binary<N> (for
/// each bit whether it may be 0 and whether it may be 1). A generic environment steps in SIMD lanes and on devices:
///
///     template <class S> struct state { S ...; };                  // nothing but S inside
///     template <class S> state<S> reset(random_stream&) const;
///     outcome_of<S> step(state<S>&, S action) const;               // or an array of S
///     std::array<mask_t<S>, n> action_mask(state<S> const&) const;
///
/// `void check() const`, where there is one, is called by whatever steps the environment, before the first step: to
/// raise value_error for parameters out of their range.
template <class E>
concept environment =
    detail::has_state<E> && detail::has_spaces<E> && detail::has_observations<E> && detail::has_reset<E> &&
    detail::has_step<E> && detail::has_observe<E> && std::copyable<typename detail::state_of<E>::type> &&
    detail::mask_fits<E>() && detail::has_a_value(E::actions) && detail::has_a_value(E::observations);

/// What a type lacks to be an environment: of its parts, in this order, the first that is missing is false.
template <class E>
class environment_parts {
  static constexpr int first_missing() {
    if constexpr (!detail::has_state<E>) return 0;
    else if constexpr (!std::copyable<typename detail::state_of<E>::type>) return 1;
    else if constexpr (!detail::has_spaces<E>) return 2;
    else if constexpr (!detail::has_observations<E>) return 3;
    else if constexpr (!detail::has_reset<E>) return 4;
    else if constexpr (!detail::has_step<E>) return 5;
    else if constexpr (!detail::has_observe<E>) return 6;
    else if constexpr (!detail::has_a_value(E::actions)) return 8;
    else if constexpr (!detail::has_a_value(E::observations)) return 9;
    else return detail::mask_fits<E>() ? 10 : 7;
  }
  static constexpr int missing = first_missing();

 public:
  static constexpr bool state = missing != 0, copyable_state = missing != 1, actions = missing != 2,
                        observations = missing != 3, reset = missing != 4, step = missing != 5, observe = missing != 6,
                        action_mask = missing != 7, actions_of_value = missing != 8,
                        observations_of_value = missing != 9;
};

template <class E>
inline constexpr int observation_size = std::remove_cvref_t<decltype(E::observations)>::dimensions;

/// An environment with another limit on the length of its episodes.
template <class E>
struct time_limit : E {
  int max_episode_steps = 0;
};
template <class E>
time_limit(E, int) -> time_limit<E>;

/// The steps after which an episode is cut off, or 0 for never.
template <class E>
constexpr int episode_limit(E const& e) {
  if constexpr (requires { e.max_episode_steps; }) return e.max_episode_steps;
  else return 0;
}

}  // namespace COHORT_NAMESPACE
