#pragma once
#include <cohort/backend/fallback.hpp>
#include <cohort/eigen/pack.hpp>

namespace cohort::eigen {
inline namespace COHORT_EIGEN_TARGET {

/// W consecutive elements as a formula sees them: numbers as a pack, bytes as a mask.
template <class P, class U>
auto load_pack(U const* p) {
  constexpr int W = P::width;
  if constexpr (std::is_same_v<U, typename P::value_type>) {
    return P::load(p);
  } else {
    using wide = typename P::mask::vector;
    typedef U narrow __attribute__((vector_size(sizeof(U) * W)));
    narrow given;
    std::memcpy(&given, p, sizeof given);
    if constexpr (std::is_same_v<U, std::uint8_t>) {
      typedef std::int16_t between
          __attribute__((vector_size(2 * W)));  // g++ 12 takes six times as many instructions at once
      return typename P::mask(wide(__builtin_convertvector(__builtin_convertvector(given, between), wide) != 0));
    } else {
      return P(__builtin_convertvector(__builtin_convertvector(given, wide), typename P::vector));
    }
  }
}

template <class P, class U>
void store_pack(U* p, P x) {
  if constexpr (std::is_same_v<U, typename P::value_type>) x.store(p);
  else
    for (int i = 0; i < P::width; ++i) p[i] = static_cast<U>(x[i]);
}

/// One operand of a loop: elements `step` apart (1, or 0 for a broadcast, which then points at W copies of itself).
template <class P, class U>
struct lane_source {
  using element = std::remove_const_t<U>;
  U const* data;
  std::ptrdiff_t step;
  alignas(vector_bytes) element copies[P::width];

  lane_source(U const* p, std::ptrdiff_t stride) : data(p), step(stride) {}
  void settle() {
    if (step != 0) return;
    for (auto& c : copies) c = *data;
    data = copies;
  }
  auto full(std::ptrdiff_t i) const { return load_pack<P, element>(data + i * step); }
  /// count < W elements, or elements that do not lie side by side: collected, the last one repeated.
  auto collected(std::ptrdiff_t i, int count) const {
    alignas(vector_bytes) element line[P::width];
    for (int k = 0; k < P::width; ++k) line[k] = data[step == 0 ? 0 : (i + std::min(k, count - 1)) * step];
    return load_pack<P, element>(line);
  }
};

template <class S>
constexpr S component(S const& x, std::size_t) {
  return x;
}
template <class S, int N>
constexpr S component(several<S, N> const& x, std::size_t k) {
  return x[int(k)];
}

/// Component k of a formula's result to `count` elements from i on of output k, where there is that output.
template <class... O, class R>
void store_present(detail::bundle<view<O>...> const& out, std::ptrdiff_t i, int count, R const& result) {
  auto one = [&]<class U>(view<U> o, auto x) {
    if (!o) return;
    if (count == x.width) return store_pack(o.data + i, x);
    for (int k = 0; k < count; ++k) o.data[i + k] = static_cast<U>(x[k]);
  };
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    (one(get<K>(out), component(result, K)), ...);
  }(std::index_sequence_for<O...>());
}

/// Where a settled operand lies, of step 1 or 0. By value alone: of a lane_source somebody has the address, and a loop
/// that stores would read its members each time.
template <class P, class U>
struct side_by_side_source {
  U const* data;
  std::ptrdiff_t mask;
  explicit side_by_side_source(lane_source<P, U> const& s) : data(s.data), mask(-s.step) {}
  auto full(std::ptrdiff_t i) const { return load_pack<P, std::remove_const_t<U>>(data + (i & mask)); }
};

/// The whole packs of n elements; returns where the rest begins.
template <class P, std::size_t... K, class... O, class F, class... I>
std::ptrdiff_t map_full_packs(std::ptrdiff_t n, std::index_sequence<K...>, detail::bundle<O*...> out, F f,
                              side_by_side_source<P, I>... in) {
  std::ptrdiff_t i = 0;
  for (; i + P::width <= n; i += P::width) {
    auto result = f(in.full(i)...);
    (store_pack(get<K>(out) + i, component(result, K)), ...);
  }
  return i;
}

/// n elements along one axis: out(k) = f(in...), packs side by side wherever every stride is 1 or 0.
template <class P, class... O, class F, class... I>
void map_line(std::ptrdiff_t n, detail::bundle<O*...> out, std::array<std::ptrdiff_t, sizeof...(O)> out_step, F f,
              lane_source<P, I>... in) {
  constexpr int W = P::width;
  bool side_by_side = ((in.step == 0 || in.step == 1) && ...);
  for (auto s : out_step) side_by_side = side_by_side && s == 1;
  auto put = [&]<std::size_t... K>(std::ptrdiff_t i, int count, auto const& result, std::index_sequence<K...>) {
    (..., [&] {
      alignas(vector_bytes) std::tuple_element_t<K, std::tuple<O...>> line[W];
      store_pack(line, component(result, K));
      for (int k = 0; k < count; ++k) get<K>(out)[(i + k) * out_step[K]] = line[k];
    }());
  };
  constexpr auto all = std::index_sequence_for<O...>();
  std::ptrdiff_t i = 0;
  if (side_by_side) {
    (in.settle(), ...);
    i = map_full_packs<P>(n, all, out, f, side_by_side_source<P, I>(in)...);
  }
  for (; i < n; i += W) {
    int count = int(std::min<std::ptrdiff_t>(W, n - i));
    put(i, count, f(in.collected(i, count)...), all);
  }
}

/// The sums of f(in...) over elements first ... last of one axis, lane by lane and then over the lanes in order.
template <class P, int N, class F, class... I>
std::array<typename P::value_type, N> reduce_line(std::ptrdiff_t first, std::ptrdiff_t last, F f,
                                                  lane_source<P, I>... in) {
  constexpr int W = P::width;
  P sums[N];
  for (auto& s : sums) s = P(0);
  std::ptrdiff_t i = first;
  if (((in.step == 0 || in.step == 1) && ...)) {
    (in.settle(), ...);
    for (; i + W <= last; i += W) {
      auto term = f(in.full(i)...);
      for (int k = 0; k < N; ++k) sums[k] += component(term, k);
    }
  }
  for (; i < last; i += W) {
    int count = int(std::min<std::ptrdiff_t>(W, last - i));
    auto term = f(in.collected(i, count)...);
    for (int k = 0; k < N; ++k) {
      P x = component(term, k);
      for (int lane = 0; lane < count; ++lane) sums[k].set(lane, sums[k][lane] + x[lane]);
    }
  }
  std::array<typename P::value_type, N> total{};
  for (int k = 0; k < N; ++k)
    for (int lane = 0; lane < W; ++lane) total[k] += sums[k][lane];
  return total;
}

/// W rows of a matrix as one: what a formula over rows gets from this backend. Rows beyond the last repeat it and are
/// not stored.
template <class P, class U>
struct pack_row {
  using scalar = P;
  U* data;
  std::ptrdiff_t row_stride, column_stride;
  int count;

  auto operator[](std::ptrdiff_t j) const {
    using element = std::remove_const_t<U>;
    U* p = data + j * column_stride;
    if (row_stride == 1 && count == P::width) return load_pack<P, element>(p);
    alignas(vector_bytes) element line[P::width];
    for (int k = 0; k < P::width; ++k) line[k] = p[std::min(k, count - 1) * row_stride];
    return load_pack<P, element>(line);
  }
  void set(std::ptrdiff_t j, P x) const {
    U* p = data + j * column_stride;
    if (row_stride == 1 && count == P::width) return store_pack(p, x);
    for (int k = 0; k < count; ++k) p[k * row_stride] = static_cast<U>(x[k]);
  }
};

}  // namespace COHORT_EIGEN_TARGET
}  // namespace cohort::eigen
