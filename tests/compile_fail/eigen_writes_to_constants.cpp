// expect: const
#include <cohort/backend/eigen.hpp>

struct itself {
  template <class S>
  S operator()(S x) const {
    return x;
  }
};

#ifdef CONTROL
using element = float;
#else
using element = float const;
#endif
void copy(cohort::eigen::backend& cpu, cohort::view<element> to, cohort::view<float const> from) { cpu.map(cohort::outputs{to}, itself{}, from); }
