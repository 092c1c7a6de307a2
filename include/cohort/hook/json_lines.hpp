#pragma once
#include <cohort/hook/log_file.hpp>

namespace COHORT_NAMESPACE {

/// A line for each update, a JSON object (RFC 8259) of the metrics of describe_metrics and of columns of one's own;
/// null for a number that there is not or that is not finite. A hook of `train`; it raises what csv_log does.
///
///     {"time/total_timesteps":2048,"time/iterations":1,"rollout/ep_rew_mean":21.5,...,"train/explained_variance":null}
class json_lines {
 public:
  explicit json_lines(std::string path, existing what = existing::refuse, std::vector<log_column> own = {})
      : row_("json_lines", std::move(own)), file_("json_lines", std::move(path), what) {}
  json_lines(std::string path, std::vector<log_column> own)
      : json_lines(std::move(path), existing::refuse, std::move(own)) {}

  void on_update(train_report const& r) {
    line_ = '{';
    row_.each(r, [&](std::string_view name, double value) {
      append_string(name);
      line_ += ':';
      if (std::isfinite(value)) detail::append_number(line_, value);
      else line_ += "null";
      line_ += ',';
    });
    line_.back() = '}';
    line_ += '\n';
    file_.write(line_);
  }

 private:
  void append_string(std::string_view text) {
    line_ += '"';
    for (char c : text) {
      char escape[8];
      if (c == '"' || c == '\\') line_ += '\\';
      if (static_cast<unsigned char>(c) < 0x20)
        std::snprintf(escape, sizeof escape, "\\u%04x", unsigned(c)), line_ += escape;
      else line_ += c;
    }
    line_ += '"';
  }

  detail::log_row row_;
  detail::log_file file_;
  std::string line_;
};

}  // namespace COHORT_NAMESPACE
