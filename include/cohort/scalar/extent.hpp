#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace COHORT_NAMESPACE {

/// An extent that the compiler does not know: box<dynamic>, multi_discrete<dynamic>, binary<dynamic>. Their numbers are
/// the environment's, so `actions` and `observations` are its data members, not static.
inline constexpr int dynamic = -1;

namespace detail {

/// The extent of a kernel's loop: a constant, or a number.
template <int N>
struct extent {
  explicit constexpr extent(int = N) {}
  constexpr operator int() const { return N; }
};
template <>
struct extent<dynamic> {
  int n = 0;
  explicit constexpr extent(int count = 0) : n(count) {}
  constexpr operator int() const { return n; }
};
/// How many numbers a kernel has room for; of an action whose extent is dynamic, at most so many.
inline constexpr int most_numbers = 64;
template <int N>
inline constexpr std::size_t room = N == dynamic ? most_numbers : std::size_t(N);
/// Numbers that are as many as an extent says.
template <class T, int N>
using as_many = std::conditional_t<N == dynamic, std::vector<T>, std::array<T, room<N>>>;

}  // namespace detail
}  // namespace COHORT_NAMESPACE
