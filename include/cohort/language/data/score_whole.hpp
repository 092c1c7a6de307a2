#pragma once
#include <cohort/language/data/data_task.hpp>
#include <cohort/language/files/reward_files.hpp>

namespace COHORT_NAMESPACE::language {

/// For a reward model, whose score is that of a whole series: each completion without the padding behind it (see
/// read_padding) and with one token more. The value at a step is taken before its token is read, so that at the last
/// step all the others have been.
inline void score_whole(std::vector<encoded_row>& rows, std::optional<std::int32_t> padding) {
  for (auto& row : rows)
    for (auto& tokens : row.given) {
      std::int32_t const unread = tokens.back();
      tokens.resize(without_padding(tokens, padding).size());
      tokens.push_back(unread);
    }
}

}  // namespace COHORT_NAMESPACE::language
