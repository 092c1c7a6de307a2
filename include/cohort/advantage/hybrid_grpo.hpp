#pragma once
#include <cohort/advantage/executed_lane.hpp>
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/probe_formulas.hpp>
#include <cohort/advantage/reward_transform.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// What the value after a probe is multiplied by: gamma^n, 1 (the paper's formula as recalled omits gamma), or 0.
enum class bootstrap { discounted, undiscounted, none };
/// What the critic is trained towards: the mean of the group's q_i; the same of the rewards as they are, bootstrapped
/// with gamma^n V, whatever `transform` and `after` say; or the lambda-return of the branch that was executed.
enum class critic_target { group_mean, plain_mean, lambda_return };

/// Hybrid GRPO: several actions tried from each state and a value function.
///
///     q_i = sum_{k < n} gamma^k f(r_{i,k}) + gamma^n (1 - d_i) V(s_{i,n}),      A_i = (q_i - b(s)) / scale
///
/// over the G probes i of a state, n steps each (shorter where one ends). b mixes V(s) and the group's mean, f is
/// `transform`. By default each sample keeps its own A_i, and the critic's target is the mean of q. `tail` lets the
/// executed sample's advantage go on along its lane with gamma lambda (1 - done) A^GAE_{t+1}, so that credit reaches
/// beyond the probe. A group of one has no group to compare with: b = V(s), unless f is measured within the group and
/// says nothing of one alone: then b is the mix as given.
///
/// `averaged` gives every sample the group's mean advantage, as the paper's main formula is read; its expected gradient
/// is 1/G of the policy gradient, whatever G. With kappa = 1 the value V(s) cancels, and V(s') too where the probes
/// share it.
///
/// Needs a critic and probes; raises value_error without. In the units of the (transformed) reward. Source: Sane 2025,
/// arXiv:2502.01652; the choices that the paper leaves open are members (docs/algorithms/hybrid_grpo.md).
struct hybrid_grpo {
  static constexpr unsigned reads = needs::critic | needs::probes;
  double gamma = .99;   ///< discount, in [0, 1]
  double lambda = .95;  ///< of the tail and of the lambda-return, in [0, 1]
  baseline_mix baseline = {};
  group_scale scale = group_scale::none;
  reward_transform transform = reward_transform::none;
  double tau = 1;  ///< steepness of the transform's tanh, > 0
  bootstrap after = bootstrap::discounted;
  critic_target target = critic_target::group_mean;
  bool tail = false;
  bool averaged = false;
  int ddof = 1;
  double epsilon = 1e-8;

  static constexpr about notes{
      "hybrid_grpo",
      "q_i - b(s) over probes of one state, q = f(r) + gamma V(s'), b = V(s), the group's mean, or a mix",
      "Sane 2025, arXiv:2502.01652", "loops"};
  constexpr void parameters(auto f) const {
    f("gamma", gamma);
    f("lambda", lambda, tail || target == critic_target::lambda_return);
    f("weight", baseline.weight), f("kappa", baseline.kappa);
    f("leave_one_out", baseline.leave_one_out, baseline.leave_one_out);
    f("scale", scale, scale != group_scale::none), f("ddof", ddof, scale != group_scale::none);
    f("transform", transform, transform != reward_transform::none);
    f("tau", tau, transform != reward_transform::none && tau != 1);
    f("after", after, after != bootstrap::discounted);
    f("target", target, target != critic_target::group_mean);
    f("tail", tail, tail);
    f("averaged", averaged, averaged), f("epsilon", epsilon, false);
  }
  void check() const {
    detail::require_deviation("hybrid_grpo", ddof, epsilon);
    detail::require(gamma >= 0 && gamma <= 1, "hybrid_grpo", "gamma", gamma, "a number in [0, 1]");
    detail::require(lambda >= 0 && lambda <= 1, "hybrid_grpo", "lambda", lambda, "a number in [0, 1]");
    detail::require(baseline.kappa >= 0 && baseline.kappa <= 1, "hybrid_grpo", "baseline.kappa", baseline.kappa,
                    "a number in [0, 1]");
    detail::require(tau > 0, "hybrid_grpo", "tau", tau, "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::require_probes(batch, "hybrid_grpo");
    std::ptrdiff_t R = batch.series.steps(), G = batch.group, K = batch.depth, M = R * G;
    if (K > 1 && tail)
      throw value_error("hybrid_grpo: the tail goes on from one-step probes; the horizon is " + std::to_string(K));
    auto rounding = double(std::numeric_limits<T>::epsilon());

    auto rewards = backend.template temporary<T>(K * M);
    auto returns = backend.template temporary<T>(2 * M);
    auto scalars = backend.template temporary<T>(4);
    view<T> q = returns.all().part(0, M), target_all = returns.all().part(M, M);
    view<T const> f =
        detail::reward_scaling{transform, tau, epsilon, ddof}(backend, batch, rewards.all(), scalars.all());

    auto columns = [&](auto all) { return decltype(all)(all.data, M, K, 1, M); };
    auto sum_up = [&](view<T const> of, double fade) {
      backend.map_rows(M, detail::probe_return{int(K), gamma, fade}, columns(of), columns(batch.terminated),
                       columns(batch.truncated), batch.probe_value, q);
    };
    auto grouped = [&](auto all) { return all.reshaped(R, G); };
    sum_up(f, after == bootstrap::none ? 0. : after == bootstrap::undiscounted ? 1. : gamma);
    backend.map_rows(R, detail::hybrid_numerator{int(G), baseline, !detail::within_group(transform)},
                     view<T const>(grouped(q)), batch.value, grouped(out.advantage), grouped(target_all));
    if (tail || target == critic_target::lambda_return) executed_branch(backend, batch, f, out.advantage, target_all);
    view<T> batch_std = scalars.all().part(3, 1);
    if (scale == group_scale::batch_std) {
      view<T> sums = scalars.all().part(0, 2), squares = scalars.all().part(2, 1);
      double unit = detail::measure_deviations(backend, out.advantage, {}, sums, squares);
      backend.map(outputs{batch_std}, detail::standard_deviation{ddof, unit}, view<T const>(sums.part(0, 1)),
                  view<T const>(squares));
    }
    if (scale != group_scale::none || averaged)
      backend.map_rows(R, detail::hybrid_scale{int(G), ddof, epsilon, rounding, scale, averaged},
                       view<T const>(grouped(q)), broadcast<T const>(batch_std, R), grouped(out.advantage));
    if (!out.target) return;
    if (target == critic_target::plain_mean) {
      sum_up(batch.reward.reshaped(K * M), gamma);
      backend.map_rows(R, detail::mean_of_row{int(G)}, view<T const>(grouped(q)), grouped(target_all));
    }
    detail::copy_to(backend, out.target, target_all);
  }

 private:
  /// GAE along the lanes of executed actions: its tail goes to their advantages, its lambda-return to the targets.
  template <backend B, class T>
  void executed_branch(B& backend, batch_view<T> const& batch, view<T const> rewards, view<T> advantage,
                       view<T> targets) const {
    std::ptrdiff_t R = batch.series.steps(), G = batch.group;
    auto numbers = backend.template temporary<T>(3 * R);
    auto flags = backend.template temporary<std::uint8_t>(2 * R);
    view<T> reward = numbers.all().part(0, R), along = numbers.all().part(R, R), rest = numbers.all().part(2 * R, R);
    batch_view<T> lane = detail::executed_lane(backend, batch, rewards, reward, flags.all());
    gae{.gamma = gamma, .lambda = lambda}(backend, lane, {along, {}});
    if (tail) {
      backend.map(outputs{rest}, detail::gae_tail{gamma}, view<T const>(along), lane.reward, lane.value,
                  lane.next_value, lane.terminated);
      backend.scatter_add(advantage, view<T const>(rest), batch.executed);
    }
    if (target == critic_target::lambda_return) {
      backend.map(outputs{along}, detail::plus{}, view<T const>(along), batch.value);
      backend.map_rows(R, detail::repeat_in_row{int(G)}, view<T const>(along), targets.reshaped(R, G));
    }
  }
};

}  // namespace COHORT_NAMESPACE
