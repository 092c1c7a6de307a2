#pragma once
#include <cohort/backend/series.hpp>
#include <cohort/torch/rows.hpp>

/// Recurrences and series on tensors.
namespace cohort::torch::detail {

/// Rows `index` of what a formula reads.
template <class T>
tensor_scalar<T> rows_at(tensor_scalar<T> const& x, at::Tensor const& index) {
  return at::index_select(x.tensor, 0, index);
}
template <class T>
tensor_mask<T, untracked> rows_at(tensor_mask<T, untracked> const& x, at::Tensor const& index) {
  return at::index_select(x.tensor, 0, index);
}
template <class X>
X row_at(X const& lanes, std::int64_t t) {
  return lanes.tensor.select(0, t);
}
template <class X>
X as_lanes(X const& x, series s) {
  return x.tensor.reshape({s.longest(), s.count()});
}

/// All lanes of one step at a time.
template <class T, class F, class... X>
void scan_lanes(series s, direction d, F f, double initial, at::Tensor out, X... in) {
  auto inputs = std::tuple(as_lanes(in, s)...);
  auto rows = out.as_strided({s.longest(), s.count()}, {out.stride(0) * s.count(), out.stride(0)});
  tensor_scalar<T> carry = initial;
  for (std::int64_t k = 0; k < s.longest(); ++k) {
    std::int64_t t = d == direction::forward ? k : s.longest() - 1 - k;
    carry = std::apply([&](auto const&... x) { return f(carry, row_at(x, t)...); }, inputs);
    auto row = rows.select(0, t);
    if (carry.is_number()) row.fill_(carry.number);
    else row.copy_(carry.tensor);
  }
}

/// The k-th step of every series that has one, at a time. A device has to tell the host which they are.
template <class T, class F, class... X>
void scan_segments(series s, direction d, F f, double initial, at::Tensor out, at::Tensor offsets, X... in) {
  auto all = offsets.to(at::kLong);
  auto first = all.slice(0, 0, s.count()), length = all.slice(0, 1) - first;
  auto carry = at::full({s.count()}, initial, out.options());
  for (std::int64_t k = 0; k < s.longest(); ++k) {
    auto which = at::nonzero(length > k).squeeze(1);
    auto index = d == direction::forward ? first.index_select(0, which) + k : first.index_select(0, which) + length.index_select(0, which) - 1 - k;
    tensor_scalar<T> next = f(tensor_scalar<T>(carry.index_select(0, which)), rows_at(in, index)...);
    if (next.is_number()) next.tensor = at::full_like(index, next.number, out.options());
    carry.index_copy_(0, which, next.tensor);
    out.index_copy_(0, index, next.tensor);
  }
}

/// Which series each step of packed ones belongs to.
inline at::Tensor series_of_steps(at::Tensor offsets) {
  auto all = offsets.to(at::kLong);
  return at::repeat_interleave(all.slice(0, 1) - all.slice(0, 0, all.size(0) - 1));
}

}  // namespace cohort::torch::detail
