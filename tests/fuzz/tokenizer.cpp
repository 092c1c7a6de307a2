// Any bytes are a tokenizer that makes tokens of any text and texts of any tokens, or an io_error; in a stream the same
// text comes, token by token.
#include <cohort/language/tokenizer/tokenizer.hpp>

#include "input.hpp"

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in(data, size);
  std::string const file = in.text(), text = in.rest();
  try {
    language::tokenizer const words(language::read_tokenizer_json(file, "fuzz"));
    try {
      auto ids = words.encode(text);
      fuzz::require(ids == words.encode(text));  // remembered
      words.encode(text, {.special_in_text = false, .begin_end = false});
      for (std::int32_t id = -1; id <= std::min(words.size(), 300); ++id) ids.push_back(id);
      auto stream = words.decode_stream({.skip_special = false});
      std::string in_parts;
      for (std::int32_t id : ids) in_parts += stream.push(id);
      in_parts += stream.finish();
      fuzz::require(detail::valid_prefix(in_parts) == in_parts.size());
      fuzz::require(in_parts == words.decode(ids, {.skip_special = false}));
    } catch (cohort_error const&) {  // no token for what is unknown, or a search that was given up
    }
  } catch (io_error const&) {
  }
  return 0;
}
