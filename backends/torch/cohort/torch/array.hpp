#pragma once
#include <ATen/ATen.h>
#include <cohort/backend/view.hpp>
#include <utility>

namespace COHORT_NAMESPACE::torch {

template <class U>
inline constexpr at::ScalarType scalar_type = c10::CppTypeToScalarType<std::remove_const_t<U>>::value;

/// An owning array: a tensor, of which the first elements are used. Growing discards the contents; shrinking keeps the
/// memory. Copies are copies of the numbers.
template <class U>
class array {
 public:
  array() = default;
  array(array const& other) : size_(other.size_) {
    if (other.memory_.defined()) memory_ = other.memory_.clone();
  }
  array(array&& other) noexcept : memory_(std::move(other.memory_)), size_(std::exchange(other.size_, 0)) {}
  array& operator=(array other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
  }

  /// n elements on a device, all zero if memory had to be allocated and unspecified otherwise.
  void resize(std::ptrdiff_t n, at::Device device) {
    if (!memory_.defined() || n > memory_.numel()) {
      size_ = 0;
      memory_ = at::Tensor();
      memory_ = at::zeros({n}, at::TensorOptions(scalar_type<U>).device(device));
    }
    size_ = n;
  }
  U* data() const { return memory_.defined() ? static_cast<U*>(memory_.data_ptr()) : nullptr; }
  std::ptrdiff_t size() const { return size_; }
  /// The elements as a tensor that shares their memory.
  at::Tensor tensor() const { return memory_.narrow(0, 0, size_); }
  view<U> all() { return {data(), size_}; }
  view<U const> all() const { return {data(), size_}; }
  view<U> matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) { return {data(), rows, columns}; }
  view<U const> matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) const { return {data(), rows, columns}; }

 private:
  at::Tensor memory_;
  std::ptrdiff_t size_ = 0;
};

/// A tensor over a view's memory: rows x columns, or one-dimensional where there is one column. It owns nothing.
template <class U>
at::Tensor tensor_of(view<U> v, at::Device device = at::kCPU) {
  auto* data = const_cast<std::remove_const_t<U>*>(v.data);
  auto options = at::TensorOptions(scalar_type<U>).device(device);
  if (v.columns == 1)
    return at::for_blob(data, {v.rows}).strides({v.row_stride}).options(options).target_device(device).make_tensor();
  return at::for_blob(data, {v.rows, v.columns})
      .strides({v.row_stride, v.column_stride})
      .options(options)
      .target_device(device)
      .make_tensor();
}

namespace detail {

inline std::string described(at::Tensor const& t) {
  std::string text = std::string(c10::toString(t.scalar_type())) + " [";
  for (std::int64_t d = 0; d < t.dim(); ++d) text += (d ? ", " : "") + std::to_string(t.size(d));
  return text + "] on " + t.device().str();
}

}  // namespace detail

/// A view of a user's tensor, which shares its memory and must not outlive it: one dimension as rows, two as rows and
/// columns; strides are kept.
///
/// Raises value_error for an undefined tensor, another number type or another device, shape_error for more than two
/// dimensions.
template <class U>
view<U> view_of(at::Tensor const& t, at::Device device = at::kCPU) {
  if (!t.defined()) throw value_error("torch::view_of: the tensor is undefined");
  if (t.scalar_type() != scalar_type<U>)
    throw value_error("torch::view_of: the tensor is " + detail::described(t) + ", expected " +
                      c10::toString(scalar_type<U>));
  if (t.device().type() != device.type())
    throw value_error("torch::view_of: the tensor is " + detail::described(t) + ", expected one on " + device.str());
  if (t.layout() != at::kStrided) throw value_error("torch::view_of: the tensor is sparse, expected a dense one");
  if (t.dim() < 1 || t.dim() > 2)
    throw shape_error("torch::view_of: the tensor is " + detail::described(t) + ", expected one dimension or two");
  auto* data = static_cast<U*>(t.data_ptr());
  if (t.dim() == 1) return {data, t.size(0), 1, t.stride(0), 1};
  return {data, t.size(0), t.size(1), t.stride(0), t.stride(1)};
}

}  // namespace COHORT_NAMESPACE::torch
