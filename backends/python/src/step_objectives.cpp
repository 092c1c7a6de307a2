#include <nanobind/stl/shared_ptr.h>
#include <cohort/cohort.hpp>

#include "leaf.hpp"

namespace cohort::python {

void add_step_objectives(nb::module_& m) {
  add_objectives<policy_gradient, importance_ratio, positive_likelihood, log_likelihood, clipped_ratio, dual_clip,
                 two_sided_clip, cispo, sapo, dro, log_ratio_distance, dppo_tv, dppo_kl, prime_rl_loss, value_loss<>,
                 clipped_value_loss<>, entropy_bonus<>>(m);
}

}  // namespace cohort::python
