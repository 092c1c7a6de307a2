#pragma once
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cstddef>

namespace COHORT_NAMESPACE {

/// DAPO's soft punishment of length: nothing up to limit - cache tokens, then a straight line to -1 at the limit, -1
/// beyond:
///
///     0                               |y| <= L_max - L_cache
///     ((L_max - L_cache) - |y|) / L_cache            ... <= L_max
///     -1                              L_max < |y|
///
/// |y| counts the tokens of the completion, with its stop token. Unitless. A cache of 0 leaves the step from 0 to -1.
///
/// Source: Yu et al. 2025 (DAPO), arXiv:2503.14476, eq. 13; the defaults are its 4.1's: 16,384 tokens expected, and
/// 4,096 of cache.
struct soft_overlong {
  std::ptrdiff_t limit = 20'480;  ///< L_max; > 0
  std::ptrdiff_t cache = 4'096;   ///< L_cache; in [0, limit]

  template <class Row>
  double operator()(completion<Row> const& c) const {
    detail::require(limit > 0, "soft_overlong", "limit", double(limit), "a positive number of tokens");
    detail::require(cache >= 0 && cache <= limit, "soft_overlong", "cache", double(cache),
                    "a number of tokens from 0 to the limit");
    auto length = std::ptrdiff_t(c.tokens.size());
    if (length <= limit - cache) return 0;
    return length > limit ? -1 : double(limit - cache - length) / double(cache);
  }
};

}  // namespace COHORT_NAMESPACE
