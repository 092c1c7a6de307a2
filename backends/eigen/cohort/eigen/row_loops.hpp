#pragma once
#include <cmath>
#include <cohort/eigen/row_packs.hpp>
#include <cohort/language/sampler/token_row.hpp>

namespace COHORT_NAMESPACE::eigen {

/// The loops of a draw from a row of logits (see plain_row_loops), in packs; sums are in double, of four numbers added
/// before. Where weights or logits are collected, up to `slack` more are written than count.
struct row_loops : private row_packs {
  static constexpr bool looks_at_parts = true;
  static constexpr int slack = 64;

  template <class T>
  using between = detail::weights_between<T>;

  template <class T>
  static double weigh(T* l, std::ptrdiff_t, int V, T maximum, T temperature, double* logs = nullptr) {
    return logs ? weigh_and<true>(l, V, maximum, temperature, logs)
                : weigh_and<false>(l, V, maximum, temperature, logs);
  }

  template <class T>
  static detail::held_weights measure(T const* e, std::ptrdiff_t, int V, between<T> which) {
    return with_test_of(which, [&](auto held) __attribute__((always_inline)) {
      counted_sums<T> total;
      each(e, V, [&](auto k, int, pack<T> x) __attribute__((always_inline)) { total.add(k, x, held(x)); });
      return total.all();
    });
  }

  template <class T>
  static double mass_of_logs(T const* e, std::ptrdiff_t, int V, between<T> which) {
    sums<T> total;
    each(e, V,
         [&](auto k, int, pack<T> x) { total.add(k, select(holds(which, x), x * log_of_normal(x), pack<T>(0))); });
    return total.all();
  }

  template <class T>
  static int collect(T const* e, std::ptrdiff_t, int V, between<T> outer, between<T> inner, T* room, int most) {
    return with_test_between(outer, inner, [&](auto wanted) __attribute__((always_inline)) {
      int n = 0;
      blocks<chains * W<T>>(0, V, [&](int first, auto size) __attribute__((always_inline)) {
        each(e + first, size, [&](auto, int, pack<T> x) __attribute__((always_inline)) {
          n += compress(bits_of(wanted(x).value), x.value, room + n);
        });
        return n <= most;
      });
      return n <= most ? n : most + 1;
    });
  }

  template <class T>
  static T largest(T const* l, std::ptrdiff_t, int V) {
    constexpr T least = -std::numeric_limits<T>::infinity();
    pack<T> found[] = {least, least, least, least, least};
    mask_vector<T> nan{};
    each(
        l, V,
        [&](auto k, int, pack<T> x) {
          found[k] = select(x > found[k], x, found[k]);
          nan = nan | (x != x).value;
        },
        least);
    if (bits_of(nan) != 0) return std::numeric_limits<T>::quiet_NaN();
    auto larger = [](pack<T> a, pack<T> b) { return select(b > a, b, a); };
    pack<T> one = larger(larger(larger(found[0], found[1]), larger(found[2], found[3])), found[4]);
    return across(one.value, [](T a, T b) { return a > b ? a : b; });
  }

  template <class T>
  static void write_bits(T const* e, std::ptrdiff_t, int V, between<T> which, std::int32_t* words,
                         std::ptrdiff_t words_stride) {
    blocks<32>(0, V, [&](int first, auto size) __attribute__((always_inline)) {
      std::uint32_t word = 0;
      each(e + first, size,
           [&](auto, int v, pack<T> x) __attribute__((always_inline)) { word |= bits_of(holds(which, x).value) << v; });
      words[first / 32 * words_stride] = std::int32_t(word);
      return true;
    });
  }

  // Those that only a backend has that looks at parts of a row.

  /// The sum of e².
  template <class T>
  static double squares(T const* e, int V, between<T> which) {
    sums<T> total;
    each(e, V, [&](auto k, int, pack<T> x) { total.add(k, select(holds(which, x), x * x, pack<T>(0))); });
    return total.all();
  }

  /// n of the V >= n numbers, at most, from all over the row; how many.
  template <class T>
  static int sample(T const* e, int V, T* room, int n) {
    constexpr int size = 16;
    std::int64_t all = V / size, some = n / size;
    for (std::int64_t i = 0; i < some; ++i) std::memcpy(room + size * i, e + size * (i * all / some), size * sizeof(T));
    return int(some * size);
  }

  /// What inner holds; of that which outer holds besides, at most `most` weights to `room`, of which n becomes the
  /// number, or more than `most`.
  template <class T>
  static detail::held_weights split(T const* e, int V, between<T> outer, between<T> inner, T* room, int most, int& n) {
    return with_test_between(outer, inner, [&](auto between) __attribute__((always_inline)) {
      return with_test_of(inner, [&](auto inside) __attribute__((always_inline)) {
        counted_sums<T> total;
        int count = 0;  // not n, which might be among what is written
        blocks<chains * W<T>>(0, V, [&](int first, auto size) __attribute__((always_inline)) {
          each(e + first, size, [&](auto k, int, pack<T> x) __attribute__((always_inline)) {
            total.add(k, x, inside(x));
            count += compress(bits_of(between(x).value), x.value, room + count);
          });
          return count <= most;
        });
        n = count <= most ? count : most + 1;
        return n <= most ? total.all() : measure(e, 1, V, inner);
      });
    });
  }

  /// The largest of each four logits of a sixteenth of the row, or of less where they would be more than `most`; a NaN
  /// wins. How many.
  template <class T>
  static int sample_maxima(T const* l, int V, T* room, int most) {
    constexpr int block = 4 * W<T>;
    int step = block * std::max(16, 1 + V / (block * (most / W<T>))), n = 0;
    for (int first = 0; first + block <= V; first += step, n += W<T>) {
      auto x = [&](int k) { return pack<T>::load(l + first + k * W<T>); };
      max(max(x(0), x(1)), max(x(2), x(3))).store(room + n);
    }
    return n;
  }

  /// To `room` the logits from `from` on and NaNs, to `index` where they stand, at most `most`; how many, or more than
  /// `most`. `from` rises until it is `depth` below the largest of them, which `maximum` becomes from the lower bound
  /// that it was. If wanted, `rest` becomes the sum of the others' weights or up to 1.063 times that.
  ///
  /// First a part of the row without a branch, with a note of the blocks that hold any of them; then these.
  template <bool want_rest, class T>
  static int collect_near(T const* l, int V, T from, T depth, T& maximum, T temperature, T* room, std::int32_t* index,
                          int most, double& rest) {
    constexpr int block = chains * W<T>, part = 128 * block;
    T factor = T(1) / temperature;
    int n = 0;
    rest = 0;
    for (int start = 0; start < V; start += part) {
      int hit[part / block], hits = 0, old = n;
      std::uint64_t which[part / block];
      pack<T> below[] = {0, 0, 0, 0, 0};
      blocks<block>(start, std::min(V, start + part), [&](int first, auto size) __attribute__((always_inline)) {
        std::uint64_t bits = 0;
        each(
            l + first, size,
            [&](auto k, int v, pack<T> x) __attribute__((always_inline)) {
              auto far = x < pack<T>(from);
              bits |= std::uint64_t(bits_of((!far).value)) << v;
              if constexpr (want_rest) below[k] += select(far, rough_exp(x - maximum, factor), pack<T>(0));
            },
            -std::numeric_limits<T>::infinity());
        hit[hits] = first, which[hits] = bits;
        hits += bits != 0;
        return true;
      });
      for (int h = 0; h < hits; ++h) {
        for (auto left = which[h]; left != 0; left &= left - 1)
          index[n] = hit[h] + std::countr_zero(left), room[n] = l[index[n]], ++n;
        if (n > most) return most + 1;
      }
      if constexpr (want_rest) {
        pack<T> sum = ((below[0] + below[1]) + (below[2] + below[3])) + below[4];
        rest += double(across(sum.value, std::plus<>()));
      }
      T now = largest(room + old, 1, n - old);
      if (!(now <= maximum)) {
        if (now != now) return most + 1;
        rest *= std::exp(double(maximum - now) / double(temperature));
        maximum = now;
        from = std::max(from, now - depth);
      }
    }
    return n;
  }

 private:
  template <bool want_logs, class T>
  static double weigh_and(T* l, int V, T maximum, T temperature, double* logs) {
    sums<T> total, of_logs;
    T factor = T(1) / temperature;
    each(
        l, V,
        [&](auto k, int v, pack<T> x) {
          pack<T> y = (x.value - maximum) * factor, e = exp_of_nonpositive(y);
          total.add(k, e);
          if constexpr (want_logs) of_logs.add(k, select(e > pack<T>(0), e * y, pack<T>(0)));
          if constexpr (k < chains) e.store(l + v);
          else std::memcpy(l + v, &e.value, sizeof(T) * std::size_t(std::min(W<T>, V - v)));
        },
        -std::numeric_limits<T>::infinity());
    if constexpr (want_logs) *logs = of_logs.all();
    return total.all();
  }

  template <class T>
  static typename pack<T>::mask holds(between<T> which, pack<T> x) {
    return (x >= pack<T>(which.low)) & (x <= pack<T>(which.high));
  }
  // f(test), where the test of a pack of weights, of which none is above 1, takes as few comparisons as it can.
  template <class T, class F>
  [[gnu::always_inline]] static inline auto with_test_of(between<T> which, F f) {
    if (which.high >= 1) return f([=](pack<T> x) __attribute__((always_inline)) { return x >= pack<T>(which.low); });
    return f([=](pack<T> x) __attribute__((always_inline)) { return holds(which, x); });
  }
  /// The part of outer that inner, a part of it, does not hold.
  template <class T, class F>
  [[gnu::always_inline]] static inline auto with_test_between(between<T> outer, between<T> inner, F f) {
    bool nothing = inner.low > inner.high;
    if (!nothing && inner.high < outer.high)
      return f([=](pack<T> x) __attribute__((always_inline)) { return holds(outer, x) & !holds(inner, x); });
    between<T> rest{outer.low, nothing ? outer.high : std::nextafter(inner.low, T(0))};
    return f([=](pack<T> x) __attribute__((always_inline)) { return holds(rest, x); });
  }
};

}  // namespace COHORT_NAMESPACE::eigen
