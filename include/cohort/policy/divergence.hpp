#pragma once
#include <cohort/kl/exact.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/sampler/gsde.hpp>
#include <cohort/sampler/independent.hpp>
#include <cohort/sampler/multi_categorical.hpp>

// What an objective needs that reads exact divergences of a policy's distributions: R of them as rows of numbers, and
// KL between such rows. Your own distribution joins by overloads of these three functions, found by
// argument-dependent lookup.

namespace COHORT_NAMESPACE {

namespace detail {

struct joined {
  int first, second;
  template <class A, class C, class Out>
  constexpr void operator()(A a, C b, Out out) const {
    for (int d = 0; d < first; ++d) out.set(d, a[d]);
    for (int d = 0; d < second; ++d) out.set(first + d, b[d]);
  }
};

/// The gradient of a divergence joins that of the other terms: its derivative of a decision times the slopes, the
/// network's and the free parameters'.
struct add_divergence {
  int G, P, F;
  template <class D, class X, class Out, class Free>
  constexpr void operator()(D derivative, X slope, Out out, Free free) const {
    typename D::scalar factor = derivative[0];
    for (int g = 1; g < G; ++g) factor += derivative[g];
    for (int p = 0; p < P; ++p) out.set(p, out[p] + factor * slope[p]);
    for (int f = 0; f < F; ++f) free.set(f, factor * slope[P + f]);
  }
};

/// KL between rows of D independent numbers: KL(pi || other) or, from_other, KL(other || pi); the slope by duals.
template <class Model, int N, bool from_other>
struct independent_divergence {
  Model model;
  extent<N> size;
  template <class X, class Q, class Out, class Slope>
  constexpr void operator()(X x, Q other, Out out, Slope slope) const {
    using S = typename X::scalar;
    using V = dual<S, Model::parameters>;
    int const D = size;
    S total = 0;
    for (int d = 0; d < D; ++d) {
      auto p = variables_of<Model>(x, d, D);
      auto q = parameters_of<Model, S>(other, d, D);
      V kl{};
      if constexpr (from_other) kl = model.kl_to(q, p);
      else kl = model.kl_to(p, q);
      total += kl.value;
      for (int k = 0; k < Model::parameters; ++k) slope.set(k * D + d, kl.tangent[k]);
    }
    out.set(0, total);
  }
};

/// KL between rows of K choices: the sum of theirs.
template <int K, class Divergence>
struct multi_categorical_divergence : choices<K> {
  template <class X, class Q, class Out, class Slope>
  constexpr void operator()(X logits, Q other, Out out, Slope slope) const {
    out.set(0, typename Out::scalar(0));
    for (int k = 0; k < this->size; ++k)
      Divergence{this->n[k]}(this->logits(logits, k), this->logits(other, k), added_to_row<Out>{out},
                             this->logits(slope, k));
  }
};

}  // namespace detail

/// How many numbers describe one distribution: those that the network gives (and of its last hidden layer, where the
/// distribution reads it), then those that no observation changes.
template <class Distribution>
int distribution_size(Distribution const& d) {
  if constexpr (requires { d.latents(); }) return d.parameters() + d.latents() + d.free_parameters();
  else return d.parameters() + d.free_parameters();
}

/// R distributions as rows: logits, or means and log-deviations.
template <backend B>
void distribution_rows(B& backend, categorical const& d, in_view<B> logits, in_view<B>, out_view<B> out) {
  backend.map_rows(logits.rows, detail::copy_columns{d.actions}, logits, out);
}
template <backend B>
void distribution_rows(B& backend, diagonal_gaussian<value_t<B>> const& d, in_view<B> mean, in_view<B> log_std,
                       out_view<B> out) {
  backend.map_rows(mean.rows, detail::joined{d.dimensions, d.dimensions}, mean, d.rows_of(mean, log_std), out);
}

template <backend B, int K>
void distribution_rows(B& backend, multi_categorical<K> const& d, in_view<B> logits, in_view<B>, out_view<B> out) {
  backend.map_rows(logits.rows, detail::copy_columns{d.parameters()}, logits, out);
}
template <backend B, class Model, int D>
void distribution_rows(B& backend, independent<Model, value_t<B>, D> const& d, in_view<B> x, in_view<B>,
                       out_view<B> out) {
  backend.map_rows(x.rows, detail::copy_columns{d.parameters()}, x, out);
}

template <backend B, class Gsde, int D>
void distribution_rows(B& backend, gsde_gaussian<Gsde, value_t<B>, D> const& d, in_view<B> x, in_view<B> log_s,
                       out_view<B> out) {
  backend.map_rows(x.rows, detail::joined{d.size + d.features, d.free_parameters()}, x, d.rows(log_s, x), out);
}

/// KL of R distributions from as many rows of `other`, and its derivatives with respect to what describes the first (R
/// x distribution_size).
template <backend B>
void kl_to(B& backend, categorical const&, in_view<B> logits, in_view<B>, in_view<B> other, divergence_over over,
           out_view<B> kl, out_view<B> slope) {
  categorical_kl(backend, logits, other, kl, slope, over);
}
template <backend B>
void kl_to(B& backend, diagonal_gaussian<value_t<B>> const& d, in_view<B> mean, in_view<B> log_std, in_view<B> other,
           divergence_over over, out_view<B> kl, out_view<B> slope) {
  auto half = [&](auto rows, int k) { return rows.columns_part(k * d.dimensions, d.dimensions); };
  gaussian_kl(backend, mean, d.rows_of(mean, log_std), half(other, 0), half(other, 1), kl, half(slope, 0),
              half(slope, 1), over);
}

template <backend B, int K>
void kl_to(B& backend, multi_categorical<K> const& d, in_view<B> logits, in_view<B>, in_view<B> other,
           divergence_over over, out_view<B> kl, out_view<B> slope) {
  using namespace detail;
  if (over == divergence_over::pi)
    backend.map_rows(logits.rows,
                     multi_categorical_divergence<K, categorical_divergence<divergence_over::pi>>{d.kernel(1)}, logits,
                     other, kl, slope);
  else
    backend.map_rows(logits.rows,
                     multi_categorical_divergence<K, categorical_divergence<divergence_over::other>>{d.kernel(1)},
                     logits, other, kl, slope);
}
template <backend B, class Model, int D>
void kl_to(B& backend, independent<Model, value_t<B>, D> const& d, in_view<B> x, in_view<B>, in_view<B> other,
           divergence_over over, out_view<B> kl, out_view<B> slope) {
  if (over == divergence_over::pi)
    backend.map_rows(x.rows, detail::independent_divergence<Model, D, false>{d.model, d.size}, x, other, kl, slope);
  else backend.map_rows(x.rows, detail::independent_divergence<Model, D, true>{d.model, d.size}, x, other, kl, slope);
}
template <backend B, class Gsde, int D>
void kl_to(B& backend, gsde_gaussian<Gsde, value_t<B>, D> const& d, in_view<B> x, in_view<B> log_s, in_view<B> other,
           divergence_over over, out_view<B> kl, out_view<B> slope) {
  int P = d.size + d.features, F = d.free_parameters();
  auto run = [&](auto f) {
    backend.map_rows(x.rows, f, x, d.rows(log_s, x), other.columns_part(0, P), other.columns_part(P, F), kl,
                     slope.columns_part(0, P), slope.columns_part(P, F));
  };
  if (over == divergence_over::pi) run(detail::gsde_divergence<D, false>{d.kernel()});
  else run(detail::gsde_divergence<D, true>{d.kernel()});
}

}  // namespace COHORT_NAMESPACE
