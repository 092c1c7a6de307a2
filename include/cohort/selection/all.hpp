#pragma once
// Every selection.
#include <cohort/selection/clip_cov.hpp>
#include <cohort/selection/divergence_bound.hpp>
#include <cohort/selection/effective_sample_size.hpp>
#include <cohort/selection/high_return.hpp>
#include <cohort/selection/importance_weights.hpp>
#include <cohort/selection/kl_cov.hpp>
#include <cohort/selection/off_policy_series.hpp>
#include <cohort/selection/ratio_bounds.hpp>
#include <cohort/selection/top_entropy.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// Weights for the steps of a term.
using selections = std::tuple<importance_weights, ratio_bounds, divergence_bound<>, kl_mask, off_policy_series,
                              high_return, top_entropy, clip_cov, kl_cov>;

}  // namespace COHORT_NAMESPACE::catalogue
