#pragma once
#include <cohort/language/reward/completion.hpp>
#include <numeric>
#include <string>
#include <vector>

/// Completions made by hand.
namespace reward_cases {

struct row {
  int answer = 0;
};

/// What a reward says of a text.
template <class R, class Row = row>
std::optional<double> of_text(R const& reward, std::string_view text, Row const& r = {}) {
  return reward(cohort::completion<Row>{.prompt = "", .text = text, .tokens = {}, .row = r});
}

/// What a reward says of tokens.
template <class R, class Row = row>
auto of_tokens(R const& reward, std::vector<std::int32_t> const& tokens, Row const& r = {}) {
  return reward(cohort::completion<Row>{.prompt = "", .text = "", .tokens = tokens, .row = r});
}

/// ... of so many tokens, all different.
template <class R, class Row = row>
auto of_length(R const& reward, int length, Row const& r = {}) {
  std::vector<std::int32_t> tokens(length);
  std::iota(tokens.begin(), tokens.end(), 0);
  return of_tokens(reward, tokens, r);
}

}  // namespace reward_cases
