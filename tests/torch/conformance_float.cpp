#include <cohort/backend/torch.hpp>

#include "../conformance/conformance.hpp"

TEST_CASE("torch: in float it passes the conformance suite") {
  cohort::conformance::run<cohort::torch::backend>([] { return cohort::torch::backend(); });
}
