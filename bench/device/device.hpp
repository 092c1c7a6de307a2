#pragma once
#include <cohort/thrust/device.hpp>

#include "part.hpp"

namespace device_bench {

/// On a GPU, or on one that the host plays (tests/conformance_thrust/emulated).
using device = cohort::thrust::backend;

template <class U>
using array = device::array<U>;

}  // namespace device_bench
