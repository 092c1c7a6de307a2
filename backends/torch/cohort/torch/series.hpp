#pragma once
#include <array>
#include <cohort/backend/partition.hpp>
#include <cohort/torch/rows.hpp>
#include <tuple>

/// Recurrences and series on tensors.
namespace COHORT_NAMESPACE::torch::detail {

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
X as_lanes(X const& x, partition s) {
  return x.tensor.reshape({s.longest(), s.count()});
}

/// All lanes of one step at a time. An undefined output is not wanted.
template <class T, std::size_t N, class F, class... X>
void scan_lanes(partition s, direction d, F f, double initial, std::array<at::Tensor, N> const& out, X... in) {
  auto inputs = std::tuple(as_lanes(in, s)...);
  tensor_scalar<T> carry = initial;
  for (std::int64_t k = 0; k < s.longest(); ++k) {
    std::int64_t t = d == direction::forward ? k : s.longest() - 1 - k;
    auto next = cohort::detail::unpack([&](auto const&... x) { return f(carry, row_at(x, t)...); }, inputs);
    std::array<tensor_scalar<T>, N> all;
    for (std::size_t o = 0; o < N; ++o) {
      all[o] = cohort::detail::part(next, std::ptrdiff_t(o));
      if (N > 1 && !all[o].is_number())
        all[o].tensor = all[o].tensor.clone();  // it may be a row of an input, which may be an output
    }
    carry = all[0];
    for (std::size_t o = 0; o < N; ++o) {
      if (!out[o].defined()) continue;
      auto row = out[o].as_strided({s.count()}, {out[o].stride(0)},
                                   out[o].storage_offset() + t * s.count() * out[o].stride(0));
      if (all[o].is_number()) row.fill_(all[o].number);
      else row.copy_(all[o].tensor);
    }
  }
}

/// The k-th step of every series that has one, at a time. A device has to tell the host which they are.
template <class T, std::size_t N, class F, class... X>
void scan_segments(partition s, direction d, F f, double initial, std::array<at::Tensor, N> const& out,
                   at::Tensor offsets, X... in) {
  auto all = offsets.to(at::kLong);
  auto first = all.slice(0, 0, s.count()), length = all.slice(0, 1) - first;
  auto options = offsets.options().dtype(scalar_type<T>);
  auto carry = at::full({s.count()}, initial, options);
  for (std::int64_t k = 0; k < s.longest(); ++k) {
    auto which = at::nonzero(length > k).squeeze(1);
    auto index = d == direction::forward ? first.index_select(0, which) + k
                                         : first.index_select(0, which) + length.index_select(0, which) - 1 - k;
    auto next = f(tensor_scalar<T>(carry.index_select(0, which)), rows_at(in, index)...);
    auto filled = [&](tensor_scalar<T> x) {
      return x.is_number() ? at::full_like(index, x.number, options) : x.tensor;
    };
    carry.index_copy_(0, which, filled(cohort::detail::part(next, 0)));
    for (std::size_t o = 0; o < N; ++o)
      if (out[o].defined())
        out[o].index_copy_(0, index, filled(cohort::detail::part(next, std::ptrdiff_t(o))).to(out[o].scalar_type()));
  }
}

/// Which series each step of packed ones belongs to.
inline at::Tensor series_of_steps(at::Tensor offsets) {
  auto all = offsets.to(at::kLong);
  return at::repeat_interleave(all.slice(0, 1) - all.slice(0, 0, all.size(0) - 1));
}

}  // namespace COHORT_NAMESPACE::torch::detail
