#pragma once
#include <cohort/language/task/language_task.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "addition_task.hpp"

namespace addition {

/// A completion as people read it, with its rewards.
struct sample {
  std::string prompt, text;
  double reward = 0, format = 0, accuracy = 0;
};

/// What the completions of a rollout were, for logs: the means of the rewards, and the first completion of each of the
/// first prompts.
class record {
 public:
  void clear() { *this = {}; }
  void add(sample const& s, cohort::sample_place where) {
    if (where.number == 0 && where.prompt < kept) samples_.push_back(s);
    ++count_, format_ += s.format, accuracy_ += s.accuracy;
  }
  double mean_format() const { return count_ ? format_ / count_ : 0; }
  double mean_accuracy() const { return count_ ? accuracy_ / count_ : 0; }
  std::vector<sample> const& samples() const { return samples_; }

 private:
  static constexpr std::ptrdiff_t kept = 3;
  double count_ = 0, format_ = 0, accuracy_ = 0;
  std::vector<sample> samples_;
};

/// The task in tokens, as a language model is trained on it.
class lesson {
 public:
  using row = sum;
  explicit lesson(int digits) : task_(digits) {}

  addition::task const& sums() const { return task_; }
  cohort::vocabulary const& words() const { return words_; }
  /// About the completions scored from now on; none at first.
  void record_to(addition::record* where) { record_ = where; }

  sum draw(cohort::random_stream& draws) const { return task_.draw(draws); }
  std::vector<std::int32_t> prompt(sum const& s) const { return words_.encode(addition::prompt(s)); }
  std::vector<std::int32_t> solution(sum const& s) const { return words_.encode(addition::solution(s)); }
  std::int32_t stop() const { return *words_.stop(); }
  /// Tokens that the longest sum needs, and a few to go wrong with.
  int max_tokens() const { return task_.longest_solution() + 4; }
  int context() const { return task_.longest_prompt() + max_tokens(); }

  double score(sum const& s, std::span<std::int32_t const> tokens, bool stopped, cohort::sample_place where) const {
    std::string const asked = addition::prompt(s), text = words_.decode(tokens, cohort::special_tokens::written);
    auto const found = rewards_(cohort::completion<sum>{asked, text, tokens, !stopped, s}, where.prompt, where.number);
    if (record_) record_->add({asked, text, found.total, found.parts[0], found.parts[1]}, where);
    return found.total;
  }
  bool is_right(sum const& s, std::span<std::int32_t const> tokens) const {
    std::string const asked = addition::prompt(s), text = words_.decode(tokens, cohort::special_tokens::written);
    return rewards_(cohort::completion<sum>{asked, text, tokens, false, s}, 0, 0).parts[1] == 1;
  }

 private:
  addition::task task_;
  cohort::vocabulary words_ = vocabulary();
  decltype(addition::rewards()) rewards_ = addition::rewards();
  addition::record* record_ = nullptr;
};

}  // namespace addition
