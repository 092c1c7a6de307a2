#pragma once
#include <bit>
#include <cohort/backend/concept.hpp>

namespace cohort {

/// How a token is drawn from logits: divided by the temperature, then cut to the top_k largest, of those to the fewest that hold the share top_p of the
/// probability, and to those with at least min_p times the largest probability. Equal logits at a cut are all kept. temperature = 0 takes the largest
/// (the first of equals).
///
/// Sources: Fan et al. 2018, arXiv:1805.04833 (top-k); Holtzman et al. 2019, arXiv:1904.09751 (top-p); Nguyen et al. 2024, arXiv:2407.01082 (min-p).
struct token_sampler {
  double temperature = 1;  ///< >= 0
  int top_k = 0;           ///< 0: all
  double top_p = 1;        ///< in (0, 1]
  double min_p = 0;        ///< in [0, 1]

  constexpr bool greedy() const { return temperature == 0; }
  /// That of the log-probabilities, and of the logits in training.
  constexpr double scale() const { return greedy() ? 1 : temperature; }
  void check() const {
    detail::require(temperature >= 0 && temperature < 1e9, "token_sampler", "temperature", temperature, "0 (the most probable token) or a positive number");
    detail::require(top_k >= 0, "token_sampler", "top_k", top_k, "0 (all) or a positive number");
    detail::require(top_p > 0 && top_p <= 1, "token_sampler", "top_p", top_p, "a number in (0, 1]");
    detail::require(min_p >= 0 && min_p <= 1, "token_sampler", "min_p", min_p, "a number in [0, 1]");
  }
};

namespace detail {

struct exp_shifted {
  double temperature;
  template <class S>
  constexpr S operator()(S logit, S maximum) const {
    return exp((logit - maximum) / temperature);
  }
};

/// Of a row of weights e = exp((l - max l) / temperature). The threshold of a cut is found by bisection over the numbers between 0 and 1, whose bits have
/// their order.
struct draw_token {
  int V;
  token_sampler sampler;
  stream draws;
  std::uint32_t t;

  template <class T>
  using bits_of = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

  template <class E, class Lane, class Token, class P, class Q>
  constexpr void operator()(std::ptrdiff_t, E e, Lane lane, Token token, P logp, Q sampler_logp) const {
    using T = typename E::scalar::value_type;
    T kept_from = 0;
    double total = mass(e, kept_from), kept = total;
    if (sampler.greedy()) kept_from = 1;
    if (sampler.top_k > 0 && sampler.top_k < V) kept_from = cut<T>(kept_from, [&](T from) { return count(e, from) >= sampler.top_k; });
    if (sampler.top_p < 1) {
      double wanted = sampler.top_p * mass(e, kept_from);
      kept_from = cut<T>(kept_from, [&](T from) { return mass(e, from) >= wanted; });
    }
    if (sampler.min_p > 0) kept_from = kept_from > T(sampler.min_p) ? kept_from : T(sampler.min_p);
    if (kept_from > 0) kept = mass(e, kept_from);
    int choice = pick(e, kept_from, kept, std::uint32_t(lane[0].value));
    if (!(total > 0 && total < std::numeric_limits<double>::infinity())) choice = -1;
    token.set(0, choice);
    double weight = choice < 0 ? std::numeric_limits<double>::quiet_NaN() : double(e[choice].value);
    logp.set(0, T((log(real<double>(weight)) - log(real<double>(total))).value));
    sampler_logp.set(0, T(sampler.greedy() ? 0. : (log(real<double>(weight)) - log(real<double>(kept))).value));
  }

 private:
  template <class E, class T>
  constexpr double mass(E e, T from) const {
    double sum = 0;
    for (int v = 0; v < V; ++v)
      if (T x = e[v].value; !(x < from)) sum += double(x);
    return sum;
  }
  template <class E, class T>
  constexpr int count(E e, T from) const {
    int n = 0;
    for (int v = 0; v < V; ++v) n += e[v].value >= from;
    return n;
  }
  /// The largest number of [from, 1] that still is enough.
  template <class T, class Enough>
  static constexpr T cut(T from, Enough enough) {
    bits_of<T> low = std::bit_cast<bits_of<T>>(from), high = std::bit_cast<bits_of<T>>(T(1));
    while (low < high) {
      bits_of<T> middle = low + (high - low + 1) / 2;
      if (enough(std::bit_cast<T>(middle))) low = middle;
      else high = middle - 1;
    }
    return std::bit_cast<T>(low);
  }
  template <class E, class T>
  constexpr int pick(E e, T from, double kept, std::uint32_t lane) const {
    auto words = draws.words(lane, t);
    double rest = sampler.greedy() ? 0 : open_unit(words[0], words[1]) * kept;
    int last = -1;
    for (int v = 0; v < V; ++v) {
      T x = e[v].value;
      if (!(x >= from) || x == 0) continue;
      last = v;
      rest -= double(x);
      if (rest <= 0) break;
    }
    return last;
  }
};

}  // namespace detail

/// One token for each of R rows of logits (R x V, overwritten): draw number t of lane[r] of the stream, so that a row's draw does not depend on the
/// others. logp is that of the whole softmax at the temperature, sampler_logp that of what the cuts left. -1 where a row holds a NaN.
template <backend B, class T = value_t<B>>
void draw_tokens(B& backend, token_sampler const& sampler, stream draws, std::uint32_t t, view<T> logits, view<std::int32_t const> lane,
                 view<std::int32_t> token, view<T> logp, view<T> sampler_logp) {
  sampler.check();
  auto maximum = backend.template temporary<T>(logits.rows);
  backend.row_max(maximum.all(), view<T const>(logits));
  backend.map(outputs{logits}, detail::exp_shifted{sampler.scale()}, view<T const>(logits),
              view<T const>(maximum.all().data, logits.rows, logits.columns, 1, 0));
  backend.for_rows(logits.rows, detail::draw_token{int(logits.columns), sampler, draws, t}, view<T const>(logits), lane, token, logp, sampler_logp);
}

}  // namespace cohort
