#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// How often each of n numbers comes in n draws with replacement, each draw x_i with a probability proportional to
/// |x_i|^power. A NaN is not one of them; where all are 0, each comes once.
inline std::vector<int> resampled_counts(std::vector<double> const& x, double power, stream_id s) {
  double largest = 0;
  int n = 0;
  for (double v : x)
    if (!std::isnan(v)) largest = std::max(largest, std::abs(v)), ++n;
  std::vector<double> up_to;
  double total = 0;
  for (double v : x)
    up_to.push_back(total += std::isnan(v) ? 0 : largest == 0 ? 1 : std::pow(std::abs(v) / largest, power));
  std::vector<int> times(x.size(), 0);
  random_stream draws(s);
  for (int k = 0; k < n; ++k) {
    auto i = largest == 0 ? std::upper_bound(up_to.begin(), up_to.end(), double(k))
                          : std::upper_bound(up_to.begin(), up_to.end(), total * draws.uniform());
    ++times[std::size_t(i - up_to.begin())];
  }
  return times;
}

}  // namespace COHORT_NAMESPACE::detail
