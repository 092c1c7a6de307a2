// Any bytes are a tokenizer.model of sentencepiece's, or an io_error.
#include "try_tokenizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in(data, size);
  std::string const file = in.text();
  try {
    fuzz::try_tokenizer(cohort::language::read_sentencepiece(std::as_bytes(std::span(file)), "fuzz"), in.rest());
  } catch (cohort::io_error const&) {
  }
  return 0;
}
