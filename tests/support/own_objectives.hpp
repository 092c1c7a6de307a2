#pragma once
#include <cohort/objective/pair_terms.hpp>
#include <cohort/objective/series_terms.hpp>

// Objectives that the library does not have, as a user writes them: in a namespace of somebody else's, so that every
// function is found by its arguments.
namespace mine {

/// Of a step: a smooth gate on the ratio, a critic's error that grows in a line, and a square of the entropy.
struct of_step {
  double temperature = 2;
  template <class S>
  constexpr S operator()(cohort::step_terms<S> const& s) const {
    S ratio = exp(s.logp - s.old_logp), error = s.value - s.target;
    return -(4 / temperature) * sigmoid(temperature * (ratio - 1)) * s.advantage + sqrt(1 + error * error) -
           .1 * s.entropy * s.entropy;
  }
};

/// Of a series: log-ratios that saturate; it reads logp through the total and at the step itself.
struct of_series {
  template <class S>
  constexpr S of_step(cohort::step_terms<S> const& s) const {
    return tanh(s.logp - s.old_logp);
  }
  template <class S>
  constexpr S operator()(cohort::series_terms<S> const& s) const {
    return -softplus(s.total / s.length) * s.advantage + .1 * s.total * exp(s.logp - s.ref_logp);
  }
};

/// Of a pair: a preference by the mean log-ratios, and scores that are to differ by as much.
struct of_pair {
  double margin = .5;
  template <class S>
  constexpr S operator()(cohort::pair_terms<S> const& p) const {
    S d = (p.chosen_logp - p.chosen_ref_logp) / p.chosen_length -
          (p.rejected_logp - p.rejected_ref_logp) / p.rejected_length;
    S apart = p.chosen_score - p.rejected_score - d;
    return softplus(margin - d) + .5 * sqrt(1 + apart * apart);
  }
};

}  // namespace mine
