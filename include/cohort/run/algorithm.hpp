#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/reward_scale.hpp>
#include <cohort/aggregation/means.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/rollout/lanes.hpp>
#include <cohort/update/update.hpp>
#include <cstdint>

namespace COHORT_NAMESPACE {

/// When the reference policy follows the one that learns: after every `every` updates,
///
///     reference <- share parameters + (1 - share) reference
///
/// every = 0: never. DeepSeek-R1: {400}; TRL's sync_ref_model: {512, .6}; a moving average: {1, .01}.
struct refresh {
  std::int64_t every = 0;
  double share = 1;  ///< in (0, 1]

  constexpr void parameters(auto f) const { f("every", every), f("share", share); }
  void check() const {
    detail::require(every >= 0, "refresh", "every", double(every), "0 (never) or a positive number");
    detail::require(share > 0 && share <= 1, "refresh", "share", share, "a number in (0, 1]");
  }
};

/// An algorithm is its parts. Each is a value; each may be replaced by your own type, which needs no registration
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

}  // namespace COHORT_NAMESPACE
