#pragma once
#include <cohort/eigen/pack.hpp>
#include <cohort/sampler/token_row.hpp>

namespace cohort::eigen {
inline namespace COHORT_EIGEN_TARGET {

/// The loops of a draw from a row of logits (see plain_row_loops), in packs; sums are in double.
struct row_loops {
  template <class T>
  using between = detail::weights_between<T>;
  template <class T>
  using mask_vector = typename pack<T>::mask::vector;

  template <class T>
  static double weigh(T* l, std::ptrdiff_t, int V, T maximum, T temperature) {
    sums<T> total;
    T factor = T(1) / temperature;
    auto weight = [&](pack<T> x) { return exp_of_nonpositive(pack<T>((x.value - maximum) * factor)); };
    int v = 0;
    for (; v + W<T> <= V; v += W<T>) {
      pack<T> e = weight(pack<T>::load(l + v));
      e.store(l + v);
      total.add(e);
    }
    if (v < V) {
      pack<T> e = weight(rest(l + v, V - v, -std::numeric_limits<T>::infinity()));
      std::memcpy(l + v, &e.value, sizeof(T) * std::size_t(V - v));
      total.add(e);
    }
    return total.all();
  }

  template <class T>
  static detail::held_weights measure(T const* e, std::ptrdiff_t, int V, between<T> which) {
    sums<T> total;
    mask_vector<T> count{};
    each(e, V, [&](int, pack<T> x) {
      auto held = holds(which, x);
      total.add(select(held, x, pack<T>(0)));
      count -= held.value;
    });
    int n = 0;
    for (int w = 0; w < W<T>; ++w) n += int(count[w]);
    return {total.all(), n};
  }

  template <class T>
  static double mass_of_logs(T const* e, std::ptrdiff_t, int V, between<T> which) {
    sums<T> total;
    each(e, V, [&](int, pack<T> x) { total.add(select(holds(which, x), x * log(x), pack<T>(0))); });
    return total.all();
  }

  template <class T>
  static int collect(T const* e, std::ptrdiff_t, int V, between<T> outer, between<T> inner, T* room, int most) {
    constexpr int block = 4 * W<T>;
    int n = 0;
    for (int first = 0; first < V; first += block) {
      int size = std::min(block, V - first);
      mask_vector<T> any{};
      each(e + first, size, [&](int, pack<T> x) { any |= (holds(outer, x) & !holds(inner, x)).value; });
      if (none(any)) continue;
      for (int v = first; v < first + size; ++v) {
        if (!outer.hold(e[v]) || inner.hold(e[v])) continue;
        if (n == most) return most + 1;
        room[n++] = e[v];
      }
    }
    return n;
  }

  /// A group is a lane of 64 packs.
  template <class T>
  static int group_maxima(T const* e, std::ptrdiff_t, int V, T* room, int most) {
    int groups = 0;
    for (int first = 0; first + 64 * W<T> <= V && groups + W<T> <= most; first += 64 * W<T>, groups += W<T>) {
      pack<T> largest = pack<T>::load(e + first);
      for (int k = 1; k < 64; ++k) {
        pack<T> x = pack<T>::load(e + first + k * W<T>);
        largest = select(x > largest, x, largest);
      }
      largest.store(room + groups);
    }
    return groups;
  }

 private:
  template <class T>
  static constexpr int W = pack<T>::width;

  template <class T>
  struct sums {
    using vector __attribute__((vector_size(sizeof(double) * W<T>))) = double;
    vector value{};
    void add(pack<T> x) { value += __builtin_convertvector(x.value, vector); }
    double all() const {
      double total = 0;
      for (int w = 0; w < W<T>; ++w) total += value[w];
      return total;
    }
  };

  template <class T>
  static typename pack<T>::mask holds(between<T> which, pack<T> x) {
    return (x >= pack<T>(which.low)) & (x <= pack<T>(which.high));
  }
  template <class T>
  static pack<T> rest(T const* p, int count, T filler) {
    pack<T> x = filler;
    std::memcpy(&x.value, p, sizeof(T) * std::size_t(count));
    return x;
  }
  /// f(first, pack), of the last one the lanes that are too many NaN, which nothing holds.
  template <class T, class F>
  static void each(T const* e, int n, F f) {
    int v = 0;
    for (; v + W<T> <= n; v += W<T>) f(v, pack<T>::load(e + v));
    if (v < n) f(v, rest(e + v, n - v, std::numeric_limits<T>::quiet_NaN()));
  }
  template <class Mask>
  static bool none(Mask const& mask) {
    std::uint64_t words[sizeof(Mask) / 8], any = 0;
    std::memcpy(words, &mask, sizeof(Mask));
    for (auto w : words) any |= w;
    return any == 0;
  }

  /// exp(x) for x <= 0 or NaN, without the edges of the general one: 2^n times Cephes' polynomial of what is left. exp(0) is 1, and none is larger.
  static pack<float> exp_of_nonpositive(pack<float> x) {
    using floats = pack<float>::vector;
    using integers = mask_vector<float>;
    constexpr float to_integer = 12582912;  // 1.5 2^23: a sum with it has its integer in the last bits
    floats shifted = x.value * 1.44269504f + to_integer, n = shifted - to_integer;
    floats r = x.value - n * .693359375f;
    r = r - n * -2.12194440e-4f;
    floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.f;
    integers bits = std::bit_cast<integers>(p) + (std::bit_cast<integers>(shifted) << 23);
    return select(x < -87.33654f, pack<float>(0), pack<float>(std::bit_cast<floats>(bits)));
  }
  static pack<double> exp_of_nonpositive(pack<double> x) { return exp(x); }
};

}  // namespace COHORT_EIGEN_TARGET
}  // namespace cohort::eigen
