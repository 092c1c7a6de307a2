#pragma once
#include <array>
#include <cmath>
#include <cohort/language/reward/rewards.hpp>
#include <cohort/scalar/welford.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

/// The total and each part of a set of N rewards over many completions: over those that have one, an absent one counts
/// nowhere.
template <std::size_t N>
class reward_summary {
 public:
  struct moments {
    std::ptrdiff_t count = 0;  ///< how many were present
    double mean = std::numeric_limits<double>::quiet_NaN();
    double deviation =
        std::numeric_limits<double>::quiet_NaN();  ///< standard deviation, ddof 1; NaN for fewer than two
  };

  void add(reward_scores<N> const& s) {
    add(N, s.total);
    for (std::size_t i = 0; i < N; ++i) add(i, s.parts[i]);
  }
  moments total() const { return part(N); }
  moments part(std::size_t i) const {
    auto const& w = all_[i];
    moments m;
    m.count = std::ptrdiff_t(w.count);
    if (m.count > 0) m.mean = w.mean();
    if (m.count > 1) m.deviation = w.deviation();
    return m;
  }

 private:
  void add(std::size_t i, double x) {
    if (!std::isnan(x)) all_[i].add(x);
  }
  std::array<detail::welford, N + 1> all_{};
};

}  // namespace COHORT_NAMESPACE
