#pragma once
// Every distribution of actions.
#include <cohort/sampler/action_mask.hpp>
#include <cohort/sampler/bernoulli.hpp>
#include <cohort/sampler/beta_distribution.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/sampler/gsde.hpp>
#include <cohort/sampler/independent.hpp>
#include <cohort/sampler/multi_categorical.hpp>
#include <cohort/sampler/state_dependent_gaussian.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// What a policy for a box of actions can be given in the place of a diagonal_gaussian.
using action_models = std::tuple<state_dependent_gaussian, tanh_gaussian, beta_distribution, gsde>;

}  // namespace COHORT_NAMESPACE::catalogue
