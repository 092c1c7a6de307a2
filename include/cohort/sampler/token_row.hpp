#pragma once
#include <bit>
#include <cohort/backend/concept.hpp>

// What is done to a row of logits to draw a token from it; token_sampler.hpp says what the numbers mean.
namespace cohort::detail {

/// Weights from low to high, both included.
template <class T>
struct weights_between {
  T low, high;
  constexpr bool hold(T weight) const { return weight >= low && weight <= high; }
};

/// How much of a row lies between two weights.
struct held_weights {
  double mass = 0;
  int count = 0;
  friend constexpr held_weights operator+(held_weights a, held_weights b) { return {a.mass + b.mass, a.count + b.count}; }
};

/// The loops over V numbers that lie `stride` apart that a draw is made of. A backend with a type row_loops has faster ones for stride 1.
struct plain_row_loops {
  static constexpr bool save_exponentials = false;

  /// Each logit l becomes the weight exp((l - maximum) / temperature); their sum.
  template <class T>
  static constexpr double weigh(T* l, std::ptrdiff_t stride, int V, T maximum, T temperature) {
    double total = 0;
    for (int v = 0; v < V; ++v) total += double(l[v * stride] = exp((real<T>(l[v * stride]) - maximum) / temperature).value);
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
  /// To `room` the weights that outer holds and inner does not, at most `most`; how many, or more than `most`.
  template <class T>
  static constexpr int collect(T const* e, std::ptrdiff_t stride, int V, weights_between<T> outer, weights_between<T> inner, T* room, int most) {
    int n = 0;
    for (int v = 0; v < V; ++v) {
      T x = e[v * stride];
      if (!outer.hold(x) || inner.hold(x)) continue;
      if (n == most) return most + 1;
      room[n++] = x;
    }
    return n;
  }
  /// The largest of each of groups of `size` logits that have none in common, and of the rest; a NaN wins. How many groups, at most V / size + 1.
  template <class T>
  static constexpr int group_maxima(T const* l, std::ptrdiff_t stride, int V, int size, T* room) {
    int groups = 0;
    for (int first = 0; first < V; first += size, ++groups) {
      real<T> largest = -std::numeric_limits<T>::infinity();
      for (int v = first; v < V && v < first + size; ++v) largest = max(largest, real<T>(l[v * stride]));
      room[groups] = largest.value;
    }
    return groups;
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

// Sets of weights that shrink as a number grows whose bits have the order of the numbers they stand for.
template <class T>
using bits_of_weight = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// Those from bit_cast(y) on.
template <class T>
struct largest_weights {
  weights_between<T> within;
  constexpr weights_between<T> at(bits_of_weight<T> y) const { return {std::bit_cast<T>(y), within.high}; }
};
/// Those whose logarithm is within c of the mean; c = 1000 at 0, and falls as y grows.
template <class T>
struct most_typical_weights {
  weights_between<T> within;
  double mean;
  constexpr weights_between<T> at(bits_of_weight<T> y) const {
    double c = double(std::bit_cast<T>(bits_of_weight<T>(std::bit_cast<bits_of_weight<T>>(T(1000)) - y)));
    T low = T(exp(real<double>(mean - c)).value), high = T(exp(real<double>(mean + c)).value);
    return {low > within.low ? low : within.low, high < within.high ? high : within.high};
  }
};
struct holds_count {
  int wanted;
  constexpr bool operator()(held_weights h) const { return h.count >= wanted; }
  /// How much is too much.
  constexpr double excess(held_weights h) const { return double(h.count) - wanted; }
};
struct holds_mass {
  double wanted;
  constexpr bool operator()(held_weights h) const { return h.mass >= wanted; }
  constexpr double excess(held_weights h) const { return h.mass - wanted; }
};

/// A row of V weights, and room for at most `most` of them.
template <class Loops, class T>
struct row_of_weights {
  T const* e;
  std::ptrdiff_t stride;
  int V;
  T* room;
  int most;
  using bits = bits_of_weight<T>;

  constexpr held_weights measure(weights_between<T> which) const { return Loops::measure(e, stride, V, which); }

  /// The smallest of the sets sets.at(low) ... sets.at(high) that is enough; the largest one is. By whole rows, at bits that the excess tells and then half way,
  /// until so few weights are undecided that they are looked at alone.
  template <class Sets, class Enough>
  constexpr weights_between<T> smallest(Sets sets, bits low, bits high, Enough enough) const {
    weights_between<T> inner{1, 0};
    held_weights surely, possibly{0, V};
    if (V > most) possibly = measure(sets.at(low));
    for (bool half = false; V > most && possibly.count - surely.count > most / 4 && low < high; half = !half) {
      bits middle = low + (high - low + 1) / 2;
      if constexpr (Loops::save_exponentials)
        if (!half) middle = where_enough(low, high, enough.excess(possibly), enough.excess(surely));
      held_weights h = measure(sets.at(middle));
      if (enough(h)) low = middle, possibly = h;
      else high = middle - 1, surely = h, inner = sets.at(middle);
    }
    int n = low < high ? Loops::collect(e, stride, V, sets.at(low), inner, room, most) : 0;
    while (low < high) {
      bits middle = low + (high - low + 1) / 2;
      if (enough(surely + Loops::measure(room, 1, n, sets.at(middle)))) low = middle;
      else high = middle - 1;
    }
    return sets.at(low);
  }

  /// Where a line from the excess at low to that at high is 0, and a little further, so that what is left is the smaller part.
  static constexpr bits where_enough(bits low, bits high, double at_low, double at_high) {
    double share = at_low / (at_low - at_high);
    share += share < .5 ? 1. / 32 : -1. / 32;
    share = share > 0 ? share < 1 ? share : 31. / 32 : 1. / 32;
    bits middle = low + 1 + bits(double(high - low) * share);
    return middle < high ? middle : high;
  }

  constexpr weights_between<T> top_k(weights_between<T> kept, int k) const {
    return smallest(largest_weights<T>{kept}, std::bit_cast<bits>(kept.low), std::bit_cast<bits>(kept.high), holds_count{k});
  }
  /// The weights below `idle` are not wanted, that is known.
  constexpr weights_between<T> top_p(weights_between<T> kept, T idle, double wanted) const {
    T low = idle > kept.low ? idle : kept.low;
    return smallest(largest_weights<T>{kept}, std::bit_cast<bits>(low), std::bit_cast<bits>(kept.high), holds_mass{wanted});
  }
  constexpr weights_between<T> typical(weights_between<T> kept, held_weights all, double p) const {
    double mean = Loops::mass_of_logs(e, stride, V, kept) / all.mass;
    return smallest(most_typical_weights<T>{kept, mean}, bits(0), std::bit_cast<bits>(T(1000)), holds_mass{p * all.mass});
  }

  /// The first token up to which the kept weights are `rest`; by sums of blocks, then one by one.
  constexpr int pick(weights_between<T> kept, double rest) const {
    constexpr int block = 1024;
    int last = -1;
    double rest_there = 0;
    for (int first = 0; first < V; first += block) {
      held_weights h = Loops::measure(e + first * stride, stride, V - first < block ? V - first : block, kept);
      if (h.count == 0) continue;
      last = first, rest_there = rest;
      rest -= h.mass;
      if (rest <= 0) break;
    }
    int choice = -1;
    for (int v = last; v < V && v < last + block; ++v) {
      if (!kept.hold(e[v * stride])) continue;
      choice = v;
      rest_there -= double(e[v * stride]);
      if (rest_there <= 0) break;
    }
    return choice;
  }
};

}  // namespace cohort::detail
