#pragma once
#if defined(__CUDACC__)
#error "cohort: the Eigen backend cannot be included in a CUDA source, where Eigen does not vectorize: use a .cpp"
#endif
#include <cohort/backend/concept.hpp>
#include <cohort/backend/host_array.hpp>
#include <cohort/eigen/attention.hpp>
#include <cohort/eigen/loops.hpp>
#include <cohort/eigen/parallel.hpp>
#include <cohort/eigen/row_loops.hpp>

namespace cohort::eigen {
inline namespace COHORT_EIGEN_TARGET {

/// The primitives on a processor: arrays in host memory, formulas in SIMD packs, products by a kernel for small
/// matrices and by Eigen for large ones.
///
/// Executor is how loops are run: run_over(n, grain, f) calls f(first, last) for cuts of 0 ... n that hold at least
/// `grain` items each, on any threads, and throws what any of the calls throws (see openmp_threads). What is computed
/// never depends on the cuts, so the bits do not either.
template <class Derived, class T, class Executor>
class host_backend : public fallback<Derived, T, host_array> {
  using base = fallback<Derived, T, host_array>;
  static constexpr std::ptrdiff_t grain = 1 << 14;  // elements below which a second thread costs more than it brings

 public:
  using wide = pack<T>;
  using row_loops = eigen::row_loops;  ///< of draws of tokens

  int threads() const { return run_over_.threads(); }

  template <class U>
  void upload(view<U> to, std::span<U const> from) {
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
    base::check_map(out, in...);
    auto shape = std::get<0>(out.views);
    auto flat = [](auto v) { return v.contiguous() || (v.row_stride == 0 && v.column_stride == 0); };
    bool one_line = shape.columns == 1 || std::apply([&](auto... o) { return (flat(o) && ...); }, out.views);
    one_line = one_line && (shape.columns == 1 || (flat(in) && ...));
    if (one_line) {
      auto step = [&](auto v) { return shape.columns == 1 ? v.row_stride : v.column_stride; };
      run_over_(shape.size() / wide::width + 1, grain / wide::width, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        std::ptrdiff_t from = first * wide::width, to = std::min(last * wide::width, shape.size());
        if (from < to) line(to - from, out, f, [&](auto v) { return v.data + from * step(v); }, step, in...);
      });
    } else {
      run_over_(shape.rows, grain / (shape.columns + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t r = first; r < last; ++r)
          line(
              shape.columns, out, f, [r](auto v) { return v.data + r * v.row_stride; },
              [](auto v) { return v.column_stride; }, in...);
      });
    }
  }

  template <class F, class... U>
  void map_rows(std::ptrdiff_t n, F f, view<U>... v) {
    base::check_rows(n, v...);
    run_over_((n + wide::width - 1) / wide::width, 512, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t b = first; b < last; ++b) {
        std::ptrdiff_t i = b * wide::width;
        int count = int(std::min<std::ptrdiff_t>(wide::width, n - i));
        f(pack_row<wide, U>{v.data + i * v.row_stride, v.row_stride, v.column_stride, count}...);
      }
    });
  }

  template <class F, class I, class... More>
  void reduce(view<T> out, F f, view<I> in, view<More>... more) {
    base::check_extents("reduce", in, more...);
    using term = decltype(f(load_pack<wide>((std::remove_const_t<I> const*)nullptr),
                            load_pack<wide>((std::remove_const_t<More> const*)nullptr)...));
    constexpr int N = sizeof(term) / sizeof(wide);
    base::check_sums(N, out);
    auto flat = [](auto v) { return v.columns == 1 || v.contiguous() || (v.row_stride == 0 && v.column_stride == 0); };
    if (!flat(in) || !(flat(more) && ...)) return base::reduce(out, f, in, more...);
    auto source = [&]<class U>(view<U> v) {
      return lane_source<wide, U>(v.data, v.columns == 1 ? v.row_stride : v.column_stride);
    };
    constexpr std::ptrdiff_t block = 4096;
    std::ptrdiff_t n = in.size(), blocks = (n + block - 1) / block;
    if (blocks <= 1) {
      auto total = reduce_line<wide, N>(0, n, f, source(in), source(more)...);
      for (int k = 0; k < N; ++k) out[k] = total[k];
      return;
    }
    auto partial = this->template temporary<T>(blocks * N);
    auto sums = partial.matrix(blocks, N);
    run_over_(blocks, 4, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t b = first; b < last; ++b) {
        auto total = reduce_line<wide, N>(b * block, std::min(n, (b + 1) * block), f, source(in), source(more)...);
        for (int k = 0; k < N; ++k) sums(b, k) = total[k];
      }
    });
    for (int k = 0; k < N; ++k) {
      T total = 0;
      for (std::ptrdiff_t b = 0; b < blocks; ++b) total += sums(b, k);
      out[k] = total;
    }
  }

  // Time outermost: all lanes of one step, then the next, with a row of carries. Other series go a few at a time.
  using base::scan;
  template <class... O, class F, class... I>
  void scan(partition s, direction d, F f, double initial, outputs<O...> out, view<I>... in) {
    base::check_scan(s, out, in...);
    std::ptrdiff_t steps = s.longest(), N = s.count();
    bool packed =
        std::apply([&](auto... o) { return (... && (!o || o.contiguous())) && (... && in.contiguous()); }, out.views);
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

  void matmul(view<T> c, view<T const> a, view<T const> b, bool accumulate = false) {
    base::check_product(c, a, b);
    // A narrow result is computed lying down: its few columns would leave most of a vector empty.
    if (c.columns < wide::width && c.rows > c.columns && a.row_stride == 1 && a.column_stride != 1 && !accumulate) {
      auto lying = this->template temporary<T>(c.size());
      auto transposed = lying.matrix(c.columns, c.rows);
      product(transposed, b.transposed(), a.transposed(), product_ends<T, identity>{});
      for (std::ptrdiff_t m = 0; m < c.rows; ++m)
        for (std::ptrdiff_t n = 0; n < c.columns; ++n) c(m, n) = transposed(n, m);
      return;
    }
    if (c.column_stride != 1) {
      if (c.row_stride == 1) return matmul(c.transposed(), b.transposed(), a.transposed(), accumulate);
      return base::matmul(c, a, b, accumulate);
    }
    product(c, a, b, product_ends<T, identity>{.accumulate = accumulate});
  }

  using typename base::factor;
  factor prepare(host_array<T>& room, view<T const> b) {
    room.resize((b.columns + panel_columns<T> - 1) / panel_columns<T> * panel_columns<T> * b.rows);
    prepare_panels(run_over_, b, room.data());
    return {b, room.data()};
  }
  void matmul_prepared(view<T> c, view<T const> a, factor const& b, bool accumulate = false) {
    base::check_product(c, a, b.matrix);
    if (!b.prepared || c.column_stride != 1 || a.columns == 0) return matmul(c, a, b.matrix, accumulate);
    auto room = this->template temporary<T>(large_product_room(c, a, threads()));
    large_product(run_over_, c, a, b.matrix, b.prepared, room.all().data,
                  product_ends<T, identity>{.accumulate = accumulate});
  }

  /// out = activation(x weight + bias): one pass, the activation on the sums while they are in registers.
  template <class Activation>
  void dense(view<T> out, view<T const> x, view<T const> weight, view<T const> bias, Activation activation) {
    if (out.column_stride != 1 || bias.column_stride != 1) return base::dense(out, x, weight, bias, activation);
    base::check_product(out, x, weight);
    base::check_bias(out, bias);
    product(out, x, weight, product_ends<T, Activation>{.bias = bias.data, .epilogue = activation});
  }

  void column_sum(view<T> out, view<T const> in) {
    base::check_column_sum(out, in);
    constexpr int W = wide::width;
    if (in.column_stride != 1 || out.column_stride != 1 || in.columns < W) return base::column_sum(out, in);
    std::ptrdiff_t c = 0;
    for (; c + W <= in.columns; c += W) {
      wide sum = 0;
      for (std::ptrdiff_t r = 0; r < in.rows; ++r) sum += wide::load(in.data + r * in.row_stride + c);
      sum.store(out.data + c);
    }
    if (c < in.columns)
      base::column_sum(view<T>(out.data + c, 1, in.columns - c),
                       {in.data + c, in.rows, in.columns - c, in.row_stride, 1});
  }

  void row_max(view<T> out, view<T const> in) {
    base::check_vectors("row_max", "the output", in.rows, out);
    if (in.column_stride != 1) return base::row_max(out, in);
    run_over_(in.rows, grain / (in.columns + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r) {
        wide largest = -std::numeric_limits<T>::infinity();
        for_packs(
            in.columns, [&](std::ptrdiff_t c) { largest = max(largest, wide::load(&in(r, c))); },
            [&](std::ptrdiff_t c, int n) {
              largest = max(largest, lane_source<wide, T const>(&in(r, 0), 1).collected(c, n));
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
    auto plain = [](auto v) { return v.column_stride <= 1; };
    if (!plain(in) || !(plain(more) && ...)) return base::row_sums(out, f, in, more...);
    run_over_(in.rows, grain / (in.columns + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r) {
        auto source = [&]<class U>(view<U> v) {
          return lane_source<wide, U>(v.data + r * v.row_stride, v.column_stride);
        };
        reduce_row(&out(r, 0), out.column_stride, in.columns, f, source(in), source(more)...);
      }
    });
  }

  /// Segments by the kernel of sums, lanes a row of all after the other.
  template <class F, class... I>
  void segment_reduce(partition s, view<T> out, F f, view<I>... in) {
    if (!(out.contiguous() && ... && in.contiguous())) return base::segment_reduce(s, out, f, in...);
    base::check_vectors("segment_reduce", "the output", s.count(), out);
    base::check_vectors("segment_reduce", "an input", s.steps(), in...);
    std::ptrdiff_t N = s.count(), average = s.steps() / std::max<std::ptrdiff_t>(1, N);
    if (!s.is_lanes()) {
      run_over_(N, grain / (average + 1) + 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t n = first; n < last; ++n)
          reduce_row(out.data + n, 1, s.length(n), f, lane_source<wide, I>(in.data + s.first(n), 1)...);
      });
      return;
    }
    constexpr std::ptrdiff_t strip = 256;
    run_over_((N + strip - 1) / strip, grain / (strip * (average + 1)) + 1,
              [&](std::ptrdiff_t first, std::ptrdiff_t last) {
                std::ptrdiff_t from = first * strip, n = std::min(N, last * strip) - from;
                view<T> sums(out.data + from, n);
                std::fill_n(sums.data, n, T(0));
                for (std::ptrdiff_t t = 0; t < s.longest(); ++t)
                  line(
                      n, outputs{sums}, added_to<F>{f}, [](auto v) { return v.data; },
                      [](auto v) { return v.row_stride; }, view<T const>(sums), view<I>(in.data + t * N + from, n)...);
              });
  }
  void broadcast_series(partition s, view<T> out, view<T const> in) {
    if (!out.contiguous() || !in.contiguous()) return base::broadcast_series(s, out, in);
    base::check_vectors("spread", "the output", s.steps(), out);
    base::check_vectors("spread", "the input", s.count(), in);
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
      for_runs(index, run, [to = out.data, from = in.data](std::int32_t i, std::ptrdiff_t r) { to[i] += from[r]; });
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

  void attention(attention_layout const& layout, view<T> out, view<T> log_total, view<T const> q, view<T const> k,
                 view<T const> v) {
    base::check_attention(layout, out, log_total, q, k, v);
    queried_.clear();
    for (std::size_t s = 0; s < layout.host.size(); ++s)
      if (layout.host[s].queries > 0) queried_.push_back(std::int32_t(s));
    with_attention_rooms(layout, queried_, 0, [&](T* memory, std::ptrdiff_t keys, std::int32_t s, int g) {
      attention_room<T> room(memory, keys, layout.size);
      attention_of_segment<T>(layout, s).forward(room, g, out, log_total, q, k, v);
    });
  }

  void attention_backward(attention_layout const& layout, view<T> dq, view<T> dk, view<T> dv, view<T const> dout,
                          view<T const> q, view<T const> k, view<T const> v, view<T const> out,
                          view<T const> log_total) {
    base::check_attention_backward(layout, dq, dk, dv, dout, q, k, v, out, log_total);
    queried_.clear();
    for (std::size_t s = 0; s < layout.host.size(); ++s)
      if (layout.host[s].prefix < 0) queried_.push_back(std::int32_t(s));
    // A family is one worker's: the keys of a prefix get gradients from all of its children, in their order.
    with_attention_rooms(layout, queried_, 2, [&](T* memory, std::ptrdiff_t keys, std::int32_t root, int g) {
      auto const& s = layout.host[std::size_t(root)];
      for (std::int32_t n = -1; n < s.children; ++n) {
        attention_of_segment<T> segment(layout, n < 0 ? root : s.first_child + n);
        attention_room<T> room(memory, keys, layout.size);
        T* gradients = memory + attention_room<T>::size(keys, layout.size);
        segment.backward(room, g, dq, dk, dv, dout, q, k, v, out, log_total, gradients,
                         gradients + room.wide * room.head);
      }
    });
  }

  template <class U>
  void gather(view<U> out, view<U const> in, view<std::int32_t const> index) {
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

 private:
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
  /// whole(c) for each whole pack of n columns, then tail(c, count).
  template <class Whole, class Tail>
  static void for_packs(std::ptrdiff_t n, Whole whole, Tail tail) {
    std::ptrdiff_t c = 0;
    for (; c + wide::width <= n; c += wide::width) whole(c);
    if (c < n) tail(c, int(n - c));
  }
  template <class F>
  struct added_to {
    F f;
    template <class S, class... X>
    S operator()(S sum, X... x) const {
      return sum + f(x...);
    }
  };
  template <class F, class... Source>
  static void reduce_row(T* out, std::ptrdiff_t out_stride, std::ptrdiff_t n, F const& f, Source... in) {
    constexpr int N = int(sizeof(f(in.full(0)...)) / sizeof(wide));
    auto total = reduce_line<wide, N>(0, n, f, in...);
    for (int k = 0; k < N; ++k) out[k * out_stride] = total[k];
  }
  /// f(memory of the worker, the most keys, item, key head) for all items and heads; the memory has `more` matrices of
  /// keys besides a room.
  template <class F>
  void with_attention_rooms(attention_layout const& layout, std::vector<std::int32_t> const& items, int more, F f) {
    std::ptrdiff_t keys = 0, work = std::ptrdiff_t(items.size()) * layout.kv_heads;
    for (auto const& s : layout.host)
      keys = std::max<std::ptrdiff_t>(keys, s.keys + (s.prefix >= 0 ? layout.host[std::size_t(s.prefix)].keys : 0));
    using room = attention_room<T>;
    std::ptrdiff_t size = room::size(keys, layout.size) + more * room::padded(keys) * room::padded(layout.size);
    auto memory = this->template temporary<T>(std::min<std::ptrdiff_t>(threads(), work) * size);
    run_over_(work, 1, [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t i = first; i < last; ++i)
        f(memory.all().data + worker * size, keys, items[std::size_t(i / layout.kv_heads)], int(i % layout.kv_heads));
    });
  }

  template <class... O, class F, class At, class Step, class... I>
  static void line(std::ptrdiff_t n, outputs<O...> out, F const& f, At at, Step step, view<I>... in) {
    std::apply(
        [&](auto... o) {
          map_line<wide>(n, std::tuple(at(o)...), std::array<std::ptrdiff_t, sizeof...(O)>{step(o)...}, f,
                         lane_source<wide, I>(at(in), step(in))...);
        },
        out.views);
  }

  /// Eight series at a time: of one alone each step waits for the one before.
  template <class F, class... O, class... I>
  void scan_side_by_side(partition s, direction d, F f, double initial, std::tuple<view<O>...> out, view<I>... in) {
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
                       std::tuple<view<O>...> out, I const*... in) {
    std::ptrdiff_t k = 0;
    for (; k + wide::width <= n; k += wide::width) {
      std::apply([&](auto... o) { (__builtin_prefetch(o.data + i + k + after, 1), ...); }, out);
      auto next = f(wide::load(carry + k), load_pack<wide>(in + i + k)...);
      component(next, 0).store(carry + k);
      store_present(out, i + k, wide::width, next);
    }
    if (k == n) return;
    auto next = f(wide::load(carry + k), lane_source<wide, I>(in + i, 1).collected(k, int(n - k))...);
    component(next, 0).store(carry + k);
    store_present(out, i + k, int(n - k), next);
  }

  template <class Epilogue>
  void product(view<T> c, view<T const> a, view<T const> b, product_ends<T, Epilogue> const& ends) {
    if (a.columns > 0 && (b.size() > (1 << 16) || (b.size() >= (1 << 13) && b.column_stride != 1))) {
      auto room = this->template temporary<T>(large_product_room(c, a, threads()));
      return large_product(run_over_, c, a, b, static_cast<T const*>(nullptr), room.all().data, ends);
    }
    constexpr int panel = panel_columns<T>;
    auto packed = this->template temporary<T>((c.columns + panel - 1) / panel * panel * a.columns);
    if (c.columns <= 4 && a.column_stride == 1 && a.columns >= wide::width)
      return narrow_product(run_over_, c, a, b, packed.all().data, ends);
    small_product(run_over_, c, a, b, packed.all().data, ends);
  }

  Executor run_over_;
  std::vector<std::int32_t> queried_;

 protected:
  explicit host_backend(Executor run_over) : run_over_(run_over) {}
};

}  // namespace COHORT_EIGEN_TARGET
}  // namespace cohort::eigen
