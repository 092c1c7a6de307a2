#pragma once
#include <cohort/advantage/hybrid_grpo.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// A second pass over another estimator's advantages of probes: that of each executed sample takes the place of its
/// reward, and GAE goes along the lanes,
///
///     rho_t = f(A_{t, executed}),    delta_t = rho_t + gamma (1 - terminated_t) V'_t - V_t,
///     A'_t  = delta_t + gamma lambda (1 - terminated_t) (1 - truncated_t) A'_{t+1},    target_t = A'_t + V_t
///
/// with f over the batch's executed samples. A'_t is the executed sample's advantage; the others of its state get 0,
/// since nothing about them is kept, and all have its target. Take normalization::none: 0 means "not learned from"
/// here; a mean over steps has 1/G of the executed samples' mean.
///
/// V appears twice, in units of the reward and of rho: this is a record of what was published, not advice. Needs a
/// critic and probes; raises value_error without, and for a transform within groups. In units of f.
///
/// Source: the author's pull request of March 2025 (docs/algorithms/hybrid_grpo.md).
template <class Estimator = hybrid_grpo>
struct advantage_as_reward {
  static constexpr unsigned reads = needs::critic | needs::probes;
  Estimator estimator{};
  double gamma = .99;   ///< discount, in [0, 1]
  double lambda = .95;  ///< in [0, 1]
  reward_transform transform = reward_transform::tanh_of_batch_score;
  double tau = 1;  ///< steepness of the transform's tanh, > 0
  int ddof = 1;
  double epsilon = 1e-8;

  static constexpr about notes{"advantage_as_reward", "GAE of the executed samples' advantages",
                               "Sane 2025, pull request", "loops"};
  constexpr void parameters(auto f) const {
    f("", estimator), f("gamma", gamma), f("lambda", lambda), f("transform", transform), f("ddof", ddof);
    f("epsilon", epsilon, false);
    f("tau", tau, transform != reward_transform::none && tau != 1);
  }
  void check() const {
    detail::require_deviation("advantage_as_reward", ddof, epsilon);
    detail::require(tau > 0, "advantage_as_reward", "tau", tau, "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::require_probes(batch, "advantage_as_reward");
    if (detail::within_group(transform))
      throw value_error(
          "advantage_as_reward: one sample of each state is left, so the transform cannot be within its group, "
          "expected none, tanh or tanh_of_batch_score");
    std::ptrdiff_t R = batch.series.steps(), G = batch.group;
    estimator(backend, batch, estimates<T>{out.advantage, {}});

    auto numbers = backend.template temporary<T>(4 * R + 3);
    auto flags = backend.template temporary<std::uint8_t>(2 * R);
    auto part = [&](int k) { return numbers.all().part(k * R, R); };
    batch_view<T> lane = detail::executed_lane(backend, batch, view<T const>(out.advantage), part(0), flags.all());
    lane.reward =
        detail::reward_scaling{transform, tau, epsilon, ddof}(backend, lane, part(1), numbers.all().part(4 * R, 3));
    gae{.gamma = gamma, .lambda = lambda}(backend, lane, {part(2), part(3)});
    detail::fill_with(backend, out.advantage, 0);
    backend.scatter(out.advantage, view<T const>(part(2)), batch.executed);
    if (out.target)
      backend.map_rows(R, detail::repeat_in_row{int(G)}, view<T const>(part(3)), out.target.reshaped(R, G));
  }
};

}  // namespace COHORT_NAMESPACE
