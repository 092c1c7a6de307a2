#pragma once
#include <cohort/eigen/host_maps.hpp>

namespace COHORT_NAMESPACE::eigen {

/// Those along series, and sums by index.
template <class Derived, class T>
class host_series : public host_maps<Derived, T> {
  using base = fallback<Derived, T, host_array>;
  using maps = host_maps<Derived, T>;

 public:
  using wide = pack<T>;

  // Time outermost: all lanes of one step, then the next, with a row of carries. Other series go a few at a time.
  using base::scan;
  template <class... O, class F, class... I>
  void scan(partition s, direction d, F f, double initial, outputs<O...> out, view<I>... in) {
    base::check_scan(s, out, {in...});
    std::ptrdiff_t steps = s.longest(), N = s.count();
    bool packed = detail::unpack([&](auto... o) { return (... && (!o || o.contiguous())) && (... && in.contiguous()); },
                                 out.views);
    if (!s.is_lanes() || N < 2 * wide::width || !packed) return scan_side_by_side(s, d, f, initial, out.views, in...);
    run_over_(N / wide::width, std::max<std::ptrdiff_t>(1, grain / (steps * wide::width + 1)),
              [&](std::ptrdiff_t first, std::ptrdiff_t last) {
                std::ptrdiff_t end = last == N / wide::width ? N : last * wide::width;
                for (std::ptrdiff_t from = first * wide::width; from < end; from += carries) {
                  alignas(vector_bytes) T carry[carries];
                  std::fill_n(carry, carries, T(initial));
                  for (std::ptrdiff_t k = 0; k < steps; ++k) {
                    std::ptrdiff_t t = d == direction::forward ? k : steps - 1 - k;
                    scan_row(t * N + from, std::min(carries, end - from),
                             k + 1 == steps            ? 0
                             : d == direction::forward ? N
                                                       : -N,
                             f, carry, out.views, in.data...);
                  }
                }
              });
  }

  /// Segments by the kernel of sums, lanes a row of all after the other.
  template <class F, class... I>
  void segment_reduce(partition s, view<T> out, F f, view<I>... in) {
    if (!(out.contiguous() && ... && in.contiguous())) return base::segment_reduce(s, out, f, in...);
    base::check_vectors("segment_reduce", "the output", s.count(), {out});
    base::check_vectors("segment_reduce", "an input", s.steps(), {in...});
    std::ptrdiff_t N = s.count(), average = s.steps() / std::max<std::ptrdiff_t>(1, N);
    if (!s.is_lanes()) {
      run_over_(N, grain / (average + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t n = first; n < last; ++n)
          maps::reduce_row(out.data + n, 1, s.length(n), f, lane_source<wide, I>(in.data + s.first(n), 1)...);
      });
      return;
    }
    constexpr std::ptrdiff_t strip = 256;
    run_over_((N + strip - 1) / strip, grain / (strip * (average + 1)) + 1,
              [&](std::ptrdiff_t first, std::ptrdiff_t last) {
                std::ptrdiff_t from = first * strip, n = std::min(N, last * strip) - from;
                T* sums = out.data + from;
                std::fill_n(sums, n, T(0));
                added_to<F> formula{f};
                map_loop<wide, detail::bundle<view<T>>, T const, I...> add(formula);
                for (std::ptrdiff_t t = 0; t < s.longest(); ++t)
                  add(n, {sums}, {1}, lane_source<wide, T const>(sums, 1),
                      lane_source<wide, I>(in.data + t * N + from, 1)...);
              });
  }
  void broadcast_series(partition s, view<T> out, view<T const> in) {
    if (!out.contiguous() || !in.contiguous()) return base::broadcast_series(s, out, in);
    base::check_vectors("spread", "the output", s.steps(), {out});
    base::check_vectors("spread", "the input", s.count(), {in});
    std::ptrdiff_t N = s.count(), average = s.steps() / std::max<std::ptrdiff_t>(1, N);
    if (s.is_lanes())
      run_over_(s.longest(), grain / (N + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t t = first; t < last; ++t) std::copy_n(in.data, N, out.data + t * N);
      });
    else
      run_over_(N, grain / (average + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t n = first; n < last; ++n) std::fill_n(out.data + s.first(n), s.length(n), in.data[n]);
      });
  }

  /// Columns in parallel, so that each is added to in the order of r. Of one column, runs with one index are added up
  /// in packs first: one by one each addition would wait for the one before to be stored.
  void scatter_add(view<T> out, view<T const> in, view<std::int32_t const> index) {
    base::check_scatter("scatter_add", out, in, index);
    if (out.columns == 1 && out.contiguous() && in.contiguous() && index.contiguous()) {
      auto run = [to = out.data, from = in.data](std::int32_t i, std::ptrdiff_t first, std::ptrdiff_t last) {
        wide sum = wide::load(from + first);
        for (std::ptrdiff_t r = first + wide::width; r < last; r += wide::width) sum += wide::load(from + r);
        T total = 0;
        for (int k = 0; k < wide::width; ++k) total += sum[k];
        to[i] += total;
      };
      maps::for_runs(index, run,
                     [to = out.data, from = in.data](std::int32_t i, std::ptrdiff_t r) { to[i] += from[r]; });
      return;
    }
    constexpr std::ptrdiff_t strip = 64;
    run_over_((in.columns + strip - 1) / strip, 1 + grain / (strip * (in.rows + 1)),
              [&](std::ptrdiff_t first, std::ptrdiff_t last) {
                std::ptrdiff_t from = first * strip, to = std::min(last * strip, in.columns);
                for (std::ptrdiff_t r = 0; r < in.rows; ++r)
                  for (std::ptrdiff_t c = from; c < to; ++c) out(index[r], c) += in(r, c);
              });
  }

 protected:
  using maps::grain, maps::run_over_;
  explicit host_series(executor e) : maps(e) {}

 private:
  template <class F>
  struct added_to {
    F f;
    template <class S, class... X>
    S operator()(S sum, X... x) const {
      return sum + f(x...);
    }
  };
  /// Eight series at a time: of one alone each step waits for the one before.
  template <class F, class... O, class... I>
  void scan_side_by_side(partition s, direction d, F f, double initial, detail::bundle<view<O>...> out, view<I>... in) {
    constexpr int side = 8;
    using S = typename base::scalar;
    std::ptrdiff_t N = s.count(), average = s.steps() / std::max<std::ptrdiff_t>(1, N),
                   stride = d == direction::forward ? s.stride() : -s.stride();
    run_over_((N + side - 1) / side, grain / (side * (average + 1)) + 1,
              [=](std::ptrdiff_t first, std::ptrdiff_t last) {
                for (std::ptrdiff_t n = first * side; n < std::min(N, last * side); n += side) {
                  int count = int(std::min<std::ptrdiff_t>(side, N - n));
                  std::ptrdiff_t at[side], length[side], together = count == side ? s.length(n) : 0;
                  S carry[side];
                  for (int j = 0; j < count; ++j) {
                    length[j] = s.length(n + j), carry[j] = initial, together = std::min(together, length[j]);
                    at[j] = s.first(n + j) + (d == direction::forward ? 0 : (length[j] - 1) * s.stride());
                  }
                  auto step = [&](int j, std::ptrdiff_t k) {
                    std::ptrdiff_t i = at[j] + k * stride;
                    auto next = f(carry[j], matrix_row<S, I>::load(&in[i])...);
                    detail::store_present(out, i, next, std::index_sequence_for<O...>());
                    carry[j] = detail::part(next, 0);
                  };
                  for (std::ptrdiff_t k = 0; k < together; ++k)
                    for (int j = 0; j < side; ++j) step(j, k);
                  for (int j = 0; j < count; ++j)
                    for (std::ptrdiff_t k = together; k < length[j]; ++k) step(j, k);
                }
              });
  }

  static constexpr std::ptrdiff_t carries = 4096;  ///< lanes of a scan at a time

  /// One step of n lanes from element i on; those of the next one are `after` elements away. What that will write is
  /// fetched already: a step's lanes are a page by themselves, so that the processor does not see it coming, and
  /// without it the copy of an output costs a third more.
  template <class F, class... O, class... I>
  static void scan_row(std::ptrdiff_t i, std::ptrdiff_t n, std::ptrdiff_t after, F f, T* carry,
                       detail::bundle<view<O>...> out, I const*... in) {
    std::ptrdiff_t k = 0;
    for (; k + wide::width <= n; k += wide::width) {
      detail::unpack([&](auto... o) { ((o.data ? __builtin_prefetch(o.data + i + k + after, 1) : void()), ...); }, out);
      auto next = f(wide::load(carry + k), load_pack<wide>(in + i + k)...);
      component(next, 0).store(carry + k);
      store_present(out, i + k, wide::width, next);
    }
    if (k == n) return;
    auto next = f(wide::load(carry + k), lane_source<wide, I>(in + i, 1).collected(k, int(n - k)).full(0)...);
    component(next, 0).store(carry + k);
    store_present(out, i + k, int(n - k), next);
  }
};

}  // namespace COHORT_NAMESPACE::eigen
