// expect: a comparison of scalars is a mask, not a bool: write select(condition, a, b) in a formula
// at most: 26 lines
#include <cohort/backend/eigen.hpp>

struct at_least_zero {
  template <class S>
  S operator()(S x) const {
#ifdef CONTROL
    return select(x > 0, x, S(0));
#else
    if (x > 0) return x;
    return 0;
#endif
  }
};

void everywhere(cohort::eigen::backend& cpu, cohort::view<float> x) {
  cpu.map(cohort::outputs{x}, at_least_zero{}, cohort::view<float const>(x));
}
