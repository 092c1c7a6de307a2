#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/returns.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// Another estimator's advantages, from which the distance to the reference that is still to come is taken:
///
///     A_t - weight sum_{s >= t} gamma^(s - t) KL^(logp_s, ref_logp_s),    logp that of the policy before the update
///
/// so that a step answers for the distance that it and later ones go, and a group's baseline does not know of it
/// (kl_in_reward: it does). Invalid steps have no distance and are skipped. Targets stay as they are: they are of the
/// task's reward. Reads old_logp, or else sampler_logp, and ref_logp; `train` keeps a reference for it.
template <class Advantage = group_relative, class Estimator = k1, class Weight = double>
struct kl_to_go {
  static constexpr bool has_estimator = kl_estimator<Estimator> || std::is_same_v<Estimator, exact_kl>;
#include <cohort/kl/requirements.inc>
  static constexpr unsigned reads = needs::ref_logp | (std::is_same_v<Estimator, exact_kl> ? needs::kl : 0);
  Advantage estimator{};
  Estimator kl{};
  Weight weight = detail::default_weight<Weight>(.05);  ///< >= 0; .05, or a controller (kl_penalty says how it is told)
  double gamma = 1;                                     ///< discount, in [0, 1]

  static constexpr about notes{"kl_to_go", "A_t - weight sum_{s >= t} KL^_s", "OpenRLHF 0.11.2",
                               "OpenRLHF (with a group's baseline)"};
  constexpr void parameters(auto f) const { f("", estimator), f("", kl), f("weight", weight); }
  void check() const { detail::require(gamma >= 0 && gamma <= 1, "kl_to_go", "gamma", gamma, "a number in [0, 1]"); }
  constexpr auto at(double progress) const
    requires schedule<Weight>
  {
    return kl_to_go<Advantage, Estimator, double>{estimator, kl, weight(progress), gamma};
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    std::ptrdiff_t M = batch.series.steps();
    auto scratch = backend.template temporary<T>(2 * M);
    view<T> penalty = scratch.all().part(0, M), to_come = scratch.all().part(M, M);
    detail::kl_penalties(backend, batch, "kl_to_go", kl, detail::weight_now(weight), penalty);
    batch_view<T> distances = batch;
    distances.reward = penalty;
    detail::reward_to_go(backend, distances, gamma, invalid_steps::skip, to_come);
    estimator(backend, batch, out);
    backend.map(outputs{out.advantage}, detail::difference{}, view<T const>(out.advantage), view<T const>(to_come));
  }
};

}  // namespace COHORT_NAMESPACE
