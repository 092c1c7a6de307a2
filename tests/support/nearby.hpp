#pragma once
#include <array>
#include <cohort/scalar/real.hpp>
#include <functional>

/// The scalar of a derivative by differences, for any formula: its number at x and at x - 2h, x - h, x + h, x + 2h of
/// one variable. What stands behind a stop_gradient stays as it is at x, so that differences are also those of formulas
/// that do not differentiate all of themselves.
class nearby {
  using plain = cohort::real<double>;

 public:
  static constexpr int points = 5;
  static constexpr double h = 1e-3, offsets[points] = {0, -2 * h, -h, h, 2 * h};

  struct mask : cohort::detail::never_a_bool {
    std::array<bool, points> at{};

    mask() = default;
    mask(cohort::logical<double> m) { at.fill(m.value); }
    friend mask operator&(mask a, mask b) {
      return each<mask>(a, b, [](bool x, bool y) { return x && y; });
    }
    friend mask operator|(mask a, mask b) {
      return each<mask>(a, b, [](bool x, bool y) { return x || y; });
    }
    friend mask operator!(mask a) {
      return each<mask>(a, a, [](bool x, bool) { return !x; });
    }
  };
  using value_type = double;
  using constant = plain;
  static constexpr int width = 1;

  plain value{};  ///< at x
  std::array<plain, points> at{};

  nearby() = default;
  nearby(plain x) : value(x) { at.fill(x); }
  template <cohort::plain_number U>
  nearby(U x) : nearby(plain(x)) {}
  /// The variable itself.
  static nearby variable(double x) {
    nearby result(x);
    for (int i = 0; i < points; ++i) result.at[i] = x + offsets[i];
    return result;
  }

  double left() const { return one_sided(at[2].value, at[1].value, -h); }
  double right() const { return one_sided(at[3].value, at[4].value, h); }
  double derivative() const { return (at[1] - at[4] + 8 * (at[3] - at[2])).value / (12 * h); }

  friend nearby operator+(nearby a, nearby b) { return of(a, b, std::plus{}); }
  friend nearby operator-(nearby a, nearby b) { return of(a, b, std::minus{}); }
  friend nearby operator*(nearby a, nearby b) { return of(a, b, std::multiplies{}); }
  friend nearby operator/(nearby a, nearby b) { return of(a, b, std::divides{}); }
  friend nearby operator-(nearby a) { return of(a, std::negate{}); }
  nearby& operator+=(nearby b) { return *this = *this + b; }
  nearby& operator-=(nearby b) { return *this = *this - b; }
  nearby& operator*=(nearby b) { return *this = *this * b; }
  nearby& operator/=(nearby b) { return *this = *this / b; }

  friend mask operator<(nearby a, nearby b) { return compare(a, b, std::less{}); }
  friend mask operator>(nearby a, nearby b) { return compare(a, b, std::greater{}); }
  friend mask operator<=(nearby a, nearby b) { return compare(a, b, std::less_equal{}); }
  friend mask operator>=(nearby a, nearby b) { return compare(a, b, std::greater_equal{}); }
  friend mask operator==(nearby a, nearby b) { return compare(a, b, std::equal_to{}); }
  friend mask operator!=(nearby a, nearby b) { return compare(a, b, std::not_equal_to{}); }

  friend nearby select(mask m, nearby a, nearby b) {
    nearby result;
    for (int i = 0; i < points; ++i) result.at[i] = m.at[i] ? a.at[i] : b.at[i];
    return result.value = result.at[0], result;
  }
  friend nearby min(nearby a, nearby b) {
    return of(a, b, [](plain x, plain y) { return min(x, y); });
  }
  friend nearby max(nearby a, nearby b) {
    return of(a, b, [](plain x, plain y) { return max(x, y); });
  }
  friend nearby clamp(nearby x, nearby low, nearby high) { return min(max(x, low), high); }
  friend nearby abs(nearby a) {
    return of(a, [](plain x) { return abs(x); });
  }
  friend nearby floor(nearby a) {
    return of(a, [](plain x) { return floor(x); });
  }
  friend nearby sqrt(nearby a) {
    return of(a, [](plain x) { return sqrt(x); });
  }
  friend nearby exp(nearby a) {
    return of(a, [](plain x) { return exp(x); });
  }
  friend nearby log(nearby a) {
    return of(a, [](plain x) { return log(x); });
  }
  friend nearby expm1(nearby a) {
    return of(a, [](plain x) { return expm1(x); });
  }
  friend nearby log1p(nearby a) {
    return of(a, [](plain x) { return log1p(x); });
  }
  friend nearby tanh(nearby a) {
    return of(a, [](plain x) { return tanh(x); });
  }
  friend nearby sin(nearby a) {
    return of(a, [](plain x) { return sin(x); });
  }
  friend nearby cos(nearby a) {
    return of(a, [](plain x) { return cos(x); });
  }
  friend nearby sigmoid(nearby a) {
    return of(a, [](plain x) { return sigmoid(x); });
  }
  friend nearby softplus(nearby a) {
    return of(a, [](plain x) { return softplus(x); });
  }
  friend nearby lgamma(nearby a) {
    return of(a, [](plain x) { return lgamma(x); });
  }
  friend nearby digamma(nearby a) {
    return of(a, [](plain x) { return digamma(x); });
  }
  friend nearby stop_gradient(nearby a) { return nearby(a.value); }

  // Public, since g++ counts the friends of `mask` as strangers.
  template <class R, class A, class F>
  static R each(A const& a, A const& b, F f) {
    R result;
    for (int i = 0; i < points; ++i) result.at[i] = f(a.at[i], b.at[i]);
    return result;
  }
  template <class F>
  static nearby of(nearby const& a, nearby const& b, F f) {
    nearby result = each<nearby>(a, b, f);
    return result.value = result.at[0], result;
  }
  template <class F>
  static nearby of(nearby const& a, F f) {
    return of(a, a, [&](plain x, plain) { return f(x); });
  }
  template <class F>
  static mask compare(nearby const& a, nearby const& b, F f) {
    return each<mask>(a, b, [&](plain x, plain y) { return f(x.value, y.value); });
  }
  double one_sided(double one, double two, double step) const { return (4 * one - two - 3 * value.value) / (2 * step); }
};
