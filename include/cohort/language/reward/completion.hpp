#pragma once
#include <cohort/compiler.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace COHORT_NAMESPACE {

/// What a language model wrote after a prompt, as a reward sees it. `Row` is a row of the data set. All of it is
/// borrowed for the call.
template <class Row>
struct completion {
  std::string_view prompt, text;         ///< decoded; `text` without the prompt
  std::span<std::int32_t const> tokens;  ///< those of the completion, with its stop token
  bool truncated = false;                ///< the limit came before a stop token
  Row const& row;
};

/// A reward: any callable of a completion<Row> that returns a number, or nothing (std::optional<double>) where it has
/// nothing to say about the row. Called as const, perhaps by several threads at once.
template <class R, class Row>
concept reward_for = requires(R const& reward, completion<Row> const& c) {
  requires std::is_convertible_v<decltype(reward(c)), std::optional<double>>;
};

}  // namespace COHORT_NAMESPACE
