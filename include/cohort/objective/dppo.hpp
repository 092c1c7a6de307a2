#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clip_side.hpp>
#include <cohort/objective/weighted_logp.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

inline void require_bounds(char const* who, double low, double high) {
  require(low >= 0, who, "low", low, "0 or a positive number");
  require(high >= 0, who, "high", high, "0 or a positive number");
}

/// -1 or 1 for a step that is left out because its probability has moved too far down or up, as the advantage would
/// have it; an advantage of 0 leaves nothing to clip.
template <class S, class M>
constexpr S side_of_dropped(M const& keep, S const& advantage) {
  return select(keep | (advantage == 0), S(0), select(advantage > 0, S(1), S(-1)));
}

/// Whether a probability has not moved too far in the advantage's direction.
template <class C>
constexpr auto near_by_sign(C const& moved, C const& advantage, double low, double high) {
  return ((advantage > 0) & (moved <= high)) | ((!(advantage > 0)) & (moved >= -low));
}
/// -A sg(min(r, limit)) logp of the steps that are kept.
template <class S, class M>
constexpr S policy_gradient_of_kept(step_terms<S> const& step, M const& keep, double limit) {
  using C = constant_t<S>;
  C weight = min(exp(clamp(constant_of(step.logp) - step.old_logp, -20, 20)), C(limit));
  return -weighted_logp(select(keep, step.advantage * weight, C(0)), step.logp);
}

/// -A sg(min(r, limit)) logp of the steps that Near keeps, by bounds `low` and `high` of what it measures.
template <class Near>
struct kept_by_bounds {
  double low = Near::bound;   ///< >= 0
  double high = Near::bound;  ///< >= 0
  double limit = 20;          ///< of the ratio, > 0

  static constexpr about notes = Near::notes;
  constexpr void parameters(auto f) const { f("low", low), f("high", high), f("limit", limit); }
  void check() const {
    require_bounds(notes.name, low, high);
    require(limit > 0, notes.name, "limit", limit, "a positive number");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return policy_gradient_of_kept(step, Near::keep(step, low, high), limit);
  }
  /// Which steps are dropped.
  template <class S>
  constexpr S clipped(step_terms<S> const& step) const {
    return side_of_dropped(Near::keep(step, low, high), step.advantage);
  }
};

struct near_by_probability {
  static constexpr double bound = .2;
  static constexpr about notes{"dppo_tv",
                               "-A sg(min(r, limit)) logp where pi - pi_old <= high (A > 0) or >= -low, else 0",
                               "Qi et al. 2026, arXiv:2602.04879", "verl"};
  template <class S>
  static constexpr auto keep(step_terms<S> const& step, double low, double high) {
    constant_t<S> moved = exp(constant_of(step.logp)) - exp(step.old_logp);
    return near_by_sign(moved, step.advantage, low, high);
  }
};
struct near_by_binary_kl {
  static constexpr double bound = .05;
  static constexpr about notes{"dppo_kl",
                               "-A sg(min(r, limit)) logp where the binary KL(pi_old || pi) is within high (A > 0) or "
                               "low, or moves back, else 0",
                               "Qi et al. 2026, arXiv:2602.04879", "verl"};
  template <class S>
  static constexpr auto keep(step_terms<S> const& step, double low, double high) {
    using C = constant_t<S>;
    C logp = constant_of(step.logp), p = min(exp(logp), C(1)), old = min(exp(step.old_logp), C(1));
    C kl = old * (step.old_logp - logp) + (1 - old) * log((1 - old + 1e-8) / (1 - p + 1e-8));
    auto up = (kl <= high) | (p <= old), down = (kl <= low) | (p >= old);
    return ((step.advantage > 0) & up) | ((!(step.advantage > 0)) & down);
  }
};

}  // namespace detail

/// DPPO by total variation: the policy gradient with a truncated importance weight, of steps whose probability has not
/// moved too far in the advantage's direction:
///
///     -A sg(min(r, limit)) logp keep,    r = exp(logp - old_logp),
///     keep: pi - pi_old <= high (A > 0), >= -low (else),    pi = exp(logp)
///
/// Bounds of .2, limit 20. Reads logp, old_logp, advantage. Unitless. The bounds are on probabilities, so that a rare
/// action is not held back by its large ratio; it is for discrete actions. The log-ratio is clamped to +-20. The
/// derivative is finite for every logp, -inf among them; the loss is 0 where A is.
///
/// Source: Qi et al. 2026, arXiv:2602.04879; verl's dppo_tv (limit 20; where a configuration has clip_ratio_c, that).
using dppo_tv = detail::kept_by_bounds<detail::near_by_probability>;

/// DPPO by the divergence of the two outcomes "this action" and "another one":
///
///     as dppo_tv, keep: KL(pi_old || pi) <= high or pi <= pi_old (A > 0), KL <= low or pi >= pi_old (else),
///     KL = pi_old log(pi_old / pi) + (1 - pi_old) log((1 - pi_old + 1e-8) / (1 - pi + 1e-8))
///
/// Bounds of .05. A probability that rounding has put above 1 counts as 1.
///
/// Source: Qi et al. 2026, arXiv:2602.04879; verl's dppo_kl.
using dppo_kl = detail::kept_by_bounds<detail::near_by_binary_kl>;

/// prime-rl's loss: the unclipped ratio to the sampler, of steps whose probability has not moved too far, and a square
/// that holds them:
///
///     -A r keep + weight x^2,    x = logp - sampler_logp,    r = exp(x),
///     keep as in dppo_tv, or symmetric: |pi - pi_sampler| <= high
///
/// Reads logp, sampler_logp, advantage. Unitless. Its default has bounds of 0.2; `symmetric` with 0.1 is its "IPO". The
/// log-ratio in r is clamped to +-20. A logp of -inf costs inf, unless the weight is 0.
///
/// Source: prime-rl 559b447, its default loss and ipo.
struct prime_rl_loss {
  double low = .2, high = .2;  ///< >= 0
  bool symmetric = false;      ///< by the change alone, whatever the advantage's sign
  double weight = 1e-3;        ///< >= 0

  static constexpr about notes{"prime_rl_loss", "-A r keep + weight (logp - sampler_logp)^2", "prime-rl 559b447",
                               "prime-rl"};
  constexpr void parameters(auto f) const {
    f("low", low), f("high", high), f("symmetric", symmetric), f("weight", weight);
  }
  void check() const {
    detail::require_bounds("prime_rl_loss", low, high);
    detail::require(weight >= 0, "prime_rl_loss", "weight", weight, "0 or a positive number");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S x = step.logp - step.sampler_logp, ratio = exp(clamp(x, -20, 20));
    constant_t<S> moved = exp(detail::constant_of(step.logp)) - exp(step.sampler_logp);
    auto near = (moved <= high) & (moved >= -low), by_sign = detail::near_by_sign(moved, step.advantage, low, high);
    S gain = ratio * step.advantage;
    return (weight > 0 ? S(weight * (x * x)) : S(0)) -
           (symmetric ? select(near, gain, S(0)) : select(by_sign, gain, S(0)));
  }
  /// Which steps are dropped.
  template <class S>
  constexpr S clipped(step_terms<S> const& step) const {
    S moved = exp(step.logp) - exp(step.sampler_logp),
      side = select(moved > high, S(1), select(moved < -low, S(-1), S(0)));
    return select((symmetric ? step.advantage != 0 : side * step.advantage > 0), side, S(0));
  }
};

}  // namespace COHORT_NAMESPACE
