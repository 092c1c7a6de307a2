#pragma once
#include <cohort/sampler/token_row.hpp>

namespace cohort {

/// How a token is drawn from logits, in transformers' order:
///
///     repetition_penalty   l of a token that stood before becomes l / penalty if positive, l * penalty if not          (by generate, before it draws)
///     temperature          l / temperature; 0 takes the largest (the first of equals)
///     top_k                the k largest
///     top_p                of those the fewest, from the largest on, that hold the share top_p of the probability
///     min_p                those with at least min_p times the largest probability
///     typical_p            of those the fewest that hold the share typical_p, from the one on whose -log p is nearest to the entropy of what is left
///
/// Equal logits at a cut are all kept (transformers' top_p keeps some of them). A token whose weight exp((l - max l) / temperature) is 0 in the backend's
/// type is not kept. Kept sets are those of the sorted definition but for the rounding of the weights.
///
/// Sources: Keskar et al. 2019, arXiv:1909.05858 (repetition penalty, with transformers' reading of negative logits); Fan et al. 2018, arXiv:1805.04833
/// (top-k); Holtzman et al. 2019, arXiv:1904.09751 (top-p); Nguyen et al. 2024, arXiv:2407.01082 (min-p); Meister et al. 2022, arXiv:2202.00666 (typical).
struct token_sampler {
  double temperature = 1;         ///< >= 0
  int top_k = 0;                  ///< 0: all
  double top_p = 1;               ///< in (0, 1]
  double min_p = 0;               ///< in [0, 1]
  double typical_p = 1;           ///< in (0, 1]
  double repetition_penalty = 1;  ///< > 0; 1: none

  constexpr bool greedy() const { return temperature == 0; }
  /// That of the log-probabilities, and of the logits in training.
  constexpr double scale() const { return greedy() ? 1 : temperature; }
  /// Whether some tokens are cut away.
  constexpr bool cuts() const { return top_k > 0 || top_p < 1 || min_p > 0 || typical_p < 1; }
  void check() const {
    detail::require(temperature >= 0 && temperature < 1e9, "token_sampler", "temperature", temperature, "0 (the most probable token) or a positive number");
    detail::require(top_k >= 0, "token_sampler", "top_k", top_k, "0 (all) or a positive number");
    detail::require(top_p > 0 && top_p <= 1, "token_sampler", "top_p", top_p, "a number in (0, 1]");
    detail::require(min_p >= 0 && min_p <= 1, "token_sampler", "min_p", min_p, "a number in [0, 1]");
    detail::require(typical_p > 0 && typical_p <= 1, "token_sampler", "typical_p", typical_p, "a number in (0, 1]");
    detail::require(repetition_penalty > 0 && repetition_penalty < 1e9, "token_sampler", "repetition_penalty", repetition_penalty, "a positive number");
  }
};

/// In the place of a token where logits cannot be drawn from.
enum no_token : std::int32_t { logits_with_nan = -1, logits_with_infinity = -2, logits_without_finite = -3 };

namespace detail {

template <class Loops>
struct draw_token {
  int V, most;
  token_sampler sampler;
  stream draws;
  std::uint32_t t;

  template <class L, class Max, class Room, class Lane, class Temperature, class Token, class P, class Q, class Bounds>
  constexpr void operator()(std::ptrdiff_t, L logits, Max maximum, Room room, Lane lane, Temperature temperature, Token token, P logp, Q sampler_logp,
                            Bounds bounds) const {
    using T = typename L::scalar::value_type;
    constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    T m = maximum[0].value, scale = temperature[0].value;
    bool greedy = scale == 0;
    if (!(m < infinity && m > -infinity)) {
      token.set(0, std::int32_t(m != m ? logits_with_nan : m > 0 ? logits_with_infinity : logits_without_finite));
      logp.set(0, nan), sampler_logp.set(0, nan), bounds.set(0, T(1)), bounds.set(1, T(0));
      return;
    }
    double total = Loops::weigh(logits.data, logits.column_stride, V, m, greedy ? T(1) : scale);
    row_of_weights<Loops, T> row{logits.data, logits.column_stride, V, room.data, most};
    weights_between<T> kept{greedy ? T(1) : std::numeric_limits<T>::min(), T(1)};
    held_weights all{total, V};
    if (!greedy) {
      if (sampler.top_k > 0 && sampler.top_k < V) kept = row.top_k(kept, sampler.top_k), all = row.measure(kept);
      if (sampler.top_p < 1) kept = row.top_p(kept, all, sampler.top_p), all = row.measure(kept);
      if (sampler.min_p > 0) kept.low = kept.low > T(sampler.min_p) ? kept.low : T(sampler.min_p), all = row.measure(kept);
      if (sampler.typical_p < 1) kept = row.typical(kept, all, sampler.typical_p), all = row.measure(kept);
    }
    auto words = draws.words(std::uint32_t(lane[0].value), t);
    int choice = row.pick(kept, greedy ? 0. : open_unit(words[0], words[1]) * all.mass);
    double weight = double(row.e[choice * row.stride]);
    token.set(0, choice);
    logp.set(0, T((log(real<double>(weight)) - log(real<double>(total))).value));
    sampler_logp.set(0, T(greedy ? 0. : (log(real<double>(weight)) - log(real<double>(all.mass))).value));
    bounds.set(0, kept.low), bounds.set(1, kept.high);
  }
};

}  // namespace detail

/// One token for each of R rows of logits (R x V, overwritten): draw number t of lane[r] of the stream, so that a row's draw does not depend on the
/// others. logp is that of the whole softmax at the temperature, sampler_logp that of what the cuts left, both natural logarithms. A no_token and NaNs where
/// a row holds a NaN or +inf or nothing above -inf.
///
/// Optionally each row has a temperature of its own (R; 0: the largest), and `kept` (R x (V + 31) / 32) gets what the cuts left, a bit for each token.
template <backend B, class T = value_t<B>>
void draw_tokens(B& backend, token_sampler const& sampler, stream draws, std::uint32_t t, view<T> logits, view<std::int32_t const> lane,
                 view<std::int32_t> token, view<T> logp, view<T> sampler_logp, view<T const> temperature = {}, view<std::int32_t> kept = {}) {
  sampler.check();
  std::ptrdiff_t R = logits.rows;
  int V = int(logits.columns), most = std::min(V, 1024);
  auto maximum = backend.template temporary<T>(R), bounds = backend.template temporary<T>(2 * R), scale = backend.template temporary<T>(1);
  auto room = backend.template temporary<T>(R * most);
  if (!temperature) {
    backend.map(outputs{scale.all()}, detail::filled{sampler.temperature}, view<T const>(scale.all()));
    temperature = view<T const>(scale.all().data, R, 1, 0, 1);
  }
  backend.row_max(maximum.all(), view<T const>(logits));
  auto draw = [&]<class Loops>(Loops) {
    backend.for_rows(R, detail::draw_token<Loops>{V, most, sampler, draws, t}, logits, view<T const>(maximum.all()), room.matrix(R, most), lane, temperature, token,
                     logp, sampler_logp, bounds.matrix(R, 2));
  };
  if (logits.column_stride == 1) draw(typename detail::row_loops_of<B>::type{});
  else draw(detail::plain_row_loops{});
  if (kept) backend.for_rows(R, detail::kept_bits{V}, view<T const>(logits), view<T const>(bounds.matrix(R, 2)), kept);
}

}  // namespace cohort
