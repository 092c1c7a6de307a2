#pragma once
#include <cohort/environment/concept.hpp>
#include <cohort/error.hpp>
#include <cstddef>
#include <string>

// What a policy is given of an environment's state: the observation and, where the environment has a mask, behind it a
// number for each action, 1 where it is allowed in this state and 0 where not. So a mask goes wherever the observation
// goes.

namespace COHORT_NAMESPACE {

template <class E>
inline constexpr int mask_columns = detail::mask_size_of<E>();  ///< or `dynamic`
template <class E>
inline constexpr int seen_columns =
    observation_size<E> == dynamic || mask_columns<E> == dynamic ? dynamic : observation_size<E> + mask_columns<E>;

namespace detail {

/// Of an environment how many numbers an observation has, how many a mask, and both: constants where they can be.
template <class E>
constexpr int observation_count(E const& e) {
  if constexpr (observation_size<E> == dynamic) return size_of(e.observations);
  else return observation_size<E>;
}
template <class E>
constexpr bool is_masked(E const& e) {
  if constexpr (requires { e.masked; }) return e.masked;
  else return has_action_mask<E>;
}
template <class E>
constexpr int mask_count(E const& e) {
  if constexpr (mask_columns<E> == dynamic) return is_masked(e) ? values_of_actions(e) : 0;
  else return mask_columns<E>;
}
template <class E>
constexpr int seen_count(E const& e) {
  return observation_count(e) + mask_count(e);
}

inline void require_count(char const* what, std::size_t given, int expected) {
  if (given != std::size_t(expected))
    throw environment_error(std::string("the environment's `") + what + "` gives " + std::to_string(given) +
                            " numbers, expected " + std::to_string(expected));
}

template <class Number, class E, class State, class Out>
[[gnu::always_inline]] constexpr void put_seen(E const& environment, State const& s, Out out) {
  int const D = observation_count(environment);
  auto const& seen = environment.observe(s);
  if constexpr (observation_size<E> == dynamic) require_count("observe", seen.size(), D);
  for (std::size_t d = 0; d < std::size_t(D); ++d) out.set(std::ptrdiff_t(d), seen[d]);
  if constexpr (has_action_mask<E>) {
    auto const& mask = environment.action_mask(s);
    if constexpr (mask_columns<E> == dynamic) require_count("action_mask", mask.size(), mask_count(environment));
    for (std::size_t k = 0; k < mask.size(); ++k)
      out.set(D + std::ptrdiff_t(k), select(mask_t<Number>(mask[k]), Number(1), Number(0)));
  }
}

/// 1 where a mask leaves nothing of one choice, whose values begin at column `first`; else what the choices before it
/// gave.
struct allows_nothing {
  int first, values;
  bool first_choice;
  template <class X, class Out>
  constexpr void operator()(X seen, Out out) const {
    using S = typename X::scalar;
    S allowed = 0;
    for (int a = 0; a < values; ++a) allowed += seen[first + a];
    out.set(0, select(allowed == 0, S(1), first_choice ? S(0) : S(out[0])));
  }
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
