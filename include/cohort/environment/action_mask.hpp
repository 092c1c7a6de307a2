#pragma once
#include <cohort/environment/concept.hpp>
#include <cstddef>

// What a policy is given of an environment's state: the observation and, where the environment has a mask, behind it a
// number for each action, 1 where it is allowed in this state and 0 where not. So a mask goes wherever the observation
// goes.

namespace COHORT_NAMESPACE {

template <class E>
inline constexpr int mask_columns = detail::mask_size_of<E>();
template <class E>
inline constexpr int seen_columns = observation_size<E> + mask_columns<E>;

namespace detail {

template <class Number, class E, class State, class Out>
[[gnu::always_inline]] constexpr void put_seen(E const& environment, State const& s, Out out) {
  auto seen = environment.observe(s);
  for (std::size_t d = 0; d < std::size_t(observation_size<E>); ++d) out.set(std::ptrdiff_t(d), seen[d]);
  if constexpr (has_action_mask<E>) {
    auto mask = environment.action_mask(s);
    for (std::size_t k = 0; k < mask.size(); ++k)
      out.set(observation_size<E> + std::ptrdiff_t(k), select(mask_t<Number>(mask[k]), Number(1), Number(0)));
  }
}

/// 1 where a mask leaves nothing of a choice.
template <int K>
struct allows_nothing {
  std::array<int, K> values;
  int first;
  template <class X, class Out>
  constexpr void operator()(X seen, Out out) const {
    using S = typename X::scalar;
    S nothing = 0;
    int column = first;
    for (int value_count : values) {
      S allowed = 0;
      for (int a = 0; a < value_count; ++a) allowed += seen[column++];
      nothing = select(allowed == 0, S(1), nothing);
    }
    out.set(0, nothing);
  }
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
