#pragma once
#include <cohort/backend/fallback.hpp>
#include <cohort/eigen/pack.hpp>

namespace COHORT_NAMESPACE::eigen {

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

/// W numbers that lie S apart, by whole vectors and shuffles: collected one by one they would have to reach the cache
/// before a vector of them could be loaded. Reads nothing beyond the last of them.
template <class P, int S, std::size_t... I>
P load_apart(typename P::value_type const* p, std::index_sequence<I...>) {
  constexpr int W = P::width;
  auto at = [&](int i) { return P::load(p + i).value; };
  if constexpr (S == 2) {
    return typename P::vector(__builtin_shufflevector(at(0), at(W - 1), (2 * I < W ? 2 * I : 2 * I + 1)...));
  } else {
    static_assert(S == 3);
    typename P::vector front = __builtin_shufflevector(at(0), at(W), (3 * I < 2 * W ? 3 * I : 0)...);
    return typename P::vector(__builtin_shufflevector(front, at(2 * W - 2), (3 * I < 2 * W ? I : 3 * I - W + 2)...));
  }
}

template <class P, class U>
void store_pack(U* p, P x) {
  if constexpr (std::is_same_v<U, typename P::value_type>) {
    x.store(p);
  } else {
    typedef U narrow __attribute__((vector_size(sizeof(U) * P::width)));
    auto number = [&] {
      if constexpr (std::is_integral_v<U>) return __builtin_convertvector(x.value, typename P::mask::vector);
      else return x.value;
    }();
    narrow converted = __builtin_convertvector(number, narrow);
    std::memcpy(p, &converted, sizeof converted);
  }
}

/// Elements as a kernel walks them: side by side (mask -1), or a pack that stands for all (mask 0).
template <class P, class U>
struct pack_source {
  std::remove_const_t<U> const* data;
  std::ptrdiff_t mask;
  auto full(std::ptrdiff_t i) const { return load_pack<P>(data + (i & mask)); }
};

/// One operand of a loop: elements `step` apart, and room for a pack of them.
template <class P, class U>
struct lane_source {
  using element = std::remove_const_t<U>;
  U const* data;
  std::ptrdiff_t step;
  alignas(vector_bytes) element room[P::width];

  lane_source(U const* p, std::ptrdiff_t stride) : data(p), step(stride) {}
  bool adjacent() const { return step == 0 || step == 1; }
  /// Before `source`, which is for adjacent ones.
  void settle() {
    if (step == 0)
      for (auto& x : room) x = *data;
  }
  pack_source<P, U> source() const { return step == 0 ? pack_source<P, U>{room, 0} : pack_source<P, U>{data, -1}; }
  /// count <= W elements from i on, the last one repeated.
  [[gnu::noinline]] pack_source<P, U> collected(std::ptrdiff_t i, int count) {
    for (int k = 0; k < P::width; ++k) room[k] = data[step == 0 ? 0 : (i + std::min(k, count - 1)) * step];
    return {room, 0};
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

/// The first `count` of a pack to elements `stride` apart.
template <class U>
[[gnu::noinline]] void spread(U* to, std::ptrdiff_t stride, U const* from, int count) {
  for (int k = 0; k < count; ++k) to[k * stride] = from[k];
}

/// (outputs) = f(in...) over elements along one axis. Its code depends on the types of the elements alone: a formula is
/// compiled once, in `packs`, which goes over whole packs that lie side by side.
template <class P, class Out, class... I>
class map_loop;
template <class P, class... O, class... I>
class map_loop<P, detail::bundle<view<O>...>, I...> {
  static constexpr int W = P::width;
  using all = std::index_sequence_for<O...>;

 public:
  /// f must outlive it.
  template <class F>
  explicit map_loop(F const& f) : f_(&f), run_(&packs<F>) {}

  /// n elements, those of an output `step` apart.
  [[gnu::noinline]] void operator()(std::ptrdiff_t n, detail::bundle<O*...> out,
                                    std::array<std::ptrdiff_t, sizeof...(O)> step, lane_source<P, I>... in) const {
    bool side_by_side = (in.adjacent() && ...);
    for (auto s : step) side_by_side = side_by_side && s == 1;
    std::ptrdiff_t i = side_by_side ? n / W * W : 0;
    (in.settle(), ...);
    if (i > 0) run_(f_, i, out, in.source()...);
    for (; i < n; i += W) {
      int count = int(std::min<std::ptrdiff_t>(W, n - i));
      put(i, count, out, step, all(), in.collected(i, count)...);
    }
  }

 private:
  template <class F>
  [[gnu::flatten]] static void packs(void const* formula, std::ptrdiff_t n, detail::bundle<O*...> out,
                                     pack_source<P, I>... in) {
    F f = *static_cast<F const*>(formula);  // of its own: what is stored might lie where the formula does
    for (std::ptrdiff_t i = 0; i < n; i += W) store(out, i, f(in.full(i)...), all());
  }
  template <class R, std::size_t... K>
  static void store(detail::bundle<O*...> out, std::ptrdiff_t i, R const& result, std::index_sequence<K...>) {
    (store_pack(get<K>(out) + i, component(result, K)), ...);
  }
  template <std::size_t... K>
  void put(std::ptrdiff_t i, int count, detail::bundle<O*...> out, std::array<std::ptrdiff_t, sizeof...(O)> step,
           std::index_sequence<K...>, pack_source<P, I>... in) const {
    struct one_pack {
      alignas(vector_bytes) std::tuple<std::array<O, W>...> lanes;
    } beside;
    run_(f_, W, {std::get<K>(beside.lanes).data()...}, in...);
    (spread(get<K>(out) + i * step[K], step[K], std::get<K>(beside.lanes).data(), count), ...);
  }

  void const* f_;
  void (*run_)(void const*, std::ptrdiff_t, detail::bundle<O*...>, pack_source<P, I>...);
};

/// True in the first `count` lanes.
template <class P>
typename P::mask first_lanes(int count) {
  using wide = typename P::mask::vector;
  using flag = std::remove_cvref_t<decltype(std::declval<wide&>()[0])>;
  static constexpr auto flags = [] {
    std::array<flag, 2 * P::width> all{};
    for (std::size_t k = 0; k < P::width; ++k) all[k] = -1;
    return all;
  }();
  wide found;
  std::memcpy(&found, flags.data() + P::width - count, sizeof found);
  return typename P::mask(found);
}

/// A pack's lanes added up in order.
template <class P>
[[gnu::noinline]] typename P::value_type sum_of_lanes(P const& x) {
  typename P::value_type total = 0;
  for (int lane = 0; lane < P::width; ++lane) total += x[lane];
  return total;
}

/// The N sums of f(in...) over n elements along one axis, lane by lane and then over the lanes in order. Like a
/// map_loop its code depends on the types of the elements alone.
template <class P, int N, class... I>
class sum_loop {
  static constexpr int W = P::width;

 public:
  /// f must outlive it.
  template <class F>
  explicit sum_loop(F const& f) : f_(&f), run_(&packs<F>) {}

  [[gnu::noinline]] std::array<typename P::value_type, N> operator()(std::ptrdiff_t n, lane_source<P, I>... in) const {
    P sums[N];
    for (auto& s : sums) s = P(0);
    std::ptrdiff_t i = 0;
    if ((in.adjacent() && ...)) {
      (in.settle(), ...);
      i = n / W * W;
      run_(f_, sums, i, in.source()...);
    }
    for (; i < n; i += W) {
      int count = int(std::min<std::ptrdiff_t>(W, n - i));
      P terms[N];
      for (auto& t : terms) t = P(0);
      run_(f_, terms, W, in.collected(i, count)...);
      for (int k = 0; k < N; ++k) sums[k] += select(first_lanes<P>(count), terms[k], P(0));
    }
    std::array<typename P::value_type, N> total{};
    for (int k = 0; k < N; ++k) total[std::size_t(k)] = sum_of_lanes(sums[k]);
    return total;
  }

 private:
  /// sums += f(in...) over whole packs.
  template <class F>
  static void packs(void const* formula, P* sums, std::ptrdiff_t n, pack_source<P, I>... in) {
    F const& f = *static_cast<F const*>(formula);
    P now[N];
    for (int k = 0; k < N; ++k) now[k] = sums[k];
    for (std::ptrdiff_t i = 0; i < n; i += W) {
      auto term = f(in.full(i)...);
      for (int k = 0; k < N; ++k) now[k] += component(term, std::size_t(k));
    }
    for (int k = 0; k < N; ++k) sums[k] = now[k];
  }

  void const* f_;
  void (*run_)(void const*, P*, std::ptrdiff_t, pack_source<P, I>...);
};

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
    if constexpr (std::is_same_v<element, typename P::value_type>) {
      constexpr auto lanes = std::make_index_sequence<P::width>();
      if (row_stride == 2 && count == P::width) return load_apart<P, 2>(p, lanes);
      if (row_stride == 3 && count == P::width) return load_apart<P, 3>(p, lanes);
    }
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

}  // namespace COHORT_NAMESPACE::eigen
