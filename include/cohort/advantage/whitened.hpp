#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/normalize.hpp>

namespace cohort {

/// Another estimator's advantages, brought to mean 0 and standard deviation 1 over the valid steps of the whole batch; its targets stay as they are.
///
///     whitened{monte_carlo{.gamma = 1}}                          REINFORCE++ (arXiv:2501.03262)
///     whitened{group_relative{.scale = group_scale::none}}      REINFORCE++ with the group's mean as baseline
///
/// Long series weigh more, since steps are counted. Advantages that are all equal become 0; a single valid one stays as it is. One that is not finite makes
/// all of them NaNs.
template <class Estimator = gae>
struct whitened {
  static constexpr bool reads_reference = detail::reads_reference<Estimator>, reads_scores = detail::reads_scores<Estimator>;
  Estimator estimator{};
  standardize how{};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    estimator(backend, batch, out);
    how(backend, out.advantage, batch.valid);
  }
};

}  // namespace cohort
