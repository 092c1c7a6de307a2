#pragma once
#include <array>
#include <cohort/scalar/extent.hpp>
#include <cohort/scalar/real.hpp>
#include <cstddef>
#include <limits>
#include <vector>

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

template <>
struct box<dynamic> {
  static constexpr int dimensions = dynamic;
  std::vector<double> low{}, high{};
};

/// K choices in one action, choice k one of 0 ... n[k] - 1: multi_discrete actions{3, 5}.
template <int K>
struct multi_discrete {
  static constexpr int dimensions = K;
  std::array<int, K> n{};
};
template <>
struct multi_discrete<dynamic> {
  static constexpr int dimensions = dynamic;
  std::vector<int> n{};
};
template <class... N>
multi_discrete(N...) -> multi_discrete<int(sizeof...(N))>;

/// N bits in one action, each 0 or 1.
template <int N>
struct binary {
  static constexpr int dimensions = N;
};

template <>
struct binary<dynamic> {
  static constexpr int dimensions = dynamic;
  int bits = 0;
};

/// What a step of a plain environment returns. `terminated` is the end of the task itself; a limit of so many steps is
/// the runner's business, and `truncated` is for an environment that cuts its episodes by another rule.
struct outcome {
  double reward = 0;
  bool terminated = false, truncated = false;
};

/// What a step of a scalar-generic environment returns.
template <class S>
struct outcome_of {
  S reward;
  mask_t<S> terminated;
};

namespace detail {

/// How many numbers one value has.
constexpr int size_of(discrete const&) { return 1; }
template <int D>
constexpr int size_of(box<D> const& b) {
  return int(b.low.size());
}
template <int K>
constexpr int size_of(multi_discrete<K> const& a) {
  return int(a.n.size());
}
template <int N>
constexpr int size_of(binary<N> const& a) {
  if constexpr (N == dynamic) return a.bits;
  else return N;
}

/// How many values each choice has; a box has no choices.
constexpr std::array<int, 1> choices_of(discrete const& a) { return {a.n}; }
template <int K>
constexpr auto choices_of(multi_discrete<K> const& a) {
  return a.n;
}
template <int N>
constexpr auto choices_of(binary<N> const& a) {
  if constexpr (N == dynamic) {
    return std::vector<int>(std::size_t(a.bits), 2);
  } else {
    std::array<int, std::size_t(N)> two{};
    two.fill(2);
    return two;
  }
}
template <int D>
constexpr std::array<int, 0> choices_of(box<D> const&) {
  return {};
}

/// Whether there is a value in a space: bounds that are numbers, low <= high (they may be equal or infinite), and
/// choices of one value or more.
template <class A>
constexpr bool has_a_value(A const& a) {
  for (int n : choices_of(a))
    if (n <= 0) return false;
  if constexpr (requires { a.low; }) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (a.low.size() != a.high.size()) return false;
    for (std::size_t d = 0; d < a.low.size(); ++d)
      if (!(a.low[d] <= a.high[d]) || a.low[d] == infinity || a.high[d] == -infinity) return false;
  }
  return size_of(a) > 0;
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
