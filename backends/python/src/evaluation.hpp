#pragma once
#include "component.hpp"
#include "steps.hpp"

// One call of an objective: its terms go over the steps together, a block that stays in the cache at a time.

namespace cohort::python {

/// A number of each series at each of its steps.
template <class T>
void spread_over_steps(layout const& shape, std::vector<T> const& of_series, view<T> to);
/// The weight of each series' valid steps.
template <class T>
std::vector<T> weights_of_series(call& c, aggregation const& how, view<std::uint8_t const> valid, nb::handle group);
/// All steps, with an advantage of each, for which `room` is.
template <class T>
step_views<T> for_selections(layout const& shape, given_steps<T> const& steps, std::vector<T>& room);

/// The sum of the losses of all terms, and their derivatives. With `losses` these are stored by step in the place of
/// the sum. Threads share the blocks, and the bits do not depend on how many there are.
template <class T>
double evaluate(call& c, expression const& e, given_steps<T> const& steps, aggregation_ptr const& how, nb::handle group,
                std::uint64_t seed, partial_views<T> const& out, view<T> losses);

}  // namespace cohort::python
