#pragma once
#include <cohort/scalar/real.hpp>

namespace COHORT_NAMESPACE {

/// A value with N tangents: evaluating a formula in dual<V, N> gives its exact partial derivatives with respect to N
/// inputs in the same pass.
///
/// V is any scalar, a dual too. Plain numbers and V itself mix in without tangents, so constants cost nothing. clamp
/// passes the derivative on the closed interval; min and max pass the first argument's at a tie; abs has slope 0 at 0;
/// floor has none; stop_gradient drops the tangents; round_to_float and modulo pass them. Comparisons compare values.
///
/// Numbers are taken by value: a device knows the value of a constant of a namespace, but has none to refer to.
template <class V, int N>
struct dual {
  using value_type = typename V::value_type;
  using constant = V;
  using mask = mask_t<V>;
  static constexpr int width = V::width;

  V value;
  V tangent[N];

  constexpr dual() : value(0), tangent{} {}
  constexpr dual(V const& x) : value(x) {
    for (int i = 0; i < N; ++i) tangent[i] = V(0);
  }
  template <class X>
    requires(!std::same_as<X, V> && !std::same_as<X, dual> && std::convertible_to<X, V>)
  constexpr dual(X x) : dual(V(x)) {}

  /// The i-th independent variable at x.
  static constexpr dual variable(V const& x, int i) {
    dual result(x);
    result.tangent[i] = V(1);
    return result;
  }

 private:
  template <class F>
  static constexpr dual build(V const& value, F tangent_of) {
    dual result;
    result.value = value;
    for (int i = 0; i < N; ++i) result.tangent[i] = tangent_of(i);
    return result;
  }
  static constexpr dual chain(V const& value, V const& slope, dual const& x) {
    return build(value, [&](int i) { return slope * x.tangent[i]; });
  }

 public:
  friend constexpr dual operator+(dual const& a, dual const& b) {
    return build(a.value + b.value, [&](int i) { return a.tangent[i] + b.tangent[i]; });
  }
  friend constexpr dual operator-(dual const& a, dual const& b) {
    return build(a.value - b.value, [&](int i) { return a.tangent[i] - b.tangent[i]; });
  }
  friend constexpr dual operator*(dual const& a, dual const& b) {
    return build(a.value * b.value, [&](int i) { return a.tangent[i] * b.value + a.value * b.tangent[i]; });
  }
  friend constexpr dual operator/(dual const& a, dual const& b) {
    V quotient = a.value / b.value, inverse = V(1) / b.value;
    return build(quotient, [&](int i) { return (a.tangent[i] - quotient * b.tangent[i]) * inverse; });
  }
  friend constexpr dual operator-(dual const& a) {
    return build(-a.value, [&](int i) { return -a.tangent[i]; });
  }

  template <std::convertible_to<V> X>
  friend constexpr dual operator+(dual const& a, X b) {
    return build(a.value + V(b), [&](int i) { return a.tangent[i]; });
  }
  template <std::convertible_to<V> X>
  friend constexpr dual operator+(X a, dual const& b) {
    return b + a;
  }
  template <std::convertible_to<V> X>
  friend constexpr dual operator-(dual const& a, X b) {
    return build(a.value - V(b), [&](int i) { return a.tangent[i]; });
  }
  template <std::convertible_to<V> X>
  friend constexpr dual operator-(X a, dual const& b) {
    return build(V(a) - b.value, [&](int i) { return -b.tangent[i]; });
  }
  template <std::convertible_to<V> X>
  friend constexpr dual operator*(dual const& a, X b) {
    V factor(b);
    return build(a.value * factor, [&](int i) { return a.tangent[i] * factor; });
  }
  template <std::convertible_to<V> X>
  friend constexpr dual operator*(X a, dual const& b) {
    return b * a;
  }
  template <std::convertible_to<V> X>
  friend constexpr dual operator/(dual const& a, X b) {
    V inverse = V(1) / V(b);
    return build(a.value / V(b), [&](int i) { return a.tangent[i] * inverse; });
  }
  template <std::convertible_to<V> X>
  friend constexpr dual operator/(X a, dual const& b) {
    V quotient = V(a) / b.value;
    return chain(quotient, -quotient / b.value, b);
  }
  constexpr dual& operator+=(auto const& b) { return *this = *this + b; }
  constexpr dual& operator-=(auto const& b) { return *this = *this - b; }
  constexpr dual& operator*=(auto const& b) { return *this = *this * b; }
  constexpr dual& operator/=(auto const& b) { return *this = *this / b; }

  friend constexpr mask operator<(dual const& a, dual const& b) { return a.value < b.value; }
  friend constexpr mask operator>(dual const& a, dual const& b) { return a.value > b.value; }
  friend constexpr mask operator<=(dual const& a, dual const& b) { return a.value <= b.value; }
  friend constexpr mask operator>=(dual const& a, dual const& b) { return a.value >= b.value; }
  friend constexpr mask operator==(dual const& a, dual const& b) { return a.value == b.value; }
  friend constexpr mask operator!=(dual const& a, dual const& b) { return a.value != b.value; }

  friend constexpr dual select(mask const& m, dual const& a, dual const& b) {
    return build(select(m, a.value, b.value), [&](int i) { return select(m, a.tangent[i], b.tangent[i]); });
  }
  friend constexpr dual min(dual const& a, dual const& b) {
    return select((b.value < a.value) | (b.value != b.value), b, a);
  }
  friend constexpr dual max(dual const& a, dual const& b) {
    return select((b.value > a.value) | (b.value != b.value), b, a);
  }

  template <std::convertible_to<V> L, std::convertible_to<V> H>
  friend constexpr dual clamp(dual const& x, L lo, H hi) {
    mask outside = (x.value < V(lo)) | (x.value > V(hi));
    return build(clamp(x.value, V(lo), V(hi)), [&](int i) { return select(outside, V(0), x.tangent[i]); });
  }
  friend constexpr dual clamp(dual const& x, dual const& lo, dual const& hi) {
    return select((x.value < lo.value) | (lo.value != lo.value), lo,
                  select((x.value > hi.value) | (hi.value != hi.value), hi, x));
  }

  friend constexpr dual abs(dual const& x) {
    V slope = select(x.value < V(0), V(-1), select(x.value > V(0), V(1), V(0)));
    return chain(abs(x.value), slope, x);
  }
  friend constexpr dual floor(dual const& x) { return dual(floor(x.value)); }
  friend constexpr dual sqrt(dual const& x) {
    V root = sqrt(x.value);
    return chain(root, V(0.5) / root, x);
  }
  friend constexpr dual exp(dual const& x) {
    V e = exp(x.value);
    return chain(e, e, x);
  }
  friend constexpr dual log(dual const& x) { return chain(log(x.value), V(1) / x.value, x); }
  friend constexpr dual expm1(dual const& x) {
    V e = expm1(x.value);
    return chain(e, e + V(1), x);
  }
  friend constexpr dual log1p(dual const& x) { return chain(log1p(x.value), V(1) / (V(1) + x.value), x); }
  friend constexpr dual tanh(dual const& x) {
    V t = tanh(x.value);
    return chain(t, V(1) - t * t, x);
  }
  friend constexpr dual sin(dual const& x) { return chain(sin(x.value), cos(x.value), x); }
  friend constexpr dual cos(dual const& x) { return chain(cos(x.value), -sin(x.value), x); }
  friend constexpr dual sigmoid(dual const& x) {
    V s = sigmoid(x.value);
    return chain(s, s * (V(1) - s), x);
  }
  friend constexpr dual softplus(dual const& x) { return chain(softplus(x.value), sigmoid(x.value), x); }
  friend constexpr dual lgamma(dual const& x) { return chain(lgamma(x.value), digamma(x.value), x); }
  friend constexpr dual digamma(dual const& x) { return polygamma(0, x); }
  friend constexpr dual polygamma(int order, dual const& x) {
    return chain(polygamma(order, x.value), polygamma(order + 1, x.value), x);
  }
  friend constexpr dual modulo(dual const& x, double y) { return chain(modulo(x.value, y), V(1), x); }
  friend constexpr dual round_to_float(dual const& x) { return chain(round_to_float(x.value), V(1), x); }
  friend constexpr dual numpy_square(dual const& x) { return chain(numpy_square(x.value), V(2) * x.value, x); }
  friend constexpr dual numpy_square_in_float(dual const& x) {
    return chain(numpy_square_in_float(x.value), V(2) * x.value, x);
  }
  friend constexpr dual stop_gradient(dual const& x) { return dual(x.value); }
};

}  // namespace COHORT_NAMESPACE
