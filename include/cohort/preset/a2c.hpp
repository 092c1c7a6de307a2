#pragma once
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/optimizer/rmsprop.hpp>
#include <cohort/preset/source.hpp>

namespace COHORT_NAMESPACE::preset {

/// A2C, the synchronous A3C: -A log pi with n-step returns less V, n what is left of 5 steps.
inline constexpr composition a2c{
    {"a2c", "Mnih et al. 2016, arXiv:1602.01783, algorithm S3 and section 8",
     "16 actors, 5 steps, gamma .99, entropy weight .01, one pass, no ratio, advantages as they are",
     "RMSprop's decay and epsilon, the rate, .5 of the squared error and the gradient norm are Stable-Baselines3's"},
    [] {
      return algorithm{.rollout = lanes{.count = 16, .horizon = 5},
                       .advantage = monte_carlo{.gamma = .99},
                       .objective = policy_gradient{} + value_loss{.weight = .5} + entropy_bonus{.weight = .01},
                       .update = update{.epochs = 1,
                                        .normalize = normalization::none,
                                        .optimizer = rmsprop{.rate = 7e-4},
                                        .max_gradient_norm = .5}};
    }};

}  // namespace COHORT_NAMESPACE::preset
