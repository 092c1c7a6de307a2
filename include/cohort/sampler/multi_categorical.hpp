#pragma once
#include <cohort/error.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/scalar/extent.hpp>
#include <cstddef>
#include <string>

namespace COHORT_NAMESPACE {

namespace detail {

/// Columns first, first + step, ... of a row, as a row.
template <class R>
struct columns_of_row {
  using scalar = typename R::scalar;
  R row;
  std::ptrdiff_t first, step;
  constexpr auto operator[](std::ptrdiff_t j) const { return row[first + j * step]; }
  template <class X>
  constexpr void set(std::ptrdiff_t j, X const& x) const {
    row.set(first + j * step, x);
  }
};
/// A row to which everything that is set is added.
template <class R>
struct added_to_row {
  using scalar = typename R::scalar;
  R row;
  template <class X>
  constexpr void set(std::ptrdiff_t j, X const& x) const {
    row.set(j, row[j] + scalar(x));
  }
};

/// What the kernels of K choices share. Choice k has n[k] logits behind those of the choices before it, and column k of
/// each sample's K actions.
template <int N>
struct choices {
  int n[room<N>];
  int G;
  extent<N> size;
  constexpr int before(int k) const {
    int total = 0;
    for (int j = 0; j < k; ++j) total += n[j];
    return total;
  }
  template <class R>
  constexpr auto logits(R row, int k) const {
    return columns_of_row<R>{row, before(k), 1};
  }
  template <class R>
  constexpr auto actions(R row, int k) const {
    return columns_of_row<R>{row, k, int(size)};
  }
  template <class R>
  constexpr void clear(R row) const {
    for (int g = 0; g < G; ++g) row.set(g, typename R::scalar(0));
  }
};

template <int N>
struct multi_categorical_sample : choices<N> {
  template <class L, class U, class Out, class P>
  constexpr void operator()(L logits, U uniform, Out action, P logp) const {
    this->clear(logp);
    for (int k = 0; k < this->size; ++k)
      categorical_sample{this->n[k], this->G}(this->logits(logits, k),
                                              columns_of_row<U>{uniform, this->before(k) * this->G, 1},
                                              this->actions(action, k), added_to_row<P>{logp});
  }
};
template <int N>
struct multi_categorical_mode : choices<N> {
  template <class L, class Out>
  constexpr void operator()(L logits, Out action) const {
    for (int k = 0; k < this->size; ++k)
      categorical_mode{this->n[k]}(this->logits(logits, k), this->actions(action, k));
  }
};
template <int N>
struct multi_categorical_evaluate : choices<N> {
  template <class L, class Act, class P, class H>
  constexpr void operator()(L logits, Act action, P logp, H entropy) const {
    this->clear(logp), this->clear(entropy);
    for (int k = 0; k < this->size; ++k)
      categorical_evaluate{this->n[k], this->G}(this->logits(logits, k), this->actions(action, k),
                                                added_to_row<P>{logp}, added_to_row<H>{entropy});
  }
};
template <int N>
struct multi_categorical_backward : choices<N> {
  template <class L, class Act, class DP, class DH, class DL>
  constexpr void operator()(L logits, Act action, DP dlogp, DH dentropy, DL dlogits) const {
    for (int k = 0; k < this->size; ++k)
      categorical_backward{this->n[k], this->G}(this->logits(logits, k), this->actions(action, k), dlogp, dentropy,
                                                this->logits(dlogits, k));
  }
};

}  // namespace detail

/// K choices independent of each other, choice k one of n[k], each as `categorical` has it: log-probabilities and
/// entropies are sums over the choices. Logits are R x (n[0] + ... + n[K-1]), one choice's behind another's; actions
/// are R x (G K) integers, logp and entropy R x G, in nats. N is K, or `dynamic`, for at most 64 choices: value_error.
template <int N>
struct multi_categorical {
  using action = std::int32_t;
  detail::as_many<int, N> n{};

  int parameters() const { return kernel(1).before(int(n.size())); }
  int free_parameters() const { return 0; }
  int action_width() const { return int(n.size()); }
  /// With the extents that the kernels take.
  detail::choices<N> kernel(int G) const {
    if (n.size() > detail::room<N>)
      throw value_error("multi_categorical: an action has " + std::to_string(n.size()) + " choices, at most " +
                        std::to_string(detail::room<N>) + " are possible where the extent is dynamic");
    detail::choices<N> c{.n = {}, .G = G, .size = detail::extent<N>(int(n.size()))};
    for (std::size_t k = 0; k < n.size(); ++k) c.n[k] = n[k];
    return c;
  }

  template <backend B>
  void sample(B& backend, stream_id s, in_view<B> logits, in_view<B>, int G, view<action> out, out_view<B> logp) const {
    using T = value_t<B>;
    auto uniforms = backend.template temporary<T>(logits.rows * G * parameters());
    auto u = uniforms.matrix(logits.rows, G * parameters());
    backend.uniform(u, s);
    backend.map_rows(logits.rows, detail::multi_categorical_sample<N>{kernel(G)}, logits, view<T const>(u), out, logp);
  }
  /// The most probable of each choice.
  template <backend B>
  void mode(B& backend, in_view<B> logits, in_view<B>, view<action> out) const {
    backend.map_rows(logits.rows, detail::multi_categorical_mode<N>{kernel(1)}, logits, out);
  }
  template <backend B>
  void evaluate(B& backend, in_view<B> logits, in_view<B>, view<action const> a, int G, out_view<B> logp,
                out_view<B> entropy) const {
    backend.map_rows(logits.rows, detail::multi_categorical_evaluate<N>{kernel(G)}, logits, a, logp, entropy);
  }
  template <backend B>
  void backward(B& backend, in_view<B> logits, in_view<B>, view<action const> a, int G, in_view<B> dlogp,
                in_view<B> dentropy, out_view<B> dlogits, out_view<B>) const {
    backend.map_rows(logits.rows, detail::multi_categorical_backward<N>{kernel(G)}, logits, a, dlogp, dentropy,
                     dlogits);
  }
};

}  // namespace COHORT_NAMESPACE
