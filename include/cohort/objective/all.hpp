#pragma once
// Every objective. A new one is included and named here; tests, tables, pictures and the Python module follow.
#include <cohort/objective/bradley_terry.hpp>
#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/dpo.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/exact_kl_penalty.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/orpo.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/simpo.hpp>
#include <cohort/objective/tic_grpo.hpp>
#include <cohort/objective/value_distance.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/objective/vespo.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// For steps.
using step_objectives =
    std::tuple<policy_gradient, importance_ratio, log_likelihood, positive_likelihood, clipped_ratio, dual_clip,
               two_sided_clip, cispo, sapo, dro, log_ratio_distance, dppo_tv, dppo_kl, prime_rl_loss, kl_penalty<>,
               exact_kl_penalty<>, old_kl_penalty<>, value_loss<>, clipped_value_loss<>, entropy_bonus<>>;

/// For series.
using series_objectives = std::tuple<gspo, gspo_step, gmpo, vespo<>, tic_grpo, series_kl_penalty<>>;

/// For pairs.
using pair_objectives = std::tuple<dpo, ipo, preference_hinge, simpo, orpo, bradley_terry>;

/// What a value function's error costs.
using value_distances = std::tuple<squared_error, absolute_error, huber_error>;

}  // namespace COHORT_NAMESPACE::catalogue
