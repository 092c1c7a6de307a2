#pragma once
#include <cohort/eigen/pack.hpp>
#include <cohort/sampler/token_row.hpp>

namespace cohort::eigen {
inline namespace COHORT_EIGEN_TARGET {

/// The loops of a draw from a row of logits (see plain_row_loops), in packs; sums are in double.
struct row_loops {
  static constexpr bool save_exponentials = true;  ///< by cutting near the largest logit first, with collect_above

  template <class T>
  using between = detail::weights_between<T>;
  template <class T>
  using mask_vector = typename pack<T>::mask::vector;

  template <class T>
  static double weigh(T* l, std::ptrdiff_t, int V, T maximum, T temperature) {
    sums<T> total;
    T factor = T(1) / temperature;
    each(l, V, [&](auto k, int v, pack<T> x) {
      pack<T> e = exp_of_nonpositive(pack<T>((x.value - maximum) * factor));
      total.add(k, e);
      if (v + W<T> <= V) e.store(l + v);
      else std::memcpy(l + v, &e.value, sizeof(T) * std::size_t(V - v));
    }, -std::numeric_limits<T>::infinity());
    return total.all();
  }

  template <class T>
  static detail::held_weights measure(T const* e, std::ptrdiff_t, int V, between<T> which) {
    sums<T> total;
    mask_vector<T> count[chains]{};
    each(e, V, [&](auto k, int, pack<T> x) {
      auto held = holds(which, x);
      total.add(k, select(held, x, pack<T>(0)));
      count[k] -= held.value;
    });
    int n = 0;
    for (auto const& c : count)
      for (int w = 0; w < W<T>; ++w) n += int(c[w]);
    return {total.all(), n};
  }

  template <class T>
  static double mass_of_logs(T const* e, std::ptrdiff_t, int V, between<T> which) {
    sums<T> total;
    each(e, V, [&](auto k, int, pack<T> x) { total.add(k, select(holds(which, x), x * log(x), pack<T>(0))); });
    return total.all();
  }

  template <class T>
  static int collect(T const* e, std::ptrdiff_t, int V, between<T> outer, between<T> inner, T* room, int most) {
    constexpr int block = 4 * W<T>;
    int n = 0;
    for (int first = 0; first < V; first += block) {
      int size = std::min(block, V - first);
      mask_vector<T> any{};
      each(e + first, size, [&](auto, int, pack<T> x) { any |= (holds(outer, x) & !holds(inner, x)).value; });
      if (none(any)) continue;
      for (int v = first; v < first + size; ++v) {
        if (!outer.hold(e[v]) || inner.hold(e[v])) continue;
        if (n == most) return most + 1;
        room[n++] = e[v];
      }
    }
    return n;
  }

  /// A group is a lane of `size` packs.
  template <class T>
  static int group_maxima(T const* l, std::ptrdiff_t, int V, int size, T* room) {
    int first = 0, groups = 0;
    for (; first + size * W<T> <= V; first += size * W<T>, groups += W<T>) {
      pack<T> largest[4];
      for (int k = 0; k < 4; ++k) largest[k] = pack<T>::load(l + first + k * W<T>);
      for (int k = 4; k < size; k += 4)
        for (int j = 0; j < 4; ++j) largest[j] = max(largest[j], pack<T>::load(l + first + (k + j) * W<T>));
      max(max(largest[0], largest[1]), max(largest[2], largest[3])).store(room + groups);
    }
    if (first == V) return groups;
    real<T> rest = -std::numeric_limits<T>::infinity();
    for (; first < V; ++first) rest = max(rest, real<T>(l[first]));
    room[groups] = rest.value;
    return groups + 1;
  }

  /// To `room` the logits from `from` on, to `index` where they stand, at most `most`; how many, or more than `most`. `rest` becomes the sum of the others'
  /// weights, or up to 1.0616 times that.
  template <class T>
  static int collect_above(T const* l, std::ptrdiff_t, int V, T from, T maximum, T temperature, T* room, std::int32_t* index, int most, double& rest) {
    constexpr int block = chains * W<T>;
    T factor = T(1) / temperature;
    int n = 0;
    pack<T> below[chains];
    for (auto& b : below) b = 0;
    for (int first = 0; first < V; first += block) {
      int size = std::min(block, V - first);
      mask_vector<T> any{};
      each(l + first, size, [&](auto k, int, pack<T> x) {
        auto near = x >= pack<T>(from);
        any |= near.value;
        below[k] += select(near, pack<T>(0), rough_exp(pack<T>((x.value - maximum) * factor)));
      }, -std::numeric_limits<T>::infinity());
      if (none(any)) continue;
      for (int v = first; v < first + size; ++v) {
        if (!(l[v] >= from)) continue;
        if (n == most) return most + 1;
        room[n] = l[v], index[n++] = v;
      }
    }
    rest = 0;
    for (auto const& b : below)
      for (int w = 0; w < W<T>; ++w) rest += double(b[w]);
    return n;
  }

 private:
  template <class T>
  static constexpr int W = pack<T>::width;

  static constexpr int chains = 4;  ///< of sums side by side, since a sum takes four cycles to be added to again

  template <class T>
  struct sums {
    using vector = typename pack<double, W<T>>::vector;
    vector value[chains]{};
    void add(int k, pack<T> x) { value[k] += __builtin_convertvector(x.value, vector); }
    double all() const {
      vector sum = (value[0] + value[1]) + (value[2] + value[3]);
      double total = 0;
      for (int w = 0; w < W<T>; ++w) total += sum[w];
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
  /// f(chain, first, pack), the chain known when compiled; lanes of the last one that are too many hold the filler.
  template <class T, class F>
  [[gnu::always_inline]] static inline void each(T const* e, int n, F f, T filler = std::numeric_limits<T>::quiet_NaN()) {
    auto side_by_side = [&]<int... K>(int v, std::integer_sequence<int, K...>) __attribute__((always_inline)) {
      pack<T> const x[] = {pack<T>::load(e + v + K * W<T>)...};
      (f(std::integral_constant<int, K>{}, v + K * W<T>, x[K]), ...);
    };
    constexpr std::integral_constant<int, 0> first{};
    int v = 0;
    for (; v + chains * W<T> <= n; v += chains * W<T>) side_by_side(v, std::make_integer_sequence<int, chains>());
    for (; v + W<T> <= n; v += W<T>) f(first, v, pack<T>::load(e + v));
    if (v < n) f(first, v, rest(e + v, n - v, filler));
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

  /// exp(x) or up to 1.0616 times that, for x <= 0: the number whose exponent and mantissa lie in a line.
  static pack<float> rough_exp(pack<float> x) {
    using floats = pack<float>::vector;
    floats line = x.value * 12102203.f + 1065353216.f;
    line = line > 0 ? line : floats{};
    return pack<float>(std::bit_cast<floats>(__builtin_convertvector(line, mask_vector<float>)));
  }
  static pack<double> rough_exp(pack<double> x) { return exp(x); }
};

}  // namespace COHORT_EIGEN_TARGET
}  // namespace cohort::eigen
