#include <cohort/file/gguf.hpp>

#include "../catch.hpp"
#include "../support/damage.hpp"
#include "../support/gguf.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace gguf_bytes;
using files::bytes;

namespace {

/// What a file says is wrong with these bytes, or "".
std::string complaint(std::string const& file) {
  return support::message_of<io_error>([&] { file::gguf const parsed(bytes(file), "model"); });
}
std::string of_value(std::string const& value) { return complaint(gguf_bytes::file(0, 1, value)); }
std::string of_tensor(std::string const& tensor, std::size_t data = 64) {
  return complaint(gguf_bytes::file(1, 0, tensor, data));
}

std::uint32_t const f32 = 0, q8_0 = 8, uint8 = 0, int8 = 1, uint32 = 4, boolean = 7, string = 8, array = 9, uint64 = 10;

}  // namespace

TEST_CASE("gguf: what the Python package gguf wrote is read, of every kind of value", "[golden]") {
  file::gguf const file(paths::golden("gguf/types.gguf"));
  CHECK(file.version() == 3);
  CHECK(file.text("test.text") == "caf\xc3\xa9");
  CHECK(file.flag("test.flag"));
  CHECK(file.texts("test.texts") == std::vector<std::string_view>{"a", "", "\xe4\xb8\xad"});
  CHECK(file.numbers<int>("test.integers") == std::vector{1, -2, 3});
  CHECK(file.number("test.number") == 1e-5);  // and not 9.99999974e-06
  CHECK(file.tensor("numbers").shape == std::vector<std::size_t>{1, 896});
}

TEST_CASE("gguf: versions 2 and 3, values of every type, and tensors in any order and with gaps") {
  std::string const values = value("a", uint8, "\xff") + value("b", int8, "\xff") + value("c", 2, "\xff\xff") +
                             value("d", 3, "\xff\xff") + value("e", uint32, u32(~0u)) + value("f", 5, u32(~0u)) +
                             value("g", 6, raw(1.5f)) + value("h", boolean, "\1") + value("i", string, text("x")) +
                             value("j", uint64, u64(7)) + value("k", 11, u64(~0ull)) + value("l", 12, raw(.1)) +
                             value("m", array, u32(string) + u64(0)) + value("n", uint64, u64(~0ull));
  std::string const tensors = tensor("late", {2, 3}, f32, 64) + tensor("early", {32, 1}, q8_0, 0) +
                              tensor("none", {0}, f32, 64) + tensor("scalar", {}, f32, 96);
  for (std::uint32_t version : {2u, 3u}) {
    std::string const whole = gguf_bytes::file(4, 14, values + tensors, 128, version);
    file::gguf const file(bytes(whole), "model");
    CHECK(file.version() == version);
    CHECK(file.integer("a") == 255);
    CHECK(file.integer("b") == -1);
    CHECK(file.integer("c") == 65535);
    CHECK(file.integer("d") == -1);
    CHECK(file.integer("e") == 4294967295);
    CHECK(file.integer("f") == -1);
    CHECK(file.number("g") == 1.5);
    CHECK(file.flag("h"));
    CHECK(file.text("i") == "x");
    CHECK(file.number("j") == 7);
    CHECK(file.integer("k") == -1);
    CHECK(file.number("l") == .1);
    CHECK(file.texts("m").empty());
    CHECK(file.tensor("late").shape == std::vector<std::size_t>{3, 2});
    CHECK(file.tensor("late").rows() == 3);
    CHECK(file.tensor("early").elements() == 32);
    float scalar = 0;
    file.read("scalar", {}, {&scalar, 1});
    CHECK(std::bit_cast<std::uint32_t>(scalar) == 0x63626160);
    CHECK(support::refusal<io_error>([&] { file.integer("n"); }) ==
          "model: key \"n\" is 18446744073709551615, expected a number below 2^63");
    CHECK(support::refusal<io_error>([&] { file.integer("g"); }) ==
          "model: key \"g\" is a float32, expected an integer");
    CHECK(support::refusal<io_error>([&] { file.text("m"); }) ==
          "model: key \"m\" is an array of string, expected a string");
    CHECK(support::refusal<io_error>([&] { file.numbers<int>("z"); }) ==
          "model: key \"z\" is not in the file, expected an array of integers");
    CHECK(support::refusal<io_error>([&] { file.tensor("z"); }) == "model: tensor \"z\" is not in the file");
    CHECK(support::refusal<io_error>([&] { file.read("late", {2, 3}, {}); }) ==
          "model: tensor \"late\" has the shape [3,2], expected [2,3]");
  }
}

TEST_CASE("gguf: what is no GGUF file of version 2 or 3, or ends too early, is said") {
  CHECK(complaint("") == "model: the first word takes 4 bytes from byte 0 on, and the file has 0 there");
  CHECK(complaint("GGML") == "model: begins with \"GGML\", expected \"GGUF\"");
  CHECK(complaint("GGUF" + u32(1)) == "model: is of version 1, expected 2 or 3");
  CHECK(complaint("GGUF" + u32(3u << 24)) ==
        "model: is of version 50331648, expected 2 or 3; it is of a big-endian machine");
  CHECK(complaint("GGUF" + u32(3) + u64(1)) ==
        "model: the number of values takes 8 bytes from byte 16 on, and the file has 0 there");
  CHECK(complaint(gguf_bytes::file(1ull << 62, 0, "")) ==
        "model: claims 4611686018427387904 tensors, of 24 bytes at least, and has 8 bytes for them");
  CHECK(complaint(gguf_bytes::file(0, ~0ull, "")) ==
        "model: claims 18446744073709551615 values, of 13 bytes at least, and has 8 bytes for them");
}

TEST_CASE("gguf: a value that is longer than the file, of no type, nested, or there twice is refused by its key") {
  CHECK(of_value(u64(~0ull) + std::string(8, 'k')) ==
        "model: a key takes 18446744073709551615 bytes from byte 32 on, and the file has 32 there");
  CHECK(of_value(value("k", 13, "")) == "model: key \"k\" has the type 13, expected 0 to 12");
  CHECK(of_value(value("k", boolean, "\2")) == "model: key \"k\" has a bool of 2, expected 0 or 1");
  CHECK(of_value(value("k", string, u64(1ull << 40))) ==
        "model: key \"k\" takes 1099511627776 bytes from byte 45 on, and the file has 19 there");
  CHECK(of_value(value("k", array, u32(array) + u64(1))) == "model: key \"k\" is an array of arrays, expected none");
  CHECK(of_value(value("k", array, u32(uint64) + u64(1ull << 61))) ==
        "model: key \"k\" has 2305843009213693952 elements from byte 49 on, and the file has 15 bytes there");
  CHECK(of_value(value("k", array, u32(string) + u64(2) + text("a") + u64(99))) ==
        "model: key \"k\" takes 99 bytes from byte 66 on, and the file has 30 there");
  CHECK(complaint(gguf_bytes::file(0, 2, value("k", uint8, "1") + value("k", int8, "1"))) ==
        "model: key \"k\" is there twice");
  CHECK(of_value(value(std::string(500, '\x1b'), 13, "")).size() < 300);
}

TEST_CASE("gguf: a tensor's extents, type and place are checked, whatever they multiply to") {
  CHECK(of_tensor(tensor("t", {1, 1, 1, 1, 1}, f32, 0)) == "model: tensor \"t\" has 5 extents, expected at most 4");
  CHECK(of_tensor(tensor("t", {1}, 18, 0)) ==
        "model: tensor \"t\" is of type 18, expected F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, "
        "Q5_K, Q6_K");
  CHECK(of_tensor(tensor("t", {33}, q8_0, 0)) ==
        "model: tensor \"t\" of type Q8_0 has rows of 33, expected a multiple of 32");
  CHECK(of_tensor(tensor("t", {17}, f32, 0)) ==
        "model: tensor \"t\" begins at byte 0 of the data and has 68, and the data end at byte 64");
  CHECK(of_tensor(tensor("t", {1}, f32, 4)) ==
        "model: tensor \"t\" begins at byte 4 of the data, expected a multiple of 32");
  CHECK(of_tensor(tensor("t", {1}, f32, 96)) ==
        "model: tensor \"t\" begins at byte 96 of the data and has 4, and the data end at byte 64");
  CHECK(of_tensor(tensor("t", {1}, f32, ~0ull - 31)) ==
        "model: tensor \"t\" begins at byte 18446744073709551584 of the data and has 4, and the data end at byte 64");
  for (auto const& extents : {std::pair(1ull << 62, 4ull), std::pair(1ull << 32, 1ull << 32), std::pair(~0ull, 2ull)})
    CHECK(of_tensor(tensor("t", {extents.first, extents.second}, f32, 0)) ==
          "model: tensor \"t\" begins at byte 0 of the data and has 18446744073709551615, and the data end at byte 64");
  CHECK(complaint(gguf_bytes::file(2, 0, tensor("t", {9}, f32, 0) + tensor("u", {1}, f32, 32), 64)) ==
        "model: tensor \"u\" begins at byte 32 of the data, inside tensor \"t\"");
  CHECK(complaint(gguf_bytes::file(2, 0, tensor("t", {1}, f32, 0) + tensor("t", {1}, f32, 32), 64)) ==
        "model: tensor \"t\" is there twice");
}

TEST_CASE("gguf: data begin at a multiple of general.alignment, which is a power of two") {
  auto aligned = [](std::uint32_t alignment) {
    return gguf_bytes::file(1, 1, value("general.alignment", uint32, u32(alignment)) + tensor("t", {1}, f32, 8), 16, 3,
                            8);
  };
  CHECK(complaint(aligned(8)) == "");
  CHECK(complaint(aligned(64)) == "model: tensor \"t\" begins at byte 8 of the data, expected a multiple of 64");
  for (std::uint32_t wrong : {0u, 12u, ~0u})
    CHECK(complaint(aligned(wrong)) ==
          "model: key \"general.alignment\" is " + std::to_string(wrong) + ", expected a power of two");
}

TEST_CASE("gguf: a damaged file is read as it stands there, or refused by name") {
  files::scratch const here;
  auto const path = here.path / "model.gguf";
  auto const whole = files::get(paths::golden("gguf/types.gguf"));
  auto outcome = [&](std::string const& file) {
    files::put(path, file);
    return damage::outcome(path, [&] { file::gguf const read(path); });
  };
  for (auto const& file : damage::cut(whole, 25)) CHECK(outcome(file).starts_with(path.string()));
  int refused = 0;
  std::string const header = whole.substr(0, 2500), rest = whole.substr(header.size());
  for (auto const& file : damage::flipped(header, 250)) {
    auto const said = outcome(file + rest);
    CHECK_FALSE(said.starts_with("FAULT"));
    refused += said != "read";
  }
  CHECK(refused > 100);
}
