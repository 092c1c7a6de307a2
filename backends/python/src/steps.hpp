#pragma once
#include <cohort/objective/terms.hpp>

#include "arrays.hpp"

// The arrays of steps that objectives and selections read, by keyword.

namespace cohort::python {

template <class T>
struct given_steps {
  step_views<T> views;
  std::vector<T> advantage_of_series;  ///< where the advantage is a number of each series
};

/// f(T{}, the arrays that `needed` names) with their type. Raises ValueError naming what `reader` reads and was not
/// given, and what is not read.
template <class F>
auto with_steps(call& c, std::string const& reader, unsigned needed, nb::kwargs const& given, nb::handle valid, F f) {
  using namespace cohort::detail;
  std::string names;
  std::vector<named_array> arrays;
  for (int k = 0; k < term_count; ++k) {
    char const* name = terms_of_step[k].name;
    if ((needs::kl | needs::old_kl) >> k & 1) continue;  // of distributions, which are no arrays here
    names += (names.empty() ? "" : ", ") + std::string(name);
    if (!(needed >> k & 1)) continue;
    if (!given.contains(name))
      throw value_error(std::string(c.name()) + ": " + reader + " reads " + name + ", which was not given");
    arrays.push_back({given[name], name});
  }
  for (auto [key, value] : given)
    refuse_unknown(c.name(), nb::cast<std::string>(key), names, "is no array that objectives read");
  return c.with_type(arrays, [&]<class T>(T type) {
    given_steps<T> steps;
    auto read = [&](bool advantages) {
      for (int k = 0; auto member : term_members<step_views<T>>()) {
        char const* name = terms_of_step[k].name;
        if (needed >> k & 1 && (needs::advantage >> k & 1) == advantages)
          steps.views.*member = c.numbers<T>(given[name], name, advantages ? &steps.advantage_of_series : nullptr);
        ++k;
      }
    };
    read(false), read(true);  // which may have a number for each series of the others
    steps.views.valid = c.flags(valid, "valid");
    steps.views.series_of = c.series_of();
    steps.views.series = c.shape().series;
    return f(type, steps);
  });
}

}  // namespace cohort::python
