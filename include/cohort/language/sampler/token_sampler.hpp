#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/language/sampler/token_row.hpp>
#include <utility>

namespace COHORT_NAMESPACE {

/// How a token is drawn from logits, in transformers' order:
///
///     repetition_penalty   l of a token that stood before becomes l / penalty if positive, l * penalty if not;
///                          by generate, before it draws; presence_penalty and frequency_penalty then, as OpenAI has
///                          them, of tokens of the completion alone
///     temperature          l / temperature; 0 takes the largest (the first of equals)
///     top_k                the k largest
///     top_p                of those the fewest, from the largest on, that hold the share top_p of the probability
///     min_p                those with at least min_p times the largest probability
///     typical_p            of those the fewest that hold the share typical_p, from the one on whose -log p is nearest
///                          to the entropy of what is left
///
/// Equal logits at a cut are all kept (transformers' top_p keeps some of them). A token whose weight exp((l - max l) /
/// temperature) is 0 in the backend's type is not kept. Kept sets are those of the sorted definition but for the
/// rounding of the weights.
///
/// Sources: Keskar et al. 2019, arXiv:1909.05858 (repetition penalty, with transformers' reading of negative logits);
/// Fan et al. 2018, arXiv:1805.04833 (top-k); Holtzman et al. 2019, arXiv:1904.09751 (top-p); Nguyen et al. 2024,
/// arXiv:2407.01082 (min-p); Meister et al. 2022, arXiv:2202.00666 (typical).
struct token_sampler {
  double temperature =
      1;             ///< 0, or from 1e-6 up, so that its reciprocal and the logits' multiples by it are finite in float
  int top_k = 0;     ///< 0: all
  double top_p = 1;  ///< in (0, 1]
  double min_p = 0;  ///< in [0, 1]
  double typical_p = 1;           ///< in (0, 1]
  double repetition_penalty = 1;  ///< > 0; 1: none
  double presence_penalty = 0;    ///< subtracted from the logits of tokens that stand in the completion
  double frequency_penalty = 0;   ///< and this as often as they do

  constexpr bool greedy() const { return temperature == 0; }
  /// That of the log-probabilities, and of the logits in training.
  constexpr double scale() const { return greedy() ? 1 : temperature; }
  static void check_temperature(char const* where, char const* what, double t) {
    detail::require(t == 0 || (t >= 1e-6 && t < 1e9), where, what, t,
                    "0 (the most probable token) or a number from 1e-6 up");
  }
  /// Whether some tokens are cut away.
  constexpr bool cuts() const { return top_k > 0 || top_p < 1 || min_p > 0 || typical_p < 1; }
  void check() const {
    check_temperature("token_sampler", "temperature", temperature);
    detail::require(top_k >= 0, "token_sampler", "top_k", top_k, "0 (all) or a positive number");
    detail::require(top_p > 0 && top_p <= 1, "token_sampler", "top_p", top_p, "a number in (0, 1]");
    detail::require(min_p >= 0 && min_p <= 1, "token_sampler", "min_p", min_p, "a number in [0, 1]");
    detail::require(typical_p > 0 && typical_p <= 1, "token_sampler", "typical_p", typical_p, "a number in (0, 1]");
    detail::require(repetition_penalty > 0 && repetition_penalty < 1e9, "token_sampler", "repetition_penalty",
                    repetition_penalty, "a positive number");
    for (auto [name, x] : {std::pair("presence_penalty", presence_penalty), {"frequency_penalty", frequency_penalty}})
      detail::require(x > -1e9 && x < 1e9, "token_sampler", name, x, "a number");
  }
};

/// In the place of a token where logits cannot be drawn from.
enum no_token : std::int32_t { logits_with_nan = -1, logits_with_infinity = -2, logits_without_finite = -3 };

namespace detail {

/// A row's draw, by one of two ways to the same result: of all weights, or (where no log-probability of the whole
/// softmax is wanted, and there are cuts) of the logits near the largest, so that hardly any exponential is computed.
/// The latter gives up where the other logits could change the cut.
template <class Loops>
struct draw_token {
  int V;
  token_sampler sampler;
  stream_id draws;
  std::uint32_t t;
  bool t_of_row, whole_softmax, bits_of_kept;

  static constexpr int most = 1024;                                          ///< logits near the largest
  static constexpr int undecided = Loops::looks_at_parts ? 8 * most : most;  ///< weights that a search looks at alone
  static constexpr int room_of_near = most + Loops::slack, room_of_all = room_of_near + undecided + Loops::slack;

  template <class L, class Room, class Index, class Lane, class Number, class Temperature, class Token, class P,
            class Q, class Words>
  constexpr void operator()(std::ptrdiff_t, L logits, Room room, Index index, Lane lane, Number number,
                            Temperature temperature, Token token, P logp, Q sampler_logp, Words words) const {
    using T = typename L::scalar::value_type;
    constexpr T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN(),
                least = std::numeric_limits<T>::min();
    T *l = logits.data, *near = room.data, *spare = room.data + room_of_near, scale = temperature[0].value;
    std::ptrdiff_t stride = logits.column_stride;
    bool greedy = scale == 0;
    if (greedy) scale = 1;
    cut_of_row<T> cut;
    T maximum = 0;
    int n = most + 1;
    if constexpr (Loops::looks_at_parts)
      if (!whole_softmax && V > most) n = cut_near(l, greedy, maximum, scale, near, spare, index.data, cut);
    bool whole = n > most;
    if (whole) maximum = Loops::largest(l, stride, V);
    if (!(maximum < infinity && maximum > -infinity)) {
      token.set(0, std::int32_t(maximum != maximum ? logits_with_nan
                                : maximum > 0      ? logits_with_infinity
                                                   : logits_without_finite));
      logp.set(0, nan), sampler_logp.set(0, nan);
      for (int w = 0; bits_of_kept && w < (V + 31) / 32; ++w) words.set(w, std::int32_t(0));
      return;
    }
    double total = 0, sum_of_logs = 0;
    if (whole) {
      double* logs = sampler.typical_p < 1 && !cuts_before_typical() ? &sum_of_logs : nullptr;
      total = Loops::weigh(l, stride, V, maximum, scale, logs);
      cut = {{greedy ? T(1) : least, T(1)}, {total, V}};
      row_of_weights<Loops, T> row{l, stride, V, spare, undecided};
      if (!greedy && sampler.top_k > 0 && sampler.top_k < V) cut = row.top_k(cut, sampler.top_k);
      if (!greedy && sampler.top_p < 1)
        cut = row.top_p(cut, sampler.top_p * cut.all.mass, row.idle(sampler.top_p, cut.all));
      if (!greedy) cut_rest(row, cut, logs);
    }
    row_of_weights<Loops, T> row{whole ? l : near, whole ? stride : 1, whole ? V : n, spare, undecided};
    auto random = draws.words(std::uint32_t(lane[0].value), t_of_row ? std::uint32_t(number[0].value) : t);
    int choice = row.pick(cut.kept, greedy ? 0. : open_unit(random[0], random[1]) * cut.all.mass);
    double weight = double(row.e[choice * row.stride]);
    token.set(0, whole ? std::int32_t(choice) : index.data[choice]);
    if (whole_softmax) logp.set(0, T((log(real<double>(weight)) - log(real<double>(total))).value));
    sampler_logp.set(0, T(greedy ? 0. : (log(real<double>(weight)) - log(real<double>(cut.all.mass))).value));
    if (!bits_of_kept) return;
    if (whole) return Loops::write_bits(l, stride, V, cut.kept, words.data, words.column_stride);
    for (int w = 0; w < (V + 31) / 32; ++w) words.set(w, std::int32_t(0));
    for (int i = 0; i < n; ++i)
      if (cut.kept.hold(near[i])) {
        auto& word = words.data[index.data[i] / 32 * words.column_stride];
        word = std::int32_t(std::uint32_t(word) | 1u << (index.data[i] % 32));
      }
  }

 private:
  constexpr bool cuts_before_typical() const { return sampler.top_k > 0 || sampler.top_p < 1 || sampler.min_p > 0; }

  template <class Row, class T>
  constexpr void cut_rest(Row const& row, cut_of_row<T>& cut, double const* logs = nullptr) const {
    if (sampler.min_p > 0) cut = row.min_p(cut, sampler.min_p);
    if (sampler.typical_p < 1) cut = row.typical(cut, sampler.typical_p, logs);
  }

  /// `near` becomes the weights near the largest, of which `cut` is what the cuts leave; how many, or more than `most`
  /// where that way is not open.
  template <class T>
  constexpr int cut_near(T const* l, bool greedy, T& maximum, T scale, T* near, T* spare, std::int32_t* index,
                         cut_of_row<T>& cut) const {
    bool by_count = !greedy && sampler.top_k > 0, by_share = !greedy && !by_count && sampler.top_p < 1;
    if (!greedy && !cuts_before_typical()) return most + 1;
    constexpr T lowest = std::numeric_limits<T>::lowest(), infinity = std::numeric_limits<T>::infinity();
    int groups = Loops::sample_maxima(l, V, near, most), n = 0;
    maximum = Loops::largest(near, 1, groups);
    if (!(maximum < infinity)) return most + 1;
    if (maximum < lowest) maximum = lowest;
    T depth = by_count ? infinity
                       : T(double(scale) * (greedy     ? .01
                                            : by_share ? 7 - std::log(1 - sampler.top_p)
                                                       : .01 - std::log(sampler.min_p)));
    T from = by_count ? near_top_k(groups, near, spare, maximum, scale) : T(maximum - depth);
    if (!(from >= lowest)) return most + 1;
    // Far too many, says the sample.
    if (!by_count && Loops::measure(near, 1, groups, {from, infinity}).count * (V / (4. * groups)) > 2 * most)
      return most + 1;
    double rest = 0;
    if (by_share) n = Loops::template collect_near<true>(l, V, from, depth, maximum, scale, near, index, most, rest);
    else n = Loops::template collect_near<false>(l, V, from, depth, maximum, scale, near, index, most, rest);
    if (n == 0 || n > most || (by_count && n < sampler.top_k) || !(maximum < infinity)) return most + 1;
    cut = {{greedy ? T(1) : std::numeric_limits<T>::min(), T(1)}, {Loops::weigh(near, 1, n, maximum, scale), n}};
    row_of_weights<Loops, T> row{near, 1, n, spare, undecided};
    // Not even by a rounding may a weight be kept that logits have which were not collected.
    double others = 1.00001 * std::exp((double(from) - double(maximum)) / double(scale));
    if (by_count) cut = row.top_k(cut, sampler.top_k, T(.99 * others));
    if (!greedy && sampler.top_p < 1) {
      double least = sampler.top_p * (cut.all.mass + rest / 1.07),
             greatest = sampler.top_p * (cut.all.mass + rest * 1.001);
      if (by_share && cut.all.mass <= greatest) return most + 1;
      cut = row.top_p(cut, least, T(.99 * others));
      if (cut.all.mass < greatest) return most + 1;
    }
    if (!(double(cut.kept.low) > others || (!greedy && sampler.min_p > others))) return most + 1;
    if (!greedy) cut_rest(row, cut);
    return n;
  }

  /// A logit which at least top_k are likely to reach, but not many more: as a sample says, in whose groups' largest
  /// these become weights.
  template <class T>
  constexpr T near_top_k(int groups, T* near, T* spare, T maximum, T scale) const {
    constexpr T infinity = std::numeric_limits<T>::infinity(), least = std::numeric_limits<T>::min();
    double mean = 4. * groups / V * sampler.top_k;
    int wanted = int(1 + mean + 4 * std::sqrt(mean));
    if (wanted > groups / 2) return -infinity;
    for (int g = 0; g < groups; ++g) spare[g] = near[g];
    cut_of_row<T> all{{least, T(1)}, {Loops::weigh(spare, 1, groups, maximum, scale), groups}};
    T weight = row_of_weights<Loops, T>{spare, 1, groups, spare + room_of_near, undecided - room_of_near}
                   .top_k(all, wanted)
                   .kept.low;
    if (weight == least) return -infinity;
    T from = maximum;
    for (int g = 0; g < groups; ++g)
      if (spare[g] >= weight && near[g] < from) from = near[g];
    return from;
  }
};

}  // namespace detail

/// One token for each of R rows of logits (R x V, overwritten): draw number t of lane[r] of the stream, so that a row's
/// draw does not depend on the others. logp is that of the whole softmax at the temperature (absent: not computed,
/// which is faster where there are cuts), sampler_logp that of what the cuts left, both natural logarithms. A no_token
/// and NaNs where a row holds a NaN or +inf or nothing above -inf.
///
/// Optionally each row has a temperature of its own (R; 0: the largest; else from 1e-6 up, which is not checked here),
/// `number` (R) says which draw it is in the place of t, and `kept` (R x (V + 31) / 32) gets what the cuts left: bit v
/// % 32 of word v / 32 for token v.
template <backend B, class T = value_t<B>>
void draw_tokens(B& backend, token_sampler const& sampler, stream_id draws, std::uint32_t t, view<T> logits,
                 view<std::int32_t const> lane, view<std::int32_t> token, view<T> logp, view<T> sampler_logp,
                 view<T const> temperature = {}, view<std::int32_t> kept = {}, view<std::int32_t const> number = {}) {
  sampler.check();
  std::ptrdiff_t R = logits.rows;
  auto scale = backend.template temporary<T>(1);
  if (!temperature) {
    detail::fill_with(backend, scale.all(), sampler.temperature);
    temperature = view<T const>(scale.all().data, R, 1, 0, 1);
  }
  auto draw = [&]<class Loops>(Loops) {
    using kernel = detail::draw_token<Loops>;
    auto room = backend.template temporary<T>(R * kernel::room_of_all);
    auto index = backend.template temporary<std::int32_t>(R * kernel::room_of_near);
    backend.for_rows(R, kernel{int(logits.columns), sampler, draws, t, bool(number), bool(logp), bool(kept)}, logits,
                     room.matrix(R, kernel::room_of_all), index.matrix(R, kernel::room_of_near), lane,
                     number ? number : lane, temperature, token, logp ? logp : sampler_logp, sampler_logp,
                     kept ? kept : index.matrix(R, kernel::room_of_near));
  };
  if (logits.column_stride == 1) draw(typename detail::row_loops_of<B>::type{});
  else draw(detail::plain_row_loops{});
}

}  // namespace COHORT_NAMESPACE
