#pragma once
#include <cohort/compiler.hpp>

// One-line formulas that maps of several components are made of. Named structs, since a lambda cannot be a kernel's
// argument.
namespace COHORT_NAMESPACE::detail {

struct same {
  constexpr auto operator()(auto x) const { return x; }
};
/// A number whatever there was; it takes a view because a map's shape is that of its inputs.
struct filled {
  double value;
  template <class S>
  constexpr S operator()(S) const {
    return S(value);
  }
};
/// With a mask, b is 0 where a step is not valid, whatever it holds.
struct plus {
  constexpr auto operator()(auto a, auto b) const { return a + b; }
  template <class S, class M>
  constexpr S operator()(S a, S b, M valid) const {
    return a + select(valid, b, S(0));
  }
};
struct difference {
  constexpr auto operator()(auto a, auto b) const { return a - b; }
  template <class S, class M>
  constexpr S operator()(S a, S b, M valid) const {
    return a - select(valid, b, S(0));
  }
};
struct times {
  constexpr auto operator()(auto a, auto b) const { return a * b; }
};
struct quotient {
  constexpr auto operator()(auto a, auto b) const { return a / b; }
};
struct scaled_by {
  double factor;
  constexpr auto operator()(auto x) const { return factor * x; }
};
/// From `before` towards `now`, by 1 all the way.
struct blend {
  double share;
  template <class S>
  constexpr S operator()(S before, S now) const {
    return share == 1 ? now : S((1 - share) * before + share * now);
  }
};
struct reciprocal_root_mean {
  double n, epsilon;
  constexpr auto operator()(auto sum) const { return 1 / sqrt(sum / n + epsilon); }
};
struct clamp_to {
  double limit;
  constexpr auto operator()(auto x) const { return clamp(x, -limit, limit); }
};
struct plus_weighted {
  double weight;
  constexpr auto operator()(auto a, auto b) const { return a + weight * b; }
};
struct squared {
  constexpr auto operator()(auto x) const { return x * x; }
};
struct squared_difference {
  double unit = 1;  ///< of x; the mean is in it already
  template <class S>
  constexpr S operator()(S x, S mean) const {
    S d = unit * x - mean;
    return d * d;
  }
};
struct is_positive {
  template <class S>
  constexpr S operator()(S x) const {
    return select(x > 0, S(1), S(0));
  }
};
struct clamp_between {
  double low, high;
  constexpr auto operator()(auto x) const { return clamp(x, low, high); }
};
/// x, or 0 where a step is not valid: selected, since 0 times a NaN is a NaN.
struct where_valid {
  template <class S, class M>
  constexpr S operator()(S x, M valid) const {
    return select(valid, x, S(0));
  }
};
struct one_where {
  template <class S, class M>
  constexpr S operator()(S, M valid) const {
    return select(valid, S(1), S(0));
  }
};
struct one_where_both {
  template <class S, class M>
  constexpr S operator()(S, M a, M b) const {
    return select(a & b, S(1), S(0));
  }
};
struct at_least {
  double least;
  template <class S>
  constexpr S operator()(S x) const {
    return max(x, S(least));
  }
};
struct exceeds {
  double threshold;
  template <class S>
  constexpr S operator()(S x) const {
    return select(x == x, select(x > threshold, S(1), S(0)), x);
  }
};
/// The G columns of a row all set to its one number.
struct repeat_in_row {
  int G;
  template <class X, class Out>
  constexpr void operator()(X x, Out out) const {
    for (int g = 0; g < G; ++g) out.set(g, x[0]);
  }
};
struct sum_of_row {
  int G;
  template <class X, class Out>
  constexpr void operator()(X x, Out out) const {
    typename X::scalar total = x[0];
    for (int g = 1; g < G; ++g) total += x[g];
    out.set(0, total);
  }
};

/// Activations of layers, and what a gradient becomes on its way back through them, by what came out.
struct tanh_of {
  constexpr auto operator()(auto x) const { return tanh(x); }
};
struct relu_of {
  template <class S>
  constexpr S operator()(S x) const {
    return max(S(0), x);
  }
};
struct linear_of {
  constexpr auto operator()(auto x) const { return x; }
};
struct tanh_slope {
  constexpr auto operator()(auto gradient, auto out) const { return gradient * (1 - out * out); }
};
struct relu_slope {
  template <class S>
  constexpr S operator()(S gradient, S out) const {
    return select(out > 0, gradient, S(0));
  }
};

}  // namespace COHORT_NAMESPACE::detail
