#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace COHORT_NAMESPACE::detail {

template <std::size_t K, class V>
struct bundled {
  V value;
};
template <class Index, class... V>
struct bundle_base;
template <std::size_t... K, class... V>
struct bundle_base<std::index_sequence<K...>, V...> : bundled<K, V>... {
  constexpr bundle_base(V const&... v) : bundled<K, V>{v}... {}
};

/// Values side by side. It is what a kernel keeps its arrays in: compilers take longer for a std::tuple, whose
/// constructors are many, than for the rest of the kernel.
template <class... V>
struct bundle : bundle_base<std::index_sequence_for<V...>, V...> {
  using bundle_base<std::index_sequence_for<V...>, V...>::bundle_base;
};
template <class... V>
bundle(V...) -> bundle<V...>;

template <std::size_t K, class V>
constexpr V const& get(bundled<K, V> const& b) {
  return b.value;
}

template <class F, std::size_t... K, class... V>
constexpr decltype(auto) unpack_base(F& f, bundle_base<std::index_sequence<K...>, V...> const& b) {
  return f(static_cast<bundled<K, V> const&>(b).value...);
}
template <class F, class Tuple, std::size_t... K>
constexpr decltype(auto) unpack_tuple(F& f, Tuple& t, std::index_sequence<K...>) {
  return f(std::get<K>(t)...);
}
/// f(the values of a bundle, a tuple or an array...), as std::apply, whose exception specification costs as much.
template <class F, class... V>
constexpr decltype(auto) unpack(F&& f, bundle<V...> const& b) {
  return unpack_base(f, b);
}
template <class F, class... V>
constexpr decltype(auto) unpack(F&& f, std::tuple<V...> const& t) {
  return unpack_tuple(f, t, std::index_sequence_for<V...>());
}
template <class F, class V, std::size_t N>
constexpr decltype(auto) unpack(F&& f, std::array<V, N> const& a) {
  return unpack_tuple(f, a, std::make_index_sequence<N>());
}
template <class F, class... V>
constexpr decltype(auto) unpack(F&& f, std::tuple<V...>& t) {
  return unpack_tuple(f, t, std::index_sequence_for<V...>());
}

}  // namespace COHORT_NAMESPACE::detail

template <class... V>
struct std::tuple_size<cohort::detail::bundle<V...>> : std::integral_constant<std::size_t, sizeof...(V)> {};
