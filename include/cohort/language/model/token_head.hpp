#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/weight_factor.hpp>
#include <cohort/language/sampler/token_support.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// For a row of logits l with maximum m, at temperature t: sum e^((l - m) / t), and sum (l - m) / t e^((l - m) / t).
struct softmax_terms {
  double temperature;
  template <class S>
  constexpr several<S, 2> operator()(S logit, S maximum) const {
    S shifted = (logit - maximum) / temperature, e = exp(shifted);
    return {{e, select(e == 0, S(0), e * shifted)}};
  }
};

struct token_log_probability {
  double temperature;
  template <class L, class Target, class M, class Sums, class P, class H>
  constexpr void operator()(std::ptrdiff_t, L logits, Target target, M maximum, Sums sums, P logp, H entropy) const {
    using S = typename L::scalar;
    S log_total = log(sums[0]);
    logp.set(0, (logits[std::ptrdiff_t(target[0].value)] - maximum[0]) / temperature - log_total);
    entropy.set(0, log_total - sums[1] / sums[0]);
  }
};

/// d/d logit of dlogp logp + dentropy H, but for the one of the target.
struct logit_slope {
  double temperature;
  template <class S>
  constexpr S operator()(S logit, S maximum, S total, S entropy, S dlogp, S dentropy) const {
    S logp = (logit - maximum) / temperature - log(total), p = exp(logp);
    return select(p == 0, S(0), -p * (dlogp + dentropy * (logp + entropy)) / temperature);
  }
};
struct add_at_target {
  double temperature;
  template <class L, class Target, class D>
  constexpr void operator()(std::ptrdiff_t, L slopes, Target target, D dlogp) const {
    auto at = std::ptrdiff_t(target[0].value);
    slopes.set(at, slopes[at] + dlogp[0] / temperature);
  }
};

struct capped_logit {
  double cap;
  constexpr auto operator()(auto x) const { return capped(x, cap); }
};
struct slope_of_cap {
  double cap;
  constexpr auto operator()(auto x) const { return capped_slope(x, cap); }
};

/// A logit or its slope over the temperature of its step, which is the pass's where that is 0.
struct over_temperature {
  double otherwise;
  template <class S>
  constexpr S operator()(S x, S temperature) const {
    return x / select(temperature == 0, S(otherwise), temperature);
  }
};
/// -inf to the logits of tokens whose bit is not set, so that they have no probability and no slope.
struct only_kept {
  std::ptrdiff_t V;
  template <class L, class Words>
  constexpr void operator()(std::ptrdiff_t, L logits, Words words) const {
    using T = typename L::scalar::value_type;
    for (std::ptrdiff_t first = 0; first < V; first += 32) {
      auto word = std::uint32_t(words.data[first / 32 * words.column_stride]);
      if (word == ~std::uint32_t(0)) continue;
      for (std::ptrdiff_t v = first; v < V && v < first + 32; ++v)
        if (!(word >> (v - first) & 1)) logits.data[v * logits.column_stride] = -std::numeric_limits<T>::infinity();
    }
  }
};

}  // namespace detail

/// What a sampler kept at one step, or (null) the whole vocabulary.
struct step_support {
  token_support const* of = nullptr;
  std::size_t step = 0;
};

/// What a head over a vocabulary reads: the hidden state of row head_row[i] predicts target[i].
template <class T>
struct head_inputs {
  view<T const> hidden;                  ///< R x H
  view<std::int32_t const> head_row;     ///< M
  view<std::int32_t const> target;       ///< M
  double temperature = 1;                ///< logits are divided by it
  view<T const> temperatures{};          ///< M, or absent; where one is not 0, instead
  std::span<step_support const> kept{};  ///< M, or empty: the softmax is over these tokens
};
/// Weights (V x H) by which hidden states become logits; value_weight (H) where there is a value head, and value_bias
/// (1) where that has one.
template <class T>
struct head_weights {
  view<T> logits, value_weight, value_bias;
};
/// Results for M steps; value where there is a value head.
template <class T>
struct head_results {
  view<T> logp, entropy, value;
};

/// The head of a language model, `block` steps at a time, so that no more than that many rows of logits ever exist:
///
///     l = hidden W' / temperature,   logp = l_target - log sum exp(l),   H = -sum p log p
///
/// with a cap, l = cap tanh(hidden W' / cap) / temperature. Natural logarithms. Sums are over the vocabulary, or at
/// each step over the tokens that were kept; the others' logits then get no gradient. With gradients the logits are
/// computed once: of a block come logp and entropy, from them the objective's partials, then the gradients of hidden
/// states and weights, then the next block.
template <backend B>
class token_head {
  using T = value_t<B>;
  template <class U>
  using array = typename B::template array<U>;

 public:
  explicit token_head(std::ptrdiff_t block = 256, double cap = 0) : block_(block), cap_(cap) {}

  void evaluate(B& backend, head_inputs<T> const& in, head_weights<T const> const& w, head_results<T> const& out) {
    evaluate(backend, in, weight_factor<B>::of(w.logits), w, out);
  }
  /// With weights of the logits that may lie elsewhere, as in the two below.
  void evaluate(B& backend, head_inputs<T> const& in, weight_factor<B> const& logits, head_weights<T const> const& w,
                head_results<T> const& out) {
    each_block(backend, in, logits, w, false,
               [&](std::ptrdiff_t first, std::ptrdiff_t n, head_results<T> const& found) {
                 detail::copy_to(backend, out.logp.part(first, n), found.logp);
                 if (out.entropy) detail::copy_to(backend, out.entropy.part(first, n), found.entropy);
                 if (out.value) detail::copy_to(backend, out.value.part(first, n), found.value);
               });
  }

  /// partials(first, results of a block) gives the derivatives of a loss with respect to those results; their gradient
  /// is added to dhidden, and to dw where it is wanted.
  template <class F>
  void accumulate_gradient(B& backend, head_inputs<T> const& in, head_weights<T const> const& w, view<T> dhidden,
                           head_weights<T> const& dw, F partials) {
    accumulate_gradient(backend, in, weight_factor<B>::of(w.logits), w, dhidden, dw, partials);
  }
  template <class F>
  void accumulate_gradient(B& backend, head_inputs<T> const& in, weight_factor<B> const& of_logits,
                           head_weights<T const> const& w, view<T> dhidden, head_weights<T> const& dw, F partials) {
    each_block(
        backend, in, of_logits, w, cap_ > 0, [&](std::ptrdiff_t first, std::ptrdiff_t n, head_results<T> const& found) {
          head_results<T const> d = partials(first, found);
          std::ptrdiff_t const V = of_logits.outputs();
          view<T> logits = logits_.matrix(n, V), hidden = hidden_.matrix(n, in.hidden.columns),
                  dhere = dhidden_.matrix(n, in.hidden.columns);
          auto wide = [&](view<T const> column) { return repeat_column(column, V); };
          double temperature = in.temperatures ? 1 : in.temperature;
          backend.map(outputs{logits}, detail::logit_slope{temperature}, view<T const>(logits), wide(maximum(n)),
                      wide(sums(n).column(0)), wide(found.entropy), wide(d.logp), wide(d.entropy));
          backend.for_rows(n, detail::add_at_target{temperature}, logits, in.target.part(first, n), d.logp);
          divide_by_temperatures(backend, in, first, logits);
          if (cap_ > 0)
            backend.map(outputs{logits}, detail::times{}, view<T const>(logits),
                        view<T const>(cap_slope_.matrix(n, V)));
          of_logits.backward(backend, dhere, view<T const>(logits));
          if (dw.logits) backend.matmul(dw.logits, view<T const>(logits).transposed(), view<T const>(hidden), true);
          if (w.value_weight) {
            backend.matmul(dhere, d.value, w.value_weight.transposed(), true);
            backend.matmul(dw.value_weight, view<T const>(hidden).transposed(), d.value, true);
          }
          if (w.value_bias) {
            auto sum = backend.template temporary<T>(1);
            backend.column_sum(sum.all(), d.value);
            backend.map(outputs{dw.value_bias}, detail::plus{}, view<T const>(dw.value_bias), view<T const>(sum.all()));
          }
          backend.scatter_add(dhidden, view<T const>(dhere), in.head_row.part(first, n));
        });
  }

  /// The logits (n x V) of some rows of hidden states.
  view<T> logits(B& backend, view<T const> hidden, view<std::int32_t const> head_row, weight_factor<B> const& weights) {
    std::ptrdiff_t n = head_row.rows, V = weights.outputs();
    backend.resize(hidden_, n * hidden.columns);
    backend.resize(logits_, n * V);
    backend.gather(hidden_.matrix(n, hidden.columns), hidden, head_row);
    view<T> all = logits_.matrix(n, V);
    weights.multiply(backend, all, view<T const>(hidden_.matrix(n, hidden.columns)), false);
    if (cap_ > 0) backend.map(outputs{all}, detail::capped_logit{cap_}, view<T const>(all));
    return all;
  }

  std::size_t bytes() const {
    return std::size_t(logits_.size() + cap_slope_.size() + hidden_.size() + dhidden_.size() + found_.size()) *
               sizeof(T) +
           std::size_t(words_.size()) * sizeof(std::int32_t);
  }

 private:
  view<T> maximum(std::ptrdiff_t n) { return found_.all().part(0, n); }
  view<T> sums(std::ptrdiff_t n) { return {found_.all().part(n, 2 * n).data, n, 2}; }

  /// f of each block, with the slopes of capped logits beside it if asked.
  template <class F>
  void each_block(B& backend, head_inputs<T> const& in, weight_factor<B> const& weights, head_weights<T const> const& w,
                  bool slopes, F f) {
    detail::require(in.temperature > 0, "token_head", "temperature", in.temperature, "a positive number");
    backend.resize(dhidden_, std::min(block_, in.target.rows) * in.hidden.columns);
    for (std::ptrdiff_t first = 0; first < in.target.rows; first += block_) {
      std::ptrdiff_t n = std::min(block_, in.target.rows - first);
      backend.resize(found_, 6 * n);
      view<T> l = logits(backend, in.hidden, in.head_row.part(first, n), weights);
      if (slopes) {
        backend.resize(cap_slope_, l.size());
        backend.map(outputs{cap_slope_.matrix(n, l.columns)}, detail::slope_of_cap{cap_}, view<T const>(l));
      }
      double temperature = in.temperatures ? 1 : in.temperature;
      divide_by_temperatures(backend, in, first, l);
      mask_to_support(backend, in, first, l);
      backend.row_max(maximum(n), view<T const>(l));
      backend.row_sums(sums(n), detail::softmax_terms{temperature}, view<T const>(l),
                       repeat_column(view<T const>(maximum(n)), l.columns));
      head_results<T> found{found_.all().part(3 * n, n), found_.all().part(4 * n, n), {}};
      backend.for_rows(n, detail::token_log_probability{temperature}, view<T const>(l), in.target.part(first, n),
                       view<T const>(maximum(n)), view<T const>(sums(n)), found.logp, found.entropy);
      if (w.value_weight) {
        found.value = found_.all().part(5 * n, n);
        view<T const> const hidden = hidden_.matrix(n, in.hidden.columns);
        if (w.value_bias) backend.dense(found.value, hidden, w.value_weight, w.value_bias, detail::same{});
        else backend.matmul(found.value, hidden, w.value_weight, false);
      }
      f(first, n, found);
    }
  }

  void divide_by_temperatures(B& backend, head_inputs<T> const& in, std::ptrdiff_t first, view<T> l) {
    if (in.temperatures)
      backend.map(outputs{l}, detail::over_temperature{in.temperature}, view<T const>(l),
                  repeat_column(in.temperatures.part(first, l.rows), l.columns));
  }

  void mask_to_support(B& backend, head_inputs<T> const& in, std::ptrdiff_t first, view<T> l) {
    if (in.kept.empty()) return;
    std::ptrdiff_t words = token_support::words_of(l.columns);
    bits_.resize(std::size_t(l.rows * words));
    for (std::ptrdiff_t r = 0; r < l.rows; ++r) {
      auto row = std::span(bits_).subspan(std::size_t(r * words), std::size_t(words));
      if (auto [of, step] = in.kept[std::size_t(first + r)]; of) of->bits(step, row);
      else std::fill(row.begin(), row.end(), -1);
    }
    backend.assign(words_, std::span<std::int32_t const>(bits_));
    backend.for_rows(l.rows, detail::only_kept{l.columns}, l, view<std::int32_t const>(words_.matrix(l.rows, words)));
  }

  std::ptrdiff_t block_;
  double cap_;
  std::vector<std::int32_t> bits_;
  array<std::int32_t> words_;
  array<T> logits_, cap_slope_, hidden_, dhidden_, found_;
};

}  // namespace COHORT_NAMESPACE
