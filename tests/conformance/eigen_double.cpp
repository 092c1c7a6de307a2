#include <cohort/backend/eigen.hpp>

#include "conformance.hpp"

TEST_CASE("eigen: in double it passes the conformance suite") {
  using eigen = cohort::eigen::basic_backend<double>;
  cohort::conformance::run<eigen>([] { return eigen(); });
}
