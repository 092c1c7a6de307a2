// What the consumers build. VERSION is what the package said, where there is one.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include <cstdio>
#include <cstring>

#ifdef OTHER_UNIT
int other_unit();  // includes the same headers: a definition that is not inline would stop the linker
#else
int other_unit() { return COHORT_VERSION_MINOR; }
#endif

int main() {
  cohort::eigen::backend cpu;
  (void)cpu;
#ifdef VERSION
  char header[32];
  std::snprintf(header, sizeof header, "%d.%d.%d", COHORT_VERSION_MAJOR, COHORT_VERSION_MINOR, COHORT_VERSION_PATCH);
  if (std::strcmp(header, VERSION) != 0) {
    std::printf("the header says %s, the package %s\n", header, VERSION);
    return 1;
  }
#endif
#if defined(EXPECT_OPENMP) && !defined(_OPENMP)
  std::puts("OpenMP was found, but cohort::eigen does not bring it");
  return 1;
#endif
  return other_unit() == COHORT_VERSION_MINOR ? 0 : 1;
}
