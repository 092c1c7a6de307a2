#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/returns.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// Monte-Carlo returns, of REINFORCE:
///
///     R_t = r_t + gamma (1 - terminated_t) (1 - truncated_t) R_{t+1},    A_t = R_t, or R_t - V_t with a critic,
///     target_t = R_t
///
/// With `bootstrap` and a critic, a series that is cut off (by truncation, or by the rollout's end) goes on with V of
/// its true last observation: that is gae with lambda = 1. Without, a cut series has what was collected. Of an invalid
/// step neither reward nor value are read, and both results are 0. Brought to mean 0 and deviation 1 over the batch it
/// is REINFORCE++ (arXiv:2501.03262): see whitened. In the units of the reward.
struct monte_carlo {
  double gamma = .99;     ///< discount, in [0, 1]
  bool bootstrap = true;  ///< where there is a critic
  invalid_steps invalid = invalid_steps::skip;

  static constexpr about notes{"monte_carlo", "what is still to come, less V where there is a critic", "Williams 1992",
                               "TorchRL (TD(1), reward2go), OpenRLHF, verl"};
  constexpr void parameters(auto f) const {
    f("gamma", gamma);
    f("bootstrap", bootstrap, !bootstrap);
    f("invalid", invalid, invalid != invalid_steps::skip);
  }
  void check() const { detail::require(gamma >= 0 && gamma <= 1, "monte_carlo", "gamma", gamma, "a number in [0, 1]"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::require_no_probes(batch, "monte_carlo");
    if (batch.value && bootstrap) return gae{.gamma = gamma, .lambda = 1, .invalid = invalid}(backend, batch, out);
    detail::reward_to_go(backend, batch, gamma, invalid, out.advantage);
    if (out.target) detail::copy_to(backend, out.target, out.advantage);
    if (!batch.value) return;
    if (batch.valid)
      backend.map(outputs{out.advantage}, detail::difference{}, view<T const>(out.advantage), batch.value, batch.valid);
    else backend.map(outputs{out.advantage}, detail::difference{}, view<T const>(out.advantage), batch.value);
  }
};

}  // namespace COHORT_NAMESPACE
