#pragma once
#include <algorithm>
#include <cmath>

namespace cohort::detail {

/// Count, mean and standard deviation of numbers that come one by one; a large mean costs the deviation no digits.
/// Welford 1962.
struct welford {
  double count = 0, mean = 0, squares = 0;

  void add(double x) {
    double before = x - mean;
    mean += before / ++count;
    squares += before * (x - mean);
  }
  /// ddof 1; 0 for fewer than two.
  double deviation() const { return count > 1 ? std::sqrt(std::max(0., squares) / (count - 1)) : 0; }
};

}  // namespace cohort::detail
