#pragma once
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/torch/attention.hpp>
#include <cohort/torch/series.hpp>
#include <cohort/torch/tensor_maps.hpp>

namespace COHORT_NAMESPACE::torch {

/// Arrays are torch's tensors, and formulas torch's operations on whole tensors, on any of its devices; on the CPU
/// small ones are plain loops. It is for programs that live in torch: the other backends are faster.
///
/// What a rollout does lane by lane and in plain numbers (restarts, draws) happens on the host, and so does `uniform`,
/// which so gives the same bits on every device. Torch has as many threads as at::set_num_threads says; no promise of
/// equal bits is made.
template <class T>
class basic_backend : public tensor_maps<basic_backend<T>, T> {
  using base = fallback<basic_backend<T>, T, torch::array>;
  using maps = tensor_maps<basic_backend<T>, T>;
  using no_autograd = typename maps::no_autograd;
  using maps::load, maps::matrix, maps::looped, maps::device_;

 public:
  using wide = tensor_scalar<T>;
  using maps::tensor;

  basic_backend() : basic_backend(options{}) {}
  /// Raises value_error where this LibTorch cannot use the device.
  explicit basic_backend(options o) : maps(o) {}

  using base::scan;
  template <class... O, class F, class... I>
  void scan(partition s, direction d, F f, double initial, outputs<O...> out, view<I>... in) {
    base::check_scan(s, out, {in...});
    if (looped(s.steps())) return base::scan(s, d, f, initial, out, in...);
    no_autograd guard;
    auto to =
        cohort::detail::unpack([&](auto... o) { return std::array{o ? this->tensor(o) : at::Tensor()...}; }, out.views);
    if (s.is_lanes()) detail::scan_lanes<T>(s, d, f, initial, to, load(in)...);
    else detail::scan_segments<T>(s, d, f, initial, to, tensor(s.offsets()), load(in)...);
  }

  template <class F, class... I>
  void segment_reduce(partition s, view<T> out, F f, view<I>... in) {
    base::check_vectors("segment_reduce", "the output", s.count(), {out});
    base::check_vectors("segment_reduce", "an input", s.steps(), {in...});
    no_autograd guard;
    wide x = f(load(in)...);
    auto all =
        x.is_number() ? at::full({s.steps()}, x.number, at::TensorOptions(scalar_type<T>).device(device_)) : x.tensor;
    auto to = tensor(out);
    if (s.is_lanes()) {
      to.copy_(at::sum(all.reshape({s.longest(), s.count()}), 0));
    } else {
      to.zero_();
      to.index_add_(0, detail::series_of_steps(tensor(s.offsets())), all);
    }
  }

  void broadcast_series(partition s, view<T> out, view<T const> in) {
    base::check_vectors("spread", "the output", s.steps(), {out});
    base::check_vectors("spread", "the input", s.count(), {in});
    no_autograd guard;
    auto from = tensor(in);
    if (s.is_lanes())
      matrix(s.longest(), view<T>(out.data, s.longest(), s.count(), out.row_stride * s.count(), out.row_stride))
          .copy_(from.expand({s.longest(), s.count()}));
    else tensor(out).copy_(at::index_select(from, 0, detail::series_of_steps(tensor(s.offsets()))));
  }

  /// By operations where there are more scores than a loop should compute.
  void attention(attention_layout const& layout, view<T> out, view<T> log_total, view<T const> q, view<T const> k,
                 view<T const> v) {
    base::check_attention(layout, out, log_total, q, k, v);
    if (looped(scores(layout))) return base::attention(layout, out, log_total, q, k, v);
    no_autograd guard;
    detail::tensor_attention(layout, matrix(q.rows, q), matrix(k.rows, k), matrix(v.rows, v))
        .forward(matrix(out.rows, out), matrix(q.rows, log_total));
  }

  void attention_backward(attention_layout const& layout, view<T> dq, view<T> dk, view<T> dv, view<T const> dout,
                          view<T const> q, view<T const> k, view<T const> v, view<T const> out,
                          view<T const> log_total) {
    base::check_attention_backward(layout, dq, dk, dv, dout, q, k, v, out, log_total);
    if (looped(scores(layout))) return base::attention_backward(layout, dq, dk, dv, dout, q, k, v, out, log_total);
    no_autograd guard;
    std::ptrdiff_t R = q.rows;
    detail::tensor_attention(layout, matrix(R, q), matrix(R, k), matrix(R, v))
        .backward(matrix(R, dq), matrix(R, dk), matrix(R, dv), matrix(R, dout), matrix(R, out), matrix(R, log_total));
  }

  void matmul(view<T> c, view<T const> a, view<T const> b, bool accumulate = false) {
    base::check_product(c, a, b);
    no_autograd guard;
    auto to = matrix(c.rows, c), left = matrix(a.rows, a), right = matrix(b.rows, b);
    if (accumulate) to.addmm_(left, right);
    else at::mm_out(to, left, right);
  }

  template <class Activation>
  void dense(view<T> out, view<T const> x, view<T const> weight, view<T const> bias, Activation activation) {
    base::check_product(out, x, weight);
    base::check_bias(out, bias);
    no_autograd guard;
    auto to = matrix(out.rows, out);
    at::addmm_out(to, matrix(1, bias), matrix(x.rows, x), matrix(weight.rows, weight));
    if constexpr (std::is_same_v<Activation, detail::tanh_of>) {
      to.tanh_();
    } else {
      wide y = activation(wide(to));
      if (!y.tensor.is_same(to)) to.copy_(y.tensor);
    }
  }

  void column_sum(view<T> out, view<T const> in) {
    base::check_column_sum(out, in);
    no_autograd guard;
    matrix(1, out).copy_(at::sum(matrix(in.rows, in), {0}, true));
  }

 private:
  static std::ptrdiff_t scores(attention_layout const& layout) {
    std::ptrdiff_t n = 0;
    for (auto const& s : layout.host)
      n += std::ptrdiff_t(s.queries) * (s.keys + (s.prefix >= 0 ? layout.host[std::size_t(s.prefix)].keys : 0));
    return n * layout.heads;
  }
};

using backend = basic_backend<float>;

}  // namespace COHORT_NAMESPACE::torch
