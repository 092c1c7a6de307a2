#pragma once
#include <cohort/language/model/stop_tokens.hpp>
#include <cohort/random/stream.hpp>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// Which completion of a rollout: number `number` of prompt number `prompt`, from 0.
struct sample_place {
  std::ptrdiff_t prompt = 0, number = 0;
};

/// Which row is drawn: number `number`, from 0, of a run of this seed.
struct row_number {
  std::uint64_t seed = 0, number = 0;
};

/// A completion that is to be scored.
template <class Row>
struct drawn_completion {
  Row const& row;
  std::span<std::int32_t const> tokens;
  bool stopped;
  sample_place where;
};

namespace detail {

template <class X>
concept draws_by_number = requires(X const& x, row_number which) {
  { x.draw(which) } -> std::convertible_to<typename X::row>;
};
template <class X>
concept draws_by_stream = requires(X const& x, random_stream& draws) {
  { x.draw(draws) } -> std::convertible_to<typename X::row>;
};
template <class X>
typename X::row draw_row(X const& task, random_stream& draws, row_number which) {
  if constexpr (draws_by_number<X>) return task.draw(which);
  else return task.draw(draws);
}

template <class X>
concept scores_with_place =
    requires(X const& x, typename X::row const& row, std::span<std::int32_t const> tokens, sample_place where) {
      { x.score(row, tokens, true, where) } -> std::convertible_to<double>;
    };
template <class X>
concept scores_without = requires(X const& x, typename X::row const& row, std::span<std::int32_t const> tokens) {
  { x.score(row, tokens, true) } -> std::convertible_to<double>;
};

/// Scores of all completions of a rollout at once, for rewards that take long and can work side by side.
template <class X>
concept scores_at_once = requires(X const& x, std::span<drawn_completion<typename X::row> const> all) {
  { x.scores(all) } -> std::convertible_to<std::vector<double>>;
};

/// What each of several rewards says of a completion, NaN where it says nothing: for estimators that compare them one
/// by one.
template <class X>
concept has_parts = requires(X const& x, typename X::row const& row, std::span<std::int32_t const> tokens) {
  std::span<double const>(x.parts(row, tokens, true));
};

template <class X>
double score_of(X const& task, typename X::row const& row, std::span<std::int32_t const> tokens, bool stopped,
                sample_place where) {
  if constexpr (scores_with_place<X>) return task.score(row, tokens, stopped, where);
  else return task.score(row, tokens, stopped);
}
template <class X>
std::vector<double> scores_of(X const& task, std::span<drawn_completion<typename X::row> const> all) {
  std::vector<double> scores;
  if constexpr (scores_at_once<X>) {
    scores = task.scores(all);
    if (scores.size() != all.size())
      throw value_error("the task gave " + std::to_string(scores.size()) + " scores for " + std::to_string(all.size()) +
                        " completions");
  } else {
    for (auto const& c : all) scores.push_back(score_of(task, c.row, c.tokens, c.stopped, c.where));
  }
  return scores;
}

}  // namespace detail

/// What a language model is trained on: rows to draw prompts from, and what a completion of a row is worth. draw takes
/// the random_stream that it draws from, or the row_number, for a data set that is gone through epoch by epoch; either
/// may depend on nothing else. score may take a sample_place as its last argument, for what it has to tell; a task may
/// also have `std::vector<double> scores(std::span<drawn_completion<row> const>) const`, which is asked for all of a
/// rollout at once. stop is the token that ends a completion, or several. A task with several rewards may also have
/// `std::array<double, K> parts(row, tokens, stopped) const`, which weighted_rewards and gdpo read.
template <class X>
concept language_task =
    (detail::scores_with_place<X> || detail::scores_without<X>) &&
    (detail::draws_by_number<X> || detail::draws_by_stream<X>) && requires(X const& x, typename X::row const& row) {
      { x.prompt(row) } -> std::convertible_to<std::vector<std::int32_t>>;
      { x.stop() } -> std::convertible_to<stop_tokens>;
    };

}  // namespace COHORT_NAMESPACE
