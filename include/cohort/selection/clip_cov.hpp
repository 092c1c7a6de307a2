#pragma once
#include <cmath>
#include <cohort/describe/about.hpp>
#include <cohort/random/stream.hpp>
#include <cohort/selection/on_host.hpp>

namespace COHORT_NAMESPACE {

/// Clip-Cov: keeps the entropy up by leaving out a few random steps among those that lower it most, weight 0, the
/// others 1. With n valid steps,
///
///     c = (A - mean A)(logp - mean logp),
///     at most max(1, floor(share n)) steps out of those with low < c < high that are not clipped anyway
///
/// where the ratio r = exp(logp - old_logp) is clipped if A > 0 and r > 1 + epsilon_high or A < 0 and r < 1 - epsilon:
/// give the epsilons of the term's clipped_ratio, or infinity if it has none. share = 0 leaves out nothing. The choice
/// is a function of the seed, the optimizer step and the step's index: the same on every backend.
///
/// Reads advantage, logp, old_logp. Refuses a share outside [0, 1], low > high, epsilons that are not positive. On the
/// host, whatever the backend. Source: Cui et al. 2025, "The entropy mechanism of reinforcement learning",
/// arXiv:2505.22617; verl 0.9.1, whose choice has no seed.
struct clip_cov {
  double share = 2e-4;
  double low = 1, high = 5;
  double epsilon = .2, epsilon_high = epsilon;
  static constexpr unsigned reads = needs::advantage | needs::logp | needs::old_logp;

  static constexpr about notes{"clip_cov",
                               "0 for a random share of those with low < (A - mean A)(logp - mean logp) < high, else 1",
                               "Cui et al. 2025, arXiv:2505.22617", "verl (its loss; its choice has no seed)"};
  constexpr void parameters(auto f) const {
    f("share", share), f("low", low), f("high", high), f("epsilon", epsilon), f("epsilon_high", epsilon_high);
  }
  void check() const {
    detail::require(share >= 0 && share <= 1, "clip_cov", "share", share, "a number in [0, 1]");
    detail::require(low <= high, "clip_cov", "low", low, "a number up to high");
    detail::require(epsilon > 0, "clip_cov", "epsilon", epsilon, "a positive number");
    detail::require(epsilon_high > 0, "clip_cov", "epsilon_high", epsilon_high, "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, step_views<T> const& at, stream_id draws, view<T> weight) const {
    check();
    if (!detail::begin_selection<clip_cov>("clip_cov", at, weight)) return;
    auto steps = detail::valid_steps_on_host(backend, at.valid, weight.rows);
    auto covariance = detail::covariances_on_host(backend, steps, at.advantage, at.logp);
    auto a = detail::numbers_on_host(backend, at.advantage), now = detail::numbers_on_host(backend, at.logp);
    auto old = detail::numbers_on_host(backend, at.old_logp);
    std::vector<std::size_t> candidates;
    std::vector<std::uint64_t> draw(steps.size());
    for (std::size_t k = 0; k < steps.size(); ++k) {
      std::size_t i = steps[k];
      double ratio = std::exp(now[i] - old[i]);
      if (std::isnan(ratio)) covariance[k] = ratio;
      bool clipped = (a[i] > 0 && ratio > 1 + epsilon_high) || (a[i] < 0 && ratio < 1 - epsilon);
      if (clipped || covariance[k] <= low || covariance[k] >= high) continue;
      auto words = draws.words(std::uint32_t(i), 0);
      draw[k] = std::uint64_t(words[0]) << 32 | words[1];
      candidates.push_back(k);
    }
    auto out = detail::first_of(candidates, detail::share_of(steps.size(), share), steps.size(),
                                [&](std::size_t p, std::size_t q) { return draw[p] < draw[q]; });
    detail::weigh_on_host(backend, steps, covariance, [&](std::size_t k) { return out[k] ? 0 : 1; }, weight);
  }
};

}  // namespace COHORT_NAMESPACE
