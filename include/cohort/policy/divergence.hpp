#pragma once
#include <cohort/kl/exact.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/sampler/diagonal_gaussian.hpp>

// What an objective needs that reads exact divergences of a policy's distributions: R of them as rows of numbers, and KL between such rows. A distribution of one's
// own joins by overloads of these three functions, found by argument-dependent lookup.

namespace cohort {

namespace detail {

struct joined {
  int first, second;
  template <class A, class C, class Out>
  constexpr void operator()(A a, C b, Out out) const {
    for (int d = 0; d < first; ++d) out.set(d, a[d]);
    for (int d = 0; d < second; ++d) out.set(first + d, b[d]);
  }
};

}  // namespace detail

/// How many numbers describe one distribution: those that the network gives, then those that no observation changes.
template <class Distribution>
int description_size(Distribution const& d) {
  return d.parameters() + d.free_parameters();
}

/// R distributions as rows: logits, or means and log-deviations.
template <backend B>
void describe(B& backend, categorical const& d, in_view<B> logits, in_view<B>, out_view<B> out) {
  backend.map_rows(logits.rows, detail::copy_columns{d.actions}, logits, out);
}
template <backend B>
void describe(B& backend, diagonal_gaussian<value_t<B>> const& d, in_view<B> mean, in_view<B> log_std, out_view<B> out) {
  backend.map_rows(mean.rows, detail::joined{d.dimensions, d.dimensions}, mean, d.rows_of(mean, log_std), out);
}

/// KL of R distributions from as many rows of `other`, and its derivatives with respect to what describes the first (R x description_size).
template <backend B>
void divergence(B& backend, categorical const&, in_view<B> logits, in_view<B>, in_view<B> other, divergence_over over, out_view<B> kl, out_view<B> slope) {
  categorical_kl(backend, logits, other, kl, slope, over);
}
template <backend B>
void divergence(B& backend, diagonal_gaussian<value_t<B>> const& d, in_view<B> mean, in_view<B> log_std, in_view<B> other, divergence_over over, out_view<B> kl,
                out_view<B> slope) {
  auto half = [&](auto rows, int k) { return decltype(rows){rows.data + k * d.dimensions, rows.rows, d.dimensions, rows.row_stride, 1}; };
  gaussian_kl(backend, mean, d.rows_of(mean, log_std), half(other, 0), half(other, 1), kl, half(slope, 0), half(slope, 1), over);
}

}  // namespace cohort
