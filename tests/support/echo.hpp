#pragma once
#include <cohort/random/stream.hpp>
#include <cstdint>
#include <span>
#include <vector>

namespace support {

/// A task of completions: say the prompt's digit again, then stop (token 10). Half the score for each.
struct echo {
  struct row {
    int digit;
  };
  row draw(cohort::random_stream& draws) const { return {int(draws.integer(10))}; }
  std::vector<std::int32_t> prompt(row const& r) const { return {11, r.digit}; }
  std::vector<std::int32_t> solution(row const& r) const { return {r.digit, 10}; }
  double score(row const& r, std::span<std::int32_t const> tokens, bool stopped) const {
    return .5 * (tokens[0] == r.digit) + .5 * (stopped && tokens.size() == 2);
  }
  std::int32_t stop() const { return 10; }
};

}  // namespace support
