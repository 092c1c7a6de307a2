#pragma once
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/scalar/extent.hpp>

// What gsde.hpp does to each row, and what curvature.hpp and divergence.hpp need of it.
namespace COHORT_NAMESPACE::detail {

/// s from its free parameter x.
struct gsde_deviation {
  bool expln;
  template <class S>
  constexpr S operator()(S x) const {
    if (!expln) return exp(x);
    return select(x > 0, 1 + log(1 + max(x, S(0))), exp(min(x, S(0))));
  }
};
/// ds / dx
struct gsde_deviation_slope {
  bool expln;
  template <class S>
  constexpr S operator()(S x) const {
    if (!expln) return exp(x);
    return select(x > 0, 1 / (1 + max(x, S(0))), exp(min(x, S(0))));
  }
};
/// A row read through f.
template <class R, class F>
struct row_through {
  using scalar = typename R::scalar;
  R row;
  F f;
  constexpr scalar operator[](std::ptrdiff_t j) const { return f(scalar(row[j])); }
};

/// What the kernels share. In a row x stand D means and then L features; rows of s are L x D.
template <int N>
struct gsde_kernel {
  int L, G;
  double epsilon;
  bool learn_features, expln;
  extent<N> size;

  template <class X, class Deviation>
  constexpr auto variances(X x, Deviation s) const {
    using S = typename X::scalar;
    int const D = this->size;
    several<S, room<N>> v{};
    for (int d = 0; d < D; ++d) v[d] = S(epsilon);
    for (int l = 0; l < L; ++l)
      for (int d = 0; d < D; ++d) {
        S here = x[D + l] * s[l * D + d];
        v[d] += here * here;
      }
    return v;
  }
  /// From the derivatives with respect to the variances those with respect to the features and the free parameters.
  template <class S, class X, class Deviation, class Slope, class DX, class DFree>
  constexpr void to_parameters(several<S, room<N>> const& dv, X x, Deviation s, Slope slope, DX dx, DFree dfree) const {
    int const D = size;
    for (int l = 0; l < L; ++l) {
      S feature = x[D + l], dfeature = 0;
      for (int d = 0; d < D; ++d) {
        S here = s[l * D + d], twice = 2 * dv[d] * feature * here;
        dfree.set(l * D + d, twice * feature * slope[l * D + d]);
        dfeature += twice * here;
      }
      dx.set(D + l, learn_features ? dfeature : S(0));
    }
  }
};

template <int N>
struct gsde_sample : gsde_kernel<N> {
  /// z: G x D x L standard normal numbers.
  template <class X, class Deviation, class Z, class Out>
  constexpr void operator()(X x, Deviation s, Z z, Out action) const {
    using S = typename X::scalar;
    int const D = this->size;
    for (int g = 0; g < this->G; ++g)
      for (int d = 0; d < D; ++d) {
        S noise = 0;
        for (int l = 0; l < this->L; ++l) noise += x[D + l] * s[l * D + d] * z[(g * D + d) * this->L + l];
        action.set(g * D + d, x[d] + noise);
      }
  }
};

template <int N>
struct gsde_evaluate : gsde_kernel<N> {
  template <class X, class Deviation, class Act, class P>
  constexpr void operator()(X x, Deviation s, Act action, P logp) const {
    logps(x, this->variances(x, s), action, logp);
  }
  template <class X, class Deviation, class Act, class P, class H>
  constexpr void operator()(X x, Deviation s, Act action, P logp, H entropy) const {
    using S = typename X::scalar;
    int const D = this->size;
    auto v = this->variances(x, s);
    logps(x, v, action, logp);
    S total = 0;
    for (int d = 0; d < D; ++d) total += .5 * log(v[d]) + (.5 + half_log_two_pi);
    for (int g = 0; g < this->G; ++g) entropy.set(g, total);
  }

 private:
  template <class X, class S, class Act, class P>
  constexpr void logps(X x, several<S, room<N>> const& v, Act action, P logp) const {
    int const D = this->size;
    for (int g = 0; g < this->G; ++g) {
      S total = 0;
      for (int d = 0; d < D; ++d) {
        S off = action[g * D + d] - x[d];
        total -= .5 * (off * off / v[d] + log(v[d])) + half_log_two_pi;
      }
      logp.set(g, total);
    }
  }
};

template <int N>
struct gsde_backward : gsde_kernel<N> {
  template <class X, class Deviation, class Slope, class Act, class DP, class DH, class DX, class DFree>
  constexpr void operator()(X x, Deviation s, Slope slope, Act action, DP dlogp, DH dentropy, DX dx,
                            DFree dfree) const {
    using S = typename X::scalar;
    int const D = this->size;
    auto v = this->variances(x, s);
    several<S, room<N>> dv{};
    for (int d = 0; d < D; ++d) {
      S inverse = 1 / v[d], dmean = 0, of_variance = 0;
      for (int g = 0; g < this->G; ++g) {
        S off = (action[g * D + d] - x[d]) * inverse;
        dmean += dlogp[g] * off;
        of_variance += .5 * (dlogp[g] * (off * off - inverse) + dentropy[g] * inverse);
      }
      dx.set(d, dmean);
      dv[d] = of_variance;
    }
    this->to_parameters(dv, x, s, slope, dx, dfree);
  }
};

/// KL between two rows with their free parameters, KL(pi || other) or, from_other, KL(other || pi), and its slopes with
/// respect to pi's.
template <int N, bool from_other>
struct gsde_divergence : gsde_kernel<N> {
  template <class X, class Free, class Q, class QFree, class Out, class DX, class DFree>
  constexpr void operator()(X x, Free free, Q other, QFree other_free, Out out, DX dx, DFree dfree) const {
    using S = typename X::scalar;
    int const D = this->size;
    gsde_deviation deviation{this->expln};
    row_through<Free, gsde_deviation> s{free, deviation};
    auto v = this->variances(x, s);
    auto w = this->variances(other, row_through<QFree, gsde_deviation>{other_free, deviation});
    several<S, room<N>> dv{};
    S total = 0;
    for (int d = 0; d < D; ++d) {
      S apart = x[d] - other[d], wider = log(v[d]) - log(S(w[d])), over = from_other ? v[d] : S(w[d]),
        z = apart * apart / over;
      if (from_other) wider = -wider;
      total += .5 * (expm1(wider) - wider + z);
      dx.set(d, apart / over);
      dv[d] = from_other ? S(-.5 * (expm1(wider) + z) / v[d]) : S(.5 * expm1(wider) / v[d]);
    }
    out.set(0, total);
    this->to_parameters(dv, x, s, row_through<Free, gsde_deviation_slope>{free, {this->expln}}, dx, dfree);
  }
};

}  // namespace COHORT_NAMESPACE::detail
