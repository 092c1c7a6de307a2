#include <cohort/backend/torch.hpp>

#include "../conformance/chapters.hpp"

using backend = cohort::torch::basic_backend<float>;

TEST_CASE("torch: in float it passes the conformance suite") {
  cohort::conformance::run<backend>([] { return backend(); });
}

TEST_CASE("torch: in float it passes the conformance suite where every formula is operations on tensors") {
  cohort::conformance::run<backend>([] { return backend({.loop_up_to = 0}); });
}
