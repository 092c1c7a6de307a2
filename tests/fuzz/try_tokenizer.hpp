#pragma once
#include <cohort/language/tokenizer/tokenizer.hpp>

#include "input.hpp"

namespace fuzz {

/// Makes tokens of any text and texts of any tokens; in a stream the same text comes, token by token.
inline void try_tokenizer(cohort::language::tokenizer_parts parts, std::string const& text) {
  cohort::language::tokenizer const words(std::move(parts));
  try {
    auto ids = words.encode(text);
    require(ids == words.encode(text));  // remembered
    words.encode(text, {.special_in_text = false, .begin_end = false});
    for (std::int32_t id = -1; id <= std::min(words.size(), 300); ++id) ids.push_back(id);
    auto stream = words.decode_stream({.skip_special = false});
    std::string in_parts;
    for (std::int32_t id : ids) in_parts += stream.push(id);
    in_parts += stream.finish();
    require(cohort::detail::valid_prefix(in_parts) == in_parts.size());
    require(in_parts == words.decode(ids, {.skip_special = false}));
  } catch (cohort::io_error const&) {
    std::abort();                          // after it was read
  } catch (cohort::cohort_error const&) {  // no token for what is unknown, or a search that was given up
  }
}

}  // namespace fuzz
