#pragma once
#include <cohort/random/stream.hpp>
#include <concepts>
#include <span>
#include <vector>

namespace cohort {

/// What a language model is trained on: rows to draw prompts from, and what a completion of a row is worth.
template <class X>
concept language_task = requires(X const& x, random_stream& draws, typename X::row const& row, std::span<std::int32_t const> tokens, bool stopped) {
  { x.draw(draws) } -> std::convertible_to<typename X::row>;
  { x.prompt(row) } -> std::convertible_to<std::vector<std::int32_t>>;
  { x.score(row, tokens, stopped) } -> std::convertible_to<double>;
  { x.stop() } -> std::convertible_to<std::int32_t>;
};

}  // namespace cohort
