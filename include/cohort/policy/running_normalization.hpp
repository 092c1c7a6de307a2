#pragma once
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/scalar/welford.hpp>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// What a policy makes of each number of an observation before its networks read it, by the running mean and variance
/// of all that it has learned from:
///
///     clamp((x - mean) / (sqrt(variance + variance_epsilon) + deviation_epsilon), +-clip)
///
/// The statistics are the policy's: `train` adds a rollout's observations after the update that learned from them, so
/// that between two updates the policy is one function (ratios begin at 1, and evaluations leave it as it is); they are
/// saved and exported with it, and a frozen reference keeps those that it was frozen with. A number that is always the
/// same becomes 0 (by as much as the prior differs from it, not quite). The defaults are those of Stable-Baselines3's
/// VecNormalize, which adds each step's at once.
struct running_normalization {
  double clip = 10;  ///< > 0; infinity: no limit
  double variance_epsilon = 1e-8, deviation_epsilon = 0;
  double prior = 1e-4;                                     ///< weight of mean 0 and variance 1, in observations
  double until = std::numeric_limits<double>::infinity();  ///< so many observations; then they stay what they are

  void numbers(auto const& f) {
    f("clip", clip), f("variance_epsilon", variance_epsilon), f("deviation_epsilon", deviation_epsilon);
    f("prior", prior), f("until", until);
  }
  void check() const {
    auto require = [](bool holds, char const* what, double x, char const* expected) {
      detail::require(holds, "running_normalization", what, x, expected);
    };
    require(clip > 0, "clip", clip, "a positive number (infinity: no limit)");
    require(variance_epsilon >= 0, "variance_epsilon", variance_epsilon, "0 or a positive number");
    require(deviation_epsilon >= 0, "deviation_epsilon", deviation_epsilon, "0 or a positive number");
    require(variance_epsilon + deviation_epsilon > 0, "both epsilons' sum", variance_epsilon + deviation_epsilon,
            "a positive number, since a number that never changes has no deviation");
    require(prior >= 0 && std::isfinite(prior), "prior", prior, "0 or a positive number");
    require(until > 0, "until", until, "a positive number (infinity: always)");
  }
};

/// As rsl_rl's EmpiricalNormalization has it: (x - mean) / (deviation + .01), without limits or a prior.
inline constexpr running_normalization empirical_normalization{
    .clip = std::numeric_limits<double>::infinity(), .variance_epsilon = 0, .deviation_epsilon = .01, .prior = 0};

/// Mean and population variance of D numbers over the observations so far. They are added on the host in double one
/// after the other, so that they do not depend on backends and threads.
class observation_statistics {
 public:
  observation_statistics() = default;
  observation_statistics(int D, double prior) : columns_(std::size_t(D)) {
    for (auto& c : columns_) c.count = c.squares = prior;
  }

  int size() const { return int(columns_.size()); }
  double count() const { return columns_.empty() ? 0 : columns_[0].count; }  ///< with the prior's
  double mean(int d) const { return columns_[std::size_t(d)].mean(); }
  double deviation(int d) const {
    auto const& c = columns_[std::size_t(d)];
    return c.count > 0 ? std::sqrt(c.squares / c.count) / c.unit : 1;
  }
  /// Of rows of `width` numbers the first D. Raises not_finite_error, with nothing added, for a number that is not
  /// finite.
  template <class T>
  void add(std::span<T const> rows, std::size_t width) {
    for (std::size_t r = 0; r + width <= rows.size(); r += width)
      for (std::size_t d = 0; d < columns_.size(); ++d)
        if (!std::isfinite(rows[r + d]))
          throw not_finite_error("observation_statistics: observation[" + std::to_string(d) + "] is " +
                                 detail::text(double(rows[r + d])) + ", expected a finite number");
    for (std::size_t r = 0; r + width <= rows.size(); r += width)
      for (std::size_t d = 0; d < columns_.size(); ++d) columns_[d].add(double(rows[r + d]));
  }
  void persist(auto const& f) { f("columns", columns_); }

 private:
  std::vector<detail::welford> columns_;
};

}  // namespace COHORT_NAMESPACE
