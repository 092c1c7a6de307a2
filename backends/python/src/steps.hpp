#pragma once
#include <algorithm>
#include <cohort/objective/terms.hpp>
#include <iterator>

#include "arrays.hpp"

// The arrays of steps that objectives and selections read, by keyword.

namespace cohort::python {

template <class T>
struct array_of_term {
  char const* name;
  unsigned bit;
  view<T const> step_views<T>::* member;
};
/// The first one that is read decides how the arrays of a call are laid out.
template <class T>
inline constexpr array_of_term<T> arrays_of_terms[] = {
    {"logp", needs::logp, &step_views<T>::logp},
    {"entropy", needs::entropy, &step_views<T>::entropy},
    {"value", needs::value, &step_views<T>::value},
    {"old_logp", needs::old_logp, &step_views<T>::old_logp},
    {"ref_logp", needs::ref_logp, &step_views<T>::ref_logp},
    {"sampler_logp", needs::sampler_logp, &step_views<T>::sampler_logp},
    {"old_value", needs::old_value, &step_views<T>::old_value},
    {"target", needs::target, &step_views<T>::target},
    {"advantage", needs::advantage, &step_views<T>::advantage}};

template <class T>
struct given_steps {
  step_views<T> views;
  std::vector<T> advantage_of_series;  ///< where the advantage is a number of each series
};

/// f(T{}, the arrays that `needed` names) with their type. Raises ValueError naming what `reader` reads and was not
/// given, and what is not read.
template <class F>
auto with_steps(call& c, std::string const& reader, unsigned needed, nb::kwargs const& given, nb::handle valid, F f) {
  auto const& known = arrays_of_terms<float>;
  for (auto [key, value] : given) {
    auto name = nb::cast<std::string>(key);
    if (std::none_of(std::begin(known), std::end(known), [&](auto const& t) { return name == t.name; }))
      throw value_error(std::string(c.name()) + ": " + name +
                        " is no array that objectives read, expected logp, old_logp, ref_logp, sampler_logp, "
                        "advantage, entropy, value, old_value or target");
  }
  for (auto const& t : known)
    if (needed & t.bit && !given.contains(t.name))
      throw value_error(std::string(c.name()) + ": " + reader + " reads " + t.name + ", which was not given");
  auto first = std::find_if(std::begin(known), std::end(known), [&](auto const& t) { return (needed & t.bit) != 0; });
  return with_type(c, c.array(given[first->name], first->name), first->name, [&]<class T>(T type) {
    given_steps<T> steps;
    for (auto const& t : arrays_of_terms<T>)
      if (needed & t.bit)
        steps.views.*t.member =
            c.numbers<T>(given[t.name], t.name, t.bit == needs::advantage ? &steps.advantage_of_series : nullptr);
    steps.views.valid = c.flags(valid, "valid");
    steps.views.series_of = c.series_of();
    steps.views.series = c.shape().series;
    return f(type, steps);
  });
}

}  // namespace cohort::python
