#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/kl/estimators.hpp>

namespace cohort {

namespace detail {

template <class Estimator>
struct penalized {
  Estimator estimator;
  double weight;
  template <class S>
  constexpr S operator()(S reward, S logp, S ref_logp) const {
    return reward - weight * estimator(logp, ref_logp);
  }
  template <class S, class M>
  constexpr S operator()(S reward, S logp, S ref_logp, M valid) const {
    return select(valid, (*this)(reward, logp, ref_logp), S(0));
  }
};

}  // namespace detail

/// Another estimator on rewards from which the distance to the reference is taken, as RLHF's PPO has it:
///
///     r_t - weight KL^(logp_t, ref_logp_t),    logp that of the policy before the update
///
/// With k1 its expected policy gradient is that of KL(pi || ref); with k3 it is not a divergence's (formulas as in cohort/kl/estimators.hpp). Reads old_logp, or else
/// sampler_logp, and ref_logp; `train` keeps a reference for it. In a group's score it is inside the statistics, as in TRL's RLOO.
/// Invalid steps have none. Estimators that read scores (weighted_rewards, gdpo) would not see it and are refused.
///
/// Source: Ziegler et al. 2019, arXiv:1909.08593, eq. 2.
template <class Advantage = gae, class Estimator = k1>
struct kl_in_reward {
  static constexpr bool reads_reference = true;
  Advantage estimator{};
  Estimator kl{};
  double weight = .05;  ///< >= 0

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> batch, estimates<T> const& out) const {
    detail::require(weight >= 0, "kl_in_reward", "weight", weight, "0 or a positive number");
    detail::require(batch.group == 1, "kl_in_reward", "the number of actions at each decision", double(batch.group), "1 (it is not for probes)");
    if (detail::reads_scores<Advantage>)
      throw value_error("kl_in_reward takes from reward, and the estimator within reads scores instead: put the KL into the objective (kl_penalty)");
    view<T const> logp = batch.old_logp ? batch.old_logp : batch.sampler_logp;
    if (!logp || !batch.ref_logp) throw value_error("kl_in_reward reads old_logp (or sampler_logp) and ref_logp, which this batch does not have");
    auto reward = backend.template temporary<T>(batch.decisions.steps());
    detail::penalized<Estimator> f{kl, weight};
    if (batch.valid) backend.map(outputs{reward.all()}, f, batch.reward, logp, batch.ref_logp, batch.valid);
    else backend.map(outputs{reward.all()}, f, batch.reward, logp, batch.ref_logp);
    batch.reward = reward.all();
    estimator(backend, batch, out);
  }
};

}  // namespace cohort
