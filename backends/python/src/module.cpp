#include <cohort/error.hpp>
#include <cohort/version.hpp>

#include "arrays.hpp"
#include "environment_lanes.hpp"

namespace cohort::python {

void add_advantages(nb::module_& m);
void add_group_advantages(nb::module_& m);
void add_aggregations(nb::module_& m);
void add_selections(nb::module_& m);
void add_objectives(nb::module_& m);
void add_pairs(nb::module_& m);
void add_conventions(nb::module_& m);
void add_environments(nb::module_& m);

}  // namespace cohort::python

NB_MODULE(_cohort, m) {
  using namespace cohort::python;
  nb::register_exception_translator([](std::exception_ptr const& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (reset_needed const& e) {
      PyErr_SetString(nb::module_::import_("gymnasium.error").attr("ResetNeeded").ptr(), e.what());
    } catch (cohort::cohort_error const& e) {
      PyErr_SetString(PyExc_ValueError, e.what());
    }
  });
  m.attr("__version__") = COHORT_VERSION;
  add_advantages(m);
  add_group_advantages(m);
  add_aggregations(m);
  add_selections(m);
  add_objectives(m);
  add_pairs(m);
  add_conventions(m);
  add_environments(m);
}
