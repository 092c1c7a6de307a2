#include <cohort/backend/eigen.hpp>

#include "conformance.hpp"

TEST_CASE("eigen: in float it passes the conformance suite") {
  using eigen = cohort::eigen::basic_backend<float>;
  cohort::conformance::run<eigen>([] { return eigen(); });
}
