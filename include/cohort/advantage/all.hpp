#pragma once
// Every advantage estimator, and what is done to rewards first. A new one is included and named here.
#include <cohort/advantage/advantage_as_reward.hpp>
#include <cohort/advantage/chained_samples.hpp>
#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/clipped_reward.hpp>
#include <cohort/advantage/decoupled.hpp>
#include <cohort/advantage/explained_variance.hpp>
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/gigpo.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/group_and_value.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/hybrid_grpo.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/advantage/length_adaptive_gae.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/n_step.hpp>
#include <cohort/advantage/no_advantage.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include <cohort/advantage/reward_scale.hpp>
#include <cohort/advantage/running_reward_scale.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/advantage/v_trace.hpp>
#include <cohort/advantage/whitened.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// Along series, with a critic.
using critic_estimators =
    std::tuple<gae, length_adaptive_gae, monte_carlo, n_step, v_trace, group_and_value, no_advantage>;

/// Over actions tried from one state, with a critic.
using probe_estimators = std::tuple<hybrid_grpo, chained_samples, advantage_as_reward<>>;

/// Within groups.
using group_estimators = std::tuple<group_relative, opo, gpg, max_rl, best_of_group, pass_at_k, optimal_token_baseline,
                                    gigpo, weighted_rewards, gdpo>;

/// Around another estimator.
using outer_estimators =
    std::tuple<whitened<>, decoupled<>, remax, kl_in_reward<>, kl_to_go<>, clipped_reward<>, clipped_advantage<>>;

/// What is done to rewards before an estimator sees them.
using reward_scales = std::tuple<raw_reward, standardized_reward, running_reward_scale>;

}  // namespace COHORT_NAMESPACE::catalogue
