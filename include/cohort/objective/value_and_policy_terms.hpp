#pragma once
#include <cohort/objective/terms.hpp>

// An objective in two, for updates that train the policy and the value function by different means.

namespace COHORT_NAMESPACE {

namespace detail {

/// Bit k: the weights with the number k are the given ones, or these are made of them.
template <class Modes, int Weights>
constexpr unsigned weights_used() {
  if constexpr (Weights == 0) return 1;
  else return 1u << Weights | weights_used<Modes, base_of<std::tuple_element_t<std::size_t(Weights) - 1, Modes>>>();
}

/// The terms of which Wanted<term> is true, with their factors, and what makes their weights.
template <template <class> class Wanted, class... T, int... W, bool... S, class Modes>
constexpr auto terms_where(composed_objective<std::tuple<leaf<T, W, S>...>, Modes> const& o) {
  constexpr unsigned used = ((Wanted<T>::value ? weights_used<Modes, W>() : 0u) | ... | 1u);
  auto kept = [&]<class A, int k, bool selected>(leaf<A, k, selected> const& x) {
    if constexpr (Wanted<A>::value) return std::tuple(leaf<A, slot_of(used, k), selected>{x.term, x.factor});
    else return std::tuple<>();
  };
  auto mode = [&]<std::size_t k>(std::integral_constant<std::size_t, k>) {
    auto const& x = std::get<k>(o.modes);
    using Mode = std::decay_t<decltype(x)>;
    if constexpr (!(used >> (k + 1) & 1)) return std::tuple<>();
    else if constexpr (is_selection<Mode>)
      return std::tuple(weights_of_selection<decltype(x.selection), slot_of(used, Mode::base)>{x.selection});
    else return std::tuple(x);
  };
  auto leaves = detail::unpack([&](auto const&... x) { return std::tuple_cat(kept(x)...); }, o.leaves);
  auto modes = [&]<std::size_t... K>(std::index_sequence<K...>) {
    return std::tuple_cat(mode(std::integral_constant<std::size_t, K>{})...);
  }(std::make_index_sequence<std::tuple_size_v<Modes>>());
  return composed_objective<decltype(leaves), decltype(modes)>{leaves, modes};
}
template <class O>
inline constexpr bool has_terms = std::tuple_size_v<leaves_of<O>> > 0;

template <class O>
struct reads_value {
  static constexpr unsigned bits = terms_read_by_type<O>();
  static_assert(known_at_compile_time<O>,
                "an objective of which the policy and the value function are trained apart needs terms that can be "
                "made without arguments");
  static_assert(
      !(bits & needs::value && bits & needs::differentiable & ~needs::value),
      "a term reads both the value function and the policy, which this update trains apart: write it as a sum of two");
  static constexpr bool value = bits & needs::value;
};
template <class O>
struct reads_no_value {
  static constexpr bool value = !reads_value<O>::value;
};

}  // namespace detail

/// The terms that read the value function, and all others.
template <objective O>
constexpr auto value_terms(O const& o) {
  return detail::terms_where<detail::reads_value>(detail::composed(o));
}
template <objective O>
constexpr auto policy_terms(O const& o) {
  return detail::terms_where<detail::reads_no_value>(detail::composed(o));
}

}  // namespace COHORT_NAMESPACE
