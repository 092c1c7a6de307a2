#pragma once
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <type_traits>

namespace COHORT_NAMESPACE {

/// Asks for completions of one length, or of the length that the row names:
///
///     -alpha |target - |y||,        |y| the tokens of the completion, with its stop token
///
/// so 0 at best. In units of tokens, times alpha. A target that is negative or not finite is a value_error.
///
/// Source: Aggarwal and Welleck 2025 (L1, LCPO-Exact), arXiv:2503.04697, eq. 1, there next to the accuracy, with alpha
/// = 0.0003.
template <class Target = double>
struct length_target {
  Target target;     ///< tokens: a number, or a callable from row to number
  double alpha = 1;  ///< finite, >= 0

  template <class Row>
  double operator()(completion<Row> const& c) const {
    double wanted;
    if constexpr (std::is_invocable_v<Target const&, Row const&>) wanted = double(target(c.row));
    else wanted = double(target);
    detail::require(std::isfinite(wanted) && wanted >= 0, "length_target", "target", wanted,
                    "a number of tokens, 0 or more");
    detail::require(std::isfinite(alpha) && alpha >= 0, "length_target", "alpha", alpha, "a finite number, 0 or more");
    double off = std::abs(wanted - double(c.tokens.size()));
    return off > 0 ? -alpha * off : 0;
  }
};

}  // namespace COHORT_NAMESPACE
