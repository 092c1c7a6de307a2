#pragma once
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cstddef>
#include <numbers>

namespace COHORT_NAMESPACE {

/// A reward for short right answers and long wrong ones, by half a period of a cosine:
///
///     r_L + (r_0 - r_L) (1 + cos(pi |y| / L_max)) / 2        |y| < L_max, r_0 and r_L those of right or wrong answers
///     r_e                                                   |y| >= L_max
///
/// |y| counts the tokens of the completion, with its stop token. An answer is right where `correct`, any reward, is
/// above 0, and the value is absent where that is. Unitless.
///
/// Source: Yeo et al. 2025 (Demystifying long chain-of-thought reasoning), arXiv:2502.03373, 4.2 and appendix; the
/// defaults are its rewards. Open-R1's get_cosine_scaled_reward has 1, 0.5, -1, -0.5 and no r_e.
template <class Correct>
struct cosine_length {
  Correct correct;            ///< a reward, as accuracy is
  std::ptrdiff_t limit;       ///< L_max; > 0
  double right_at_0 = 2;      ///< r_0 of a right answer
  double right_at_limit = 1;  ///< r_L of a right answer
  double wrong_at_0 = -10;    ///< r_0 of a wrong answer
  double wrong_at_limit = 0;  ///< r_L of a wrong answer
  double beyond_limit = -10;  ///< r_e

  template <class Row>
    requires reward_for<Correct, Row>
  std::optional<double> operator()(completion<Row> const& c) const {
    detail::require(limit > 0, "cosine_length", "limit", double(limit), "a positive number of tokens");
    std::optional<double> const right = correct(c);
    if (!right) return std::nullopt;
    auto const length = std::ptrdiff_t(c.tokens.size());
    if (length >= limit) return beyond_limit;
    double const at_0 = *right > 0 ? right_at_0 : wrong_at_0, at_limit = *right > 0 ? right_at_limit : wrong_at_limit;
    double const share = double(length) / double(limit);
    return at_limit + .5 * (at_0 - at_limit) * (1 + std::cos(share * std::numbers::pi));
  }
};

}  // namespace COHORT_NAMESPACE
