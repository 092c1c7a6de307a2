#include <cohort/backend/thrust.hpp>

#include "../conformance/conformance.hpp"

TEST_CASE("thrust on CUDA: in float it passes the conformance suite") {
  using thrust = cohort::thrust::basic_backend<float>;
  cohort::conformance::run<thrust>([] { return thrust(); });
}
