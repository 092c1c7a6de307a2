#pragma once
#include <cohort/backend/attention.hpp>
#include <cohort/backend/pool.hpp>
#include <span>
#include <tuple>
#include <type_traits>

namespace COHORT_NAMESPACE {

/// Every primitive of the backend concept, written on one: `for_each(n, f)`, which calls f(0) ... f(n - 1) in any
/// order, at once if it likes; f is one of the structs of kernels.hpp.
///
/// A backend derives from fallback<itself, float or double, its array>, provides for_each, upload(view, span) and
/// download(span, view), and replaces whatever it does better. Views are of the backend's memory. All primitives check
/// extents and throw shape_error.
template <class Derived, class T, template <class> class Array>
class fallback {
 public:
  using value_type = T;
  using scalar = real<T>;  ///< of one element
  using wide = real<T>;    ///< what map hands to a formula
  template <class U>
  using array = Array<U>;

  /// n elements in an array of this backend; the contents are kept only where n does not grow.
  template <class U>
  void resize(Array<U>& a, std::ptrdiff_t n) {
    a.resize(n);
  }
  /// The array holds these numbers of the host.
  template <class U>
  void assign(Array<U>& a, std::type_identity_t<std::span<U const>> from) {
    self().resize(a, std::ptrdiff_t(from.size()));
    self().upload(a.all(), from);
  }

  /// Elementwise and fused: (outputs) = f(in...). f returns S or several<S, N>; in... broadcast to the outputs' extents
  /// by stride 0.
  template <class... O, class F, class... I>
  void map(outputs<O...> out, F f, view<I>... in) {
    detail::unpack([&](auto... o) { check_map({o...}, {in...}); }, out.views);
    auto first = get<0>(out.views);
    self().for_each(first.size(), detail::map_kernel<scalar, F, decltype(out.views), detail::bundle<view<I>...>>{
                                      out.views, f, {in...}, first.columns});
  }

  /// f(row...) for each of n rows; for formulas over a whole row, such as a softmax. Each view has n rows, or one for
  /// all (row stride 0). Views must not overlap unless they are the same.
  template <class F, class... U>
  void map_rows(std::ptrdiff_t n, F f, view<U>... v) {
    check_rows(n, {v...});
    self().for_each(n, detail::rows_kernel<false, scalar, F, U...>{f, {v...}});
  }

  /// f(i, row...) for each of n rows, one at a time and in plain numbers: for what is no formula but has branches, or
  /// draws random numbers.
  template <class F, class... U>
  void for_rows(std::ptrdiff_t n, F f, view<U>... v) {
    check_rows(n, {v...});
    self().for_each(n, detail::rows_kernel<true, scalar, F, U...>{f, {v...}});
  }

  /// out[k] = the sum of f(in...)[k] over all elements, by a fixed tree: the same bits on any number of threads.
  template <class F, class I, class... More>
  void reduce(view<T> out, F f, view<I> in, view<More>... more) {
    check_extents("reduce", in, {more...});
    using term = decltype(f(matrix_row<scalar, I>::load(in.data), matrix_row<scalar, More>::load(more.data)...));
    constexpr std::ptrdiff_t block = 4096, width = sizeof(term) / sizeof(scalar);
    check_sums(width, out);
    std::ptrdiff_t blocks = (in.size() + block - 1) / block;
    auto partial = self().template temporary<T>((blocks + 1) * width);
    auto sums = partial.matrix(blocks, width);
    using inputs = detail::bundle<view<I>, view<More>...>;
    self().for_each(blocks,
                    detail::block_sums_kernel<scalar, F, inputs>{sums, f, {in, more...}, block, in.size(), in.columns});
    self().for_each(width, detail::column_sums_kernel<T>{out.transposed(), sums});
  }

  /// Along each series, in the given direction: (outputs) = f(carry, in...), of which the first is the next step's
  /// carry. f returns S or several<S, N>. An output that is absent (a null view) is not written. Outputs may be inputs.
  template <class... O, class F, class... I>
  void scan(partition s, direction d, F f, double initial, outputs<O...> out, view<I>... in) {
    check_scan(s, out, {in...});
    self().for_each(s.count(), detail::scan_kernel<scalar, F, decltype(out.views), detail::bundle<view<I>...>>{
                                   s, d, f, initial, out.views, {in...}});
  }
  template <class F, class... I>
  void scan(partition s, direction d, F f, double initial, view<T> out, view<I>... in) {
    self().scan(s, d, f, initial, outputs{out}, in...);
  }

  /// out[n] = the sum of f(in...) over the steps of series n, in an order that is always the same.
  template <class F, class... I>
  void segment_reduce(partition s, view<T> out, F f, view<I>... in) {
    check_vectors("segment_reduce", "the output", s.count(), {out});
    check_vectors("segment_reduce", "an input", s.steps(), {in...});
    self().for_each(s.count(),
                    detail::segment_reduce_kernel<scalar, F, detail::bundle<view<I>...>>{s, out, f, {in...}});
  }

  /// The inverse: out[i] = in[n] for each step i of series n.
  void broadcast_series(partition s, view<T> out, view<T const> in) {
    check_vectors("spread", "the output", s.steps(), {out});
    check_vectors("spread", "the input", s.count(), {in});
    self().for_each(s.count(), detail::broadcast_series_kernel<T>{s, out, in});
  }

  /// out[r] = in[index[r]], whole rows; U is any element type.
  template <class U>
  void gather(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    check_gather(out, in, index);
    self().for_each(out.rows, detail::gather_kernel<U>{out, in, index});
  }

  /// out[index[r]] += in[r], whole rows, in an order that the indices alone give.
  void scatter_add(view<T> out, view<T const> in, view<std::int32_t const> index) {
    check_scatter("scatter_add", out, in, index);
    self().for_each(out.columns, detail::scatter_add_kernel<T>{out, in, index});
  }

  /// out[index[r]] = in[r], whole rows; no index twice.
  template <class U>
  void scatter(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    check_scatter("scatter", out, in, index);
    self().for_each(in.rows, detail::scatter_kernel<U>{out, in, index});
  }

  /// out[r] = the largest element of row r; a NaN wins.
  void row_max(view<T> out, view<T const> in) {
    check_vectors("row_max", "the output", in.rows, {out});
    self().for_each(in.rows, detail::row_max_kernel<T>{out, in});
  }

  /// out(r, k) = the sum of f(in...)[k] over row r. One column is a view of stride 0 where the others have many.
  template <class F, class I, class... More>
  void row_sums(view<T> out, F f, view<I> in, view<More>... more) {
    check_row_sums<F, I, More...>(out, in, more...);
    using inputs = detail::bundle<view<I>, view<More>...>;
    self().for_each(in.rows, detail::row_sums_kernel<scalar, F, inputs>{out, f, {in, more...}, in.columns});
  }

  /// Causal attention of grouped queries: out(i, h) = softmax_j(q(i, h) . k(j, g) / sqrt(size)) v(j, g) over the keys j
  /// that i sees (of a window its newest), g the key head of h, with scores of another factor or under a cap where the
  /// layout says so; log_total(i, h) is the logarithm of the softmax's denominator, which the
  /// backward pass wants. Heads lie side by side: q is Q x (heads size).
  void attention(attention_layout const& layout, view<T> out, view<T> log_total, view<T const> q, view<T const> k,
                 view<T const> v) {
    check_attention(layout, out, log_total, q, k, v);
    self().for_each(q.rows * layout.heads,
                    detail::attention_kernel<T>{layout, layout.scale(), out, log_total, q, k, v});
  }

  /// Overwrites dq, dk, dv with the gradient of sum(dout out). Needs a layout in which each row is a query and a key.
  void attention_backward(attention_layout const& layout, view<T> dq, view<T> dk, view<T> dv, view<T const> dout,
                          view<T const> q, view<T const> k, view<T const> v, view<T const> out,
                          view<T const> log_total) {
    check_attention_backward(layout, dq, dk, dv, dout, q, k, v, out, log_total);
    detail::attention_slopes<T> slopes{layout, layout.scale(), q, k, v, out, log_total, dout};
    self().for_each(q.rows * layout.heads, detail::attention_query_backward_kernel<T>{slopes, dq});
    self().for_each(k.rows * layout.kv_heads, detail::attention_key_backward_kernel<T>{slopes, dk, dv});
  }

  /// A right factor that serves many products while it does not change, in the form that they like best, in `room`;
  /// here it is just the view.
  struct factor {
    view<T const> matrix;
    T const* prepared = nullptr;
    factor(view<T const> m, T const* p = nullptr) : matrix(m), prepared(p) {}
    factor(view<T> m) : matrix(m) {}
  };
  factor prepare(Array<T>&, view<T const> b) { return b; }
  void matmul_prepared(view<T> c, view<T const> a, factor const& b, bool accumulate = false) {
    self().matmul(c, a, b.matrix, accumulate);
  }

  /// c = a b, or c += a b. A transposed factor is a transposed view.
  void matmul(view<T> c, view<T const> a, view<T const> b, bool accumulate = false) {
    check_product(c, a, b);
    self().for_each(c.size(), detail::matmul_kernel<T>{c, a, b, accumulate});
  }

  /// out = activation(x weight + bias), the bias one row.
  template <class Activation>
  void dense(view<T> out, view<T const> x, view<T const> weight, view<T const> bias, Activation activation) {
    check_bias(out, bias);
    self().matmul(out, x, weight);
    self().map(outputs{out}, detail::biased<Activation>{activation}, view<T const>(out),
               view<T const>(bias.data, out.rows, out.columns, 0, bias.column_stride));
  }

  /// out(0, c) = the sum of column c.
  void column_sum(view<T> out, view<T const> in) {
    check_column_sum(out, in);
    self().for_each(in.columns, detail::column_sums_kernel<T>{out, in});
  }

  /// out = f(in...), and sums(0, c) the sum of its column c: a gradient through an activation, and that of the bias.
  template <class F, class... I>
  void map_column_sum(view<T> out, view<T> sums, F f, view<I>... in) {
    check_column_sum(sums, view<T const>(out));
    self().map(outputs{out}, f, in...);
    self().column_sum(sums, view<T const>(out));
  }

  /// out(r, c) = the draw number c of lane first_lane + r of the stream, in the open interval (0, 1).
  void uniform(view<T> out, stream_id s, std::uint32_t first_lane = 0) {
    self().for_each(out.rows, detail::uniform_kernel<T>{out, s, first_lane});
  }

  /// Scratch memory from a pool: after a loop's first pass it costs no allocation.
  template <class U>
  detail::borrowed<Derived, Array<U>> temporary(std::ptrdiff_t n) {
    return {self(), std::get<std::vector<Array<U>>>(pools_), n};
  }

 protected:
  using shape = detail::matrix_shape;
  using shapes = std::initializer_list<shape>;

  static void check_extents(char const* where, shape expected, shapes in) {
    detail::require_same_extents(where, "an input", in, expected);
  }
  static void check_product(shape c, shape a, shape b) {
    if (a.columns != b.rows || c.rows != a.rows || c.columns != b.columns)
      throw shape_error("matmul: " + detail::extents(a) + " times " + detail::extents(b) + " into " +
                        detail::extents(c));
  }
  static void check_map(shapes out, shapes in) {
    detail::require_same_extents("map", "an output", out, *out.begin());
    check_extents("map", *out.begin(), in);
  }
  [[gnu::noinline]] static void check_rows(std::ptrdiff_t n, shapes all) {
    for (auto const& v : all)
      if (v.row_stride != 0) detail::require_same_extents("map_rows", "a view", v, {n, v.columns});
  }
  static void check_vectors(char const* where, char const* what, std::ptrdiff_t n, shapes all) {
    detail::require_same_extents(where, what, all, {n, 1});
  }
  template <class... O>
  static void check_scan(partition s, outputs<O...> const& out, shapes in) {
    detail::unpack([&](auto... o) { (..., (o ? check_vectors("scan", "an output", s.steps(), {o}) : void())); },
                   out.views);
    check_vectors("scan", "an input", s.steps(), in);
  }
  static void check_sums(std::size_t sums, view<T> out) {
    if (out.rows != std::ptrdiff_t(sums) || out.columns != 1)
      throw shape_error("reduce: the output is " + detail::extents(out) + ", the formula gives " +
                        std::to_string(sums) + " x 1");
  }
  template <class F, class I, class... More>
  static void check_row_sums(view<T> out, view<I> in, view<More>... more) {
    check_extents("row_sums", in, {more...});
    using term = decltype(std::declval<F const&>()(matrix_row<scalar, I>::load(in.data),
                                                   matrix_row<scalar, More>::load(more.data)...));
    detail::require_same_extents("row_sums", "the output", out,
                                 view<T>(nullptr, in.rows, std::ptrdiff_t(sizeof(term) / sizeof(scalar))));
  }
  template <class O, class L>
  static void check_attention(attention_layout const& layout, view<O> out, view<L> log_total, view<T const> q,
                              view<T const> k, view<T const> v) {
    std::ptrdiff_t wide = layout.heads * layout.size, narrow = layout.kv_heads * layout.size;
    detail::require_same_extents("attention", "the queries' matrix", q, {layout.segment_of.rows, wide});
    detail::require_same_extents("attention", "the output", out, q);
    detail::require_same_extents("attention", "log_total", log_total, {q.rows, layout.heads});
    detail::require_same_extents("attention", "the keys' matrix", k, {k.rows, narrow});
    detail::require_same_extents("attention", "the values' matrix", v, k);
  }
  static void check_attention_backward(attention_layout const& layout, view<T> dq, view<T> dk, view<T> dv,
                                       view<T const> dout, view<T const> q, view<T const> k, view<T const> v,
                                       view<T const> out, view<T const> log_total) {
    check_attention(layout, out, log_total, q, k, v);
    detail::require_same_extents("attention_backward", "the keys' matrix", k, {q.rows, k.columns});
    detail::require_same_extents("attention_backward", "the output's gradient", dout, q);
    detail::require_same_extents("attention_backward", "the queries' gradient", dq, q);
    detail::require_same_extents("attention_backward", "the keys' gradient", dk, k);
    detail::require_same_extents("attention_backward", "the values' gradient", dv, v);
  }
  template <class U>
  static void check_gather(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    detail::require_same_extents("gather", "the output", out, {index.rows, in.columns});
  }
  template <class U>
  static void check_scatter(char const* where, view<U> out, std::type_identity_t<view<U const>> in,
                            view<std::int32_t const> index) {
    detail::require_same_extents(where, "the input", in, {index.rows, out.columns});
  }
  static void check_bias(view<T> out, view<T const> bias) {
    detail::require_same_extents("dense", "the bias", bias, {1, out.columns});
  }
  static void check_column_sum(view<T> out, view<T const> in) {
    detail::require_same_extents("column_sum", "the output", out, {1, in.columns});
  }

 private:
  Derived& self() { return static_cast<Derived&>(*this); }

  std::tuple<std::vector<Array<T>>, std::vector<Array<std::int32_t>>, std::vector<Array<std::uint8_t>>> pools_;
};

}  // namespace COHORT_NAMESPACE
