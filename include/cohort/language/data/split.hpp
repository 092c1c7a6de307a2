#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/language/data/data_row.hpp>
#include <cohort/random/philox.hpp>
#include <cstring>

namespace COHORT_NAMESPACE::language {

/// A number in (0, 1) that a text always has: each 8 bytes of it, and its length, go through Philox4x32 one after the
/// other.
inline double place_of(std::string_view text) {
  philox4x32::counter state{std::uint32_t(text.size()), std::uint32_t(std::uint64_t(text.size()) >> 32), 0, 0};
  for (std::size_t i = 0; i == 0 || i < text.size(); i += 8) {
    unsigned char bytes[8] = {};
    if (!text.empty()) std::memcpy(bytes, text.data() + i, std::min<std::size_t>(8, text.size() - i));
    auto const word = [&](int k) {
      std::uint32_t w = 0;
      for (int b = 0; b < 4; ++b) w |= std::uint32_t(bytes[4 * k + b]) << 8 * b;  // whatever the machine's byte order
      return w;
    };
    state = philox4x32::block(state, {word(0), word(1)});
  }
  return open_unit(state[0], state[1]);
}

/// The rows to train on, and those held out.
struct split_rows {
  std::vector<data_row> train, held_out;
};

/// Holds out the rows whose prompt has a place_of below `share`: about that share of the different prompts, the same
/// ones in whatever order and beside whatever others they stand, and rows of the same prompt on the same side. Those
/// held out are in the order of their places, so that the first n of them do not depend on the file's order either.
/// Raises value_error where nothing is left to train on.
inline split_rows split(std::vector<data_row> rows, double share) {
  detail::require(share >= 0 && share < 1, "split", "share", share, "a number from 0 up, below 1");
  split_rows result;
  std::vector<std::pair<double, std::size_t>> out;
  std::string all;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    all.clear();
    for (auto const& turn : rows[i].turns) all += turn.role + '\0' + turn.content + '\0';
    double const place = place_of(rows[i].turns.empty() ? rows[i].prompt : all);
    if (place < share) out.emplace_back(place, i);
    else result.train.push_back(std::move(rows[i]));
  }
  std::sort(out.begin(), out.end());
  for (auto const& [place, i] : out) result.held_out.push_back(std::move(rows[i]));
  if (result.train.empty())
    throw value_error("split: all " + std::to_string(out.size()) + " rows are held out by a share of " +
                      detail::text(share) + ", and none is left to train on");
  return result;
}

}  // namespace COHORT_NAMESPACE::language
