#pragma once
#include <cohort/language/data/data_row.hpp>
#include <cohort/language/files/model_text.hpp>
#include <cohort/language/files/reward_files.hpp>
#include <cohort/language/model/reward_model.hpp>
#include <cohort/language/reward/batch.hpp>
#include <mutex>

namespace COHORT_NAMESPACE::language {

/// The reward model of a folder: one that `cohort reward` wrote, or transformers' ...ForSequenceClassification with one
/// label. Weights are as load has them: mapped, or of another type. Raises io_error for a folder without score.weight
/// or with several labels, and as load does.
template <backend B>
reward_model<B> load_reward_model(B& b, std::filesystem::path const& folder, load_options const& o = {},
                                  std::ptrdiff_t rows_per_pass = 1024) {
  std::error_code absent;
  if (!std::filesystem::is_directory(folder, absent))
    detail::refuse_file(folder.string(), "is no folder, expected that of a reward model, as transformers has them");
  using T = value_t<B>;
  auto const options = read_reward_config(folder);
  detail::tensor_files const files(folder);
  std::vector<T> score(std::size_t(options.hidden));
  if (!detail::read_score(files, std::span<T>(score)))
    detail::refuse_file(files.listed_by(),
                        "has no tensor \"score.weight\", as a reward model's has; cohort reward trains one");
  return {b, detail::load_folder(b, folder, o, options, detail::reward_naming(folder, options)),
          std::span<T const>(score), rows_per_pass};
}

/// A reward model as a reward: its score of prompt and completion together, a batch at a time, without a gradient.
///
///     model_reward judge{cpu, "runs/reward/model", {.type = stored_type::f16}};
///
/// The prompt is its text in the reward model's tokens, special ones included, so that a conversation stays in the
/// policy's chat format. The completion is its own tokens where the reward model reads them as the same text, as with
/// the same vocabulary; otherwise its text in the reward model's tokens, with the token that ends a text unless it was
/// cut. Padding at the end is not read (read_padding). A series that is too long for the reward model is a
/// reward_failure. The backend must outlive it; safe from several threads that leave the backend alone.
template <backend B>
class model_reward {
 public:
  model_reward(B& b, std::filesystem::path const& folder, load_options const& o = {},
               std::ptrdiff_t rows_per_pass = 1024)
      : backend_(&b), all_(std::make_shared<parts>(b, folder, o, rows_per_pass)) {}

  template <class Row>
  std::optional<double> operator()(completion<Row> const& c) const {
    return batch(std::span<completion<Row> const>(&c, 1))[0];
  }
  template <class Row>
  std::vector<std::optional<double>> batch(std::span<completion<Row> const> all) const {
    std::lock_guard const held(all_->lock);
    std::vector<scored_series> series;
    for (std::size_t i = 0; i < all.size(); ++i) {
      series.push_back(series_of(all[i]));
      auto const size = series[i].prompt.size() + series[i].completion.size();
      if (size > std::size_t(all_->model.options().context))
        throw reward_failure("model_reward: prompt and completion are " + std::to_string(size) +
                                 " tokens, expected no more than the reward model's context of " +
                                 std::to_string(all_->model.options().context),
                             i);
    }
    auto const found = all_->model.scores(*backend_, series);
    return {found.begin(), found.end()};
  }

 private:
  struct parts {
    model_text text;
    std::optional<std::int32_t> padding;
    reward_model<B> model;
    std::mutex lock;
    parts(B& b, std::filesystem::path const& folder, load_options const& o, std::ptrdiff_t rows)
        : text(read_text(folder)), padding(read_padding(folder)), model(load_reward_model(b, folder, o, rows)) {}
  };

  template <class Row>
  scored_series series_of(completion<Row> const& c) const {
    auto const& words = all_->text.words;
    scored_series s{words.encode(c.prompt, {.begin_end = false}), {}};
    bool continued = s.prompt.empty() || !words.is_special(s.prompt[0]);  // a text, and no conversation
    if constexpr (std::is_same_v<Row, data_row>) continued = c.prompt == c.row.prompt;
    if (continued) s.prompt = words.encode(c.prompt);
    bool const same = !c.tokens.empty() && (c.truncated || all_->text.stop.contains(c.tokens.back())) &&
                      known(c.tokens) && words.decode(c.tokens) == c.text;
    if (same) s.completion.assign(c.tokens.begin(), c.tokens.end());
    else {
      s.completion = words.encode(c.text, {.special_in_text = false, .begin_end = false});
      if (auto const end = all_->text.end(); end && !c.truncated) s.completion.push_back(*end);
    }
    auto const read = without_padding(s.completion, all_->padding);
    s.completion.resize(read.size());
    if (read.empty()) s.prompt.resize(without_padding(s.prompt, all_->padding).size());
    return s;
  }
  bool known(std::span<std::int32_t const> tokens) const {
    auto const vocabulary = all_->model.options().vocabulary;
    return std::all_of(tokens.begin(), tokens.end(), [&](auto token) { return token >= 0 && token < vocabulary; });
  }

  B* backend_;
  std::shared_ptr<parts> all_;
};

}  // namespace COHORT_NAMESPACE::language
