#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/objective/pair_terms.hpp>

namespace COHORT_NAMESPACE {

/// ORPO: supervised fine-tuning on the chosen series and, in the same loss and without a reference, odds that favor it,
///
///     -m_c + weight softplus(odds_r - odds_c),    odds = m - log(1 - exp(m)),    m = logp / |o|
///
/// with m the mean log-probability of a series' steps. A series is never surer than m = -1e-6, beyond which its odds
/// stand still (they are infinite at 0). Reads log-probabilities. In nats.
struct orpo {
  double weight = .1;  ///< lambda, >= 0

  static constexpr about notes{"orpo",
                               "-m_c + weight softplus(odds_r - odds_c), odds = m - log(1 - exp(m)), m a series' mean "
                               "log-probability",
                               "Hong et al. 2024, arXiv:2403.07691, eqs. 6 and 7", "TRL (ORPOTrainer)"};
  constexpr void parameters(auto f) const { f("weight", weight); }

  template <class S>
  constexpr S operator()(pair_terms<S> const& p) const {
    auto odds = [](S m) {
      S least = min(m, S(-1e-6));
      return least - log(-expm1(least));
    };
    S chosen = p.chosen_logp / p.chosen_length, rejected = p.rejected_logp / p.rejected_length;
    return -chosen + weight * softplus(odds(rejected) - odds(chosen));
  }
  void check() const { detail::require(weight >= 0, "orpo", "weight", weight, "0 or a positive number"); }
};

}  // namespace COHORT_NAMESPACE
