#pragma once
#include <cohort/language/data/data_task.hpp>
#include <cohort/scalar/welford.hpp>
#include <string>
#include <vector>

namespace tuning {

/// A completion as people read it.
struct shown_completion {
  std::string prompt, text, row;
  double total;
  std::vector<double> parts;
  std::size_t tokens;
  bool truncated;
};

/// What the rewards said of the completions of an update, or of an evaluation: each one's mean and deviation, the first
/// completion of each of the first prompts, the best one and the worst.
class record {
 public:
  explicit record(std::size_t rewards) : parts_(rewards) {}

  void clear() { *this = record(parts_.size()); }
  void add(cohort::language::judged_completion const& c) {
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (!std::isnan(c.scores.parts[i])) parts_[i].add(c.scores.parts[i]);
    if (c.where.number == 0 && samples_.size() < kept) samples_.push_back(shown(c));
    if (std::isnan(c.scores.total)) return;
    total_.add(c.scores.total);
    if (best_.empty() || c.scores.total > best_[0].total) best_ = {shown(c)};
    if (worst_.empty() || c.scores.total < worst_[0].total) worst_ = {shown(c)};
  }

  cohort::detail::welford const& total() const { return total_; }
  cohort::detail::welford const& part(std::size_t i) const { return parts_[i]; }
  std::vector<shown_completion> const& samples() const { return samples_; }
  std::vector<shown_completion> const& best() const { return best_; }  // one, or none yet
  std::vector<shown_completion> const& worst() const { return worst_; }

 private:
  static constexpr std::size_t kept = 3;
  static shown_completion shown(cohort::language::judged_completion const& c) {
    return {c.row.row.prompt, std::string(c.text), c.row.row.where, c.scores.total,
            c.scores.parts,   c.tokens.size(),     !c.stopped};
  }

  std::vector<cohort::detail::welford> parts_;
  cohort::detail::welford total_;
  std::vector<shown_completion> samples_, best_, worst_;
};

}  // namespace tuning
