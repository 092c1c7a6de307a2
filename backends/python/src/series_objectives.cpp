#include <nanobind/stl/shared_ptr.h>
#include <cohort/objective/all.hpp>

#include "leaf.hpp"

namespace cohort::python {

void add_series_objectives(nb::module_& m) { add_objectives(m, catalogue::series_objectives{}); }

}  // namespace cohort::python
