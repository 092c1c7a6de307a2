#pragma once
#include <algorithm>
#include <chrono>
#include <ratio>
#include <thread>

namespace game {

/// Frames of a steady clock, and how long the work of each took.
class frame_clock {
  using clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::duration<double, std::milli>;

 public:
  /// fps = 0: as fast as it goes.
  explicit frame_clock(double fps) : period_(fps > 0 ? 1000 / fps : 0) {}

  void begin() { begun_ = clock::now(); }
  /// What the frame has taken so far.
  double spent() const { return milliseconds(clock::now() - begun_).count(); }
  /// Ends the frame's work, and waits for the next frame. One that is late begins at once, and the next ones go by it.
  void end(double budget) {
    double const took = spent();
    longest_ = std::max(longest_, took);
    over_ += took > budget;
    ++frames_;
    next_ = std::max(next_ + std::chrono::duration_cast<clock::duration>(milliseconds(period_)), clock::now());
    if (period_ > 0) std::this_thread::sleep_until(next_);
  }

  long long frames() const { return frames_; }
  double longest() const { return longest_; }
  double share_over() const { return frames_ ? double(over_) / double(frames_) : 0; }

 private:
  double period_, longest_ = 0;
  long long frames_ = 0, over_ = 0;
  clock::time_point begun_, next_ = clock::now();
};

}  // namespace game
