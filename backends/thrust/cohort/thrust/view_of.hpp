#pragma once
#include <thrust/device_vector.h>
#include <cohort/backend/view.hpp>
#include <cohort/thrust/system.hpp>

namespace COHORT_NAMESPACE::thrust {

/// A vector of Thrust's as a view, without a copy. The vector must outlive it and keep its size.
template <class T, class Allocator>
view<T> view_of(::thrust::device_vector<T, Allocator>& v) {
  return {::thrust::raw_pointer_cast(v.data()), std::ptrdiff_t(v.size())};
}
template <class T, class Allocator>
view<T const> view_of(::thrust::device_vector<T, Allocator> const& v) {
  return {::thrust::raw_pointer_cast(v.data()), std::ptrdiff_t(v.size())};
}

}  // namespace COHORT_NAMESPACE::thrust
