#pragma once
#include <cohort/language/model/generation_options.hpp>

namespace COHORT_NAMESPACE {

/// Draws options.group completions of each prompt, those of a prompt after one another, with the natural logarithm of
/// each token's probability in sampler_logp; NaN where it is not known, for which the policy's is taken. `draws` is
/// another number in each rollout.
using outside_sampler = std::function<std::vector<generated<double>>(
    std::vector<std::vector<std::int32_t>> const& prompts, generation_options const& options, std::uint64_t draws)>;

namespace detail {

/// The first number, or the second where that is NaN.
struct first_known {
  template <class S>
  constexpr S operator()(S first, S second) const {
    return select(first == first, first, second);
  }
};

/// What an outside sampler draws. Raises value_error where that is not as many completions, with as many
/// log-probabilities as tokens, of the vocabulary's.
template <class T>
std::vector<generated<T>> from_outside(outside_sampler const& sampler,
                                       std::vector<std::vector<std::int32_t>> const& prompts,
                                       generation_options const& how, std::uint64_t draws, int vocabulary) {
  auto const drawn = sampler(prompts, how, draws);
  auto const refuse = [](std::size_t n, std::string const& what) {
    throw value_error("completions: completion " + std::to_string(n) + " of the outside sampler " + what);
  };
  if (drawn.size() != prompts.size() * std::size_t(how.group))
    throw value_error("completions: the outside sampler gave " + std::to_string(drawn.size()) +
                      " completions, expected " + std::to_string(how.group) + " for each of " +
                      std::to_string(prompts.size()) + " prompts");
  std::vector<generated<T>> all(drawn.size());
  for (std::size_t n = 0; n < drawn.size(); ++n) {
    auto const& d = drawn[n];
    if (d.tokens.empty()) refuse(n, "is empty, expected one token or more");
    if (d.sampler_logp.size() != d.tokens.size())
      refuse(n, "has " + std::to_string(d.tokens.size()) + " tokens and " + std::to_string(d.sampler_logp.size()) +
                    " log-probabilities");
    for (std::size_t t = 0; t < d.tokens.size(); ++t) {
      if (d.tokens[t] < 0 || d.tokens[t] >= vocabulary)
        refuse(n, "has the token " + std::to_string(d.tokens[t]) + ", expected one of the vocabulary's " +
                      std::to_string(vocabulary));
      if (d.sampler_logp[t] > 1e-3)
        refuse(n, "has the log-probability " + text(d.sampler_logp[t]) + ", expected one up to 0");
    }
    all[n].tokens = d.tokens, all[n].stopped = d.stopped;
    all[n].sampler_logp.assign(d.sampler_logp.begin(), d.sampler_logp.end());
    all[n].logp = all[n].sampler_logp;
  }
  return all;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
