#include <cohort/cohort.hpp>

int main() { return COHORT_VERSION_MAJOR == 0 && COHORT_VERSION_MINOR > 0 ? 0 : 1; }
