#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/run/stopwatch.hpp>
#include <cohort/run/train_report.hpp>
#include <cstdint>
#include <limits>

// Hooks that end a run before its steps are used up. (What ends the epochs of one update is update{.target_kl}.)

namespace COHORT_NAMESPACE {

/// Ends a run once the mean return of its last 100 episodes is at least `mean_return`, and so many have ended.
struct stop_at_return {
  double mean_return;
  std::int64_t episodes = 100;

  bool on_update(train_report const& r) const { return r.episodes >= episodes && r.mean_return >= mean_return; }
};

/// Ends a run whose mean return has not risen by more than `least` over its best for `updates` updates. Raises
/// value_error where either is out of its range.
class stop_without_improvement {
 public:
  explicit stop_without_improvement(std::int64_t updates, double least = 0) : updates_(updates), least_(least) {
    detail::require(updates > 0, "stop_without_improvement", "updates", double(updates), "a positive number");
    detail::require(least >= 0, "stop_without_improvement", "least", least, "0 or a positive number");
  }
  void on_start(train_report const& r) {
    best_ = -std::numeric_limits<double>::infinity();
    since_ = r.updates;
  }
  bool on_update(train_report const& r) {
    if (r.mean_return > best_ + least_) best_ = r.mean_return, since_ = r.updates;
    return r.updates - since_ >= updates_;
  }

 private:
  std::int64_t updates_;
  double least_;
  double best_ = -std::numeric_limits<double>::infinity();
  std::int64_t since_ = 0;
};

/// Ends a run after the update in which its time is up: by the wall, hooks included, from where train begins. A clock
/// that is set back takes nothing away. Raises value_error for a time that is not positive.
class stop_after {
 public:
  /// `clock` gives seconds; it is for tests.
  explicit stop_after(double seconds, double (*clock)() = detail::seconds_now) : seconds_(seconds), clock_(clock) {
    detail::require(seconds > 0, "stop_after", "seconds", seconds, "a positive number");
  }
  void on_start(train_report const&) { passed_ = 0, last_ = clock_(); }
  bool on_update(train_report const&) {
    double const now = clock_();
    passed_ += std::max(0., now - last_);
    last_ = now;
    return passed_ >= seconds_;
  }

 private:
  double seconds_;
  double (*clock_)();
  double passed_ = 0, last_ = 0;
};

}  // namespace COHORT_NAMESPACE
