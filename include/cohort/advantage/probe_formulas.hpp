#pragma once
#include <algorithm>
#include <cohort/advantage/group_statistics.hpp>

// What hybrid_grpo is made of, row by row.
namespace COHORT_NAMESPACE {

/// The baseline of Hybrid GRPO: weight ((1 - kappa) V(s) + kappa (mean of the group, or of its other members)).
struct baseline_mix {
  double kappa = .5;  ///< 0: the value function alone; 1: the group alone
  bool leave_one_out = false;
  double weight = 1;  ///< 0: no baseline
};

namespace detail {

/// q = sum over k of gamma^k f(r_k) + fade^n V, over one probe; columns are the K steps, n those until it ended.
struct probe_return {
  int K;
  double gamma, fade;

  template <class R, class M, class V, class Q>
  constexpr void operator()(R reward, M terminated, M truncated, V after, Q out) const {
    using S = typename R::scalar;
    S collected = 0, beyond = after[0];
    for (int k = K - 1; k >= 0; --k) {
      collected = reward[k] + select(terminated[k] | truncated[k], S(0), gamma * collected);
      beyond = select(terminated[k], S(0), fade * select(truncated[k], S(after[0]), beyond));
    }
    out.set(0, collected + beyond);
  }
};

/// From the returns q of a group to what stands above the fraction line, and to the critic's target.
struct hybrid_numerator {
  int G;
  baseline_mix baseline;
  bool alone_to_value;  ///< a group of one is compared with V(s)

  template <class Q, class V, class A, class Y>
  constexpr void operator()(Q q, V value, A advantage, Y target) const {
    using S = typename Q::scalar;
    S mean = 0;
    for (int g = 0; g < G; ++g) mean += q[g] / G;
    double kappa = G == 1 && alone_to_value ? 0 : baseline.kappa;
    for (int g = 0; g < G; ++g) {
      S group = baseline.leave_one_out ? (mean * G - q[g]) / std::max(1, G - 1) : mean;
      S level = kappa == 1 ? group : (1 - kappa) * value[0] + kappa * group;
      advantage.set(g, baseline.weight == 0 ? q[g] : q[g] - baseline.weight * level);
      target.set(g, mean);
    }
  }
};

struct mean_of_row {
  int G;
  template <class Q, class Y>
  constexpr void operator()(Q q, Y out) const {
    typename Q::scalar mean = 0;
    for (int g = 0; g < G; ++g) mean += q[g] / G;
    for (int g = 0; g < G; ++g) out.set(g, mean);
  }
};

/// A group whose returns are equal, up to rounding, has no standard deviation to be measured in: its advantages are 0.
struct hybrid_scale {
  int G, ddof;
  double epsilon, rounding;
  group_scale scale;
  bool averaged;

  template <class Q, class D, class A>
  constexpr void operator()(Q q, D batch_std, A advantage) const {
    using S = typename Q::scalar;
    S divisor = 1, factor = 1;
    if (scale == group_scale::batch_std) divisor = batch_std[0] + epsilon;
    if (scale == group_scale::group_std && G > 1) {
      S mean = 0, squares = 0, unit = unit_of_row<S>(G, [&](int g) { return q[g]; });
      auto x = [&](int g) { return unit * q[g]; };
      for (int g = 0; g < G; ++g) mean += x(g) / G;
      for (int g = 0; g < G; ++g) squares += (x(g) - mean) * (x(g) - mean);
      S deviation = sqrt(squares / std::max(1, G - ddof));
      factor = select(deviation <= rounding * std::max(8, G) * abs(mean), S(0), S(1));
      divisor = (deviation + epsilon * unit) / unit;
    }
    auto scaled = [&](int g) { return select(factor == 0, S(0), advantage[g] / divisor); };
    S mean = 0;
    for (int g = 0; g < G; ++g) mean += scaled(g) / G;
    for (int g = 0; g < G; ++g) advantage.set(g, averaged ? mean : scaled(g));
  }
};

/// gamma lambda (1 - done) A_{t+1}: what GAE adds to the one-step error.
struct gae_tail {
  double gamma;
  template <class S, class M>
  constexpr S operator()(S advantage, S reward, S value, S next_value, M terminated) const {
    return advantage - select(terminated, reward - value, reward + gamma * next_value - value);
  }
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
