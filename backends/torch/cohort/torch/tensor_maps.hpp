#pragma once
#include <ATen/core/LegacyTypeDispatch.h>
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/backend/host_array.hpp>
#include <cohort/torch/rows.hpp>

namespace COHORT_NAMESPACE::torch {

struct options {
  at::Device device = at::kCPU;
  /// On the CPU, elements (or rows) up to which a formula runs as a plain loop: an operation on tensors costs a
  /// microsecond or two whatever its size, and a formula is dozens of them. 0: always operations.
  std::ptrdiff_t loop_up_to = 4096;
};

/// Torch's primitives that take elements and rows one by one: maps, sums, gathers.
template <class Derived, class T>
class tensor_maps : public fallback<Derived, T, array> {
  using base = fallback<Derived, T, array>;

 public:
  using wide = tensor_scalar<T>;
  template <class U>
  using array = torch::array<U>;

  at::Device device() const { return device_; }
  /// A tensor that shares the view's memory.
  template <class U>
  at::Tensor tensor(view<U> v) const {
    return tensor_of(v, device_);
  }

  template <class U>
  void resize(array<U>& a, std::ptrdiff_t n) {
    a.resize(n, device_);
  }
  template <class U>
  void upload(view<U> to, std::type_identity_t<std::span<U const>> from) {
    if (device_.is_cpu()) return detail::copy_from_host(to, from);
    tensor(to).copy_(tensor_of(view<U const>(from.data(), to.rows, to.columns)));
  }
  template <class U>
  void download(std::span<std::remove_const_t<U>> to, view<U> from) {
    if (device_.is_cpu()) return detail::copy_to_host(to, from);
    tensor_of(view<std::remove_const_t<U>>(to.data(), from.rows, from.columns)).copy_(tensor(from));
  }

  /// A loop on the host, for kernels over host memory.
  template <class F>
  void for_each(std::ptrdiff_t n, F f) {
    for (std::ptrdiff_t i = 0; i < n; ++i) f(i);
  }

  template <class... O, class F, class... I>
  void map(outputs<O...> out, F f, view<I>... in) {
    cohort::detail::unpack([&](auto... o) { base::check_map({o...}, {in...}); }, out.views);
    if (looped(get<0>(out.views).size())) return base::map(out, f, in...);
    no_autograd guard;
    auto result = f(load(in)...);
    if constexpr (sizeof...(O) == 1) {
      store(get<0>(out.views), detail::part(result, 0));
    } else {
      // Each result that still is an input must be read before the outputs, which may be the same memory, are written.
      std::array<wide, sizeof...(O)> all;
      for (std::size_t k = 0; k < all.size(); ++k) {
        all[k] = detail::part(result, std::ptrdiff_t(k));
        auto inside = [&](auto const& v) {
          return !all[k].is_number() && all[k].tensor.data_ptr() == static_cast<void const*>(v.data);
        };
        if ((inside(in) || ...)) all[k].tensor = all[k].tensor.clone();
      }
      store_all(out, all, std::index_sequence_for<O...>());
    }
  }

  /// A layer's gradient through its tanh: torch has that in one pass.
  void map(outputs<T> out, detail::tanh_slope, view<T const> gradient, view<T const> y) {
    cohort::detail::unpack([&](auto... o) { base::check_map({o...}, {gradient, y}); }, out.views);
    no_autograd guard;
    auto to = tensor(get<0>(out.views));
    at::tanh_backward_out(to, tensor(gradient), tensor(y));
  }

  template <class F, class... U>
  void map_rows(std::ptrdiff_t n, F f, view<U>... v) {
    base::check_rows(n, {v...});
    if (looped(n)) return base::map_rows(n, f, v...);
    no_autograd guard;
    auto columns = std::tuple(detail::column_values<T, U>(matrix(n, v))...);
    cohort::detail::unpack([&](auto&... c) { f(detail::tensor_row<T, U>{&c}...); }, columns);
    cohort::detail::unpack(
        [&](auto&... to) {
          auto move_out = [&](auto& values) { (values.detach_from(to.matrix()), ...); };
          (move_out(to), ...);
          (to.write_back(), ...);
        },
        columns);
  }

  template <class F, class... U>
  void for_rows(std::ptrdiff_t n, F f, view<U>... v) {
    if (device_.is_cpu()) return base::for_rows(n, f, v...);
    base::check_rows(n, {v...});
    on_host(n, f, std::index_sequence_for<U...>(), v...);
  }

  template <class F, class I, class... More>
  void reduce(view<T> out, F f, view<I> in, view<More>... more) {
    base::check_extents("reduce", in, {more...});
    if (looped(in.size())) return base::reduce(out, f, in, more...);
    no_autograd guard;
    auto term = f(load(in), load(more)...);
    base::check_sums(sizeof(term) / sizeof(wide), out);
    for (std::ptrdiff_t k = 0; k < out.rows; ++k) {
      wide x = detail::part(term, k);
      store(out.part(k, 1), x.is_number() ? wide(x.number * double(in.size())) : wide(at::sum(x.tensor).reshape({1})));
    }
  }

  template <class U>
  void gather(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    base::check_gather(out, in, index);
    if (looped(out.size())) return base::gather(out, in, index);
    no_autograd guard;
    tensor(out).copy_(at::index_select(tensor(in), 0, tensor(index)));
  }

  void scatter_add(view<T> out, view<T const> in, view<std::int32_t const> index) {
    base::check_scatter("scatter_add", out, in, index);
    no_autograd guard;
    tensor(out).index_add_(0, tensor(index), tensor(in));
  }

  template <class U>
  void scatter(view<U> out, std::type_identity_t<view<U const>> in, view<std::int32_t const> index) {
    base::check_scatter("scatter", out, in, index);
    if (looped(in.size())) return base::scatter(out, in, index);
    no_autograd guard;
    tensor(out).index_copy_(0, tensor(index).to(at::kLong), tensor(in));
  }

  void row_max(view<T> out, view<T const> in) {
    base::check_vectors("row_max", "the output", in.rows, {out});
    if (looped(in.size())) return base::row_max(out, in);
    no_autograd guard;
    if (in.columns == 0) store(out, -std::numeric_limits<double>::infinity());
    else tensor(out).copy_(at::amax(matrix(in.rows, in), {1}));
  }

  template <class F, class I, class... More>
  void row_sums(view<T> out, F f, view<I> in, view<More>... more) {
    this->template check_row_sums<F, I, More...>(out, in, more...);
    if (looped(in.size())) return base::row_sums(out, f, in, more...);
    no_autograd guard;
    auto term = f(load(in), load(more)...);
    for (std::ptrdiff_t k = 0; k < out.columns; ++k) {
      wide x = detail::part(term, k);
      store(out.column(k), x.is_number() ? wide(x.number * double(in.columns))
                                         : wide(at::sum(x.tensor.reshape({in.rows, in.columns}), {1})));
    }
  }

  void uniform(view<T> out, stream_id s, std::uint32_t first_lane = 0) {
    if (device_.is_cpu()) return base::uniform(out, s, first_lane);
    host_array<T> numbers(out.size());
    base::uniform(numbers.matrix(out.rows, out.columns), s, first_lane);
    upload(out, std::span<T const>(numbers.data(), std::size_t(out.size())));
  }

 protected:
  using no_autograd = at::AutoDispatchBelowAutograd;

  /// Raises value_error where this LibTorch cannot use the device.
  explicit tensor_maps(options o)
      : device_(o.device), loop_up_to_(o.device.is_cpu() && o.loop_up_to > 0 ? o.loop_up_to : -1) {
    try {
      at::empty({1}, at::TensorOptions(scalar_type<T>).device(device_));
    } catch (std::exception const& error) {
      throw value_error("torch::backend: the device " + device_.str() +
                        " cannot be used here: " + first_line(error.what()));
    }
  }

  template <class U>
  auto load(view<U> v) const {
    return detail::loaded<T, U>(tensor(v));
  }
  /// Always two-dimensional, a single row for all repeated.
  template <class U>
  at::Tensor matrix(std::ptrdiff_t n, view<U> v) const {
    auto t = tensor_of(view<U>(v.data, n, v.columns, v.row_stride, v.column_stride), device_);
    return v.columns == 1 ? t.unsqueeze(1) : t;
  }
  template <class U>
  void store(view<U> out, wide const& x) const {
    auto to = tensor(out);
    if (x.is_number()) to.fill_(x.number);
    else to.copy_(x.tensor);
  }
  template <class... O, std::size_t... K>
  void store_all(outputs<O...> const& out, std::array<wide, sizeof...(O)> const& all, std::index_sequence<K...>) const {
    (store(get<K>(out.views), all[K]), ...);
  }
  template <class F, std::size_t... K, class... U>
  void on_host(std::ptrdiff_t n, F f, std::index_sequence<K...>, view<U>... v) {
    at::Tensor copies[] = {matrix(n, v).to(at::kCPU).contiguous()...};
    base::for_rows(n, f, view<U>(static_cast<U*>(copies[K].data_ptr()), n, copies[K].size(1))...);
    (copy_back(n, v, copies[K]), ...);
  }
  template <class U>
  void copy_back(std::ptrdiff_t n, view<U> v, at::Tensor const& t) const {
    if constexpr (!std::is_const_v<U>) matrix(n, v).copy_(t);
  }
  static std::string first_line(char const* text) { return std::string(text).substr(0, std::string(text).find('\n')); }

  bool looped(std::ptrdiff_t n) const { return n <= loop_up_to_; }

  at::Device device_;
  std::ptrdiff_t loop_up_to_;
};

}  // namespace COHORT_NAMESPACE::torch
