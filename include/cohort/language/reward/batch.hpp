#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cohort/language/task/each_on_threads.hpp>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

// Rewards that judge many completions at a time, and what becomes of those that fail.

namespace COHORT_NAMESPACE {

/// What is done about a completion for which a judge outside gives no value: an error, or no value.
enum class when_failing { stop, absent };

/// A judge outside gave no value for some completions of a batch. Others that a batch has are not lost by it: with
/// when_failing::absent it is never seen.
struct reward_failure : value_error {
  reward_failure(std::string const& what, std::size_t first) : value_error(what), completion(first) {}
  std::size_t completion;  ///< the first of those, numbered in the batch from 0
};

/// A reward with `batch(std::span<completion<Row> const>)`, which gives the values of all of them in their order.
template <class R, class Row>
concept batch_reward_for = requires(R const& reward, std::span<completion<Row> const> all) {
  { reward.batch(all) } -> std::same_as<std::vector<std::optional<double>>>;
};

/// What a reward says of each of some completions; at a time where it can.
template <class R, class Row>
  requires reward_for<R, Row>
std::vector<std::optional<double>> values_of(R const& reward, std::span<completion<Row> const> all) {
  if constexpr (batch_reward_for<R, Row>) {
    return reward.batch(all);
  } else {
    std::vector<std::optional<double>> values;
    for (auto const& c : all) values.push_back(reward(c));
    return values;
  }
}

namespace detail {

using reward_values = std::vector<std::optional<double>>;

/// Asks for the values of `count` completions in pieces of `per`, `at_once` pieces at a time: ask(first, values) fills
/// the values of a piece, whose first completion is number `first`. Of the failures the first by number is thrown once
/// all threads have ended; with `absent` a piece that fails has no values.
inline reward_values in_pieces(std::size_t count, std::size_t per, int at_once, when_failing failing,
                               std::function<void(std::size_t, std::span<std::optional<double>>)> const& ask) {
  reward_values values(count);
  each_on_threads((count + per - 1) / per, at_once, [&](std::size_t number) {
    std::size_t const first = per * number;
    std::span<std::optional<double>> const piece(values.data() + first, std::min(per, count - first));
    try {
      ask(first, piece);
    } catch (reward_failure const&) {
      if (failing == when_failing::stop) throw;
      for (auto& value : piece) value.reset();
    }
  });
  return values;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
