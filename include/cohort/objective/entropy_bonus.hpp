#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/kl/controller.hpp>
#include <cohort/objective/step_terms.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

/// A weight of entropy_bonus that holds the entropy at a target: after an update with mean entropy H
///
///     coefficient <- min(coefficient + step, most) if H <= target, else max(coefficient - step, 0);
///     weight = coefficient if H <= target, else 0
///
/// so that nothing is paid for entropy as long as there is enough. Before the first update the weight is 0.
/// `entropy_bonus{.weight = entropy_target{.target = .2}}`.
struct entropy_target {
  double target = .2;      ///< in nats
  double step = .005;      ///< > 0
  double most = 1;         ///< >= coefficient
  double coefficient = 0;  ///< >= 0
  double weight = 0;       ///< what the bonus weighs now

  static constexpr about notes{"entropy_target", "coefficient +- step towards the target, applied while H <= target",
                               "He et al. 2025 (Skywork-OR1), arXiv:2505.22312, 4.4; TRL 1.16 (entropy_coef)"};
  constexpr void parameters(auto f) const {
    f("target", target), f("step", step), f("most", most), f("coefficient", coefficient);
  }

  void persist(auto const& f) { f("coefficient", coefficient), f("weight", weight); }
  void update(double entropy, double = 1) {
    detail::require(step > 0, "entropy_target", "step", step, "a positive number");
    detail::require(coefficient >= 0 && coefficient <= most, "entropy_target", "coefficient", coefficient,
                    "a number in [0, most]");
    detail::require(std::isfinite(entropy), "entropy_target", "the entropy", entropy, "a finite number");
    bool low = entropy <= target;
    coefficient = low ? std::min(coefficient + step, most) : std::max(coefficient - step, 0.);
    weight = low ? coefficient : 0;
  }
};

/// A reward for staying random, as a loss for one step:
///
///     -weight H,    H the entropy of the policy's distribution at this step, in nats
///
/// Reads entropy. For continuous actions H is the differential entropy, which may be negative. The weight is a number,
/// a schedule, or entropy_target, which `train` tells of the mean entropy of each update's last minibatch.
template <class Weight = double>
struct entropy_bonus {
  Weight weight = detail::default_weight<Weight>(.01);  ///< >= 0; 0.01, or what the controller starts with

  static constexpr about notes{"entropy_bonus", "-weight H",
                               "Williams and Peng 1991; Schulman et al. 2017, arXiv:1707.06347, eq. 9",
                               "TRL, verl, OpenRLHF, TorchRL"};
  constexpr void parameters(auto f) const { f("weight", weight); }
  void check() const { detail::require_weight("entropy_bonus", weight); }
  constexpr auto at(double progress) const
    requires schedule<Weight>
  {
    return entropy_bonus<double>{weight(progress)};
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return -detail::weight_now(weight) * step.entropy;
  }
  static double told(auto const& m) { return m.entropy; }
};

}  // namespace COHORT_NAMESPACE
