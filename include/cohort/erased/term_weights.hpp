#pragma once
#include <cohort/aggregation/means.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/objective/terms.hpp>
#include <cohort/random/stream.hpp>

namespace COHORT_NAMESPACE::detail {

struct ignored_weights {
  void operator()(auto const&...) const {}
};

/// The weights of all terms of an objective, M each, in `room`: of the algorithm's aggregation, then those that stand
/// in the objective. `draws` gives each selection a stream; `seen` is shown it with its own weights.
template <backend B, class Aggregation, class O, class Draws, class T = value_t<B>, class Seen = ignored_weights>
std::array<view<T const>, 1 + std::size_t(aggregations_in<O>)> term_weights(B& backend, Aggregation const& aggregation,
                                                                            O const& o, aggregated_steps<T> const& all,
                                                                            step_views<T> const& at, Draws draws,
                                                                            view<T> room, Seen seen = {}) {
  std::array<view<T const>, 1 + std::size_t(aggregations_in<O>)> weights;
  auto slot = [&](int k) { return room.part(k * all.steps, all.steps); };
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = slot(int(k));
  aggregation(backend, all, slot(0));
  auto make = [&]<class Mode>(Mode const& mode, int k) {
    if constexpr (requires { mode.selection; }) {
      mode.selection(backend, at, draws(), slot(k));
      seen(mode.selection, view<T const>(slot(k)));
      backend.map(outputs{slot(k)}, times{}, weights[std::size_t(k)], weights[std::size_t(mode.base)]);
    } else {
      mode(backend, all, slot(k));
    }
  };
  each_mode(o, [&, k = 1](auto const& mode) mutable { make(mode, k++); });
  return weights;
}

}  // namespace COHORT_NAMESPACE::detail
