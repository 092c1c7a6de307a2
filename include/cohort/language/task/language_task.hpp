#pragma once
#include <cohort/language/model/stop_tokens.hpp>
#include <cohort/random/stream.hpp>
#include <concepts>
#include <cstddef>
#include <span>
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

}  // namespace detail

/// What a language model is trained on: rows to draw prompts from, and what a completion of a row is worth. draw takes
/// the random_stream that it draws from, or the row_number, for a data set that is gone through epoch by epoch; either
/// may depend on nothing else. score may take a sample_place as its last argument, for what it has to tell. stop is the
/// token that ends a completion, or several. A task with several rewards may also have
/// `std::array<double, K> parts(row, tokens, stopped) const`, which weighted_rewards and gdpo read.
template <class X>
concept language_task =
    (detail::scores_with_place<X> || detail::scores_without<X>) &&
    (detail::draws_by_number<X> || detail::draws_by_stream<X>) && requires(X const& x, typename X::row const& row) {
      { x.prompt(row) } -> std::convertible_to<std::vector<std::int32_t>>;
      { x.stop() } -> std::convertible_to<stop_tokens>;
    };

}  // namespace COHORT_NAMESPACE
