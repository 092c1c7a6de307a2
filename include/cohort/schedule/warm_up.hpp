#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/schedule/schedule.hpp>

namespace COHORT_NAMESPACE {

/// Another schedule (or a number) after a warm-up, for which the rest of the run is all of its progress:
///
///     then(0) (first + (1 - first) p / share)   for p < share,      then((p - share) / (1 - share))   from there on
///
/// warm_up{.share = .05, .then = cosine{1e-3, 1e-4}}. first > 0 since a run's first update has progress 0 and would do
/// nothing at a rate of 0: that, as transformers' schedules have it, is first = 0. Raises value_error for a share
/// outside of [0, 1) or a first outside of [0, 1].
template <class Then = double>
struct warm_up {
  double share = .1;  ///< of the run, in [0, 1)
  double first = .1;  ///< share of then's first number that it begins with, in [0, 1]
  Then then{};

  static constexpr about notes{"warm_up", "then(0) (first + (1 - first) p / share), then then",
                               "Goyal et al. 2017, arXiv:1706.02677, section 2.2", "torch (SequentialLR)"};

  constexpr void parameters(auto f) const { f("share", share), f("first", first), f("then", then); }
  double operator()(double progress) const {
    detail::require(share >= 0 && share < 1, "warm_up", "share", share, "a number in [0, 1)");
    detail::require(first >= 0 && first <= 1, "warm_up", "first", first, "a number in [0, 1]");
    if (progress < share) return at_progress(then, 0.) * (first + (1 - first) * progress / share);
    return at_progress(then, (progress - share) / (1 - share));
  }
  operator double() const = delete;  // write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}
};

}  // namespace COHORT_NAMESPACE
