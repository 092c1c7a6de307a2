#include <cohort/backend/eigen.hpp>

#include "chapters.hpp"

using namespace cohort;

TEST_CASE("eigen: in float it passes the conformance suite") {
  conformance::run<eigen::host_backend<float>>([] { return eigen::basic_backend<float>(); });
}

TEST_CASE("eigen: in double it passes the conformance suite") {
  conformance::run<eigen::host_backend<double>>([] { return eigen::basic_backend<double>(); });
}
