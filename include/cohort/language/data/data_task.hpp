#pragma once
#include <cohort/language/data/epoch_order.hpp>
#include <cohort/language/data/row_encoder.hpp>
#include <cohort/language/reward/reward_list.hpp>

namespace COHORT_NAMESPACE::language {

/// A row in tokens.
struct encoded_row {
  data_row row;
  std::string prompt_text;
  std::vector<std::int32_t> prompt;
  std::vector<std::vector<std::int32_t>> given{};  ///< the completions that the row has, column by column
};

/// Rows in tokens, with the completions of the columns `given`. Raises value_error naming the file and the line of a
/// row that is longer than the context: its prompt with `max_tokens`, or with the longest of its completions.
inline std::vector<encoded_row> encode_rows(std::vector<data_row> rows, row_encoder const& encode,
                                            std::span<std::string const> given, int max_tokens, int context) {
  std::vector<encoded_row> all;
  for (auto& row : rows) {
    encoded_row one{{}, encode.prompt_text(row), encode.prompt(row)};
    auto most = std::size_t(max_tokens);
    for (auto const& column : given) {
      one.given.push_back(encode.completion(row, column.c_str()));
      most = std::max(most, one.given.back().size());
    }
    if (one.prompt.size() + most > std::size_t(context))
      throw value_error(row.where + ": a prompt of " + std::to_string(one.prompt.size()) + " and a completion of " +
                        (given.empty() ? "up to " : "") + std::to_string(most) +
                        " tokens, expected no more than the model's context of " + std::to_string(context) +
                        " together");
    one.row = std::move(row);
    all.push_back(std::move(one));
  }
  return all;
}

/// A completion and what the rewards said of it.
struct judged_completion {
  encoded_row const& row;
  std::string_view text;  ///< without special tokens
  std::span<std::int32_t const> tokens;
  bool stopped;
  listed_scores const& scores;
  sample_place where;
};

/// A data set as a language_task: its rows epoch by epoch (epoch_order), rewards chosen at run time, and for
/// demonstrations and preferences the completions that the rows have, in the order of `given`. The model's text must
/// outlive it.
class data_task {
 public:
  using row = encoded_row const*;

  data_task(std::vector<encoded_row> rows, model_text const& text, reward_list<data_row> rewards)
      : rows_(std::move(rows)), text_(text), rewards_(std::move(rewards)), order_(rows_.size()) {}

  std::vector<encoded_row> const& rows() const { return rows_; }
  reward_list<data_row> const& rewards() const { return rewards_; }
  /// Called with each completion that is scored from now on.
  void watch(std::function<void(judged_completion const&)> watcher) { watcher_ = std::move(watcher); }

  row draw(row_number which) const { return &rows_[order_(which)]; }
  std::vector<std::int32_t> prompt(row r) const { return r->prompt; }
  stop_tokens stop() const { return text_.stop; }
  double score(row r, std::span<std::int32_t const> tokens, bool stopped, sample_place where) const {
    drawn_completion<row> const one{r, tokens, stopped, where};
    return scores({&one, 1})[0];
  }
  std::vector<double> scores(std::span<drawn_completion<row> const> all) const { return judge(all, watcher_); }
  std::vector<std::int32_t> solution(row r) const { return r->given.at(0); }
  std::vector<std::int32_t> chosen(row r) const { return r->given.at(0); }
  std::vector<std::int32_t> rejected(row r) const { return r->given.at(1); }

  /// The totals of the rewards, which `watcher` is told with the rest, completion by completion.
  std::vector<double> judge(std::span<drawn_completion<row> const> all,
                            std::function<void(judged_completion const&)> const& watcher) const {
    std::vector<std::string> said, places;
    std::vector<std::ptrdiff_t> numbers;
    for (auto const& c : all) {
      said.push_back(text_.words.decode(c.tokens)), places.push_back(c.row->row.where);
      numbers.push_back(c.where.number);
    }
    std::vector<completion<data_row>> read;
    for (std::size_t i = 0; i < all.size(); ++i)
      read.push_back({all[i].row->prompt_text, said[i], all[i].tokens, !all[i].stopped, all[i].row->row});
    auto const scores = rewards_.batch(read, places, numbers);
    std::vector<double> totals;
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto const& c = all[i];
      if (watcher) watcher({*c.row, said[i], c.tokens, c.stopped, scores[i], c.where});
      totals.push_back(scores[i].total);
    }
    return totals;
  }

 private:
  std::vector<encoded_row> rows_;
  model_text const& text_;
  reward_list<data_row> rewards_;
  mutable epoch_order order_;  // which remembers an epoch's order
  std::function<void(judged_completion const&)> watcher_;
};

}  // namespace COHORT_NAMESPACE::language
