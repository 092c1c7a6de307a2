#pragma once
#include <cohort/file/json.hpp>
#include <cstdint>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "../program/exit_status.hpp"

/// Lines of JSON on stdin, and what is in them.
namespace program {

/// f(line, what messages call it) of each.
template <class F>
void each_line(F f) {
  std::ios::sync_with_stdio(false);
  std::string line;
  for (long number = 1; std::getline(std::cin, line); ++number) f(line, "stdin, line " + std::to_string(number));
  if (std::cin.bad()) throw cohort::cohort_error("can't read stdin");
}

/// The list `ids`, of a vocabulary's tokens.
inline std::vector<std::int32_t> ids_of(cohort::file::json_fields const& fields,
                                        int vocabulary = std::numeric_limits<std::int32_t>::max()) {
  cohort::file::json const& list = fields.at("ids");
  if (!list.is_array()) fields.wrong("ids", "a list of one token or more");
  std::vector<std::int32_t> ids;
  for (cohort::file::json const& id : list) {
    auto const token = cohort::file::token_in(id, std::uint64_t(vocabulary));
    if (!token)
      fields.refuse("ids[" + std::to_string(ids.size()) + "] is " + cohort::detail::shown(id) + ", expected a token" +
                    (vocabulary < std::numeric_limits<std::int32_t>::max()
                         ? " of the vocabulary's " + std::to_string(vocabulary) + ", counted from 0"
                         : ""));
    ids.push_back(*token);
  }
  return ids;
}

/// As JSON on one line; what of a text is no UTF-8 is U+FFFD.
inline std::string json_text(cohort::file::json const& value) {
  return value.dump(-1, ' ', false, cohort::file::json::error_handler_t::replace);
}

}  // namespace program
