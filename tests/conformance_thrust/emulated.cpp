// The device backend with everything that is the device's own played by the host: indexing, splitting, composing and
// BLAS's arguments are tested where there is no GPU.
#include <cohort/thrust/device.hpp>

#include "../conformance/chapters.hpp"
#include "device_cases.hpp"

TEST_CASE("thrust on a device that the host plays: in float it passes the conformance suite") {
  using thrust = cohort::thrust::basic_backend<float>;
  cohort::conformance::run<thrust>([] { return thrust(); });
}

TEST_CASE("thrust on a device that the host plays: in double it passes the conformance suite") {
  using thrust = cohort::thrust::basic_backend<double>;
  cohort::conformance::run<thrust>([] { return thrust(); });
}
