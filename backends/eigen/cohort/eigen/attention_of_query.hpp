#pragma once
#include <cohort/eigen/half_numbers.hpp>
#include <cohort/eigen/large_product.hpp>
#include <limits>
#include <utility>

namespace COHORT_NAMESPACE::eigen {

/// softmax(row) in place, without its denominator, which is returned with the largest number. Up to a whole vector the
/// rest of the row is -inf.
template <class T>
std::pair<T, T> exponentials(T* row, std::ptrdiff_t n) {
  using P = pack<T>;
  P largest = -std::numeric_limits<T>::infinity(), sum = 0;
  for (std::ptrdiff_t j = 0; j < n; j += P::width) largest = max(largest, P::load(row + j));
  T m = -std::numeric_limits<T>::infinity(), total = 0;
  for (int w = 0; w < P::width; ++w) m = std::max(m, T(largest[w]));
  for (std::ptrdiff_t j = 0; j < n; j += P::width) {
    P e = exp(P::load(row + j) - P(m));
    e.store(row + j);
    sum += e;
  }
  for (int w = 0; w < P::width; ++w) total += sum[w];
  return {total, m};
}

/// Attention of one query, as when tokens are generated: keys and values are read once, where they lie, and nothing is
/// turned or copied; K, what they lie in, is widened in registers. For heads of whole vectors, with adjacent columns.
template <class T, class K = T>
struct attention_of_query {
  using P = pack<T>;
  static constexpr int W = P::width;

  /// Rows of keys or values, `stride` apart.
  struct rows {
    K const* first;
    std::ptrdiff_t count, stride;
  };

  int size;  ///< of a head
  T scale;

  /// to[j] = scale q . key j; W keys at a time, whose sums are turned in registers. Writes whole vectors.
  void scores(T const* q, rows keys, T* to) const {
    alignas(vector_bytes) T sums[W * W], turned[W * W];
    for (std::ptrdiff_t j = 0; j < keys.count; j += W) {
      std::ptrdiff_t here = std::min<std::ptrdiff_t>(W, keys.count - j);
      for (std::ptrdiff_t i = 0; i < here; i += 2) {
        K const *one = keys.first + (j + i) * keys.stride, *two = i + 1 < here ? one + keys.stride : one;
        P a = 0, b = 0;
        for (int d = 0; d < size; d += W) {
          P x = P::load(q + d);
          a.value = x.value * load_widened(one + d).value + a.value;
          b.value = x.value * load_widened(two + d).value + b.value;
        }
        a.store(sums + i * W), b.store(sums + (i + 1) * W);
      }
      for (std::ptrdiff_t i = (here + 1) / 2 * 2; i < W; ++i) P(0).store(sums + i * W);
      transpose_square(sums, W, turned, W);
      P total = P::load(turned);
      for (int i = 1; i < W; ++i) total += P::load(turned + i * W);
      (total * P(scale)).store(to + j);
    }
  }

  /// out = factor (weights of the prefix times its values + weights of the own values times these).
  void values(T const* weights, rows prefix, rows own, T factor, T* out) const {
    int d = 0;
    for (; d + 4 * W <= size; d += 4 * W) columns<4>(weights, prefix, own, factor, out, d);
    for (; d < size; d += W) columns<1>(weights, prefix, own, factor, out, d);
  }

 private:
  template <int V>
  static void columns(T const* weights, rows prefix, rows own, T factor, T* out, int d) {
    typename P::vector sum[2][V] = {};  // of even and odd rows: a chain of multiply-adds each
    auto add = [&](int of, T weight, K const* row) {
      for (int v = 0; v < V; ++v) sum[of][v] = multiply_add<P>(weight, load_widened(row + v * W).value, sum[of][v]);
    };
    for (rows const& r : {prefix, own}) {
      K const* row = r.first + d;
      std::ptrdiff_t j = 0;
      for (; j + 2 <= r.count; j += 2, row += 2 * r.stride)
        add(0, weights[j], row), add(1, weights[j + 1], row + r.stride);
      if (j < r.count) add(0, weights[j], row);
      weights += r.count;
    }
    for (int v = 0; v < V; ++v) (P(sum[0][v] + sum[1][v]) * P(factor)).store(out + d + v * W);
  }
};

}  // namespace COHORT_NAMESPACE::eigen
