#pragma once
#include <cohort/error.hpp>
#include <cstdint>

namespace COHORT_NAMESPACE::statistics {

/// The chance that at least one of k samples passes, of which c of n passed, without bias:
///
///     1 - C(n - c, k) / C(n, k) = 1 - product over i = n - c + 1 ... n of (1 - k / i)
///
/// Raises value_error for c above n and for k outside of 1 ... n.
///
/// Source: Chen et al. 2021 (Codex), arXiv:2107.03374, eq. 1 and figure 3.
inline double pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k) {
  cohort::detail::require(c >= 0 && c <= n, "pass_at_k", "c", double(c), "a number of passes from 0 to n");
  cohort::detail::require(k >= 1 && k <= n, "pass_at_k", "k", double(k), "a number of samples from 1 to n");
  if (n - c < k) return 1;
  double none = 1;
  for (std::int64_t i = n - c + 1; i <= n; ++i) none *= 1 - double(k) / double(i);
  return 1 - none;
}

}  // namespace COHORT_NAMESPACE::statistics
