#pragma once
#if defined(__CUDACC__)
#error "cohort: the Eigen backend cannot be included in a CUDA source: nvcc makes Eigen switch its vectorization off. Include it in a .cpp"
#endif
#include <cohort/backend/concept.hpp>
#include <cohort/backend/host_array.hpp>
#include <cohort/eigen/loops.hpp>
#include <cohort/eigen/parallel.hpp>
#include <cohort/eigen/product.hpp>

namespace cohort::eigen {
inline namespace COHORT_EIGEN_TARGET {

/// The primitives on a processor: arrays in host memory, formulas in SIMD packs, products by a kernel for small matrices and by Eigen for large ones.
///
/// Executor is how loops are run: run_over(n, grain, f) calls f(first, last) for cuts of 0 ... n that hold at least `grain` items each, on any
/// threads, and throws what any of the calls throws (see openmp_threads). What is computed never depends on the cuts, so the bits do not either.
template <class Derived, class T, class Executor>
class host_backend : public fallback<Derived, T, host_array> {
  using base = fallback<Derived, T, host_array>;
  static constexpr std::ptrdiff_t grain = 1 << 14;  // elements below which a second thread costs more than it brings

 public:
  using wide = pack<T>;

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
          line(shape.columns, out, f, [r](auto v) { return v.data + r * v.row_stride; }, [](auto v) { return v.column_stride; }, in...);
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
    using term = decltype(f(load_pack<wide>((std::remove_const_t<I> const*)nullptr), load_pack<wide>((std::remove_const_t<More> const*)nullptr)...));
    constexpr int N = sizeof(term) / sizeof(wide);
    base::check_sums(N, out);
    auto flat = [](auto v) { return v.columns == 1 || v.contiguous() || (v.row_stride == 0 && v.column_stride == 0); };
    if (!flat(in) || !(flat(more) && ...)) return base::reduce(out, f, in, more...);
    auto source = [&]<class U>(view<U> v) { return lane_source<wide, U>(v.data, v.columns == 1 ? v.row_stride : v.column_stride); };
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

  // Time outermost: all lanes of one step, then the next, the row of carries being the row just written. A handful of lanes goes one by one.
  template <class F, class... I>
  void scan(series s, direction d, F f, double initial, view<T> out, view<I>... in) {
    std::ptrdiff_t T_ = s.longest(), N = s.count();
    if (!s.is_lanes() || N < 2 * wide::width || !(out.contiguous() && ... && in.contiguous())) return base::scan(s, d, f, initial, out, in...);
    base::check_vectors("scan", "the output", s.steps(), out);
    base::check_vectors("scan", "an input", s.steps(), in...);
    run_over_(N / wide::width, std::max<std::ptrdiff_t>(1, grain / (T_ * wide::width + 1)), [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      std::ptrdiff_t from = first * wide::width, to = last == N / wide::width ? N : last * wide::width;
      T start[wide::width];
      std::fill_n(start, wide::width, T(initial));
      for (std::ptrdiff_t k = 0; k < T_; ++k) {
        std::ptrdiff_t t = d == direction::forward ? k : T_ - 1 - k, before = d == direction::forward ? t - 1 : t + 1;
        T* row_out = out.data + t * N;
        T const* carry = k == 0 ? start : out.data + before * N;
        std::ptrdiff_t carry_step = k == 0 ? 0 : 1;
        std::ptrdiff_t n = from;
        for (; n + wide::width <= to; n += wide::width)
          f(wide::load(carry + n * carry_step), load_pack<wide, std::remove_const_t<I>>(in.data + t * N + n)...).store(row_out + n);
        if (n < to)
          line(to - n, outputs{view<T>(row_out + n, to - n)}, f, [](auto v) { return v.data; }, [](auto v) { return v.row_stride; },
               view<T const>(carry + n * carry_step, to - n, 1, carry_step, 1), view<I>(in.data + t * N + n, to - n)...);
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
      base::column_sum(view<T>(out.data + c, 1, in.columns - c), {in.data + c, in.rows, in.columns - c, in.row_stride, 1});
  }

  template <class U>
  void gather(view<U> out, view<U const> in, view<std::int32_t const> index) {
    base::check_gather(out, in, index);
    if (out.columns == 1) {
      for (std::ptrdiff_t r = 0; r < out.rows; ++r) out.data[r * out.row_stride] = in.data[index[r] * in.row_stride];
    } else {
      base::gather(out, in, index);
    }
  }

 private:
  template <class... O, class F, class At, class Step, class... I>
  static void line(std::ptrdiff_t n, outputs<O...> out, F const& f, At at, Step step, view<I>... in) {
    std::apply(
        [&](auto... o) {
          map_line<wide>(n, std::tuple(at(o)...), std::array<std::ptrdiff_t, sizeof...(O)>{step(o)...}, f, lane_source<wide, I>(at(in), step(in))...);
        },
        out.views);
  }

  template <class Epilogue>
  void product(view<T> c, view<T const> a, view<T const> b, product_ends<T, Epilogue> const& ends) {
    if (b.size() > (1 << 17) && c.rows >= 16) return large_product(c, a, b, ends);
    constexpr int panel = panel_columns<T>;
    auto packed = this->template temporary<T>((c.columns + panel - 1) / panel * panel * a.columns);
    if (c.columns <= 4 && a.column_stride == 1 && a.columns >= wide::width) return narrow_product(run_over_, c, a, b, packed.all().data, ends);
    small_product(run_over_, c, a, b, packed.all().data, ends);
  }

  // Eigen's product on fixed blocks of rows: its own threads would cut by their number, and the bits with them. A factor whose columns are not
  // adjacent is copied first, so that one product is compiled instead of four.
  template <class Epilogue>
  void large_product(view<T> c, view<T const> a, view<T const> b, product_ends<T, Epilogue> const& ends) {
    auto left_copy = this->template temporary<T>(a.column_stride == 1 ? 0 : a.size()), right_copy = this->template temporary<T>(b.column_stride == 1 ? 0 : b.size());
    a = with_adjacent_columns(a, left_copy.all().data);
    b = with_adjacent_columns(b, right_copy.all().data);
    using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    auto map_of = [](auto v) {
      using M = std::conditional_t<std::is_const_v<std::remove_pointer_t<decltype(v.data)>>, matrix const, matrix>;
      return Eigen::Map<M, 0, Eigen::OuterStride<>>(v.data, v.rows, v.columns, Eigen::OuterStride<>(v.row_stride));
    };
    constexpr std::ptrdiff_t block = 192;
    run_over_((c.rows + block - 1) / block, 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      no_further_threads guard;
      for (std::ptrdiff_t i = first; i < last; ++i) {
        std::ptrdiff_t from = i * block, rows = std::min(block, c.rows - from);
        auto target = map_of(c.part(from, rows));
        if (!ends.accumulate) target.setZero();
        target.noalias() += map_of(a.part(from, rows)) * map_of(b);
        for (std::ptrdiff_t r = 0; r < rows; ++r)
          for (std::ptrdiff_t n = 0; n < c.columns; n += wide::width) finish(&c(from + r, n), n, std::min<std::ptrdiff_t>(wide::width, c.columns - n), ends);
      }
    });
  }
  static view<T const> with_adjacent_columns(view<T const> v, T* room) {
    if (v.column_stride == 1) return v;
    for (std::ptrdiff_t r = 0; r < v.rows; ++r)
      for (std::ptrdiff_t n = 0; n < v.columns; ++n) room[r * v.columns + n] = v(r, n);
    return {room, v.rows, v.columns};
  }
  template <class Epilogue>
  static void finish(T* p, std::ptrdiff_t column, std::ptrdiff_t count, product_ends<T, Epilogue> const& ends) {
    T line[wide::width] = {};
    for (std::ptrdiff_t i = 0; i < count; ++i) line[i] = p[i] + (ends.bias ? ends.bias[column + i] : T(0));
    ends.epilogue(wide::load(line)).store(line);
    std::copy_n(line, count, p);
  }

  Executor run_over_;

 protected:
  explicit host_backend(Executor run_over) : run_over_(run_over) {}
};

}  // namespace COHORT_EIGEN_TARGET
}  // namespace cohort::eigen
