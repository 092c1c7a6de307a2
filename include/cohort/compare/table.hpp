#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <cohort/compare/summary.hpp>
#include <cohort/compare/text.hpp>

namespace COHORT_NAMESPACE::comparing {

namespace detail {

inline constexpr std::size_t columns = 8;
using row = std::array<std::string, columns>;

/// Whether a column is shown: without a threshold nothing is solved.
inline bool is_shown(comparison const& all, std::size_t column) {
  return all.asked.threshold || column < 2 || column > 4;
}

inline std::string padded(std::string const& text, std::size_t width, bool left) {
  std::string const blanks(width - std::min(width, text.size()), ' ');
  return left ? text + blanks : blanks + text;
}

inline std::string trimmed_line(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

}  // namespace detail

/// "475", or "-200.5" where the threshold is not a whole number.
inline std::string threshold_text(double threshold) {
  return threshold == std::round(threshold) ? fixed(threshold, 0) : shortest(threshold);
}

/// Digits after the point that show a hundredth of the largest return, one at least.
inline int return_digits(comparison const& all) {
  double largest = std::abs(all.asked.threshold.value_or(0));
  for (auto const& one : all.algorithms)
    for (auto const& run : one.finals) largest = std::max(largest, std::abs(run.value));
  return largest > 0 ? std::clamp(static_cast<int>(std::ceil(2 - std::log10(largest))), 1, 6) : 1;
}

inline std::string kibibytes(std::size_t bytes) { return fixed(static_cast<double>(bytes) / 1024, 1); }

/// The comparison for a terminal of 100 columns.
inline std::string table(comparison const& all) {
  using detail::columns, detail::padded, detail::row;
  int const digits = return_digits(all);
  std::vector<row> rows{
      {"", "final return", "", "steps to", "time to", "", "parameter", "optimizer"},
      {"algorithm", "IQM [95% interval]", "solved", "threshold", "threshold", "steps/s", "KiB", "KiB"}};
  for (auto const& one : all.algorithms)
    rows.push_back({one.name,
                    fixed(one.iqm, digits) + " [" + fixed(one.iqm_interval.low, digits) + ", " +
                        fixed(one.iqm_interval.high, digits) + "]",
                    std::to_string(one.solved) + "/" + std::to_string(one.seeds),
                    one.steps_to_threshold ? thousands(*one.steps_to_threshold) : "never",
                    one.seconds_to_threshold ? duration(*one.seconds_to_threshold) + " s" : "never",
                    thousands(std::llround(one.steps_per_second)), kibibytes(one.parameter_bytes),
                    kibibytes(one.optimizer_bytes)});

  std::array<std::size_t, columns> widths{};
  for (auto const& cells : rows)
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], cells[i].size());

  std::string text = all.asked.environment + ", " + thousands(all.steps) + " steps a run, " +
                     std::to_string(all.asked.seeds) + (all.asked.seeds == 1 ? " seed" : " seeds") +
                     (all.asked.threshold ? ", threshold " + threshold_text(*all.asked.threshold) : "") + "\n\n";
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i)
      if (detail::is_shown(all, i)) line += (i ? "  " : "") + padded(rows[r][i], widths[i], i == 0);
    text += detail::trimmed_line(line);
    if (r == 1) text += std::string(line.size(), '-') + '\n';
  }
  return text;
}

}  // namespace COHORT_NAMESPACE::comparing
