// Any bytes are a tokenizer.json, or an io_error.
#include "try_tokenizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in(data, size);
  std::string const file = in.text();
  try {
    fuzz::try_tokenizer(cohort::language::read_tokenizer_json(file, "fuzz"), in.rest());
  } catch (cohort::io_error const&) {
  }
  return 0;
}
