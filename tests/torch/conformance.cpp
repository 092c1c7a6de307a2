#include <cohort/backend/torch.hpp>

#include "../conformance/conformance.hpp"



TEST_CASE("torch: in float it passes the conformance suite") {
  cohort::conformance::run<cohort::torch::backend>([] { return cohort::torch::backend(); });
}

TEST_CASE("torch: in double it passes the conformance suite") {
  cohort::conformance::run<cohort::torch::basic_backend<double>>([] { return cohort::torch::basic_backend<double>(); });
}
