#pragma once
#include <algorithm>
#include <cohort/backend/series.hpp>
#include <cohort/random/stream.hpp>
#include <cohort/scalar/real.hpp>
#include <tuple>
#include <vector>

namespace cohort {

/// The arrays that a map writes, in the order in which its function returns them.
template <class... T>
struct outputs {
  std::tuple<view<T>...> views;
  constexpr outputs(view<T>... v) : views(v...) {}
};

/// One row of a matrix as a formula over rows sees it: r[j] reads, r.set(j, x) writes. In a backend with wider scalars it is as many rows.
template <class S, class T>
struct row {
  using scalar = S;
  T* data;
  std::ptrdiff_t column_stride;
  constexpr auto operator[](std::ptrdiff_t j) const { return load(data + j * column_stride); }
  constexpr void set(std::ptrdiff_t j, S x) const { data[j * column_stride] = static_cast<T>(x.value); }

  /// Bytes are flags and load as masks; integers load as numbers.
  static constexpr auto load(T const* p) {
    if constexpr (std::is_same_v<std::remove_const_t<T>, std::uint8_t>) return mask_t<S>(*p != 0);
    else return S(*p);
  }
};

/// Every primitive of the backend concept, written on one: `for_each(n, f)`, which calls f(0) ... f(n - 1) in any order, at once if it likes.
///
/// A backend derives from fallback<itself, float or double, its array>, provides for_each, upload and download, and replaces whatever it does
/// better. Views are of the backend's memory. All primitives check extents and throw shape_error.
template <class Derived, class T, template <class> class Array>
class fallback {
 public:
  using value_type = T;
  using scalar = real<T>;  ///< of one element
  using wide = real<T>;    ///< what map hands to a formula
  template <class U>
  using array = Array<U>;

  /// Elementwise and fused: (outputs) = f(in...). f returns S or several<S, N>; in... broadcast to the outputs' extents by stride 0.
  template <class... O, class F, class... I>
  void map(outputs<O...> out, F f, view<I>... in) {
    check_map(out, in...);
    auto shape = std::get<0>(out.views);
    auto ins = std::tuple(in...);
    self().for_each(shape.size(), [=](std::ptrdiff_t i) {
      std::ptrdiff_t r = i / shape.columns, c = i % shape.columns;
      store(out.views, r, c, std::apply([&](auto... v) { return f(row<scalar, std::remove_pointer_t<decltype(v.data)>>::load(&v(r, c))...); }, ins));
    });
  }

  /// f(row...) for each of n rows; for formulas over a whole row, such as a softmax. Each view has n rows, or one for all (row stride 0). Views
  /// must not overlap unless they are the same.
  template <class F, class... U>
  void map_rows(std::ptrdiff_t n, F f, view<U>... v) {
    check_rows(n, v...);
    self().for_each(n, [=](std::ptrdiff_t i) { f(row<scalar, U>{v.data + i * v.row_stride, v.column_stride}...); });
  }

  /// out[k] = the sum of f(in...)[k] over all elements, by a fixed tree: the same bits on any number of threads.
  template <class F, class I, class... More>
  void reduce(view<T> out, F f, view<I> in, view<More>... more) {
    check_extents("reduce", in, more...);
    constexpr std::ptrdiff_t block = 1024, width = sizeof(f(row<scalar, I>::load(in.data), row<scalar, More>::load(more.data)...)) / sizeof(scalar);
    check_sums(width, out);
    std::ptrdiff_t blocks = (in.size() + block - 1) / block;
    auto partial = self().template temporary<T>((blocks + 1) * width);
    auto sums = partial.matrix(blocks, width);
    auto ins = std::tuple(in, more...);
    self().for_each(blocks, [=](std::ptrdiff_t b) {
      for (std::ptrdiff_t k = 0; k < width; ++k) sums(b, k) = 0;
      for (std::ptrdiff_t i = b * block; i < std::min(in.size(), (b + 1) * block); ++i) {
        std::ptrdiff_t r = i / in.columns, c = i % in.columns;
        auto term = std::apply([&](auto... v) { return f(row<scalar, std::remove_pointer_t<decltype(v.data)>>::load(&v(r, c))...); }, ins);
        for (std::ptrdiff_t k = 0; k < width; ++k) sums(b, k) += part(term, k).value;
      }
    });
    self().for_each(1, [=](std::ptrdiff_t) {
      for (std::ptrdiff_t k = 0; k < width; ++k) {
        T total = 0;
        for (std::ptrdiff_t b = 0; b < blocks; ++b) total += sums(b, k);
        out[k] = total;
      }
    });
  }

  /// Along each series, in the given direction: carry = f(carry, in...), out = carry.
  template <class F, class... I>
  void scan(series s, direction d, F f, double initial, view<T> out, view<I>... in) {
    check_vectors("scan", "the output", s.steps(), out);
    check_vectors("scan", "an input", s.steps(), in...);
    self().for_each(s.count(), [=](std::ptrdiff_t n) {
      scalar carry = initial;
      std::ptrdiff_t length = s.length(n), first = s.first(n), stride = s.stride();
      for (std::ptrdiff_t k = 0; k < length; ++k) {
        std::ptrdiff_t i = first + (d == direction::forward ? k : length - 1 - k) * stride;
        carry = f(carry, row<scalar, I>::load(&in[i])...);
        out[i] = carry.value;
      }
    });
  }

  /// out[n] = the sum of f(in...) over the steps of series n, in their order.
  template <class F, class... I>
  void segment_reduce(series s, view<T> out, F f, view<I>... in) {
    check_vectors("segment_reduce", "the output", s.count(), out);
    check_vectors("segment_reduce", "an input", s.steps(), in...);
    self().for_each(s.count(), [=](std::ptrdiff_t n) {
      scalar total = 0;
      for (std::ptrdiff_t k = 0; k < s.length(n); ++k) {
        std::ptrdiff_t i = s.first(n) + k * s.stride();
        total += f(row<scalar, I>::load(&in[i])...);
      }
      out[n] = total.value;
    });
  }

  /// The inverse: out[i] = in[n] for each step i of series n.
  void spread(series s, view<T> out, view<T const> in) {
    check_vectors("spread", "the output", s.steps(), out);
    check_vectors("spread", "the input", s.count(), in);
    self().for_each(s.count(), [=](std::ptrdiff_t n) {
      for (std::ptrdiff_t k = 0; k < s.length(n); ++k) out[s.first(n) + k * s.stride()] = in[n];
    });
  }

  /// out[r] = in[index[r]], whole rows; U is any element type.
  template <class U>
  void gather(view<U> out, view<U const> in, view<std::int32_t const> index) {
    check_gather(out, in, index);
    self().for_each(out.rows, [=](std::ptrdiff_t r) {
      for (std::ptrdiff_t c = 0; c < out.columns; ++c) out(r, c) = in(index[r], c);
    });
  }

  /// out[index[r]] += in[r], whole rows, in the order of r.
  void scatter_add(view<T> out, view<T const> in, view<std::int32_t const> index) {
    detail::require_same_extents("scatter_add", "the input", in, view<T>(nullptr, index.rows, out.columns));
    self().for_each(out.columns, [=](std::ptrdiff_t c) {
      for (std::ptrdiff_t r = 0; r < in.rows; ++r) out(index[r], c) += in(r, c);
    });
  }

  /// c = a b, or c += a b. A transposed factor is a transposed view.
  void matmul(view<T> c, view<T const> a, view<T const> b, bool accumulate = false) {
    check_product(c, a, b);
    self().for_each(c.size(), [=](std::ptrdiff_t i) {
      std::ptrdiff_t m = i / c.columns, n = i % c.columns;
      T total = accumulate ? c(m, n) : T(0);
      for (std::ptrdiff_t k = 0; k < a.columns; ++k) total += a(m, k) * b(k, n);
      c(m, n) = total;
    });
  }

  /// out = activation(x weight + bias), the bias one row.
  template <class Activation>
  void dense(view<T> out, view<T const> x, view<T const> weight, view<T const> bias, Activation activation) {
    check_bias(out, bias);
    self().matmul(out, x, weight);
    self().map(outputs{out}, biased<Activation>{activation}, view<T const>(out), view<T const>(bias.data, out.rows, out.columns, 0, bias.column_stride));
  }

  /// out(0, c) = the sum of column c.
  void column_sum(view<T> out, view<T const> in) {
    check_column_sum(out, in);
    self().for_each(in.columns, [=](std::ptrdiff_t c) {
      T total = 0;
      for (std::ptrdiff_t r = 0; r < in.rows; ++r) total += in(r, c);
      out(0, c) = total;
    });
  }

  /// out(r, c) = the draw number c of lane first_lane + r of the stream, in the open interval (0, 1).
  void uniform(view<T> out, stream s, std::uint32_t first_lane = 0) {
    self().for_each(out.rows, [=](std::ptrdiff_t r) {
      philox4x32::counter words{};
      constexpr int per_block = sizeof(T) == 4 ? 4 : 2;
      for (std::ptrdiff_t c = 0; c < out.columns; ++c) {
        if (c % per_block == 0) words = s.words(first_lane + std::uint32_t(r), std::uint32_t(c / per_block));
        if constexpr (sizeof(T) == 4) out(r, c) = open_unit(words[c % 4]);
        else out(r, c) = open_unit(words[c % 2 * 2], words[c % 2 * 2 + 1]);
      }
    });
  }

  /// Scratch memory from a pool: after a loop's first pass it costs no allocation.
  template <class U>
  class borrowed {
   public:
    borrowed(std::vector<Array<U>>& pool, std::ptrdiff_t n) : pool_(pool) {
      if (!pool_.empty()) {
        array_ = std::move(pool_.back());
        pool_.pop_back();
      }
      array_.resize(n);
    }
    borrowed(borrowed const&) = delete;
    ~borrowed() { pool_.push_back(std::move(array_)); }
    view<U> all() { return array_.all(); }
    view<U> matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) { return array_.matrix(rows, columns); }

   private:
    std::vector<Array<U>>& pool_;
    Array<U> array_;
  };
  template <class U>
  borrowed<U> temporary(std::ptrdiff_t n) {
    return {std::get<std::vector<Array<U>>>(pools_), n};
  }

 protected:
  template <class S, class... I>
  static void check_extents([[maybe_unused]] char const* where, [[maybe_unused]] view<S> shape, view<I>... in) {
    (..., check_one(where, shape, in));
  }
  static void check_product(view<T> c, view<T const> a, view<T const> b) {
    if (a.columns != b.rows || c.rows != a.rows || c.columns != b.columns)
      throw shape_error("matmul: " + detail::extents(a) + " times " + detail::extents(b) + " into " + detail::extents(c));
  }
  template <class... O, class... I>
  static void check_map(outputs<O...> const& out, view<I>... in) {
    auto shape = std::get<0>(out.views);
    std::apply([&](auto... o) { (..., detail::require_same_extents("map", "an output", o, shape)); }, out.views);
    check_extents("map", shape, in...);
  }
  template <class... U>
  static void check_rows(std::ptrdiff_t n, view<U>... v) {
    (..., (v.row_stride == 0 ? void() : detail::require_same_extents("map_rows", "a view", v, view<U>(nullptr, n, v.columns))));
  }
  template <class... U>
  static void check_vectors(char const* where, char const* what, std::ptrdiff_t n, view<U>... v) {
    (..., detail::require_same_extents(where, what, v, view<U>(nullptr, n)));
  }
  static void check_sums(std::size_t sums, view<T> out) {
    if (out.rows != std::ptrdiff_t(sums) || out.columns != 1)
      throw shape_error("reduce: the output is " + detail::extents(out) + ", the formula gives " + std::to_string(sums) + " x 1");
  }
  template <class U>
  static void check_gather(view<U> out, view<U const> in, view<std::int32_t const> index) {
    detail::require_same_extents("gather", "the output", out, view<U>(nullptr, index.rows, in.columns));
  }
  static void check_bias(view<T> out, view<T const> bias) {
    detail::require_same_extents("dense", "the bias", bias, view<T>(nullptr, 1, out.columns));
  }
  static void check_column_sum(view<T> out, view<T const> in) {
    detail::require_same_extents("column_sum", "the output", out, view<T>(nullptr, 1, in.columns));
  }
  template <class S>
  static constexpr S part(S const& x, std::ptrdiff_t) {
    return x;
  }
  template <class S, int N>
  static constexpr S part(several<S, N> const& x, std::ptrdiff_t k) {
    return x[int(k)];
  }

 private:
  template <class Activation>
  struct biased {
    Activation activation;
    template <class S>
    constexpr S operator()(S sum, S bias) const {
      return activation(sum + bias);
    }
  };

  Derived& self() { return static_cast<Derived&>(*this); }

  template <class S, class I>
  static void check_one(char const* where, view<S> shape, view<I> in) {
    if (in.rows != shape.rows || in.columns != shape.columns) detail::require_same_extents(where, "an input", in, shape);
  }
  template <class... O, class R>
  static void store(std::tuple<view<O>...> const& out, std::ptrdiff_t r, std::ptrdiff_t c, R const& result) {
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      ((std::get<K>(out)(r, c) = static_cast<O>(part(result, K).value)), ...);
    }(std::index_sequence_for<O...>());
  }

  std::tuple<std::vector<Array<T>>, std::vector<Array<std::int32_t>>, std::vector<Array<std::uint8_t>>> pools_;
};

}  // namespace cohort
