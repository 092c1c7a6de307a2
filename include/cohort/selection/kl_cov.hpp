#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/selection/on_host.hpp>

namespace COHORT_NAMESPACE {

/// KL-Cov: chooses the steps that lower the entropy most, for a penalty on them alone: weight 1 for the max(1,
/// floor(share n)) of n valid steps with the largest
///
///     (A - mean A)(logp - mean logp)
///
/// and 0 for the others, so that weighted(kl_cov{}, coefficient * |logp - old_logp|) stands beside an unclipped -r A.
/// share = 0 chooses none. Of equal ones the first.
///
/// Reads advantage and logp. Refuses a share outside [0, 1]. On the host, whatever the backend.
struct kl_cov {
  double share = 2e-4;
  static constexpr unsigned reads = needs::advantage | needs::logp;

  static constexpr about notes{"kl_cov", "1 for the share with the largest (A - mean A)(logp - mean logp), else 0",
                               "Cui et al. 2025, arXiv:2505.22617", "verl (its loss)"};
  constexpr void parameters(auto f) const { f("share", share); }
  void check() const { detail::require(share >= 0 && share <= 1, "kl_cov", "share", share, "a number in [0, 1]"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id, view<T> weight) const {
    check();
    if (!detail::begin_selection<kl_cov>("kl_cov", at, weight)) return;
    auto steps = detail::valid_steps_on_host(backend, at.valid, weight.rows);
    auto covariance = detail::covariances_on_host(backend, steps, at.advantage, at.logp);
    std::vector<std::size_t> all(steps.size());
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = k;
    bool finite = std::all_of(covariance.begin(), covariance.end(), [](double c) { return std::isfinite(c); });
    auto chosen = detail::first_of(all, finite ? detail::share_of(steps.size(), share) : 0, steps.size(),
                                   [&](std::size_t p, std::size_t q) { return covariance[p] > covariance[q]; });
    detail::weigh_on_host(backend, steps, covariance, [&](std::size_t k) { return chosen[k] ? 1 : 0; }, weight);
  }
};

}  // namespace COHORT_NAMESPACE
