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

/// A row's draw, by one of two ways to the same result: of all weights, or (where no log-probability of the whole softmax is wanted, and there are cuts) of
/// the logits near the largest, `most` at most, so that hardly any exponential is computed. The latter gives up where the other logits could change the cut.
template <class Loops>
struct draw_token {
  int V, most;
  token_sampler sampler;
  stream draws;
  std::uint32_t t;
  bool whole_softmax, bits_of_kept;

  template <class L, class Room, class Index, class Lane, class Temperature, class Token, class P, class Q, class Words>
  constexpr void operator()(std::ptrdiff_t, L logits, Room room, Index index, Lane lane, Temperature temperature, Token token, P logp, Q sampler_logp,
                            Words words) const {
    using T = typename L::scalar::value_type;
    constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN(), least = std::numeric_limits<T>::min();
    T *l = logits.data, *near = room.data, *spare = room.data + most, scale = temperature[0].value;
    std::ptrdiff_t stride = logits.column_stride;
    bool greedy = scale == 0;
    if (greedy) scale = 1;
    int size = 64 * (1 + V / (64 * (most - 64))), groups = Loops::group_maxima(l, stride, V, size, near);
    real<T> m = near[0];
    for (int g = 1; g < groups; ++g) m = max(m, real<T>(near[g]));
    T maximum = m.value;
    for (int w = 0; bits_of_kept && w < (V + 31) / 32; ++w) words.set(w, std::int32_t(0));
    if (!(maximum < infinity && maximum > -infinity)) {
      token.set(0, std::int32_t(maximum != maximum ? logits_with_nan : maximum > 0 ? logits_with_infinity : logits_without_finite));
      logp.set(0, nan), sampler_logp.set(0, nan);
      return;
    }
    weights_between<T> kept{greedy ? T(1) : least, T(1)};
    held_weights all;
    int n = most + 1;
    if constexpr (Loops::save_exponentials)
      if (!whole_softmax && !greedy && V > most && sampler.top_k <= groups && (sampler.top_k > 0 || sampler.top_p < 1 || sampler.min_p > 0))
        n = cut_near(l, stride, groups, maximum, scale, near, spare, index.data, kept, all);
    bool whole = !Loops::save_exponentials || n > most;
    double total = 0;
    if (whole) {
      kept = {greedy ? T(1) : least, T(1)};
      total = Loops::weigh(l, stride, V, maximum, scale);
      all = {total, V};
      row_of_weights<Loops, T> row{l, stride, V, spare, most};
      if (!greedy && sampler.top_k > 0 && sampler.top_k < V) kept = row.top_k(kept, sampler.top_k), all = row.measure(kept);
      // All weights below `idle` together are less than 1 - p.
      T idle = T(.999 * (1 - sampler.top_p) * all.mass / all.count);
      if (!greedy && sampler.top_p < 1) kept = row.top_p(kept, idle, sampler.top_p * all.mass), all = row.measure(kept);
      if (!greedy) cut_rest(row, kept, all);
    }
    row_of_weights<Loops, T> row{whole ? l : near, whole ? stride : 1, whole ? V : n, spare, most};
    auto random = draws.words(std::uint32_t(lane[0].value), t);
    int choice = row.pick(kept, greedy ? 0. : open_unit(random[0], random[1]) * all.mass);
    double weight = double(row.e[choice * row.stride]);
    token.set(0, whole ? std::int32_t(choice) : index.data[choice]);
    if (whole_softmax) logp.set(0, T((log(real<double>(weight)) - log(real<double>(total))).value));
    sampler_logp.set(0, T(greedy ? 0. : (log(real<double>(weight)) - log(real<double>(all.mass))).value));
    for (int i = 0; bits_of_kept && i < row.V; ++i)
      if (kept.hold(row.e[i * row.stride])) {
        std::int32_t v = whole ? i : index.data[i];
        auto& word = words.data[v / 32 * words.column_stride];
        word = std::int32_t(std::uint32_t(word) | 1u << (v % 32));
      }
  }

 private:
  template <class Row, class T>
  constexpr void cut_rest(Row const& row, weights_between<T>& kept, held_weights& all) const {
    if (sampler.min_p > 0) kept.low = kept.low > T(sampler.min_p) ? kept.low : T(sampler.min_p), all = row.measure(kept);
    if (sampler.typical_p < 1) kept = row.typical(kept, all, sampler.typical_p), all = row.measure(kept);
  }

  /// `near`, which holds the groups' largest, becomes the weights near the largest, of which `kept` is what the cuts leave and `all` how much; how many, or more
  /// than `most` where that way is not open.
  template <class T>
  constexpr int cut_near(T const* l, std::ptrdiff_t stride, int groups, T maximum, T scale, T* near, T* spare, std::int32_t* index, weights_between<T>& kept,
                         held_weights& all) const {
    T from = T(maximum - 12 * scale);
    if (sampler.top_k > 0) {  // the k-th largest of the groups' largest has k logits at or above it
      for (int g = 0; g < groups; ++g) spare[g] = near[g];
      Loops::weigh(spare, 1, groups, maximum, scale);
      T weight = row_of_weights<Loops, T>{spare, 1, groups, spare + most, most}.top_k(kept, sampler.top_k).low;
      if (weight == kept.low) return most + 1;
      from = maximum;
      for (int g = 0; g < groups; ++g)
        if (spare[g] >= weight && near[g] < from) from = near[g];
    } else if (sampler.top_p == 1 && sampler.min_p < 7e-6) {  // exp(-12) is 6.1e-6
      return most + 1;
    }
    double rest = 0;
    int n = Loops::collect_above(l, stride, V, from, maximum, scale, near, index, most, rest);
    if (n > most) return n;
    all = {Loops::weigh(near, 1, n, maximum, scale), n};
    row_of_weights<Loops, T> row{near, 1, n, spare, most};
    if (sampler.top_k > 0) kept = row.top_k(kept, sampler.top_k), all = row.measure(kept), rest = 0;
    if (sampler.top_p < 1) {
      double least = sampler.top_p * (all.mass + rest / 1.07), greatest = sampler.top_p * (all.mass + rest * 1.001);
      if (rest > 0 && all.mass <= greatest) return most + 1;
      kept = row.top_p(kept, kept.low, least), all = row.measure(kept);
      if (rest > 0 && all.mass < greatest) return most + 1;
    }
    cut_rest(row, kept, all);
    return n;
  }
};

}  // namespace detail

/// One token for each of R rows of logits (R x V, overwritten): draw number t of lane[r] of the stream, so that a row's draw does not depend on the
/// others. logp is that of the whole softmax at the temperature (absent: not computed, which is faster where there are cuts), sampler_logp that of what the
/// cuts left, both natural logarithms. A no_token and NaNs where a row holds a NaN or +inf or nothing above -inf.
///
/// Optionally each row has a temperature of its own (R; 0: the largest), and `kept` (R x (V + 31) / 32) gets what the cuts left: bit v % 32 of word v / 32 for
/// token v.
template <backend B, class T = value_t<B>>
void draw_tokens(B& backend, token_sampler const& sampler, stream draws, std::uint32_t t, view<T> logits, view<std::int32_t const> lane,
                 view<std::int32_t> token, view<T> logp, view<T> sampler_logp, view<T const> temperature = {}, view<std::int32_t> kept = {}) {
  sampler.check();
  std::ptrdiff_t R = logits.rows;
  constexpr int most = 1024;
  auto scale = backend.template temporary<T>(1), room = backend.template temporary<T>(R * 3 * most);
  auto index = backend.template temporary<std::int32_t>(R * most);
  if (!temperature) {
    backend.map(outputs{scale.all()}, detail::filled{sampler.temperature}, view<T const>(scale.all()));
    temperature = view<T const>(scale.all().data, R, 1, 0, 1);
  }
  auto draw = [&]<class Loops>(Loops) {
    backend.for_rows(R, detail::draw_token<Loops>{int(logits.columns), most, sampler, draws, t, bool(logp), bool(kept)}, logits, room.matrix(R, 3 * most),
                     index.matrix(R, most), lane, temperature, token, logp ? logp : sampler_logp, sampler_logp, kept ? kept : index.matrix(R, most));
  };
  if (logits.column_stride == 1) draw(typename detail::row_loops_of<B>::type{});
  else draw(detail::plain_row_loops{});
}

}  // namespace cohort
