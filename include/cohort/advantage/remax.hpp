#pragma once
#include <cohort/advantage/returns.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

/// ReMax's advantage: what is still to come, less what the greedy answer to the same prompt was worth:
///
///     A_it = sum_{s >= t} gamma^(s - t) r_is - greedy_i
///
/// Reads greedy_score, one for each series: completions{.greedy = true} brings it. An invalid step gets 0. In the units
/// of the reward. Writes no targets.
struct remax {
  double gamma = 1;  ///< discount, in [0, 1]

  static constexpr about notes{"remax", "what is still to come, less the greedy answer's score",
                               "Li et al. 2023, arXiv:2310.10505, eq. 5", "verl"};
  constexpr void parameters(auto f) const { f("gamma", gamma, gamma != 1); }
  void check() const { detail::require(gamma >= 0 && gamma <= 1, "remax", "gamma", gamma, "a number in [0, 1]"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    if (!batch.greedy_score)
      throw value_error(
          "remax reads greedy_score, the score of each prompt's greedy answer, which this batch does not have");
    std::ptrdiff_t M = batch.series.steps();
    auto scratch = backend.template temporary<T>(M);
    detail::reward_to_go(backend, batch, gamma, invalid_steps::skip, out.advantage);
    backend.broadcast_series(batch.series, scratch.all(), batch.greedy_score);
    view<T const> to_come = out.advantage, greedy = scratch.all();
    if (batch.valid) backend.map(outputs{out.advantage}, detail::difference{}, to_come, greedy, batch.valid);
    else backend.map(outputs{out.advantage}, detail::difference{}, to_come, greedy);
  }
};

}  // namespace COHORT_NAMESPACE
