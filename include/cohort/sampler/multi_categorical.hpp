#pragma once
#include <array>
#include <cohort/sampler/categorical.hpp>

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
template <int K>
struct choices {
  int n[K];
  int G;
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
    return columns_of_row<R>{row, k, K};
  }
  template <class R>
  constexpr void clear(R row) const {
    for (int g = 0; g < G; ++g) row.set(g, typename R::scalar(0));
  }
};

template <int K>
struct multi_categorical_sample : choices<K> {
  template <class L, class U, class Out, class P>
  constexpr void operator()(L logits, U uniform, Out action, P logp) const {
    this->clear(logp);
    for (int k = 0; k < K; ++k)
      categorical_sample{this->n[k], this->G}(this->logits(logits, k),
                                              columns_of_row<U>{uniform, this->before(k) * this->G, 1},
                                              this->actions(action, k), added_to_row<P>{logp});
  }
};
template <int K>
struct multi_categorical_mode : choices<K> {
  template <class L, class Out>
  constexpr void operator()(L logits, Out action) const {
    for (int k = 0; k < K; ++k) categorical_mode{this->n[k]}(this->logits(logits, k), this->actions(action, k));
  }
};
template <int K>
struct multi_categorical_evaluate : choices<K> {
  template <class L, class Act, class P, class H>
  constexpr void operator()(L logits, Act action, P logp, H entropy) const {
    this->clear(logp), this->clear(entropy);
    for (int k = 0; k < K; ++k)
      categorical_evaluate{this->n[k], this->G}(this->logits(logits, k), this->actions(action, k),
                                                added_to_row<P>{logp}, added_to_row<H>{entropy});
  }
};
template <int K>
struct multi_categorical_backward : choices<K> {
  template <class L, class Act, class DP, class DH, class DL>
  constexpr void operator()(L logits, Act action, DP dlogp, DH dentropy, DL dlogits) const {
    for (int k = 0; k < K; ++k)
      categorical_backward{this->n[k], this->G}(this->logits(logits, k), this->actions(action, k), dlogp, dentropy,
                                                this->logits(dlogits, k));
  }
};

}  // namespace detail

/// K choices independent of each other, choice k one of n[k], each as `categorical` has it: log-probabilities and
/// entropies are sums over the choices. Logits are R x (n[0] + ... + n[K-1]), one choice's behind another's; actions
/// are R x (G K) integers, logp and entropy R x G, in nats.
template <int K>
struct multi_categorical {
  using action = std::int32_t;
  std::array<int, K> n{};

  int parameters() const { return kernel(1).before(K); }
  int free_parameters() const { return 0; }
  int action_width() const { return K; }
  /// With the extents that the kernels take.
  detail::choices<K> kernel(int G) const {
    detail::choices<K> c{.n = {}, .G = G};
    for (int k = 0; k < K; ++k) c.n[k] = n[k];
    return c;
  }

  template <backend B>
  void sample(B& backend, stream_id s, in_view<B> logits, in_view<B>, int G, view<action> out, out_view<B> logp) const {
    using T = value_t<B>;
    auto uniforms = backend.template temporary<T>(logits.rows * G * parameters());
    auto u = uniforms.matrix(logits.rows, G * parameters());
    backend.uniform(u, s);
    backend.map_rows(logits.rows, detail::multi_categorical_sample<K>{kernel(G)}, logits, view<T const>(u), out, logp);
  }
  /// The most probable of each choice.
  template <backend B>
  void mode(B& backend, in_view<B> logits, in_view<B>, view<action> out) const {
    backend.map_rows(logits.rows, detail::multi_categorical_mode<K>{kernel(1)}, logits, out);
  }
  template <backend B>
  void evaluate(B& backend, in_view<B> logits, in_view<B>, view<action const> a, int G, out_view<B> logp,
                out_view<B> entropy) const {
    backend.map_rows(logits.rows, detail::multi_categorical_evaluate<K>{kernel(G)}, logits, a, logp, entropy);
  }
  template <backend B>
  void backward(B& backend, in_view<B> logits, in_view<B>, view<action const> a, int G, in_view<B> dlogp,
                in_view<B> dentropy, out_view<B> dlogits, out_view<B>) const {
    backend.map_rows(logits.rows, detail::multi_categorical_backward<K>{kernel(G)}, logits, a, dlogp, dentropy,
                     dlogits);
  }
};

}  // namespace COHORT_NAMESPACE
