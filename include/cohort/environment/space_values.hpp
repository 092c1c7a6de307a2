#pragma once
#include <cmath>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <type_traits>

namespace COHORT_NAMESPACE {

/// A value of a space, as Gymnasium's spaces draw it: each choice equally likely, of a box each number uniform between
/// its bounds, an exponential one from its only bound, a normal one where there is none. An int of discrete, else an
/// array or, of a dynamic extent, a vector of ints (multi_discrete, binary) or doubles (box).
inline int sample(discrete const& a, random_stream& draws) { return int(draws.integer(std::uint32_t(a.n))); }
template <int D>
detail::as_many<double, D> sample(box<D> const& b, random_stream& draws) {
  detail::as_many<double, D> x = b.low;
  for (std::size_t d = 0; d < x.size(); ++d) {
    bool const below = std::isfinite(b.low[d]), above = std::isfinite(b.high[d]);
    if (below && above) x[d] = draws.uniform(b.low[d], b.high[d]);
    else if (below) x[d] = b.low[d] - std::log(draws.uniform());
    else if (above) x[d] = b.high[d] + std::log(draws.uniform());
    else x[d] = draws.normal();
  }
  return x;
}
template <class A>
  requires(detail::is_multi_discrete<A> || detail::is_binary<A>)
auto sample(A const& a, random_stream& draws) {
  auto x = detail::choices_of(a);
  for (int& n : x) n = int(draws.integer(std::uint32_t(n)));
  return x;
}

/// Whether a value is one of the space: as many numbers as it has, each within its bounds (and a number).
template <class A, class X>
  requires(std::is_same_v<A, discrete> || detail::is_box<A> || detail::is_multi_discrete<A> || detail::is_binary<A>)
bool contains(A const& space, X const& value) {
  auto within = [&](std::size_t d, auto x) {
    if constexpr (detail::is_box<A>) return double(x) >= space.low[d] && double(x) <= space.high[d];
    else return x >= 0 && x < detail::choices_of(space)[d];
  };
  if constexpr (std::is_arithmetic_v<X>) return detail::size_of(space) == 1 && within(0, value);
  else {
    if (std::size_t(value.size()) != std::size_t(detail::size_of(space))) return false;
    for (std::size_t d = 0; d < std::size_t(value.size()); ++d)
      if (!within(d, value[d])) return false;
    return true;
  }
}

}  // namespace COHORT_NAMESPACE
