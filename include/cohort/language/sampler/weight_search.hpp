#pragma once
#include <bit>
#include <cmath>
#include <cohort/backend/concept.hpp>

// Where a cut lies among weights: the smallest of nested sets of them that is enough.
namespace COHORT_NAMESPACE::detail {

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
  friend constexpr held_weights operator+(held_weights a, held_weights b) {
    return {a.mass + b.mass, a.count + b.count};
  }
};

// Sets of weights that shrink as a number grows whose bits have the order of the numbers they stand for.
template <class T>
using bits_of_weight = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// Those from bit_cast(y) on.
template <class T>
struct largest_weights {
  weights_between<T> within;
  constexpr weights_between<T> at(bits_of_weight<T> y) const { return {std::bit_cast<T>(y), within.high}; }
  /// The first y that has them all, and the last one that has any.
  constexpr bits_of_weight<T> first() const { return std::bit_cast<bits_of_weight<T>>(within.low); }
  constexpr bits_of_weight<T> last() const { return std::bit_cast<bits_of_weight<T>>(within.high); }
  /// The last y whose set holds a weight, or nearly.
  constexpr bits_of_weight<T> last_with(T weight) const { return std::bit_cast<bits_of_weight<T>>(weight); }
  static constexpr bool exactly = true;
};
/// Those whose logarithm is within c of the mean; c = 1000 at 0, and falls as y grows.
template <class T>
struct most_typical_weights {
  weights_between<T> within;
  double mean;
  constexpr weights_between<T> at(bits_of_weight<T> y) const {
    double c = double(std::bit_cast<T>(bits_of_weight<T>(last() - y)));
    T low = T(exp(real<double>(mean - c)).value), high = T(exp(real<double>(mean + c)).value);
    return {low > within.low ? low : within.low, high < within.high ? high : within.high};
  }
  constexpr bits_of_weight<T> first() const { return 0; }
  constexpr bits_of_weight<T> last() const { return std::bit_cast<bits_of_weight<T>>(T(1000)); }
  constexpr bits_of_weight<T> last_with(T weight) const {
    return last() - std::bit_cast<bits_of_weight<T>>(T(abs(log(real<double>(weight)) - mean).value));
  }
  static constexpr bool exactly = false;
};

struct holds_count {
  double wanted;
  constexpr bool operator()(held_weights h) const { return h.count >= wanted; }
  /// How much is too much.
  constexpr double excess(held_weights h) const { return h.count - wanted; }
  /// As much of a sample, this share of all.
  constexpr holds_count in_sample(double share, held_weights, held_weights) const { return {wanted * share}; }
  /// The standard deviation of what is found in a sample of the set that is wanted, given sums of squares there.
  double deviation(held_weights, double, double) const { return std::sqrt(wanted + 1); }
};
struct holds_mass {
  double wanted;
  constexpr bool operator()(held_weights h) const { return h.mass >= wanted; }
  constexpr double excess(held_weights h) const { return h.mass - wanted; }
  constexpr holds_mass in_sample(double, held_weights there, held_weights all) const {
    return {wanted * there.mass / all.mass};
  }
  double deviation(held_weights there, double squares, double squares_within) const {
    double p = wanted / there.mass;
    return std::sqrt((1 - p) * (1 - p) * squares_within + p * p * (squares - squares_within));
  }
};

/// A set, and what of a row it holds.
template <class T>
struct cut_of_row {
  weights_between<T> kept;
  held_weights all;
};

/// The smallest of the sets sets.at(low) ... sets.at(high) that is enough; that at low is, as far as is known.
template <class Loops, class T, class Sets, class Enough>
struct weight_search {
  using bits = bits_of_weight<T>;
  Sets sets;
  Enough enough;
  bits low, high;
  held_weights possibly,
      surely;  ///< what sets.at(low) holds, and the set after sets.at(high), as far as they have been measured
  int steps = 1;

  /// What to ask: in the middle, then twice where the excess tells that the end is.
  constexpr bits next() const {
    if constexpr (Loops::looks_at_parts)
      if (steps % 3 > 0) return where_enough(enough.excess(possibly), enough.excess(surely));
    return low + (high - low + 1) / 2;
  }
  constexpr bool answer(bits asked, held_weights h) {
    ++steps;
    bool is_enough = enough(h);
    if (is_enough) low = asked, possibly = h;
    else high = asked - 1, surely = h;
    return is_enough;
  }
  /// Among all `n` undecided weights, which are overwritten, until `few` are left; the last one is in the smallest set.
  constexpr void among(T* list, int n, int few = 0) {
    if constexpr (Sets::exactly) leave_out_the_ends(list, n);
    steps = 0;
    if (!Sets::exactly && few == 0) few = 1;
    while (low < high && n > few) {
      if (Sets::exactly && few == 0 && n <= 16) return one_by_one(list, n);
      bits asked = steps % 3 == 0 ? middle_of_three(list, n) : next();
      auto set = sets.at(asked);
      bool is_enough = answer(asked, surely + Loops::measure(list, 1, n, set));
      weights_between<T> nothing{1, 0}, everything{0, std::numeric_limits<T>::infinity()};
      n = Loops::collect(list, 1, n, is_enough ? set : everything, is_enough ? nothing : set, list, n);
    }
  }

 private:
  constexpr bits middle_of_three(T const* list, int n) const {
    bits a = sets.last_with(list[n / 4]), b = sets.last_with(list[n / 2]), c = sets.last_with(list[n - 1 - n / 4]);
    bits least = a < b ? a : b, most = a < b ? b : a, middle = c < least ? least : c > most ? most : c;
    return middle > low ? middle < high ? middle : high : low + 1;
  }
  constexpr void leave_out_the_ends(T const* list, int n) {
    bits least = high, most = low;
    for (int i = 0; i < n; ++i) {
      bits here = sets.last_with(list[i]);
      least = here < least ? here : least, most = here > most ? here : most;
    }
    low = least > low ? least : low, high = most < high ? most : high;
  }
  constexpr void one_by_one(T* list, int n) {
    while (n > 0) {
      bits next = 0;
      for (int i = 0; i < n; ++i) next = sets.last_with(list[i]) > next ? sets.last_with(list[i]) : next;
      int left = 0;
      for (int i = 0; i < n; ++i)
        if (sets.last_with(list[i]) == next) surely = surely + held_weights{double(list[i]), 1};
        else list[left++] = list[i];
      n = left;
      if (enough(surely)) low = high = next, possibly = surely, n = 0;
    }
  }
  /// Where a line from the excess at low to that at high is 0, and a little further, so that what is left is the
  /// smaller part.
  constexpr bits where_enough(double at_low, double at_high) const {
    double share = at_low / (at_low - at_high);
    share += share < .5 ? 1. / 32 : -1. / 32;
    share = share > 0 ? share < 1 ? share : 31. / 32 : 1. / 32;
    bits middle = low + 1 + bits(double(high - low) * share);
    return middle < high ? middle : high;
  }
};

}  // namespace COHORT_NAMESPACE::detail
