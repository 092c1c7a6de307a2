#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/pair_terms.hpp>

namespace COHORT_NAMESPACE {

/// SimPO: what generation looks for, the mean log-probability, is the reward itself, so there is no reference; the
/// chosen one is to be better by a margin,
///
///     -(1 - e) log sigmoid(x) - e log sigmoid(-x),    x = beta (logp_c / |o_c| - logp_r / |o_r|) - gamma
///
/// of the chosen series c and the rejected one r, sums over their steps; e is label_smoothing, the share of preferences
/// that are wrong. Reads log-probabilities. Finite for every finite input.
struct simpo {
  double beta = 2;             ///< > 0
  double gamma = 1;            ///< the margin, >= 0
  double label_smoothing = 0;  ///< e, in [0, 1/2)

  static constexpr about notes{
      "simpo",
      "-(1 - e) log sigmoid(x) - e log sigmoid(-x), x = beta d - gamma, d the difference of the mean log-probabilities",
      "Meng et al. 2024, arXiv:2405.14734, eq. 6", "TRL (CPOTrainer)"};
  constexpr void parameters(auto f) const { f("beta", beta), f("gamma", gamma), f("label_smoothing", label_smoothing); }

  template <class S>
  constexpr S operator()(pair_terms<S> const& p) const {
    S x = beta * (p.chosen_logp / p.chosen_length - p.rejected_logp / p.rejected_length) - gamma;
    return (1 - label_smoothing) * softplus(-x) + label_smoothing * softplus(x);
  }
  void check() const {
    detail::require(beta > 0, "simpo", "beta", beta, "a positive number");
    detail::require(gamma >= 0, "simpo", "gamma", gamma, "0 or a positive number");
    detail::require(label_smoothing >= 0 && label_smoothing < .5, "simpo", "label_smoothing", label_smoothing,
                    "a number in [0, 1/2)");
  }
};

}  // namespace COHORT_NAMESPACE
