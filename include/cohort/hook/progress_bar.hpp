#pragma once
#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <cohort/run/train_report.hpp>
#include <cstdio>

namespace COHORT_NAMESPACE {

/// A line on stderr that shows how far a run is (in steps or in updates, whichever ends it), how fast it goes, the mean
/// return of the last 100 episodes, if there is any, and the time that is left; nothing of it where stderr is not a
/// terminal. At the end the run's warnings, a line each, wherever stderr goes. A hook of `train`.
class progress_bar {
 public:
  /// `out` is for tests; `always` writes even where it is no terminal.
  explicit progress_bar(std::FILE* out = stderr, bool always = false)
      : out_(out), shown_(always || isatty(fileno(out))) {}

  void on_update(train_report const& r) {
    bool const anew = r.seconds < last_;  // another run, or one that went back to a checkpoint
    if (!shown_ || (!anew && r.seconds - last_ < .1)) return;
    last_ = r.seconds;
    draw(r);
  }
  void on_end(train_report const& r) {
    if (shown_) {
      draw(r);
      std::fputc('\n', out_);
    }
    for (auto const& w : r.warnings) std::fprintf(out_, "warning: %s\n", w.c_str());
  }

 private:
  void draw(train_report const& r) {
    double by_updates = r.total_updates > 0 ? double(r.updates) / double(r.total_updates) : 0;
    double share = std::max(double(r.steps) / double(r.total_steps), by_updates),
           rate = r.seconds > 0 ? double(r.steps) / r.seconds : 0;
    char bar[25] = {}, mean[40] = {};
    for (int i = 0; i < 24; ++i) bar[i] = i < int(share * 24 + .5) ? '#' : '.';
    if (!std::isnan(r.mean_return))
      std::snprintf(mean, sizeof mean, "  return %.*f", std::abs(r.mean_return) < 10 ? 3 : 1, r.mean_return);
    std::fprintf(out_, "\r%s %3.0f %%  %lld steps  %.0f steps/s%s  %.0f s left ", bar, 100 * share, (long long)r.steps,
                 rate, mean, share > 0 ? r.seconds * (1 - share) / share : 0.);
    std::fflush(out_);
  }
  std::FILE* out_;
  bool shown_;
  double last_ = -1;
};

}  // namespace COHORT_NAMESPACE
