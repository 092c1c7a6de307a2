#pragma once
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/hook/describe_metrics.hpp>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the logs have in common: a file, and a row of names and numbers.

namespace COHORT_NAMESPACE {

/// A column of one's own in any log: a name, and a function of the report. What it reads of the policy or of another
/// hook it captures:
///
///     csv_log{"run.csv", {{"eval/mean_reward", [&](train_report const&) { return watch.results().back().mean; }}}}
struct log_column {
  std::string name;
  std::function<double(train_report const&)> value;
};

namespace detail {

/// A number as every reader of text reads it, whatever the locale: the fewest digits that give it back.
inline void append_number(std::string& to, double x) {
  if (x != x) return void(to += "nan");  // whatever its sign
  char buffer[40];
  bool const whole = std::abs(x) < 1e15 && x == std::floor(x);
  to.append(buffer, whole ? std::to_chars(buffer, buffer + sizeof buffer, (long long)(x)).ptr
                          : std::to_chars(buffer, buffer + sizeof buffer, x).ptr);
}

/// The metrics of a report, then the columns of one's own. Raises value_error for a name that is missing or comes
/// twice.
class log_row {
 public:
  log_row(char const* who, std::vector<log_column> own) : own_(std::move(own)) {
    std::vector<std::string_view> names;
    for (double tokens : {0., 1.}) {
      train_report any;
      any.completions.count = tokens, any.completions.groups = 1;
      describe_metrics(any, [&](std::string_view name, double) { names.push_back(name); });
    }
    for (auto const& [name, value] : own_) {
      if (name.empty() || !value)
        throw value_error(std::string(who) + ": column '" + name + "' has no " + (name.empty() ? "name" : "function"));
      if (std::find(names.begin(), names.end(), name) != names.end())
        throw value_error(std::string(who) + ": there are two columns '" + name + "', expected each name once");
      names.push_back(name);
    }
  }
  /// f(name, value) for each.
  template <class F>
  void each(train_report const& r, F f) const {
    describe_metrics(r, [&](std::string_view name, double value) { f(name, value); });
    for (auto const& c : own_) f(std::string_view(c.name), c.value(r));
  }

 private:
  std::vector<log_column> own_;
};

/// A file that is written piece by piece, behind what is there where that was asked for. Raises io_error with its path
/// and the system's reason.
class log_file {
 public:
  log_file(char const* who, std::string path, existing what) : who_(who), path_(std::move(path)) {
    file_ = std::fopen(path_.c_str(), what == existing::refuse ? "wbx" : what == existing::append ? "ab" : "wb");
    if (!file_) fail("cannot be opened");
  }
  log_file(log_file&& other) noexcept
      : who_(other.who_), path_(std::move(other.path_)), file_(std::exchange(other.file_, nullptr)) {}
  log_file& operator=(log_file&&) = delete;
  ~log_file() {
    if (file_) std::fclose(file_);
  }
  /// To the system, so that a killed process loses nothing.
  void write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size() || std::fflush(file_) != 0)
      fail("cannot be written");
  }

 private:
  [[noreturn]] void fail(char const* what) const {
    throw io_error(std::string(who_) + ": " + path_ + " " + what + ": " + std::strerror(errno));
  }
  char const* who_;
  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
