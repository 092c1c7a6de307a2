#pragma once
#include <cohort/language/sampler/weight_search.hpp>

// What is done to a row of logits to draw a token from it; token_sampler.hpp says what the numbers mean.
namespace COHORT_NAMESPACE::detail {

/// The loops over V numbers that lie `stride` apart that a draw is made of. A backend with a type row_loops has faster
/// ones for stride 1.
struct plain_row_loops {
  static constexpr bool looks_at_parts =
      false;  ///< whether it has further loops, by which few logits or weights are looked at more than once
  static constexpr int slack = 0;

  /// Each logit l becomes the weight e = exp((l - maximum) / temperature); their sum, and where that is wanted the sum
  /// of e log e.
  template <class T>
  static constexpr double weigh(T* l, std::ptrdiff_t stride, int V, T maximum, T temperature, double* logs = nullptr) {
    double total = 0;
    for (int v = 0; v < V; ++v) {
      real<T> log_weight = (real<T>(l[v * stride]) - maximum) / temperature;
      T e = l[v * stride] = exp(log_weight).value;
      total += double(e);
      if (logs && e > 0) *logs += double(e) * double(log_weight.value);
    }
    return total;
  }
  template <class T>
  static constexpr held_weights measure(T const* e, std::ptrdiff_t stride, int V, weights_between<T> which) {
    held_weights h;
    for (int v = 0; v < V; ++v)
      if (T x = e[v * stride]; which.hold(x)) h.mass += double(x), ++h.count;
    return h;
  }
  /// The sum of e log e.
  template <class T>
  static constexpr double mass_of_logs(T const* e, std::ptrdiff_t stride, int V, weights_between<T> which) {
    double sum = 0;
    for (int v = 0; v < V; ++v)
      if (T x = e[v * stride]; which.hold(x)) sum += double(x) * double(log(real<T>(x)).value);
    return sum;
  }
  /// To `room`, which may be e, the weights that outer holds and inner does not, at most `most`; how many, or more than
  /// `most`.
  template <class T>
  static constexpr int collect(T const* e, std::ptrdiff_t stride, int V, weights_between<T> outer,
                               weights_between<T> inner, T* room, int most) {
    int n = 0;
    for (int v = 0; v < V; ++v) {
      T x = e[v * stride];
      if (!outer.hold(x) || inner.hold(x)) continue;
      if (n == most) return most + 1;
      room[n++] = x;
    }
    return n;
  }
  /// A NaN wins.
  template <class T>
  static constexpr T largest(T const* l, std::ptrdiff_t stride, int V) {
    real<T> m = -std::numeric_limits<T>::infinity();
    for (int v = 0; v < V; ++v) m = max(m, real<T>(l[v * stride]));
    return m.value;
  }
  /// Bit v % 32 of word v / 32 for each weight that is held.
  template <class T>
  static constexpr void write_bits(T const* e, std::ptrdiff_t stride, int V, weights_between<T> which,
                                   std::int32_t* words, std::ptrdiff_t words_stride) {
    for (int first = 0; first < V; first += 32) {
      std::uint32_t word = 0;
      for (int v = first; v < V && v < first + 32; ++v) word |= std::uint32_t(which.hold(e[v * stride])) << (v - first);
      words[first / 32 * words_stride] = std::int32_t(word);
    }
  }
};

/// The loops for rows whose elements lie side by side.
template <class B>
struct row_loops_of {
  using type = plain_row_loops;
};
template <class B>
  requires requires { typename B::row_loops; }
struct row_loops_of<B> {
  using type = typename B::row_loops;
};

/// A row of V weights, and room for `most` of them and the loops' slack.
template <class Loops, class T>
struct row_of_weights {
  T const* e;
  std::ptrdiff_t stride;
  int V;
  T* room;
  int most;
  using bits = bits_of_weight<T>;

  constexpr held_weights measure(weights_between<T> which) const { return Loops::measure(e, stride, V, which); }

  // Each takes what is kept so far. Of top_k and top_p the weights below `idle` are not wanted, that is known.
  constexpr cut_of_row<T> top_k(cut_of_row<T> now, int k, T idle = 0) const {
    largest_weights<T> sets{now.kept};
    return smallest(sets, idle > now.kept.low ? std::bit_cast<bits>(idle) : sets.first(), holds_count{double(k)},
                    now.all);
  }
  constexpr cut_of_row<T> top_p(cut_of_row<T> now, double wanted, T idle = 0) const {
    largest_weights<T> sets{now.kept};
    return smallest(sets, idle > now.kept.low ? std::bit_cast<bits>(idle) : sets.first(), holds_mass{wanted}, now.all);
  }
  constexpr cut_of_row<T> min_p(cut_of_row<T> now, double p) const {
    weights_between<T> kept{now.kept.low > T(p) ? now.kept.low : T(p), now.kept.high};
    return {kept, measure(kept)};
  }
  /// `logs` may be the sum of e log e, where that is known.
  constexpr cut_of_row<T> typical(cut_of_row<T> now, double p, double const* logs) const {
    most_typical_weights<T> sets{now.kept, (logs ? *logs : Loops::mass_of_logs(e, stride, V, now.kept)) / now.all.mass};
    // What is less typical than idle weights, if that is only such weights, is not wanted.
    double distance = sets.mean - log(real<double>(idle(p, now.all))).value;
    bool only_idle = distance > 0 && distance < 999 && sets.mean + distance >= 0;
    return smallest(sets, only_idle ? sets.last() - std::bit_cast<bits>(T(distance)) : sets.first(),
                    holds_mass{p * now.all.mass}, now.all);
  }
  /// All weights below it together are less than 1 - p.
  static constexpr T idle(double p, held_weights all) { return T(.999 * (1 - p) * all.mass / all.count); }

  /// The first token up to which the kept weights are `rest`; by sums of blocks, then one by one.
  constexpr int pick(weights_between<T> kept, double rest) const {
    int begin = 0, end = V;
    for (int block : {4096, 256, 16}) {
      int last = begin;
      double rest_there = rest;
      for (int first = begin; first < end; first += block) {
        held_weights h = Loops::measure(e + first * stride, stride, end - first < block ? end - first : block, kept);
        if (h.count == 0) continue;
        last = first, rest_there = rest;
        rest -= h.mass;
        if (rest <= 0) break;
      }
      begin = last, end = end - last < block ? end : last + block, rest = rest_there;
    }
    int choice = -1;
    for (int v = begin; v < end; ++v) {
      if (!kept.hold(e[v * stride])) continue;
      choice = v;
      rest -= double(e[v * stride]);
      if (rest <= 0) break;
    }
    return choice;
  }

 private:
  /// The smallest of the sets from sets.at(low) on that is enough; that at low is. `all` is what sets.within holds, its
  /// count or more.
  template <class Sets, class Enough>
  constexpr cut_of_row<T> smallest(Sets sets, bits low, Enough enough, held_weights all) const {
    weight_search<Loops, T, Sets, Enough> search{sets, enough, low, sets.last(), all, {}};
    weights_between<T> inner{1, 0};
    int few = V > most ? most / 4 : most, n = Loops::collect(e, stride, V, sets.at(low), inner, room, few);
    if (n <= few) search.possibly = Loops::measure(room, 1, n, sets.at(low));
    else if constexpr (Loops::looks_at_parts) n = by_sample(search, inner, all);
    else n = most + 1, search.possibly = low > sets.first() ? measure(sets.at(low)) : all;
    while (n > most && search.low < search.high) {
      bits asked = search.next();
      if (!search.answer(asked, measure(sets.at(asked)))) inner = sets.at(asked);
      if (search.possibly.count - search.surely.count <= most)
        n = Loops::collect(e, stride, V, sets.at(search.low), inner, room, most);
    }
    if (n <= most) search.among(room, n);  // else all that are left are equal
    auto kept = sets.at(search.low);
    return {kept, search.low > low ? search.possibly : measure(kept)};
  }

  /// Where a sample says that the search ends, three standard deviations to both sides, is measured, and what lies
  /// between is collected, all in one pass; how many weights are, or more than `most`. Wrong or not, what the search
  /// knows is true.
  template <class Search>
  constexpr int by_sample(Search& search, weights_between<T>& inner, held_weights all) const {
    auto const sets = search.sets;
    int size = Loops::sample(e, V, room, most / 2 - Loops::slack), n = 0;
    T* copy = room + size + Loops::slack;
    held_weights there = Loops::measure(room, 1, size, sets.within);
    Search s{sets, search.enough.in_sample(double(size) / V, there, all), search.low, search.high, {}, {}};
    int m = Loops::collect(room, 1, size, sets.at(s.low), inner, copy, size);
    s.possibly = Loops::measure(copy, 1, m, sets.at(s.low));
    s.among(copy, m, size / 32);
    double apart = 3 * s.enough.deviation(there, Loops::squares(room, size, sets.within),
                                          Loops::squares(room, size, sets.at(s.low)));
    // As many bits as would hold so much if the weights lay as densely as those that are left.
    double distance = apart * double(s.high - s.low + 1) / (s.enough.excess(s.possibly) - s.enough.excess(s.surely));
    bits low = distance < double(s.low - search.low) ? s.low - bits(distance) : search.low;
    bits after = distance < double(search.high - s.high) ? s.high + 1 + bits(distance) : search.high + 1;
    auto outer = sets.at(low);
    if (after <= search.high) inner = sets.at(after);
    held_weights inside = Loops::split(e, V, outer, inner, room, most, n);
    held_weights outside = n > most ? measure(outer) : inside + Loops::measure(room, 1, n, outer);
    if (low > search.low && !search.answer(low, outside)) return inner = outer, most + 1;
    search.possibly = outside;
    if (inner.low <= inner.high && search.answer(after, inside)) return inner = {1, 0}, most + 1;
    return n;
  }
};

}  // namespace COHORT_NAMESPACE::detail
