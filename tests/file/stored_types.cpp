#include <cmath>
#include <cohort/file/gguf.hpp>

#include "../catch.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace cohort::file;

namespace {

std::vector<float> floats(gguf const& recorded, std::string const& name) {
  auto const& t = recorded.tensor(name);
  std::vector<float> all(t.elements());
  recorded.read(name, t.shape, all);
  return all;
}

/// How many differ in a bit; all that are not a number are the same.
int differences(std::span<float const> a, std::span<float const> b) {
  int count = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    count +=
        std::isnan(a[i]) ? !std::isnan(b[i]) : std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i]);
  return count;
}

}  // namespace

TEST_CASE("stored types: every one means the floats that the Python package gguf makes of it, bit by bit", "[golden]") {
  gguf const recorded(paths::golden("gguf/types.gguf"));
  for (auto const& type : stored_types) {
    if (type.type == stored_type::f32) continue;
    std::string const name(type.name);
    INFO(name);
    auto const expected = floats(recorded, name + ".floats"), found = floats(recorded, name);
    REQUIRE(recorded.tensor(name).type == type.type);
    REQUIRE(found.size() == expected.size());
    REQUIRE(found.size() >= 256);
    CHECK(differences(found, expected) == 0);
    CHECK(std::count_if(found.begin(), found.end(), [](float x) { return std::isfinite(x) && x != 0; }) > 40);
  }
}

TEST_CASE("stored types: F16, BF16 and Q8_0 are made of floats as the Python package gguf does, bit by bit",
          "[golden]") {
  gguf const recorded(paths::golden("gguf/types.gguf"));
  auto const numbers = floats(recorded, "numbers");
  for (std::string name : {"F16", "BF16", "Q8_0"}) {
    INFO(name);
    auto const& expected = recorded.tensor("numbers." + name);
    std::vector<std::byte> blocks(expected.bytes.size());
    quantize(expected.type, numbers, blocks);
    CHECK(std::equal(blocks.begin(), blocks.end(), expected.bytes.begin()));
  }
}

TEST_CASE("stored types: what is only read, and blocks that are too few, are refused") {
  std::vector<float> numbers(256);
  std::vector<std::byte> bytes(144);
  CHECK(support::refusal([&] { quantize(stored_type::q4_k, numbers, bytes); }) ==
        "quantize: Q4_K is only read, expected F32, F16, BF16 or Q8_0");
  CHECK(support::refusal<shape_error>([&] { dequantize(stored_type::q5_k, bytes, numbers); }) ==
        "dequantize: 144 bytes of Q5_K for 256 elements, expected 176 for each 256");
  CHECK(support::refusal<shape_error>([&] { quantize(stored_type::q8_0, std::span(numbers).first(33), bytes); }) ==
        "quantize: 144 bytes of Q8_0 for 33 elements, expected 34 for each 32");
}
