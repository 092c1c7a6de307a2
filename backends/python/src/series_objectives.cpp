#include <nanobind/stl/shared_ptr.h>
#include <cohort/cohort.hpp>

#include "leaf.hpp"

namespace cohort::python {

void add_series_objectives(nb::module_& m) { add_objectives<gspo, gspo_step, gmpo, vespo<>, tic_grpo>(m); }

}  // namespace cohort::python
