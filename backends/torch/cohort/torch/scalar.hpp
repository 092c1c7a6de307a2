#pragma once
#include <ATen/ATen.h>
#include <cohort/scalar/real.hpp>
#include <functional>
#include <utility>

namespace COHORT_NAMESPACE::torch {

/// How an operation is applied to tensors: as it is. (autograd.hpp has the other way.)
struct untracked {
  template <class F, class... Tensor>
  static at::Tensor apply(F f, Tensor const&... t) {
    return f(t...);
  }
};

/// As many comparisons as a tensor has elements, or one for all.
template <class T, class Apply>
struct tensor_mask : cohort::detail::never_a_bool {
  at::Tensor tensor;  ///< of bools; undefined where `value` holds for all
  bool value = false;

  tensor_mask() = default;
  tensor_mask(bool all) : value(all) {}
  tensor_mask(at::Tensor t) : tensor(std::move(t)) {}

  friend tensor_mask operator&(tensor_mask const& a, tensor_mask const& b) {
    if (!a.tensor.defined()) return a.value ? b : a;
    if (!b.tensor.defined()) return b.value ? a : b;
    return at::logical_and(a.tensor, b.tensor);
  }
  friend tensor_mask operator|(tensor_mask const& a, tensor_mask const& b) {
    if (!a.tensor.defined()) return a.value ? a : b;
    if (!b.tensor.defined()) return b.value ? b : a;
    return at::logical_or(a.tensor, b.tensor);
  }
  friend tensor_mask operator!(tensor_mask const& a) {
    if (!a.tensor.defined()) return !a.value;
    return at::logical_not(a.tensor);
  }
};

/// A tensor of floats or doubles as one number of a formula; every operation is one of torch's on all its elements. A
/// constant is a number without a tensor, so that nothing is promoted or allocated for it. Functions and edges as
/// `real` documents them.
template <class T, class Apply = untracked>
struct tensor_scalar {
  using value_type = T;
  using constant = tensor_scalar;
  using mask = tensor_mask<T, Apply>;
  static constexpr int width = 1;

  at::Tensor tensor;  ///< undefined where `number` is meant
  double number = 0;

  tensor_scalar() = default;
  template <cohort::plain_number U>
  tensor_scalar(U x)
      : number(double(static_cast<T>(x))) {
  }  // as real<T> does, and torch refuses to: a number too large for a float is infinite
  tensor_scalar(at::Tensor t) : tensor(std::move(t)) {}

  bool is_number() const { return !tensor.defined(); }

 private:
  using one = real<T>;
  static at::Tensor lift(double x, at::Tensor const& like) { return at::scalar_tensor(x, like.options()); }
  /// For order 1 and more, 0 < x. Torch's own is off by 5e-10 of it at x = 1 and by roundings from 32 on, so it is
  /// asked there.
  static at::Tensor polygamma_of(int order, at::Tensor const& x) {
    double factorial = order % 2 ? 1 : -1;
    for (int k = 2; k <= order; ++k) factorial *= k;
    at::Tensor sum = at::polygamma(order, x + 32);
    for (int k = 31; k >= 0; --k) sum = sum + factorial * at::pow(x + k, -(order + 1));
    return sum;
  }

  template <class F, class G>
  static tensor_scalar unary(tensor_scalar const& x, F on_tensor, G on_number) {
    if (x.is_number()) return double(on_number(one(x.number)).value);
    return Apply::apply(on_tensor, x.tensor);
  }
  template <class F, class G>
  static tensor_scalar binary(tensor_scalar const& a, tensor_scalar const& b, F on_tensors, G on_numbers) {
    if (a.is_number() && b.is_number()) return double(on_numbers(one(a.number), one(b.number)).value);
    if (a.is_number()) return Apply::apply(on_tensors, lift(a.number, b.tensor), b.tensor);
    if (b.is_number()) return Apply::apply(on_tensors, a.tensor, lift(b.number, a.tensor));
    return Apply::apply(on_tensors, a.tensor, b.tensor);
  }
  template <class F, class G, class H>
  static mask compare(tensor_scalar const& a, tensor_scalar const& b, F tensor_first, G number_first, H on_numbers) {
    if (a.is_number() && b.is_number()) return on_numbers(T(a.number), T(b.number));
    if (a.is_number()) return number_first(b.tensor, at::Scalar(a.number));
    if (b.is_number()) return tensor_first(a.tensor, at::Scalar(b.number));
    return tensor_first(a.tensor, b.tensor);
  }

 public:
  friend tensor_scalar operator+(tensor_scalar const& a, tensor_scalar const& b) {
    if (a.is_number() && b.is_number()) return a.number + b.number;
    if (a.is_number()) return at::add(b.tensor, a.number);
    if (b.is_number()) return at::add(a.tensor, b.number);
    return at::add(a.tensor, b.tensor);
  }
  friend tensor_scalar operator-(tensor_scalar const& a, tensor_scalar const& b) {
    if (a.is_number() && b.is_number()) return a.number - b.number;
    if (a.is_number()) return at::rsub(b.tensor, a.number);
    if (b.is_number()) return at::sub(a.tensor, b.number);
    return at::sub(a.tensor, b.tensor);
  }
  friend tensor_scalar operator*(tensor_scalar const& a, tensor_scalar const& b) {
    if (a.is_number() && b.is_number()) return a.number * b.number;
    if (a.is_number()) return at::mul(b.tensor, a.number);
    if (b.is_number()) return at::mul(a.tensor, b.number);
    return Apply::apply([](at::Tensor const& x, at::Tensor const& y) { return at::mul(x, y); }, a.tensor, b.tensor);
  }
  friend tensor_scalar operator/(tensor_scalar const& a, tensor_scalar const& b) {
    if (b.is_number() && !a.is_number()) return at::div(a.tensor, b.number);
    return binary(
        a, b, [](at::Tensor const& x, at::Tensor const& y) { return at::div(x, y); },
        [](one x, one y) { return x / y; });
  }
  friend tensor_scalar operator-(tensor_scalar const& a) {
    return a.is_number() ? tensor_scalar(-a.number) : tensor_scalar(at::neg(a.tensor));
  }
  tensor_scalar& operator+=(tensor_scalar const& b) { return *this = *this + b; }
  tensor_scalar& operator-=(tensor_scalar const& b) { return *this = *this - b; }
  tensor_scalar& operator*=(tensor_scalar const& b) { return *this = *this * b; }
  tensor_scalar& operator/=(tensor_scalar const& b) { return *this = *this / b; }

  friend mask operator<(tensor_scalar const& a, tensor_scalar const& b) {
    return compare(
        a, b, [](auto& x, auto const& y) { return at::lt(x, y); }, [](auto& y, auto const& x) { return at::gt(y, x); },
        std::less<T>());
  }
  friend mask operator>(tensor_scalar const& a, tensor_scalar const& b) { return b < a; }
  friend mask operator<=(tensor_scalar const& a, tensor_scalar const& b) {
    return compare(
        a, b, [](auto& x, auto const& y) { return at::le(x, y); }, [](auto& y, auto const& x) { return at::ge(y, x); },
        std::less_equal<T>());
  }
  friend mask operator>=(tensor_scalar const& a, tensor_scalar const& b) { return b <= a; }
  friend mask operator==(tensor_scalar const& a, tensor_scalar const& b) {
    return compare(
        a, b, [](auto& x, auto const& y) { return at::eq(x, y); }, [](auto& y, auto const& x) { return at::eq(y, x); },
        std::equal_to<T>());
  }
  friend mask operator!=(tensor_scalar const& a, tensor_scalar const& b) {
    return compare(
        a, b, [](auto& x, auto const& y) { return at::ne(x, y); }, [](auto& y, auto const& x) { return at::ne(y, x); },
        std::not_equal_to<T>());
  }

  friend tensor_scalar select(mask const& m, tensor_scalar const& a, tensor_scalar const& b) {
    if (!m.tensor.defined()) return m.value ? a : b;
    if (b.is_number() && !a.is_number()) return at::masked_fill(a.tensor, at::logical_not(m.tensor), b.number);
    if (a.is_number() && !b.is_number()) return at::masked_fill(b.tensor, m.tensor, a.number);
    if (!a.is_number()) return at::where(m.tensor, a.tensor, b.tensor);
    constexpr auto type = c10::CppTypeToScalarType<T>::value;
    if (a.number == 1 && b.number == 0) return m.tensor.to(type);
    return at::masked_fill(at::full_like(m.tensor, b.number, at::TensorOptions(type)), m.tensor, a.number);
  }
  // Not at::minimum, which splits the gradient at a tie.
  friend tensor_scalar min(tensor_scalar const& a, tensor_scalar const& b) { return select((b < a) | (b != b), b, a); }
  friend tensor_scalar max(tensor_scalar const& a, tensor_scalar const& b) { return select((b > a) | (b != b), b, a); }
  friend tensor_scalar clamp(tensor_scalar const& x, tensor_scalar const& lo, tensor_scalar const& hi) {
    if (lo.is_number() && hi.is_number() && !x.is_number() && lo.number <= hi.number)
      return at::clamp(x.tensor, lo.number, hi.number);
    return select((x < lo) | (lo != lo), lo, select((x > hi) | (hi != hi), hi, x));
  }
  friend tensor_scalar abs(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::abs(t); }, [](one v) { return abs(v); });
  }
  friend tensor_scalar floor(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::floor(t); }, [](one v) { return floor(v); });
  }
  friend tensor_scalar sqrt(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::sqrt(t); }, [](one v) { return sqrt(v); });
  }
  friend tensor_scalar exp(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::exp(t); }, [](one v) { return exp(v); });
  }
  friend tensor_scalar log(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::log(t); }, [](one v) { return log(v); });
  }
  friend tensor_scalar expm1(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::expm1(t); }, [](one v) { return expm1(v); });
  }
  friend tensor_scalar log1p(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::log1p(t); }, [](one v) { return log1p(v); });
  }
  friend tensor_scalar tanh(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::tanh(t); }, [](one v) { return tanh(v); });
  }
  friend tensor_scalar sin(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::sin(t); }, [](one v) { return sin(v); });
  }
  friend tensor_scalar cos(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::cos(t); }, [](one v) { return cos(v); });
  }
  friend tensor_scalar sigmoid(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::sigmoid(t); }, [](one v) { return sigmoid(v); });
  }
  friend tensor_scalar softplus(tensor_scalar const& x) {
    // Beyond the threshold torch returns x: there log(1 + exp(-x)) is below half a unit in x's last place.
    return unary(
        x, [](at::Tensor const& t) { return at::softplus(t, 1, sizeof(T) == 4 ? 20 : 38); },
        [](one v) { return softplus(v); });
  }
  friend tensor_scalar lgamma(tensor_scalar const& x) {
    return unary(x, [](at::Tensor const& t) { return at::lgamma(t); }, [](one v) { return lgamma(v); });
  }
  friend tensor_scalar digamma(tensor_scalar const& x) { return polygamma(0, x); }
  friend tensor_scalar polygamma(int order, tensor_scalar const& x) {
    if (x.is_number()) return double(polygamma(order, one(x.number)).value);
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    return select(x > 0, tensor_scalar(order == 0 ? at::digamma(x.tensor) : polygamma_of(order, x.tensor)),
                  tensor_scalar(none));
  }
  friend tensor_scalar modulo(tensor_scalar const& x, double y) {
    if (x.is_number()) return double(modulo(one(x.number), y).value);
    return at::remainder(x.tensor, y);
  }
  friend tensor_scalar round_to_float(tensor_scalar const& x) {
    if (x.is_number()) return double(float(x.number));
    return sizeof(T) == 4 ? x : tensor_scalar(x.tensor.to(at::kFloat).to(at::kDouble));
  }
  /// In double within a unit in the last place of numpy's.
  friend tensor_scalar numpy_square(tensor_scalar const& x) { return x * x; }
  friend tensor_scalar numpy_square_in_float(tensor_scalar const& x) { return round_to_float(x * x); }
  friend tensor_scalar stop_gradient(tensor_scalar const& x) {
    return x.is_number() ? x : tensor_scalar(x.tensor.detach());
  }
};

}  // namespace COHORT_NAMESPACE::torch
