#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/compiler.hpp>

namespace COHORT_NAMESPACE::detail {

/// Count, mean and standard deviation of numbers that come one by one; a large mean costs the deviation no digits.
/// Welford 1962.
struct welford {
  double count = 0, scaled_mean = 0, squares = 0;
  double unit = 1;  ///< of the mean and the squares' root: small once a number came whose square would leave the type

  void add(double x) {
    if (std::abs(x) > 0x1p400 && unit == 1) {
      unit = 0x1p-530, scaled_mean *= unit;
      squares = std::ldexp(squares, -2 * 530);  // the unit's square is no normal number
    }
    double before = unit * x - scaled_mean;
    scaled_mean += before / ++count;
    squares += before * (unit * x - scaled_mean);
  }
  double mean() const { return scaled_mean / unit; }
  /// ddof 1; 0 for fewer than two.
  double deviation() const { return count > 1 ? std::sqrt(std::max(0., squares) / (count - 1)) / unit : 0; }
};

}  // namespace COHORT_NAMESPACE::detail
