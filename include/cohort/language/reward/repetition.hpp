#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cstddef>
#include <numeric>
#include <vector>

namespace COHORT_NAMESPACE {

/// Punishes repeated runs of n tokens:
///
///     penalty (1 - distinct n-grams / all n-grams)
///
/// 0 where none repeats and where there are fewer than n tokens; next to `penalty` where one token is said over and
/// over. n-grams are of tokens, as in the paper and in TRL (Open-R1's are of words). Unitless.
///
/// Source: Yeo et al. 2025 (Demystifying long chain-of-thought reasoning), arXiv:2502.03373, C.2, in the form, and with
/// the defaults, of TRL's get_repetition_penalty_reward: one number for the completion, not one for each token.
struct repetition {
  int n = 3;            ///< tokens of an n-gram; > 0
  double penalty = -1;  ///< finite, <= 0

  template <class Row>
  double operator()(completion<Row> const& c) const {
    detail::require(n > 0, "repetition", "n", n, "a positive number of tokens");
    detail::require(std::isfinite(penalty) && penalty <= 0, "repetition", "penalty", penalty,
                    "a finite number, 0 or less");
    auto length = std::ptrdiff_t(c.tokens.size());
    if (length < n) return 0;
    std::vector<std::int32_t const*> grams(std::size_t(length - n + 1));
    std::iota(grams.begin(), grams.end(), c.tokens.data());
    auto compare = [this](auto const* a, auto const* b) {
      return std::lexicographical_compare_three_way(a, a + n, b, b + n);
    };
    std::sort(grams.begin(), grams.end(), [&](auto const* a, auto const* b) { return compare(a, b) < 0; });
    auto distinct =
        std::unique(grams.begin(), grams.end(), [&](auto const* a, auto const* b) { return compare(a, b) == 0; }) -
        grams.begin();
    auto repeated = std::ptrdiff_t(grams.size()) - distinct;
    return repeated > 0 ? penalty * double(repeated) / double(grams.size()) : 0;
  }
};

}  // namespace COHORT_NAMESPACE
