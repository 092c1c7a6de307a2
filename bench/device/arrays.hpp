#pragma once
#include <cohort/cohort.hpp>
#include <vector>

#include "device.hpp"

namespace device_bench {

struct less_half {
  template <class S>
  constexpr S operator()(S x) const {
    return x - .5;
  }
};

/// n numbers in (-0.5, 0.5); n is a multiple of 256.
inline array<float> random_array(device& gpu, std::ptrdiff_t n, std::uint64_t seed) {
  array<float> a;
  gpu.resize(a, n);
  gpu.uniform(a.matrix(n / 256, 256), cohort::stream_id{seed});
  gpu.map(cohort::outputs{a.all()}, less_half{}, cohort::view<float const>(a.all()));
  return a;
}

inline array<float> filled_array(device& gpu, std::ptrdiff_t n, double value) {
  array<float> a;
  gpu.resize(a, n);
  gpu.map(cohort::outputs{a.all()}, cohort::detail::filled{value}, cohort::view<float const>(a.all()));
  return a;
}

template <class U>
std::vector<std::remove_const_t<U>> downloaded(device& gpu, cohort::view<U> v) {
  std::vector<std::remove_const_t<U>> host(std::size_t(v.size()));
  gpu.download(std::span(host), v);
  return host;
}

/// `count` elements (or rows) at equal distances.
template <class U>
cohort::view<U> some_of(cohort::view<U> v, std::ptrdiff_t count) {
  std::ptrdiff_t step = v.rows / count;
  return {v.data, count, v.columns, step * v.row_stride, v.column_stride};
}

}  // namespace device_bench
