#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// Another estimator on rewards that are no lower than `low` and no higher than `high`: each step's reward by itself,
/// before anything is summed, discounted or compared (DQN's clipping to +-1), and so the score of a series that has its
/// reward at one step. Of several rewards each score; what is absent stays absent, and their sum is clipped by
/// weighted_rewards itself.
///
///     clipped_reward{kl_in_reward{e}}     clips the task's reward, and takes the KL from what is left
///     kl_in_reward{clipped_reward{e}}     clips what the KL was taken from
///
/// Targets are of the clipped rewards.
template <class Estimator = gae>
struct clipped_reward {
  Estimator estimator{};
  double low = -1, high = 1;  ///< low <= high

  static constexpr about notes{"clipped_reward", "each reward between two limits first", "Mnih et al. 2015",
                               "OpenRLHF (gae); TRL clips the sum: weighted_rewards"};
  constexpr void parameters(auto f) const { f("", estimator), f("low", low), f("high", high); }
  void check() const { detail::require(low <= high, "clipped_reward", "low", low, "a number no higher than high"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> batch, estimates<T> const& out) const {
    check();
    std::ptrdiff_t rewards = batch.reward.size(), scores = batch.scores ? batch.scores.size() : 0;
    auto clipped = backend.template temporary<T>(rewards + scores);
    auto clip = [&](view<T const>& x, std::ptrdiff_t first) {
      view<T> to = clipped.all().part(first, x.size()).reshaped(x.rows, x.columns);
      backend.map(outputs{to}, detail::clamp_between{low, high}, x);
      x = to;
    };
    clip(batch.reward, 0);
    if (batch.scores) clip(batch.scores, rewards);
    estimator(backend, batch, out);
  }
};

}  // namespace COHORT_NAMESPACE
