#pragma once
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <concepts>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace COHORT_NAMESPACE {

namespace detail {

template <class E>
using actions_of = std::remove_cvref_t<decltype(std::declval<E const&>().actions)>;
template <class E>
using observations_of = std::remove_cvref_t<decltype(std::declval<E const&>().observations)>;
template <class E>
concept has_actions = requires { typename actions_of<E>; };
template <class E>
inline constexpr bool discrete_actions = false;
template <has_actions E>
inline constexpr bool discrete_actions<E> = std::is_same_v<actions_of<E>, discrete>;
template <class E>
concept has_spaces = discrete_actions<E> || requires {
  requires is_box<actions_of<E>> || is_multi_discrete<actions_of<E>> || is_binary<actions_of<E>>;
};

template <class E>
concept has_observations = requires { requires is_box<observations_of<E>>; };

/// Whether the compiler knows the spaces themselves, not their extents alone.
template <class E>
concept knows_actions = requires { typename std::bool_constant<has_a_value(E::actions)>; };
template <class E>
concept knows_observations = requires { typename std::bool_constant<has_a_value(E::observations)>; };
template <class E>
constexpr bool actions_can_be() {
  if constexpr (knows_actions<E>) return has_a_value(E::actions);
  else return true;  // which detail::require_spaces looks at when the program runs
}
template <class E>
constexpr bool observations_can_be() {
  if constexpr (knows_observations<E>) return has_a_value(E::observations);
  else return true;
}
/// How many numbers an action or an observation has, or `dynamic`.
template <class E>
constexpr int action_numbers() {
  if constexpr (discrete_actions<E>) return 1;
  else return actions_of<E>::dimensions;
}

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

/// What a step receives: an int, or an array of floats (box) or ints, a span of them where the extent is dynamic; S or
/// an array of S where the environment is scalar-generic.
template <class E, class Number, bool = discrete_actions<E>>
struct action_of {
  using type = Number;
};
template <class E, class Number>
struct action_of<E, Number, false> {
  using number = std::conditional_t<std::is_same_v<Number, int> && is_box<actions_of<E>>, float, Number>;
  using type = std::conditional_t<action_numbers<E>() == dynamic, std::span<number const>,
                                  std::array<number, room<action_numbers<E>()>>>;
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
  requires observations_of<E>::dimensions != dynamic || requires { e.observe(s).size(); };
  requires observations_of<E>::dimensions == dynamic ||
                   std::tuple_size_v<std::remove_cvref_t<decltype(e.observe(s))>> == observations_of<E>::dimensions;
};

/// Of an action mask, how many values all choices have; a bit has two.
template <class E>
constexpr int values_of_actions(E const& e) {
  int total = 0;
  for (int n : choices_of(e.actions)) total += n;
  return total;
}
template <class E>
concept has_action_mask = requires(E const& e, typename state_of<E>::type const& s) { e.action_mask(s); };
template <class E>
constexpr int mask_size_of() {
  if constexpr (has_action_mask<E>) {
    using mask = std::remove_cvref_t<decltype(std::declval<E const&>().action_mask(
        std::declval<typename state_of<E>::type const&>()))>;
    if constexpr (requires { std::tuple_size<mask>::value; }) return int(std::tuple_size_v<mask>);
    else return dynamic;
  } else {
    return 0;
  }
}
template <class E>
constexpr bool mask_fits() {
  if constexpr (has_action_mask<E> && knows_actions<E>) {
    int total = 0;
    for (int n : choices_of(E::actions)) total += n;
    return mask_size_of<E>() == dynamic || mask_size_of<E>() == total;
  } else {
    return true;
  }
}
/// Whether it steps all its lanes in one call, as simulators do that have them in one array or on a device.
template <class E>
concept steps_together = requires(E const& e) { e.lanes_together(1); };

/// In SIMD lanes and on devices the extents are the compiler's, and so are a box's bounds of actions.
template <class E>
constexpr bool steps_in_lanes() {
  if constexpr (!generic_state<E>) return true;
  else
    return observations_of<E>::dimensions != dynamic && mask_size_of<E>() != dynamic &&
           (is_box<actions_of<E>> ? knows_actions<E> : action_numbers<E>() != dynamic);
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
/// An environment whose states may be copies in name only (of a simulator behind a pointer) has `void require_copies()
/// const`, which raises environment_error where they are not; rollouts that need copies call it before they begin.
///
/// An environment whose steps take long has `int step_threads() const`: on so many threads its lanes are then stepped,
/// its const members called from several at once, each with a state of its own; with `bool asynchronous_steps() const`
/// true, no lane of a rollout `lanes` waits for another one's step (on_threads, environment/wrapper).
///
/// A plain environment that steps all its lanes in one call has `lanes_together(n)`, a pointer to n lanes
/// (environment/lanes_together.hpp):
///
///     void reset(std::span<random_stream>, std::span<std::uint8_t const> which);  // episodes, where it is not 0
///     void step(std::span<Number const> actions);                                 // of all lanes
///     reward, terminated, truncated              // of the last step, arrays of n
///     std::span<float const> seen() const;       // n rows: after the last step
///     std::span<float const> fresh() const;      // the same, and after resets since
///     autoreset autoreset_mode() const;          // optional: who begins episodes (environment/autoreset.hpp)
///
/// Rollouts of `lanes` and `evaluate` use it; it can be neither copied nor saved.
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
///
/// Of an environment whose spaces are known when the program runs, `actions` and `observations` are data members, boxes
/// and the like of `dynamic` extents; an action is then a std::span<float const> (box) or std::span<int const>, and
/// `observe` and `action_mask` return what has a size(), such as a std::vector or a span of what is in the state:
///
///     box<dynamic> observations{{-1, -1}, {1, 1}};
///     multi_discrete<dynamic> actions{{3, 5}};                     // or discrete, box<dynamic>, binary<dynamic>
template <class E>
concept environment = detail::has_state<E> && detail::has_spaces<E> && detail::has_observations<E> &&
                      detail::has_reset<E> && detail::has_step<E> && detail::has_observe<E> &&
                      std::copyable<typename detail::state_of<E>::type> && detail::mask_fits<E>() &&
                      detail::steps_in_lanes<E>() && detail::actions_can_be<E>() && detail::observations_can_be<E>();

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
    else if constexpr (!detail::actions_can_be<E>()) return 8;
    else if constexpr (!detail::observations_can_be<E>()) return 9;
    else if constexpr (!detail::steps_in_lanes<E>()) return 10;
    else return detail::mask_fits<E>() ? 11 : 7;
  }
  static constexpr int missing = first_missing();

 public:
  static constexpr bool state = missing != 0, copyable_state = missing != 1, actions = missing != 2,
                        observations = missing != 3, reset = missing != 4, step = missing != 5, observe = missing != 6,
                        action_mask = missing != 7, actions_of_value = missing != 8,
                        observations_of_value = missing != 9, extents_in_lanes = missing != 10;
};

template <class E>
inline constexpr int observation_size = detail::observations_of<E>::dimensions;  ///< or `dynamic`

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

namespace detail {

/// What rollouts that start several episodes alike, or copy states, ask before they begin.
template <class E>
void require_copies(E const& e) {
  if constexpr (requires { e.require_copies(); }) e.require_copies();
}

}  // namespace detail

}  // namespace COHORT_NAMESPACE
