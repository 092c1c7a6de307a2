// A folder with any config.json and any model.safetensors is a model with as many parameters as it says, or is refused.
#include <cohort/language/files/model_files.hpp>

#include "../support/files.hpp"
#include "input.hpp"

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static files::scratch const here("cohort_fuzz_model");
  fuzz::input in(data, size);
  files::put(here.path / "config.json", in.text());
  files::put(here.path / "model.safetensors", in.rest());
  try {
    auto const options = language::read_config(here.path);
    fuzz::require(2 * options.parameters() <= double(size));
    std::vector<float> parameters(std::size_t(options.parameters()));
    language::read_parameters<float>(here.path, options, parameters);
  } catch (io_error const&) {
  }
  try {
    language::read_stop_tokens(here.path);
  } catch (io_error const&) {
  }
  return 0;
}
