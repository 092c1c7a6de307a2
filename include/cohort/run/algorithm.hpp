#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/advantage/reward_scale.hpp>
#include <cohort/advantage/running_reward_scale.hpp>
#include <cohort/aggregation/means.hpp>
#include <cohort/describe/about.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/optimizer/adam.hpp>
#include <cohort/optimizer/gradient_norm.hpp>
#include <cohort/rollout/lanes.hpp>
#include <limits>

namespace cohort {

/// A number of steps; 0 means all there are.
struct steps {
  std::int64_t count = 0;
};

/// How a batch becomes optimizer steps: `epochs` passes over it, each in an order of its own, cut into minibatches (the
/// last one may be smaller). Minibatches are cut between decisions, so the G actions of one stay together.
template <class Optimizer = adam<>>
struct update {
  int epochs = 10;
  steps minibatch{};
  int minibatches = 0;                                 ///< or into how many equal ones; 0: by `minibatch`
  normalization normalize = normalization::minibatch;  ///< of the advantages
  standardize standardization{};                       ///< how, if at all
  Optimizer optimizer{};
  double max_gradient_norm = std::numeric_limits<double>::infinity();  ///< > 0
  double max_gradient_value =
      std::numeric_limits<double>::infinity();  ///< > 0; of each element, before the norm's limit

  static constexpr about notes{"update", "epochs of minibatches",
                               "Schulman et al. 2017, arXiv:1707.06347, algorithm 1"};
  template <class F>
  constexpr void parameters(F f) const {
    f("epochs", epochs);
    if (minibatches > 0) f("minibatches", minibatches);
    else if (minibatch.count > 0) f("minibatch", minibatch.count);
    f("normalize", normalize == normalization::none    ? "none"
                   : normalize == normalization::batch ? "batch"
                                                       : "minibatch");
    if (normalize != normalization::none && !(standardization == standardize{})) f("standardization", standardization);
    f("", optimizer);
    if (max_gradient_norm < std::numeric_limits<double>::infinity()) f("max_gradient_norm", max_gradient_norm);
    if (max_gradient_value < std::numeric_limits<double>::infinity()) f("max_gradient_value", max_gradient_value);
  }
  gradient_limits limits() const { return {max_gradient_norm, max_gradient_value}; }
  void check() const {
    detail::require(epochs > 0, "update", "epochs", epochs, "a positive number");
    detail::require(minibatch.count >= 0, "update", "minibatch", double(minibatch.count), "0 (all) or more");
    detail::require(minibatches >= 0, "update", "minibatches", minibatches, "0 (by minibatch) or a positive number");
    detail::require(max_gradient_norm > 0, "update", "max_gradient_norm", max_gradient_norm,
                    "a positive number (infinity: no limit)");
    detail::require(max_gradient_value > 0, "update", "max_gradient_value", max_gradient_value,
                    "a positive number (infinity: no limit)");
  }
};

/// When the reference policy follows the one that learns: after every `every` updates,
///
///     reference <- share parameters + (1 - share) reference
///
/// every = 0: never. DeepSeek-R1: {400}; TRL's sync_ref_model: {512, .6}; a moving average: {1, .01}.
struct refresh {
  std::int64_t every = 0;
  double share = 1;  ///< in (0, 1]

  template <class F>
  constexpr void parameters(F f) const {
    f("every", every), f("share", share);
  }
  void check() const {
    detail::require(every >= 0, "refresh", "every", double(every), "0 (never) or a positive number");
    detail::require(share > 0 && share <= 1, "refresh", "share", share, "a number in (0, 1]");
  }
};

/// An algorithm is its parts. Each is a value; each may be replaced by a type of one's own, which needs no registration
/// and no base class.
///
///     PPO   lanes, gae, clipped_ratio + value_loss + entropy_bonus
///     GRPO  groups, group_relative, clipped_ratio + kl_penalty
///     Hybrid GRPO  probes, hybrid_grpo, clipped_ratio + value_loss + entropy_bonus
///     VinePPO  vine, gae with lambda = 0, clipped_ratio
template <class Rollout = lanes, class Advantage = gae, class Objective = clipped_ratio, class Aggregation = step_mean,
          class Update = update<>, class Reward = raw_reward>
struct algorithm {
  Rollout rollout{};
  Advantage advantage{};
  Objective objective{};
  Aggregation aggregation{};
  Update update{};
  Reward reward{};  ///< what is done to rewards before the advantage is estimated (cohort/advantage/*reward_scale.hpp)
  refresh reference{};  ///< of the reference policy, where there is one
};

}  // namespace cohort
