#pragma once
#include <nanobind/stl/shared_ptr.h>

#include "component.hpp"
#include "parameters.hpp"

// An objective of the library as an object of Python, and the function of the module that makes it.

namespace cohort::python {

template <class O>
expression make_objective(O const& o) {
  std::string explained = cohort::explained(o);  // its text first, which stands above all terms
  return {{{.loss = std::make_shared<in_both_types<any_added>>(o)}},
          cohort::text(o),
          explained.substr(explained.find('\n') + 1)};
}

/// Whether keywords make one: an estimator of the KL has a function of its own, and exact divergences are of
/// distributions, which are no arrays here.
template <class O>
constexpr bool by_keywords() {
  return !requires(O o) { o.estimator; } &&
         (cohort::detail::terms_read_by_type<O>() & (needs::kl | needs::old_kl)) == 0;
}

/// A function of the module for each objective of a catalogue: its parameters are keywords, its documentation is what
/// it says of itself.
template <class... O>
void add_objectives(nb::module_& m, std::tuple<O...> const&) {
  auto add = [&]<class One>(One const&) {
    if constexpr (by_keywords<One>())
      m.def(
          One::notes.name,
          [](nb::args in_order, nb::kwargs given) { return make_objective(with_parameters<One>(given, in_order)); },
          documentation<One>().c_str());
  };
  (add(O{}), ...);
}

}  // namespace cohort::python
