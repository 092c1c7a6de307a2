#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/pair_terms.hpp>

namespace COHORT_NAMESPACE {

/// Bradley and Terry's model, by which reward models are trained: the log-likelihood that the chosen series beats the
/// rejected one,
///
///     -log sigmoid(score_c - score_r - margin) + center (score_c + score_r)^2
///
/// with the value head's number at a series' last step as its score. The margin asks for a distance; center > 0 keeps
/// scores, of which only differences matter, around 0. Reads both scores: the policy needs a value head. In nats.
struct bradley_terry {
  double margin = 0;
  double center = 0;  ///< >= 0

  static constexpr about notes{
      "bradley_terry", "-log sigmoid(score_c - score_r - margin) + center (score_c + score_r)^2",
      "Bradley and Terry 1952; margin: Touvron et al. 2023, arXiv:2307.09288, eq. 2", "TRL (RewardTrainer)"};
  constexpr void parameters(auto f) const { f("margin", margin), f("center", center); }

  template <class S>
  constexpr S operator()(pair_terms<S> const& p) const {
    S sum = p.chosen_score + p.rejected_score;
    return softplus(margin - (p.chosen_score - p.rejected_score)) + center * (sum * sum);
  }
  void check() const { detail::require(center >= 0, "bradley_terry", "center", center, "0 or a positive number"); }
};

}  // namespace COHORT_NAMESPACE
