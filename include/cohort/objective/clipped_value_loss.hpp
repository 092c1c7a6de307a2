#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/step_terms.hpp>
#include <cohort/objective/value_distance.hpp>

namespace COHORT_NAMESPACE {

/// Which prediction a clipped value loss counts: the larger error of the clipped and the free one, or that of the
/// clipped one alone.
enum class value_clip { larger_error, clipped };

/// The critic's error where its prediction may not move far from what it was:
///
///     weight max(d(V - R), d(V_c - R))    or    weight d(V_c - R),    V_c = clamp(V, V_old - clip, V_old + clip)
///
/// where the distance d is squared_error, or another of cohort/objective/value_distance.hpp. Reads value, old_value,
/// target; in squared units of the return (of absolute_error in units of it). There is no 1/2: CleanRL's and verl's
/// half is weight = 0.5 times theirs. CleanRL, verl, OpenRLHF, TRL, TorchRL: larger_error; Stable-Baselines3: clipped,
/// whose gradient is 0 where the prediction has moved as far as it may.
template <class Distance = squared_error>
struct clipped_value_loss {
  double weight = 0.5;  ///< >= 0
  double clip = 0.2;    ///< in units of the return, > 0
  value_clip rule = value_clip::larger_error;
  Distance distance{};

  static constexpr about notes{
      "clipped_value_loss",
      std::is_same_v<Distance, squared_error>
          ? "weight max((V - R)^2, (V_c - R)^2), or the second alone; V_c = clamp(V, V_old - clip, V_old + clip)"
          : "PPO2 of OpenAI baselines; Engstrom et al. 2020, arXiv:2005.12729, eq. 3",
      "Engstrom et al. 2020, arXiv:2005.12729, eq. 3", "verl, OpenRLHF, TorchRL (l2, l1, smooth_l1); SB3 (the second)"};
  constexpr void parameters(auto f) const {
    f("weight", weight), f("clip", clip), f("rule", rule);
    if constexpr (!std::is_same_v<Distance, squared_error>) f("", distance);
  }
  void check() const {
    detail::require(weight >= 0, "clipped_value_loss", "weight", weight, "0 or a positive number");
    detail::require(clip > 0, "clipped_value_loss", "clip", clip, "a positive number");
    if constexpr (requires { distance.check(); }) distance.check();
  }

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S free = distance(S(step.value - step.target)),
      held = distance(S(step.old_value + clamp(step.value - step.old_value, -clip, clip) - step.target));
    return weight * (rule == value_clip::clipped ? held : max(free, held));
  }
};

}  // namespace COHORT_NAMESPACE
