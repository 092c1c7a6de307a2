// Any bytes are a GGUF file, whose tensors lie in it and do not overlap, or an io_error; and such a file is a model
// with as many parameters as it has, or is refused.
#include <cohort/language/files/gguf_model.hpp>
#include <cohort/language/files/gguf_tokenizer.hpp>

#include "input.hpp"

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::span const bytes(reinterpret_cast<std::byte const*>(data), size);
  try {
    file::gguf file(bytes, "fuzz");
    std::size_t covered = 0;
    for (auto const& [name, tensor] : file.tensors()) {
      fuzz::require(tensor.bytes.empty() || (tensor.bytes.data() >= bytes.data() &&
                                             tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + size));
      covered += tensor.bytes.size();
      std::vector<float> numbers(tensor.elements());
      file.read(name, tensor.shape, numbers);
    }
    fuzz::require(covered <= size);
    for (auto const& [key, value] : file.values()) {
      fuzz::require(value.bytes.size() <= size && value.described() != "");
      if (value.is_array && value.type == file::gguf_type::string)
        for (auto text : file.texts(key)) fuzz::require(text.size() <= size);
      else if (value.is_array && value.type != file::gguf_type::boolean) file.numbers<double>(key);
    }
    try {
      language::read_gguf_tokenizer(file);
    } catch (io_error const&) {
    }
    language::gguf_model const model(std::move(file));
    fuzz::require(model.options().parameters() <= 4 * double(size));  // Q2_K has three of them in a byte
    std::vector<float> parameters(std::size_t(model.options().parameters()));
    model.read_parameters<float>(parameters);
    model.stop_tokens();
  } catch (io_error const&) {
  }
  return 0;
}
