#pragma once
#include <cmath>
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/schedule/schedule.hpp>
#include <numbers>

namespace COHORT_NAMESPACE {

/// Half a cosine from `from` at the start to `to`, the floor, at the end:
///
///     to + (from - to) (1 + cos(pi p)) / 2,   p the progress
///
/// Raises value_error for numbers that are not finite. Source: Loshchilov and Hutter 2016, arXiv:1608.03983, eq. 5;
/// torch's CosineAnnealingLR.
struct cosine {
  double from = 0, to = 0;

  static constexpr about notes{"cosine", "to + (from - to) (1 + cos(pi p)) / 2",
                               "Loshchilov and Hutter 2016, arXiv:1608.03983, eq. 5", "torch (CosineAnnealingLR)"};

  constexpr void parameters(auto f) const { f("from", from), f("to", to); }
  double operator()(double progress) const {
    detail::require(std::isfinite(from), "cosine", "from", from, "a finite number");
    detail::require(std::isfinite(to), "cosine", "to", to, "a finite number");
    return to + (from - to) * (1 + std::cos(std::numbers::pi * progress)) / 2;
  }
  operator double() const = delete;  // write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}
};

/// From `from` to `to` by equal factors: from (to / from)^p. torch's ExponentialLR with gamma = (to / from)^(1 / its
/// number of steps).
///
/// Raises value_error for numbers that are not positive and finite.
struct exponential {
  double from = 1, to = 1;

  static constexpr about notes{"exponential", "from (to / from)^p", "torch", "torch (ExponentialLR)"};

  constexpr void parameters(auto f) const { f("from", from), f("to", to); }
  double operator()(double progress) const {
    detail::require(from > 0 && std::isfinite(from), "exponential", "from", from, "a positive number");
    detail::require(to > 0 && std::isfinite(to), "exponential", "to", to, "a positive number");
    return from * std::pow(to / from, progress);
  }
  operator double() const = delete;  // write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}
};

}  // namespace COHORT_NAMESPACE
