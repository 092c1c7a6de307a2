#pragma once
#include <algorithm>
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <limits>

namespace COHORT_NAMESPACE::detail {

/// The mean of the last 100 returns, of fewer at the beginning; NaN before the first.
class recent_returns {
 public:
  void persist(auto const& f) { f("values", values_), f("count", count_); }
  void add(double r) { values_[count_++ % values_.size()] = r; }
  double mean() const {
    std::size_t n = std::min(count_, values_.size());
    double total = 0;
    for (std::size_t i = 0; i < n; ++i) total += values_[i];
    return n ? total / double(n) : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  std::array<double, 100> values_{};
  std::size_t count_ = 0;
};

}  // namespace COHORT_NAMESPACE::detail
