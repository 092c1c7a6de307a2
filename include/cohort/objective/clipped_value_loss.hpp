#pragma once
#include <cohort/error.hpp>
#include <cohort/objective/about.hpp>
#include <cohort/objective/step_terms.hpp>

namespace cohort {

/// Which prediction a clipped value loss counts: the larger error of the clipped and the free one, or that of the clipped one alone.
enum class value_clip { larger_error, clipped };

/// The critic's squared error where its prediction may not move far from what it was:
///
///     weight max((V - R)^2, (V_c - R)^2)    or    weight (V_c - R)^2,    V_c = clamp(V, V_old - clip, V_old + clip)
///
/// Reads value, old_value, target; in squared units of the return. There is no 1/2: CleanRL's and verl's half is weight = 0.5 times theirs. CleanRL, verl, OpenRLHF, TRL:
/// larger_error; Stable-Baselines3: clipped, whose gradient is 0 where the prediction has moved as far as it may.
///
/// Source: Schulman's PPO2 in OpenAI baselines; Engstrom et al. 2020, arXiv:2005.12729, eq. 3.
struct clipped_value_loss {
  double weight = 0.5;  ///< >= 0
  double clip = 0.2;    ///< in units of the return, > 0
  value_clip rule = value_clip::larger_error;

  static constexpr about notes{"clipped_value_loss", "weight max((V - R)^2, (V_c - R)^2), or the second alone; V_c = clamp(V, V_old - clip, V_old + clip)",
                               "Engstrom et al. 2020, arXiv:2005.12729, eq. 3"};
  template <class F>
  constexpr void parameters(F f) const {
    f("weight", weight), f("clip", clip), f("rule", rule == value_clip::clipped ? "clipped" : "larger_error");
  }
  void check() const {
    detail::require(weight >= 0, "clipped_value_loss", "weight", weight, "0 or a positive number");
    detail::require(clip > 0, "clipped_value_loss", "clip", clip, "a positive number");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S free = step.value - step.target, held = step.old_value + clamp(step.value - step.old_value, -clip, clip) - step.target;
    return weight * (rule == value_clip::clipped ? S(held * held) : max(free * free, held * held));
  }
};

/// An error that grows in a line where it is large, so that outliers don't rule:
///
///     weight e^2 / 2 for |e| <= delta, else weight delta (|e| - delta / 2),    e = V - R
///
/// Reads value, target; in squared units of the return. delta = 1 is torch's smooth_l1_loss and TorchRL's default.
///
/// Source: Huber 1964.
struct huber_value_loss {
  double weight = 1;  ///< >= 0
  double delta = 1;   ///< > 0

  static constexpr about notes{"huber_value_loss", "weight e^2 / 2 for |e| <= delta, else weight delta (|e| - delta / 2), e = V - R", "Huber 1964"};
  template <class F>
  constexpr void parameters(F f) const {
    f("weight", weight), f("delta", delta);
  }
  void check() const {
    detail::require(weight >= 0, "huber_value_loss", "weight", weight, "0 or a positive number");
    detail::require(delta > 0, "huber_value_loss", "delta", delta, "a positive number");
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S error = step.value - step.target, far = abs(error);
    return weight * select(far <= delta, .5 * (error * error), delta * (far - .5 * delta));
  }
};

}  // namespace cohort
