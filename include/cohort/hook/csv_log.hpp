#pragma once
#include <cerrno>
#include <cohort/error.hpp>
#include <cohort/run/train.hpp>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

namespace COHORT_NAMESPACE {

/// A row for each update in a file of comma-separated values:
///
///     steps, seconds, episodes, updates, mean_return, loss, entropy, approximate_kl, gradient_norm,
///     clip_low, clip_high, effective_sample_size
///
/// as train_report and update_metrics define them. A hook of `train`. Raises io_error if the file exists already
/// (unless it may be replaced), cannot be made, or cannot be written, at the row where that happens.
class csv_log {
 public:
  explicit csv_log(std::string path, existing what = existing::refuse) : path_(std::move(path)) {
    file_ = std::fopen(path_.c_str(), what == existing::refuse ? "wx" : "w");
    if (!file_) fail("cannot be opened");
    write(
        "steps,seconds,episodes,updates,mean_return,loss,entropy,approximate_kl,gradient_norm,clip_low,clip_high,"
        "effective_sample_size\n");
  }

  csv_log(csv_log&& other) noexcept : path_(std::move(other.path_)), file_(std::exchange(other.file_, nullptr)) {}
  csv_log& operator=(csv_log&&) = delete;
  ~csv_log() {
    if (file_) std::fclose(file_);
  }

  void on_update(train_report const& r) {
    char row[320];
    auto const& m = r.metrics;
    std::snprintf(row, sizeof row, "%lld,%.6f,%lld,%lld,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g\n", (long long)r.steps,
                  r.seconds, (long long)r.episodes, (long long)r.updates, r.mean_return, m.loss, m.entropy,
                  m.approximate_kl, m.gradient_norm, m.clip_low, m.clip_high, m.effective_sample_size);
    write(row);
  }

 private:
  void write(char const* text) {
    if (std::fputs(text, file_) == EOF || std::fflush(file_) != 0) fail("cannot be written");
  }
  [[noreturn]] void fail(char const* what) const {
    throw io_error("csv_log: " + path_ + " " + what + ": " + std::strerror(errno));
  }

  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace COHORT_NAMESPACE
