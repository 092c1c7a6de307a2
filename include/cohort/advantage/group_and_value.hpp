#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/advantage/group_members.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct mixed_baseline {
  double mix;
  template <class S>
  constexpr S operator()(S collected, S mean, S value) const {
    return collected - (mix * mean + (1 - mix) * value);
  }
  template <class S, class M>
  constexpr S operator()(S collected, S mean, S value, M valid) const {
    return select(valid, (*this)(collected, mean, value), S(0));
  }
};

}  // namespace detail

/// Hybrid GRPO on whole episodes, as language models have them: the group's mean and the value function together are
/// the baseline,
///
///     A_it = R_it - (mix mean_j R_j + (1 - mix) V(s_it)),    target = R_it = sum_{s >= t} gamma^(s - t) r_is
///
/// over the series j of i's group. mix = 1 is GRPO without its scale (Dr. GRPO), mix = 0 is PPO with lambda = 1. In
/// units of reward; the update may normalize it. Invalid steps have neither reward nor value, and take no time; a
/// series without a valid step is no member of its group.
///
/// Source: our reading of Sane 2025 (Hybrid GRPO), arXiv:2502.01652, whose samples share a state; here they share a
/// prompt. See hybrid_grpo for probes.
struct group_and_value {
  static constexpr unsigned reads = needs::critic | needs::groups;
  double mix = .5;   ///< in [0, 1]
  double gamma = 1;  ///< discount, in [0, 1]

  static constexpr about notes{"group_and_value", "R_it - (mix mean_j R_j + (1 - mix) V(s_it))",
                               "after Sane 2025, arXiv:2502.01652", "loops"};
  constexpr void parameters(auto f) const { f("mix", mix), f("gamma", gamma); }
  void check() const {
    detail::require(mix >= 0 && mix <= 1, "group_and_value", "mix", mix, "a number in [0, 1]");
    detail::require(gamma >= 0 && gamma <= 1, "group_and_value", "gamma", gamma, "a number in [0, 1]");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::require_critic(batch, "group_and_value");
    detail::group_members<B> members(backend, batch, "group_and_value", gamma);
    std::ptrdiff_t M = batch.series.steps(), N = members.count();
    auto scratch = backend.template temporary<T>(M + 2 * N);
    view<T> mean = scratch.all().part(0, M), sum = scratch.all().part(M, N), size = scratch.all().part(M + N, N);
    members.sum(sum, members.score());
    members.size(size);
    backend.map(outputs{sum}, detail::quotient{}, view<T const>(sum), view<T const>(size));
    members.to_steps(mean, view<T const>(sum));
    detail::mixed_baseline f{mix};
    if (batch.valid)
      backend.map(outputs{out.advantage}, f, members.returns(), view<T const>(mean), batch.value, batch.valid);
    else backend.map(outputs{out.advantage}, f, members.returns(), view<T const>(mean), batch.value);
    if (out.target) detail::copy_to(backend, out.target, members.returns());
  }
};

}  // namespace COHORT_NAMESPACE
