#pragma once
#include <array>
#include <cohort/scalar/real.hpp>
#include <cstddef>
#include <limits>

namespace COHORT_NAMESPACE {

/// Actions 0 ... n - 1.
struct discrete {
  int n = 0;
};

/// D numbers, each between low and high (infinite where there is no bound).
template <int D>
struct box {
  static constexpr int dimensions = D;
  std::array<double, D> low{}, high{};
};

/// K choices in one action, choice k one of 0 ... n[k] - 1: multi_discrete actions{3, 5}.
template <int K>
struct multi_discrete {
  static constexpr int dimensions = K;
  std::array<int, K> n{};
};
template <class... N>
multi_discrete(N...) -> multi_discrete<int(sizeof...(N))>;

/// N bits in one action, each 0 or 1.
template <int N>
struct binary {
  static constexpr int dimensions = N;
};

/// What a step of a plain environment returns. `terminated` is the end of the task itself; a time limit is the runner's
/// business.
struct outcome {
  double reward = 0;
  bool terminated = false;
};

/// What a step of a scalar-generic environment returns.
template <class S>
struct outcome_of {
  S reward;
  mask_t<S> terminated;
};

namespace detail {

/// Whether there is a value in a space: bounds that are numbers, low <= high (they may be equal or infinite), and
/// choices of one value or more.
constexpr bool has_a_value(discrete const& a) { return a.n > 0; }
template <int D>
constexpr bool has_a_value(box<D> const& b) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (std::size_t d = 0; d < std::size_t(D); ++d)
    if (!(b.low[d] <= b.high[d]) || b.low[d] == infinity || b.high[d] == -infinity) return false;
  return D > 0;
}
template <int K>
constexpr bool has_a_value(multi_discrete<K> const& a) {
  for (int n : a.n)
    if (n <= 0) return false;
  return K > 0;
}
template <int N>
constexpr bool has_a_value(binary<N> const&) {
  return N > 0;
}

template <class A>
inline constexpr bool is_box = false;
template <int D>
inline constexpr bool is_box<box<D>> = true;
template <class A>
inline constexpr bool is_multi_discrete = false;
template <int K>
inline constexpr bool is_multi_discrete<multi_discrete<K>> = true;
template <class A>
inline constexpr bool is_binary = false;
template <int N>
inline constexpr bool is_binary<binary<N>> = true;

}  // namespace detail
}  // namespace COHORT_NAMESPACE
