#pragma once
#include <array>
#include <cohort/scalar/real.hpp>

namespace cohort {

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

/// What a step of a plain environment returns. `terminated` is the end of the task itself; a time limit is the runner's business.
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

template <class A>
inline constexpr bool is_box = false;
template <int D>
inline constexpr bool is_box<box<D>> = true;

}  // namespace detail
}  // namespace cohort
