#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/host_array.hpp>
#include <cohort/eigen/line_walk.hpp>
#include <cohort/eigen/loops.hpp>
#include <cohort/eigen/parallel.hpp>

namespace COHORT_NAMESPACE::eigen {

/// The primitives on a processor that take elements and rows one by one: maps, sums, gathers.
template <class Derived, class T>
class host_maps : public fallback<Derived, T, host_array> {
  using base = fallback<Derived, T, host_array>;

 public:
  using wide = pack<T>;

  int threads() const { return run_over_.threads(); }

  template <class U>
  void upload(view<U> to, std::type_identity_t<std::span<U const>> from) {
    detail::copy_from_host(to, from);
  }
  template <class U>
  void download(std::span<std::remove_const_t<U>> to, view<U> from) {
    detail::copy_to_host(to, from);
  }

  template <class F>
  void for_each(std::ptrdiff_t n, F f) {
    run_over_(n, grain / 16, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t i = first; i < last; ++i) f(i);
    });
  }

  template <class... O, class F, class... I>
  void map(outputs<O...> out, F f, view<I>... in) {
    map_elements(map_loop<wide, detail::bundle<view<O>...>, I...>(f), out.views, in...);
  }

  template <class F, class... U>
  void map_rows(std::ptrdiff_t n, F f, view<U>... v) {
    base::check_rows(n, {v...});
    constexpr int W = wide::width;
    run_over_((n + W - 1) / W, 512, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      rows_in_packs(first * W, std::min(last * W, n), f, v...);
    });
  }

  /// Of whole packs the compiler knows the width; the rest has a call of its own.
  template <class F, class... U>
  static void rows_in_packs(std::ptrdiff_t i, std::ptrdiff_t end, F f, view<U>... v) {
    constexpr int W = wide::width;
    for (; i + W <= end; i += W) f(pack_row<wide, U>{v.data + i * v.row_stride, v.row_stride, v.column_stride, W}...);
    if (i < end) last_rows(i, int(end - i), f, v...);
  }
  template <class F, class... U>
  [[gnu::noinline]] static void last_rows(std::ptrdiff_t i, int count, F const& f, view<U>... v) {
    f(pack_row<wide, U>{v.data + i * v.row_stride, v.row_stride, v.column_stride, count}...);
  }

  template <class F, class I, class... More>
  void reduce(view<T> out, F f, view<I> in, view<More>... more) {
    base::check_extents("reduce", in, {more...});
    constexpr int N = sums_of<F, I, More...>;
    base::check_sums(N, out);
    sum_elements<N>(out, sum_loop<wide, N, I, More...>(f), in, more...);
  }
  template <int N, class Loop, class... I>
  [[gnu::noinline]] void sum_elements(view<T> out, Loop loop, view<I>... in) {
    // Blocks of one line where there is one, else rows.
    line_walk walk({}, {in...}, block);
    bool several = walk.items > 1;
    auto partial = this->template temporary<T>(several ? walk.items * N : 0);
    T one[N] = {}, *sums = several ? partial.all().data : one;
    run_over_(walk.items, walk.grain, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t b = first; b < last; ++b) {
        auto piece = walk.piece(b, b + 1);
        auto total = loop(piece.n, lane_source<wide, I>(walk.at(in, piece.row, piece.from), walk.step(in))...);
        std::copy_n(total.begin(), N, sums + b * N);
      }
    });
    for (int k = 0; k < N; ++k) {
      T total = 0;
      for (std::ptrdiff_t b = 0; b < walk.items; ++b) total += sums[b * N + k];
      out[k] = total;
    }
  }

  void column_sum(view<T> out, view<T const> in) {
    base::check_column_sum(out, in);
    if (in.column_stride != 1 || out.column_stride != 1) return base::column_sum(out, in);
    std::ptrdiff_t c = sum_whole_packs(out, in.rows, in.columns, [&](std::ptrdiff_t r, std::ptrdiff_t at) {
      return wide::load(in.data + r * in.row_stride + at);
    });
    if (c < in.columns) base::column_sum(out.columns_part(c, in.columns - c), in.columns_part(c, in.columns - c));
  }
  /// In one pass over matrices that are one thread's.
  template <class F, class... I>
  void map_column_sum(view<T> out, view<T> sums, F f, view<I>... in) {
    base::check_column_sum(sums, out);
    base::check_extents("map_column_sum", view<T const>(out), {in...});
    bool adjacent = sums.column_stride == 1 && out.column_stride == 1 && ((in.column_stride == 1) && ...);
    if (!adjacent || out.size() > line_walk::grain_of_elements) return base::map_column_sum(out, sums, f, in...);
    std::ptrdiff_t c = sum_whole_packs(sums, out.rows, out.columns, [&](std::ptrdiff_t r, std::ptrdiff_t at) {
      wide result = f(load_pack<wide, std::remove_const_t<I>>(in.data + r * in.row_stride + at)...);
      result.store(out.data + r * out.row_stride + at);
      return result;
    });
    std::ptrdiff_t rest = out.columns - c;
    if (rest > 0)
      base::map_column_sum(out.columns_part(c, rest), sums.columns_part(c, rest), f, in.columns_part(c, rest)...);
  }

  void row_max(view<T> out, view<T const> in) {
    base::check_vectors("row_max", "the output", in.rows, {out});
    if (in.column_stride != 1) return base::row_max(out, in);
    run_over_(in.rows, grain / (in.columns + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r) {
        wide largest = -std::numeric_limits<T>::infinity();
        for_packs(
            in.columns, [&](std::ptrdiff_t c) { largest = max(largest, wide::load(&in(r, c))); },
            [&](std::ptrdiff_t c, int n) {
              largest = max(largest, lane_source<wide, T const>(&in(r, 0), 1).collected(c, n).full(0));
            });
        real<T> m = T(largest[0]);
        for (int w = 1; w < wide::width; ++w) m = max(m, real<T>(T(largest[w])));
        out[r] = m.value;
      }
    });
  }

  /// Each row by one chain of packs.
  template <class F, class I, class... More>
  void row_sums(view<T> out, F f, view<I> in, view<More>... more) {
    this->template check_row_sums<F, I, More...>(out, in, more...);
    run_over_(in.rows, grain / (in.columns + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r) {
        auto source = [&]<class U>(view<U> v) {
          return lane_source<wide, U>(v.data + r * v.row_stride, v.column_stride);
        };
        reduce_row(&out(r, 0), out.column_stride, in.columns, f, source(in), source(more)...);
      }
    });
  }

  template <class U>
  void gather(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    base::check_gather(out, in, index);
    if (out.columns == 1 && out.contiguous() && index.contiguous()) {
      auto one = [to = out.data, from = in.data, stride = in.row_stride](std::int32_t i, std::ptrdiff_t r) {
        to[r] = from[i * stride];
      };
      for_runs(
          index,
          [to = out.data, from = in.data, stride = in.row_stride](std::int32_t i, std::ptrdiff_t first,
                                                                  std::ptrdiff_t last) {
            std::fill(to + first, to + last, from[i * stride]);
          },
          one);
    } else if (out.columns == 1) {
      for (std::ptrdiff_t r = 0; r < out.rows; ++r) out.data[r * out.row_stride] = in.data[index[r] * in.row_stride];
    } else if (out.column_stride == 1 && in.column_stride == 1) {
      for (std::ptrdiff_t r = 0; r < out.rows; ++r) std::copy_n(&in(index[r], 0), out.columns, &out(r, 0));
    } else {
      base::gather(out, in, index);
    }
  }

 protected:
  explicit host_maps(executor e) : run_over_(e) {}

  static constexpr std::ptrdiff_t grain = line_walk::grain_of_elements, block = 4096;

  /// run(i, first, last) for stretches of one or more whole packs of the same index i, one(i, r) for what is between
  /// them, in order.
  template <class Run, class One>
  static void for_runs(view<std::int32_t const> index, Run run, One one) {
    constexpr std::ptrdiff_t W = wide::width;
    auto all_are = [](std::int32_t i, std::int32_t const* at) {
      typename pack_mask<float, W>::vector here;
      std::memcpy(&here, at, sizeof here);
      here ^= i;
      std::int32_t different = 0;
      for (int k = 0; k < W; ++k) different |= here[k];
      return different == 0;
    };
    std::int32_t const* at = index.data;
    std::ptrdiff_t r = 0, n = index.rows;
    while (r + W <= n) {
      std::ptrdiff_t end = r;
      while (end + W <= n && at[end + W - 1] == at[r] && all_are(at[r], at + end)) end += W;
      if (end > r) run(at[r], r, end), r = end;
      else
        for (int k = 0; k < W; ++k, ++r) one(at[r], r);
    }
    for (; r < n; ++r) one(at[r], r);
  }
  template <class F, class... U>
  static void reduce_row(T* out, std::ptrdiff_t out_stride, std::ptrdiff_t n, F const& f, lane_source<wide, U>... in) {
    constexpr int N = sums_of<F, U...>;
    auto total = sum_loop<wide, N, U...>(f)(n, in...);
    for (int k = 0; k < N; ++k) out[k * out_stride] = total[std::size_t(k)];
  }

  executor run_over_;

 private:
  /// The sums of the columns that fill packs, in the order of the rows, and their number. Four chains side by side: one
  /// alone would wait for itself.
  template <class F>
  static std::ptrdiff_t sum_whole_packs(view<T> out, std::ptrdiff_t rows, std::ptrdiff_t columns, F pack_at) {
    constexpr int W = wide::width;
    std::ptrdiff_t c = 0;
    auto sum = [&]<int N>(std::integral_constant<int, N>) {
      wide sums[N];
      std::fill_n(sums, N, wide(0));
      for (std::ptrdiff_t r = 0; r < rows; ++r)
        for (int i = 0; i < N; ++i) sums[i] += pack_at(r, c + i * W);
      for (int i = 0; i < N; ++i, c += W) sums[i].store(out.data + c);
    };
    while (c + 4 * W <= columns) sum(std::integral_constant<int, 4>());
    while (c + W <= columns) sum(std::integral_constant<int, 1>());
    return c;
  }

  /// How many sums a formula gives.
  template <class F, class... U>
  static constexpr int sums_of =
      int(sizeof(std::declval<F const&>()(load_pack<wide>((std::remove_const_t<U> const*)nullptr)...)) / sizeof(wide));

  template <class Loop, class... O, class... I>
  [[gnu::noinline]] void map_elements(Loop loop, detail::bundle<view<O>...> out, view<I>... in) {
    detail::unpack(
        [&](view<O>... o) {
          base::check_map({o...}, {in...});
          line_walk walk({o...}, {in...}, wide::width);
          run_over_(walk.items, walk.grain, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
            auto piece = walk.piece(first, last);
            for (std::ptrdiff_t r = piece.row; r < piece.end; ++r)
              loop(piece.n, {walk.at(o, r, piece.from)...}, {walk.step(o)...},
                   lane_source<wide, I>(walk.at(in, r, piece.from), walk.step(in))...);
          });
        },
        out);
  }

  /// whole(c) for each whole pack of n columns, then tail(c, count).
  template <class Whole, class Tail>
  static void for_packs(std::ptrdiff_t n, Whole whole, Tail tail) {
    std::ptrdiff_t c = 0;
    for (; c + wide::width <= n; c += wide::width) whole(c);
    if (c < n) tail(c, int(n - c));
  }
};

}  // namespace COHORT_NAMESPACE::eigen
