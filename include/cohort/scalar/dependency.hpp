#pragma once
#include <cohort/scalar/real.hpp>

namespace COHORT_NAMESPACE {

/// A scalar that carries no number, only the set of inputs it was computed from: evaluating a formula once in it, at
/// compile time, tells what the formula reads. Every operation ORs; a comparison and a select read what their arguments
/// read.
struct dependency : detail::never_a_bool {
  using value_type = double;
  using constant = dependency;
  using mask = dependency;
  static constexpr int width = 1;

  unsigned bits = 0;

  constexpr dependency() = default;
  template <plain_number U>
  constexpr dependency(U) {}

  /// Depends on the inputs of this set.
  static constexpr dependency on(unsigned set) {
    dependency result;
    result.bits = set;
    return result;
  }

  constexpr dependency& operator+=(auto const& b) { return *this = *this | b; }
  constexpr dependency& operator-=(auto const& b) { return *this = *this | b; }
  constexpr dependency& operator*=(auto const& b) { return *this = *this | b; }
  constexpr dependency& operator/=(auto const& b) { return *this = *this | b; }

  friend constexpr dependency operator|(dependency a, dependency b) { return on(a.bits | b.bits); }
  friend constexpr dependency operator&(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator!(dependency a) { return a; }
  friend constexpr dependency operator+(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator-(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator*(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator/(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator-(dependency a) { return a; }
  friend constexpr dependency operator<(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator>(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator<=(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator>=(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator==(dependency a, dependency b) { return a | b; }
  friend constexpr dependency operator!=(dependency a, dependency b) { return a | b; }

  friend constexpr dependency select(dependency m, dependency a, dependency b) { return m | a | b; }
  friend constexpr dependency min(dependency a, dependency b) { return a | b; }
  friend constexpr dependency max(dependency a, dependency b) { return a | b; }
  friend constexpr dependency clamp(dependency x, dependency lo, dependency hi) { return x | lo | hi; }
  friend constexpr dependency abs(dependency x) { return x; }
  friend constexpr dependency floor(dependency x) { return x; }
  friend constexpr dependency sqrt(dependency x) { return x; }
  friend constexpr dependency exp(dependency x) { return x; }
  friend constexpr dependency log(dependency x) { return x; }
  friend constexpr dependency expm1(dependency x) { return x; }
  friend constexpr dependency log1p(dependency x) { return x; }
  friend constexpr dependency tanh(dependency x) { return x; }
  friend constexpr dependency sin(dependency x) { return x; }
  friend constexpr dependency cos(dependency x) { return x; }
  friend constexpr dependency sigmoid(dependency x) { return x; }
  friend constexpr dependency softplus(dependency x) { return x; }
  friend constexpr dependency lgamma(dependency x) { return x; }
  friend constexpr dependency digamma(dependency x) { return x; }
  friend constexpr dependency polygamma(int, dependency x) { return x; }
  friend constexpr dependency modulo(dependency x, double) { return x; }
  friend constexpr dependency round_to_float(dependency x) { return x; }
  friend constexpr dependency numpy_square(dependency x) { return x; }
  friend constexpr dependency numpy_square_in_float(dependency x) { return x; }
  friend constexpr dependency stop_gradient(dependency x) { return x; }
};

}  // namespace COHORT_NAMESPACE
