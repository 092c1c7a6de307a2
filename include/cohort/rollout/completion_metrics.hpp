#pragma once
#include <algorithm>
#include <cohort/scalar/welford.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

/// The completions of a rollout, by the names that TRL logs them under. Rewards are the task's scores; of groups of
/// episodes they are the returns, and there are no lengths.
struct completion_metrics {
  double count = 0;                                        ///< completions with a score
  double mean_length = 0, min_length = 0, max_length = 0;  ///< tokens, the stop token included
  double clipped_ratio = 0;                                ///< share that was cut off at the limit
  double groups = 0;                                       ///< that were drawn
  double reward = 0;                                       ///< mean of the groups' means
  double reward_std = 0;            ///< mean of the groups' standard deviations (ddof 1; 0 for a group of one)
  double frac_reward_zero_std = 0;  ///< share of the groups whose scores are all equal
  double left_out = 0;              ///< groups that dynamic sampling drew and did not keep
};

namespace detail {

/// The scores of a group, their range, and the largest of what they were added up from.
struct group_scores : welford {
  double low = std::numeric_limits<double>::infinity(), high = -low, largest = 0;

  void add(double x, double magnitude) {
    welford::add(x);
    low = std::min(low, x), high = std::max(high, x), largest = std::max(largest, magnitude);
  }
  /// Whether they differ by more than rounding does; epsilon is that of the type whose numbers were added up.
  bool differs(double epsilon = std::numeric_limits<double>::epsilon()) const {
    return high - low > 8 * epsilon * largest;
  }
};

class completion_counter {
 public:
  void add(double length, bool stopped) {
    m_.min_length = m_.count == 0 ? length : std::min(m_.min_length, length);
    m_.max_length = std::max(m_.max_length, length);
    m_.mean_length += length;
    m_.clipped_ratio += !stopped;
    ++m_.count;
  }
  /// epsilon is that of group_scores::differs.
  void add_group(group_scores const& s, bool kept, double epsilon = std::numeric_limits<double>::epsilon()) {
    m_.left_out += !kept;
    ++m_.groups;
    m_.reward += s.mean();
    m_.reward_std += s.deviation();
    m_.frac_reward_zero_std += !s.differs(epsilon);
  }
  completion_metrics means() const {
    completion_metrics m = m_;
    double n = std::max(m.count, 1.), g = std::max(m.groups, 1.);
    m.mean_length /= n, m.clipped_ratio /= n;
    m.reward /= g, m.reward_std /= g, m.frac_reward_zero_std /= g;
    return m;
  }

 private:
  completion_metrics m_;
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
