#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/objective/step_terms.hpp>

namespace COHORT_NAMESPACE {

/// Maximum likelihood, as a loss for one step: -logp. In nats. On demonstrations it is supervised fine-tuning (SFT), on
/// good samples of the policy's own rejection fine-tuning. A logp of -inf costs inf, its derivative is -1 as for any
/// other.
struct log_likelihood {
  static constexpr about notes{"log_likelihood", "-logp", "maximum likelihood", "closed form"};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return -step.logp;
  }
};

}  // namespace COHORT_NAMESPACE
