#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

int other_unit() {
  cohort::eigen::backend cpu;
  (void)cpu;
  return COHORT_VERSION_MINOR;
}
