#pragma once
#include <cohort/language/reward/rewards.hpp>

namespace cohort {

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

  void add(scores<N> const& s) {
    all_[N].add(s.total);
    for (std::size_t i = 0; i < N; ++i) all_[i].add(s.parts[i]);
  }
  moments total() const { return all_[N].result(); }
  moments part(std::size_t i) const { return all_[i].result(); }

 private:
  struct running {  // Welford's recurrence: a large mean costs the deviation no digits
    std::ptrdiff_t count = 0;
    double mean = 0, squares = 0;

    void add(double x) {
      if (std::isnan(x)) return;
      double before = x - mean;
      mean += before / double(++count);
      squares += before * (x - mean);
    }
    moments result() const {
      moments m;
      m.count = count;
      if (count > 0) m.mean = mean;
      if (count > 1) m.deviation = std::sqrt(squares / double(count - 1));
      return m;
    }
  };
  std::array<running, N + 1> all_{};
};

}  // namespace cohort
