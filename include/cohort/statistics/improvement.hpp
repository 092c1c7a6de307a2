#pragma once
#include <algorithm>
#include <cohort/statistics/bootstrap.hpp>
#include <cohort/statistics/scores.hpp>
#include <cstddef>
#include <vector>

namespace COHORT_NAMESPACE::statistics {

/// How likely a run of the first algorithm is to end better than one of the second, and its bootstrap interval.
struct improvement {
  double probability;
  interval between;
};

namespace detail {

/// The values of both samples by their ranks within a task: only the order counts. Equal values have one rank, the
/// place of the first of them.
class ranked {
 public:
  ranked(scores const& x, scores const& y) : x_(x), y_(y), better_(x.runs() + y.runs()), worse_(better_) {
    for (std::size_t i = 0; i < x.tasks(); ++i) {
      std::vector<double> sorted(x.task(i).begin(), x.task(i).end());
      sorted.insert(sorted.end(), y.task(i).begin(), y.task(i).end());
      std::sort(sorted.begin(), sorted.end());
      for (scores* of : {&x_, &y_})
        for (double& value : of->task(i))
          value = double(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
    }
  }

  /// The share of pairs that x wins, the mean over the tasks.
  double operator()(scores const& x, scores const& y) {
    double sum = 0;
    for (std::size_t i = 0; i < x.tasks(); ++i) {
      std::fill(better_.begin(), better_.end(), 0);
      std::fill(worse_.begin(), worse_.end(), 0);
      for (double rank : x.task(i)) ++better_[std::size_t(rank)];
      for (double rank : y.task(i)) ++worse_[std::size_t(rank)];
      double below = 0, won = 0;
      for (std::size_t rank = 0; rank < better_.size(); ++rank) {
        won += better_[rank] * (below + worse_[rank] / 2);
        below += worse_[rank];
      }
      sum += won / (double(x.runs()) * double(y.runs()));
    }
    return sum / double(x.tasks());
  }

  scores const& x() const { return x_; }
  scores const& y() const { return y_; }

 private:
  scores x_, y_;
  std::vector<double> better_, worse_;
};

template <class Bootstrap>
improvement improvement_with(Bootstrap const& between, scores const& x, scores const& y) {
  if (x.tasks() != y.tasks())
    throw value_error("probability_of_improvement: there are " + std::to_string(x.tasks()) + " and " +
                      std::to_string(y.tasks()) + " tasks, expected the same tasks for both");
  ranked pairs(x, y);
  return {pairs(pairs.x(), pairs.y()), between(pairs, pairs.x(), pairs.y())};
}

}  // namespace detail

/// The probability of improvement, P(X > Y): the share of the pairs of a run of X and a run of Y in which X's value is
/// the larger one, pairs of equal values counting half; the mean over the tasks. On a task it is Mann and Whitney's U
/// over the number of pairs. X and Y may have different numbers of runs.
///
/// Source: Agarwal et al. 2021, arXiv:2108.13264, section 4.3; rliable.
inline improvement probability_of_improvement(scores const& x, scores const& y, bootstrap_options const& how = {}) {
  return detail::improvement_with(
      [&](auto const& pairs, scores const& a, scores const& b) { return bootstrap(pairs, how, a, b); }, x, y);
}

}  // namespace COHORT_NAMESPACE::statistics
