#pragma once
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/sampler/independent.hpp>

namespace COHORT_NAMESPACE {

/// How a network's number becomes a log_std between two limits: not at all, cut off (as in Stable-Baselines3's SAC), or
/// low + (high - low) (1 + tanh x) / 2 (as in Spinning Up's and CleanRL's), whose gradient never vanishes altogether.
enum class log_std_bound { none, clamp, tanh };

/// A normal number whose mean and log_std both are the network's: the deviation depends on the state. (Of
/// diagonal_gaussian it does not.)
///
///     log p(a) = -z^2 / 2 - log_std - log(2 pi) / 2,  z = (a - mean) / std,   H = log_std + (1 + log 2 pi) / 2
///     KL(p || q) = log(t / s) + (s^2 + (m - n)^2) / (2 t^2) - 1/2,  p ~ N(m, s^2), q ~ N(n, t^2)
///
/// Sampling is by Box and Muller, the mode is the mean. log_std starts at network_options.log_std, or the limit nearest
/// to it (with tanh: no nearer than a thousandth of their distance).
struct state_dependent_gaussian {
  log_std_bound bound = log_std_bound::clamp;
  double low = -20, high = 2;  ///< of log_std, where it is bounded

  constexpr void numbers(auto f) const { f("bound", double(bound)), f("low", low), f("high", high); }

  static constexpr int parameters = 2, uniforms = 2;
  static constexpr bool bounded = false;
  template <class T>
  using action = T;

  template <class V>
  constexpr V log_std(V const& raw) const {
    if (bound == log_std_bound::clamp) return clamp(raw, low, high);
    if (bound == log_std_bound::tanh) return low + (high - low) / 2 * (1 + tanh(raw));
    return raw;
  }
  template <class V, class S>
  constexpr V logp(several<V, 2> const& p, S a) const {
    V spread = log_std(p[1]), z = (a - p[0]) * exp(-spread);
    return -.5 * (z * z) - spread - detail::half_log_two_pi;
  }
  template <class V, class S>
  constexpr V entropy(several<V, 2> const& p, S) const {
    return log_std(p[1]) + (.5 + detail::half_log_two_pi);
  }
  template <class S>
  constexpr S draw(several<S, 2> const& p, several<S, 2> const& uniform) const {
    return p[0] + exp(log_std(p[1])) * detail::box_muller{}(uniform[0], uniform[1]);
  }
  template <class S>
  constexpr S mode(several<S, 2> const& p) const {
    return p[0];
  }
  template <class P, class Q>
  constexpr wider<P, Q> kl_to(several<P, 2> const& p, several<Q, 2> const& q) const {
    Q other = log_std(q[1]);
    wider<P, Q> narrower = log_std(p[1]) - other, z = (p[0] - q[0]) * exp(-other);
    return .5 * (expm1(2 * narrower) + z * z) - narrower;
  }

  double start(int parameter, double log_std) const {
    if (parameter == 0) return 0;
    if (bound == log_std_bound::none) return log_std;
    if (bound == log_std_bound::clamp) return std::min(std::max(log_std, low), high);
    return std::atanh(std::min(std::max(2 * (log_std - low) / (high - low) - 1, -.998), .998));
  }
  void check() const {
    if (bound != log_std_bound::none)
      detail::require(low < high, "state_dependent_gaussian", "low, the lower limit of log_std,", low,
                      "a number below high");
  }
};

/// A normal number u, as `state_dependent_gaussian` has it, through a tanh: the action is low + (high - low) (1 + tanh
/// u) / 2.
///
///     log p(a) = log N(u; mean, std^2) - 2 (log 2 - u - softplus(-2 u)) - log((high - low) / 2)
///
/// u is kept with the action (see independent.hpp), so nothing is lost where tanh rounds to 1, however far out. There
/// is no closed form of the entropy: what stands for it is -log p of the action at hand, as in Stable-Baselines3,
/// unbiased where this distribution drew it. Its derivatives are those of the entropy, by moving u with the mean and
/// std (z = (u - mean) / std held), so they are unbiased there too; those of -log p of a fixed action would be 0 on
/// average:
///
///     dH / dmean = -2 tanh u,   dH / dlog_std = 1 - 2 (u - mean) tanh u
///
/// KL is that of the normal numbers. The mode is that of u, the action's median.
/// Source: Haarnoja et al. 2018, arXiv:1801.01290, appendix C.
struct tanh_gaussian : state_dependent_gaussian {
  static constexpr bool bounded = true;

  template <class S>
  constexpr S unit(S const& u) const {
    return sigmoid(2 * u);
  }
  /// log d unit(u) / du
  template <class V>
  constexpr V log_slope(V const& u) const {
    return std::numbers::ln2 - softplus(2 * u) - softplus(-2 * u);
  }
  template <class V, class S>
  constexpr V logp(several<V, 2> const& p, S u) const {
    return state_dependent_gaussian::logp(p, u) - log_slope(u);
  }
  template <class V, class S>
  constexpr V entropy(several<V, 2> const& p, S u) const {
    V spread = log_std(p[1]), z = stop_gradient((u - p[0]) * exp(-spread));
    V moved = p[0] + exp(spread) * z;
    // Its value is u itself: at an extreme std the product above would lose it.
    for_value(moved, u);
    return .5 * (z * z) + spread + detail::half_log_two_pi + log_slope(moved);
  }

 private:
  template <class V, class S>
  static constexpr void for_value(V& moved, S const& u) {
    if constexpr (std::is_same_v<V, S>) moved = u;
    else moved.value = u;
  }
};

}  // namespace COHORT_NAMESPACE
