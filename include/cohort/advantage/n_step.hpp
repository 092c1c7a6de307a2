#pragma once
#include <cohort/advantage/following.hpp>
#include <cohort/advantage/returns.hpp>

namespace cohort {

namespace detail {

struct one_step_more {
  double gamma;
  template <class S, class M>
  constexpr S operator()(S after, S goes_on, S reward, S next_value, M terminated, M truncated) const {
    S beyond = select((goes_on > 0) & !truncated, after, next_value);
    return select(terminated, reward, reward + gamma * beyond);
  }
};

}  // namespace detail

/// n-step returns with a critic, A2C's and A3C's:
///
///     R_t = r_t + gamma r_{t+1} + ... + gamma^(n-1) r_{t+n-1} + gamma^n V_{t+n},     A_t = R_t - V_t,     target_t = R_t
///
/// cut short where the series ends: without a bootstrap after a termination, with V of the true last observation after a truncation and at the end of what
/// was collected. n = 1 is gae with lambda = 0, and with n of the longest series' length it is lambda = 1. Costs n passes. In the units of the reward.
///
/// Source: Mnih et al. 2016, arXiv:1602.01783, eq. 1 and supplement S3 (there n falls towards the end of the rollout: n = infinity here).
struct n_step {
  int n = 5;           ///< > 0
  double gamma = .99;  ///< discount, in [0, 1]

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::require(n > 0, "n_step", "n", n, "a positive number");
    detail::require(gamma >= 0 && gamma <= 1, "n_step", "gamma", gamma, "a number in [0, 1]");
    detail::require(batch.group == 1, "n_step", "the number of actions at each decision", double(batch.group), "1 (it is for lanes, not for probes)");
    detail::require_critic(batch, "n_step");
    if (batch.valid) throw value_error("n_step counts steps, and this batch has invalid ones: use gae");
    std::ptrdiff_t M = batch.decisions.steps();
    auto scratch = backend.template temporary<T>(3 * M);
    view<T> goes_on = scratch.all().part(0, M), now = scratch.all().part(M, M), before = scratch.all().part(2 * M, M);
    detail::find_last_steps(backend, batch.decisions, goes_on);
    // After k passes: the k-step return. The first one looks no further than next_value.
    backend.map(outputs{now}, detail::one_step_more{gamma}, batch.next_value, view<T const>(goes_on), batch.reward, batch.next_value, batch.terminated,
                batch.truncated);
    for (std::ptrdiff_t k = 1; k < std::min<std::ptrdiff_t>(n, batch.decisions.longest()); ++k) {
      std::swap(now, before);
      detail::map_following(backend, batch.decisions, now, detail::one_step_more{gamma}, view<T const>(before), view<T const>(goes_on), batch.reward,
                            batch.next_value, batch.terminated, batch.truncated);
    }
    if (out.target) backend.map(outputs{out.target}, detail::same{}, view<T const>(now));
    backend.map(outputs{out.advantage}, detail::difference{}, view<T const>(now), batch.value);
  }
};

}  // namespace cohort
