#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/normalize.hpp>

namespace cohort {

/// Another estimator's advantages, brought to mean 0 and standard deviation 1 over the valid steps of the whole batch; its targets stay as they are.
///
///     whitened{monte_carlo{.gamma = 1}}                          REINFORCE++ (arXiv:2501.03262)
///     whitened{group_relative{.scale = group_scale::none}}      REINFORCE++ with the group's mean as baseline
///
/// Long series weigh more, since steps are counted.
template <class Estimator = gae>
struct whitened {
  Estimator estimator{};
  standardize how{};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    estimator(backend, batch, out);
    how(backend, out.advantage, batch.valid);
  }
};

}  // namespace cohort
