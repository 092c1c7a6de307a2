#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/advantage/group_relative.hpp>

namespace cohort {

namespace detail {

struct mixed_baseline {
  double mix;
  template <class S>
  constexpr S operator()(S collected, S mean, S value) const {
    return collected - (mix * mean + (1 - mix) * value);
  }
};

}  // namespace detail

/// Hybrid GRPO on whole episodes, as language models have them: the group's mean and the value function together are the baseline,
///
///     A_it = R_it - (mix mean_j R_j + (1 - mix) V(s_it)),    target = R_it = sum_{s >= t} gamma^(s - t) r_is
///
/// over the series j of i's group. mix = 1 is GRPO without its scale (Dr. GRPO), mix = 0 is PPO with lambda = 1. In units of reward; the update may
/// normalize it. Invalid steps have no reward and are skipped.
///
/// Source: our reading of Sane 2025 (Hybrid GRPO), arXiv:2502.01652, whose samples share a state; here they share a prompt. See hybrid_grpo for probes.
struct group_and_value {
  double mix = .5;   ///< in [0, 1]
  double gamma = 1;  ///< discount, in [0, 1]

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::require(mix >= 0 && mix <= 1, "group_and_value", "mix", mix, "a number in [0, 1]");
    detail::require(gamma >= 0 && gamma <= 1, "group_and_value", "gamma", gamma, "a number in [0, 1]");
    detail::require_critic(batch, "group_and_value");
    // R_i less the group's mean, and so the mean.
    group_relative{.gamma = gamma, .scale = group_scale::none}(backend, batch, estimates<T>{out.advantage, {}});
    std::ptrdiff_t M = batch.decisions.steps(), N = batch.decisions.count();
    auto scratch = backend.template temporary<T>(2 * M + N);
    view<T> whole = scratch.all().part(0, M), index = scratch.all().part(M, M), by_series = scratch.all().part(2 * M, N);
    detail::reward_to_go(backend, batch, gamma, invalid_steps::skip, out.target);
    backend.scan(batch.decisions, direction::forward, detail::next_index{}, -1, index, batch.reward);
    backend.segment_reduce(batch.decisions, by_series, detail::first_only{}, view<T const>(out.target), view<T const>(index));
    backend.spread(batch.decisions, whole, view<T const>(by_series));
    backend.map(outputs{whole}, detail::difference{}, view<T const>(whole), view<T const>(out.advantage));
    backend.map(outputs{out.advantage}, detail::mixed_baseline{mix}, view<T const>(out.target), view<T const>(whole), batch.value);
  }
};

}  // namespace cohort
