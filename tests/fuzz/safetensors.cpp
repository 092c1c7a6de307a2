// Any bytes are tensors that cover them, or an io_error. For libFuzzer; tests/CMakeLists.txt says how it is built and
// run.
#include <cohort/file/safetensors.hpp>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace cohort;
  auto require = [](bool ok) { ok ? void() : std::abort(); };
  std::span const bytes(reinterpret_cast<std::byte const*>(data), size);
  try {
    file::safetensors const file(bytes, "fuzz");
    std::size_t covered = 0;
    for (auto const& [name, tensor] : file.tensors()) {
      require(tensor.bytes.empty() || (tensor.bytes.data() >= bytes.data() &&
                                       tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + size));
      covered += tensor.bytes.size();
      std::size_t elements = 1;
      for (std::size_t n : tensor.shape) elements *= n;
      if (elements > size) continue;  // of a type that is not known
      std::vector<float> narrow(elements);
      std::vector<double> wide(elements);
      try {
        file.read<float>(name, tensor.shape, narrow);
        file.read<double>(name, tensor.shape, wide);
      } catch (io_error const&) {  // of a type that is not known
      }
    }
    std::uint64_t header = 0;
    std::memcpy(&header, data, 8);
    require(8 + header + covered == size);
  } catch (io_error const&) {
  }
  return 0;
}
