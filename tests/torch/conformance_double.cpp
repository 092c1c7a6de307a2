#include <cohort/backend/torch.hpp>

#include "../conformance/conformance.hpp"

TEST_CASE("torch: in double it passes the conformance suite") {
  using backend = cohort::torch::basic_backend<double>;
  cohort::conformance::run<backend>([] { return backend(); });
}
