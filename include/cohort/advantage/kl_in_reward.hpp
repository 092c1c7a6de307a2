#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/describe/about.hpp>
#include <cohort/kl/controller.hpp>
#include <cohort/kl/estimators.hpp>
#include <type_traits>

namespace COHORT_NAMESPACE {

namespace detail {

template <class Estimator>
struct weighted_distance {
  Estimator estimator;
  double weight;
  constexpr auto operator()(auto logp, auto ref_logp) const { return weight * estimator(logp, ref_logp); }
  template <class S, class M>
  constexpr S operator()(S logp, S ref_logp, M valid) const {
    return select(valid, (*this)(logp, ref_logp), S(0));
  }
};

struct weighted_divergence {
  double weight;
  constexpr auto operator()(auto kl) const { return weight * kl; }
  template <class S, class M>
  constexpr S operator()(S kl, M valid) const {
    return select(valid, weight * kl, S(0));
  }
};

/// out, M: weight KL^ of each step of the batch, 0 at invalid ones. `who` asks, for errors.
template <backend B, class Estimator, class T = value_t<B>>
void kl_penalties(B& backend, batch_view<T> const& batch, char const* who, Estimator const& kl, double weight,
                  view<T> out) {
  require_weight(who, weight);
  require_no_probes(batch, who);
  auto take = [&](auto f, auto... in) {
    if (batch.valid) backend.map(outputs{out}, f, in..., batch.valid);
    else backend.map(outputs{out}, f, in...);
  };
  if constexpr (std::is_same_v<Estimator, exact_kl>) {
    if (!batch.kl)
      throw value_error(std::string(who) +
                        " reads kl, which this batch does not have: only policies that give their distributions do");
    take(weighted_divergence{weight}, batch.kl);
  } else {
    view<T const> logp = batch.old_logp ? batch.old_logp : batch.sampler_logp;
    if (!logp || !batch.ref_logp)
      throw value_error(std::string(who) +
                        " reads old_logp (or sampler_logp) and ref_logp, which this batch does not have");
    take(weighted_distance<Estimator>{kl, weight}, logp, batch.ref_logp);
  }
}

}  // namespace detail

/// Another estimator on rewards from which the distance to the reference is taken, as RLHF's PPO has it:
///
///     r_t - weight KL^(logp_t, ref_logp_t),    logp that of the policy before the update
///
/// With k1 its expected policy gradient is that of KL(pi || ref); with k3 it is not a divergence's (formulas as in
/// cohort/kl/estimators.hpp). Reads old_logp, or else sampler_logp, and ref_logp; `train` keeps a reference for it. In
/// a group's score it is inside the statistics, as in TRL's RLOO: that of weighted_rewards too, which takes it from the
/// sum of its rewards. kl_to_go leaves it outside. Invalid steps have none.
template <class Advantage = gae, class Estimator = k1, class Weight = double>
struct kl_in_reward {
  static constexpr bool has_estimator = kl_estimator<Estimator> || std::is_same_v<Estimator, exact_kl>;
#include <cohort/kl/requirements.inc>
  static constexpr unsigned reads = needs::ref_logp | (std::is_same_v<Estimator, exact_kl> ? needs::kl : 0);
  Advantage estimator{};
  Estimator kl{};
  Weight weight = detail::default_weight<Weight>(.05);  ///< >= 0; .05, or a controller (kl_penalty says how it is told)

  static constexpr about notes{"kl_in_reward", "r_t - weight KL^_t in the place of r_t",
                               "Ziegler et al. 2019, arXiv:1909.08593, eq. 2",
                               "OpenRLHF (gae, reinforce), TRL (RLOO), verl"};
  constexpr void parameters(auto f) const { f("", estimator), f("", kl), f("weight", weight); }
  constexpr auto at(double progress) const
    requires schedule<Weight>
  {
    return kl_in_reward<Advantage, Estimator, double>{estimator, kl, weight(progress)};
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> batch, estimates<T> const& out) const {
    std::ptrdiff_t M = batch.series.steps();
    auto scratch = backend.template temporary<T>(2 * M);
    view<T> reward = scratch.all().part(0, M), penalty = scratch.all().part(M, M);
    detail::kl_penalties(backend, batch, "kl_in_reward", kl, detail::weight_now(weight), penalty);
    backend.map(outputs{reward}, detail::difference{}, batch.reward, view<T const>(penalty));
    if (batch.penalty) backend.map(outputs{penalty}, detail::plus{}, view<T const>(penalty), batch.penalty);
    batch.reward = reward;
    batch.penalty = penalty;
    estimator(backend, batch, out);
  }
};

}  // namespace COHORT_NAMESPACE
