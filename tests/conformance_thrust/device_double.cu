#include <cohort/backend/thrust.hpp>

#include "../conformance/conformance.hpp"

TEST_CASE("thrust on CUDA: in double it passes the conformance suite") {
  using thrust = cohort::thrust::basic_backend<double>;
  cohort::conformance::run<thrust>([] { return thrust(); });
}
