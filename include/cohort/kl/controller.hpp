#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/schedule/schedule.hpp>
#include <type_traits>

namespace COHORT_NAMESPACE {

namespace detail {

/// A term's weight now: a number, what a controller holds, or what a schedule begins with (`at` of the term has what it
/// comes to).
template <class W>
constexpr double weight_now(W const& w) {
  if constexpr (requires { double(w.weight); }) return w.weight;
  else if constexpr (schedule<W>) return w(0.);
  else return w;
}
/// A weight's default: a number, or what the controller itself starts with.
template <class W>
constexpr W default_weight(double number) {
  if constexpr (std::is_arithmetic_v<W>) return W(number);
  else return {};
}
template <class W>
void require_weight(char const* who, W const& weight) {
  require(weight_now(weight) >= 0, who, "weight", weight_now(weight), "0 or a positive number");
}

}  // namespace detail

// Where a term has a weight, a schedule may stand, `kl_penalty{.weight = linear{.04, 0}}`, or a controller,
// `kl_penalty{.weight = proportional_kl{.target = .1}}`. That is the weight now, and `train` tells it after each update
// how far the policy was from the reference, or what the term's `told(metrics)` says, and the number of series.

/// The weight of a KL term that stays what it is.
struct fixed_kl {
  double weight = .04;

  static constexpr about notes{"fixed_kl", "the weight stays", "a number", "closed form"};
  constexpr void parameters(auto f) const { f("weight", weight); }

  void update(double, double = 1) {}
};

/// RLHF's controller: the weight follows the divergence in proportion to the error,
///
///     weight <- weight (1 + clamp(kl / target - 1, +-limit) n / horizon)
///
/// after n samples in which the divergence was kl. n must be less than horizon / limit, at which the weight would
/// change its sign. Source: Ziegler et al. 2019, arXiv:1909.08593, 2.2; verl's and OpenRLHF's.
struct proportional_kl {
  double weight = .2;
  double target = .1;       ///< in nats, > 0
  double horizon = 10'000;  ///< samples, > 0
  double limit = .2;        ///< of the relative error, >= 0

  static constexpr about notes{"proportional_kl", "weight <- weight (1 + clamp(kl / target - 1, +-limit) n / horizon)",
                               "Ziegler et al. 2019, arXiv:1909.08593, 2.2", "verl, OpenRLHF"};
  constexpr void parameters(auto f) const {
    f("weight", weight), f("target", target), f("horizon", horizon), f("limit", limit);
  }
  void check() const {
    detail::require(target > 0, "proportional_kl", "target", target, "a positive number");
    detail::require(horizon > 0, "proportional_kl", "horizon", horizon, "a positive number");
    detail::require(limit >= 0, "proportional_kl", "limit", limit, "0 or a positive number");
  }

  void update(double kl, double n = 1) {
    check();
    detail::require(std::isfinite(kl), "proportional_kl", "the divergence", kl, "a finite number");
    detail::require(n >= 0 && limit * n < horizon, "proportional_kl", "the number of samples", n,
                    "a number from 0 up to less than horizon / limit");
    weight *= 1 + std::clamp(kl / target - 1, -limit, limit) * n / horizon;
  }
};

/// PPO-KL's controller: twice the weight where the divergence is more than `tolerance` times its target, half of it
/// where it is less than the target over the tolerance. Source: Schulman et al. 2017, arXiv:1707.06347, section 4
/// (tolerance 1.5, factor 2; TorchRL's KLPENPPOLoss).
struct doubling_kl {
  double weight = 1;
  double target = .01;     ///< in nats, > 0
  double tolerance = 1.5;  ///< > 1
  double factor = 2;       ///< > 1

  static constexpr about notes{
      "doubling_kl", "weight times factor where kl > tolerance target, over it where kl < target / tolerance",
      "Schulman et al. 2017, arXiv:1707.06347, section 4", "closed form; TorchRL (KLPENPPOLoss)"};
  constexpr void parameters(auto f) const {
    f("weight", weight), f("target", target), f("tolerance", tolerance), f("factor", factor);
  }
  void check() const {
    detail::require(target > 0, "doubling_kl", "target", target, "a positive number");
    detail::require(tolerance > 1, "doubling_kl", "tolerance", tolerance, "a number above 1");
    detail::require(factor > 1, "doubling_kl", "factor", factor, "a number above 1");
  }

  void update(double kl, double = 1) {
    check();
    detail::require(std::isfinite(kl), "doubling_kl", "the divergence", kl, "a finite number");
    if (kl > tolerance * target) weight *= factor;
    else if (kl < target / tolerance) weight /= factor;
  }
};

}  // namespace COHORT_NAMESPACE
