#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/pair_terms.hpp>

namespace COHORT_NAMESPACE {

/// DPO: a preference as the likelihood that a reward model would give it whose reward is the policy's log-ratio to the
/// reference,
///
///     -(1 - e) log sigmoid(beta d) - e log sigmoid(-beta d),    d = (logp_c - ref_logp_c) - (logp_r - ref_logp_r)
///
/// of the chosen series c and the rejected one r, sums over their steps; e is label_smoothing, the share of preferences
/// that are wrong. Reads both log-probabilities and those of the reference. Finite for every finite input. Its
/// derivative with respect to logp_c is -beta sigmoid(-beta d) (without smoothing), and the opposite for r.
struct dpo {
  double beta = .1;            ///< how far from the reference, > 0
  double label_smoothing = 0;  ///< e, in [0, 1/2)

  static constexpr about notes{
      "dpo",
      "-(1 - e) log sigmoid(beta d) - e log sigmoid(-beta d), d the difference of the log-ratios to the reference",
      "Rafailov et al. 2023, arXiv:2305.18290, eq. 7; smoothing: Mitchell 2023", "TRL"};
  constexpr void parameters(auto f) const { f("beta", beta), f("label_smoothing", label_smoothing); }

  template <class S>
  constexpr S operator()(pair_terms<S> const& p) const {
    S x = beta * ((p.chosen_logp - p.chosen_ref_logp) - (p.rejected_logp - p.rejected_ref_logp));
    return (1 - label_smoothing) * softplus(-x) + label_smoothing * softplus(x);
  }
  void check() const {
    detail::require(beta > 0, "dpo", "beta", beta, "a positive number");
    detail::require(label_smoothing >= 0 && label_smoothing < .5, "dpo", "label_smoothing", label_smoothing,
                    "a number in [0, 1/2)");
  }
};

/// IPO: the log-ratios' difference, each a mean over its series, drawn towards 1 / (2 beta) instead of to infinity:
///
///     (d - 1 / (2 beta))^2,    d = (logp_c - ref_logp_c) / |o_c| - (logp_r - ref_logp_r) / |o_r|
///
/// Source: Azar et al. 2023, arXiv:2310.12036, eq. 17; means over the series as in TRL.
struct ipo {
  double beta = .1;  ///< > 0

  static constexpr about notes{"ipo", "(d - 1 / (2 beta))^2, d the difference of the mean log-ratios to the reference",
                               "Azar et al. 2023, arXiv:2310.12036, eq. 17", "TRL"};
  constexpr void parameters(auto f) const { f("beta", beta); }

  template <class S>
  constexpr S operator()(pair_terms<S> const& p) const {
    S d = (p.chosen_logp - p.chosen_ref_logp) / p.chosen_length -
          (p.rejected_logp - p.rejected_ref_logp) / p.rejected_length - 1 / (2 * beta);
    return d * d;
  }
  void check() const { detail::require(beta > 0, "ipo", "beta", beta, "a positive number"); }
};

/// A margin between the two instead of a likelihood (SLiC): max(0, 1 - beta d) with DPO's d.
struct preference_hinge {
  double beta = .1;  ///< > 0

  static constexpr about notes{"preference_hinge",
                               "max(0, 1 - beta d), d the difference of the log-ratios to the reference",
                               "Zhao et al. 2023, arXiv:2305.10425", "TRL"};
  constexpr void parameters(auto f) const { f("beta", beta); }

  template <class S>
  constexpr S operator()(pair_terms<S> const& p) const {
    return max(S(0), 1 - beta * ((p.chosen_logp - p.chosen_ref_logp) - (p.rejected_logp - p.rejected_ref_logp)));
  }
  void check() const { detail::require(beta > 0, "preference_hinge", "beta", beta, "a positive number"); }
};

}  // namespace COHORT_NAMESPACE
