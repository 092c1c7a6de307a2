#pragma once
#include <cohort/hook/log_file.hpp>

namespace COHORT_NAMESPACE {

/// A row for each update in a file of comma-separated values (RFC 4180), the first with the names: the metrics of
/// describe_metrics, then columns of one's own. A hook of `train`.
///
///     csv_log{"run.csv", {{"seconds an episode", [](train_report const& r) { return r.seconds / r.episodes; }}}}
///
/// Raises io_error if the file exists already (unless it may be replaced), cannot be made, or cannot be written, at the
/// row where that happens; value_error for a column's name that is missing or comes twice.
class csv_log {
 public:
  explicit csv_log(std::string path, existing what = existing::refuse, std::vector<log_column> own = {})
      : row_("csv_log", std::move(own)), file_("csv_log", std::move(path), what) {}
  csv_log(std::string path, std::vector<log_column> own) : csv_log(std::move(path), existing::refuse, std::move(own)) {}

  void on_update(train_report const& r) {
    line_.clear();
    if (!begun_) row_.each(r, [&](std::string_view name, double) { line_ += quoted(name) + ','; });
    if (!begun_) line_.back() = '\n';
    row_.each(r, [&](std::string_view, double value) { detail::append_number(line_, value), line_ += ','; });
    line_.back() = '\n';
    file_.write(line_);
    begun_ = true;
  }

 private:
  static std::string quoted(std::string_view name) {
    if (name.find_first_of(",\"\r\n") == name.npos) return std::string(name);
    std::string text = "\"";
    for (char c : name) text.append(c == '"' ? 2 : 1, c);
    return text + '"';
  }

  detail::log_row row_;
  detail::log_file file_;
  std::string line_;
  bool begun_ = false;
};

}  // namespace COHORT_NAMESPACE
