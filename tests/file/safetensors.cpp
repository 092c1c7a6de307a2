#include <cohort/file/safetensors.hpp>
#include <memory>

#include <cmath>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/golden.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace cohort::file;
using Catch::Matchers::ContainsSubstring;
using files::bytes;

namespace {

/// What a file says is wrong with these bytes, or "".
std::string complaint(std::string const& file) {
  return support::message_of<io_error>([&] { safetensors const parsed(bytes(file), "weights"); });
}

std::string of_header(std::string const& header, std::size_t data = 0) {
  return complaint(files::safetensors(header, data));
}

/// Tensor a, by its fields, before 8 bytes of data.
std::string of_entry(std::string const& fields) { return of_header(R"({"a":{)" + fields + "}}", 8); }

std::string length(std::uint64_t n) { return {reinterpret_cast<char const*>(&n), 8}; }

template <class T>
bool same(T a, T b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

}  // namespace

TEST_CASE("safetensors: every type of number is read as PyTorch reads it, as float and as double", "[golden]") {
  auto const expected = golden::read("llama/types/expected.txt");
  for (std::string type : {"float16", "bfloat16", "float32", "float64"}) {
    INFO(type);
    safetensors const file(paths::golden("llama/types/" + type + ".safetensors"));
    CHECK(file.metadata().at("type") == type);
    std::vector<double> wide(48);
    std::vector<float> narrow(48);
    file.read<double>("numbers", {6, 8}, wide);
    file.read<float>("numbers", {6, 8}, narrow);
    auto const& as_double = golden::row(expected, type);
    auto const& as_float = golden::row(expected, type == "float64" ? "float64_as_float" : type);
    for (std::size_t i = 0; i < 48; ++i) {
      CHECK(same(wide[i], as_double[i]));
      CHECK(same(narrow[i], float(as_float[i])));
    }
  }
}

TEST_CASE("safetensors: the header's order and the data's need not agree, and scalars and empty tensors are tensors") {
  std::string const bytes_of =
      files::safetensors(R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[6,8],"new":1},"__metadata__":{"k":"v"},
    "none":{"dtype":"F32","shape":[3,0],"data_offsets":[2,2]}, "scalar":{"dtype":"F32","shape":[],"data_offsets":[2,6]},
    "a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}   )",
                         8);
  safetensors const file(bytes(bytes_of), "memory");
  CHECK(file.tensors().size() == 4);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"k", "v"}});
  CHECK(file.at("b").type == "U8");
  CHECK(file.at("none").shape == std::vector<std::size_t>{3, 0});
  float scalar = 0;
  file.read<float>("scalar", {}, {&scalar, 1});
  CHECK(scalar == std::bit_cast<float>(0x05040302));
  file.read<float>("none", {3, 0}, {});
}

TEST_CASE("safetensors: a file without tensors is one") {
  CHECK(of_header("{}") == "");
  CHECK(of_header(R"({"__metadata__":{"format":"pt"}}  )") == "");
}

TEST_CASE("safetensors: what is asked for and is not so is said with the file and the tensor") {
  std::string const data = files::safetensors(
      R"({"layer.a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"i":{"dtype":"I64","shape":[1],
    "data_offsets":[8,16]},"odd":{"dtype":"F4","shape":[2],"data_offsets":[16,17]}})",
      17);
  safetensors const file(bytes(data), "weights");
  std::vector<float> two(2), one(1);
  CHECK_THROWS_WITH(file.at("b"), "weights: tensor \"b\" is not in the file");
  CHECK_THROWS_WITH(file.read<float>("b", {2}, two), "weights: tensor \"b\" is not in the file");
  CHECK_THROWS_WITH(file.read<float>("layer.a", {1, 2}, two),
                    "weights: tensor \"layer.a\" has the shape [2,1], expected [1,2]");
  CHECK_THROWS_WITH(file.read<float>("i", {1}, one),
                    "weights: tensor \"i\" is of type \"I64\", expected F32, F64, F16 or BF16");
  CHECK_THROWS_WITH(file.read<float>("odd", {2}, two), ContainsSubstring("is of type \"F4\""));
  CHECK_THROWS_AS(file.read<float>("layer.a", {2, 1}, one), shape_error);
  CHECK_THROWS_WITH(file.read<float>("layer.a", {2, 1}, one),
                    "weights: tensor \"layer.a\" has the shape [2,1], and the array for it 1 elements");
}

TEST_CASE("safetensors: a file that ends too early says how long it is and what it claims") {
  CHECK(complaint("") == "weights: has 0 bytes, expected at least the 8 with its header's length");
  CHECK(complaint("1234567") == "weights: has 7 bytes, expected at least the 8 with its header's length");
  CHECK(complaint(length(3) + "{}") == "weights: claims a header of 3 bytes, and has 2 after the first 8");
  CHECK(complaint(length(0)) == "weights: has a header that does not begin with {");
  CHECK(complaint(length(100'000'001) + "{}") ==
        "weights: claims a header of 100000001 bytes, expected at most 100000000");
  CHECK(complaint(length(~0ull) + "{}") ==
        "weights: claims a header of 18446744073709551615 bytes, expected at most 100000000");
}

TEST_CASE("safetensors: a header must be a JSON object without repeated keys, and of decent depth") {
  CHECK(of_header("[]") == "weights: has a header that does not begin with {");
  CHECK(of_header(" {}") == "weights: has a header that does not begin with {");
  CHECK(of_header("{\"a\":") == "weights, header: is not JSON, from byte 6 on");
  CHECK(of_header("{}x") == "weights, header: is not JSON, from byte 3 on");
  CHECK(of_header("{\"\xff\":1}") == "weights, header: is not JSON, from byte 3 on");
  CHECK(of_header("{\"a\":1e999}") == "weights, header: has a number that is out of range");
  std::string const a = R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  CHECK(of_header("{" + a + "," + a + "}", 4) == "weights, header: has the key \"a\" twice");
  CHECK(of_header("{" + a + R"(,"\u0061":1})", 4) == "weights, header: has the key \"a\" twice");
  CHECK(of_entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"shape":[2])") ==
        "weights, header: has the key \"shape\" twice");
  CHECK(of_header("{\"a\":" + std::string(100'000, '[')) == "weights, header: has JSON nested more than 16 deep");
}

TEST_CASE("safetensors: the same key in two objects side by side is no repetition") {
  CHECK(
      of_header(
          R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})",
          8) == "");
}

TEST_CASE("safetensors: metadata are texts") {
  CHECK(of_header(R"({"__metadata__":1})") == "weights: has the __metadata__ 1, expected an object of texts");
  CHECK(of_header(R"({"__metadata__":{"a":1}})") == "weights: has in __metadata__ \"a\": 1, expected a text");
}

TEST_CASE("safetensors: a field that is missing or of another kind is said with the tensor") {
  CHECK(of_header(R"({"a":1})") == "weights: tensor \"a\" is described by 1, expected an object");
  CHECK(of_entry(R"("shape":[2],"data_offsets":[0,8])") == "weights: tensor \"a\" has no dtype");
  CHECK(of_entry(R"("dtype":"F32","data_offsets":[0,8])") == "weights: tensor \"a\" has no shape");
  CHECK(of_entry(R"("dtype":"F32","shape":[2])") == "weights: tensor \"a\" has no data_offsets");
  CHECK(of_entry(R"("dtype":32,"shape":[2],"data_offsets":[0,8])") ==
        "weights: tensor \"a\" has the dtype 32, expected a text");
  for (std::string shape : {"2", "null", "[-2]", "[2.0]", "[\"2\"]", "[2,null]", "[18446744073709551616]"})
    CHECK(of_entry(R"("dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,8])") ==
          "weights: tensor \"a\" has the shape " +
              (shape == "[18446744073709551616]" ? "[1.8446744073709552e+19]" : shape) +
              ", expected a list of integers, none negative");
  for (std::string offsets : {"8", "[-1,8]", "[0,8.5]", "{}"})
    CHECK(of_entry(R"("dtype":"F32","shape":[2],"data_offsets":)" + offsets) ==
          "weights: tensor \"a\" has the data_offsets " + offsets + ", expected a list of integers, none negative");
}

TEST_CASE("safetensors: offsets are two, in order, inside the data, and as far apart as type and shape say") {
  for (std::string offsets : {"[]", "[8]", "[0,4,8]", "[8,0]"})
    CHECK(of_entry(R"("dtype":"F32","shape":[2],"data_offsets":)" + offsets) ==
          "weights: tensor \"a\" has the data_offsets " + offsets + ", expected [begin, end]");
  CHECK(of_entry(R"("dtype":"F32","shape":[2],"data_offsets":[1,9])") ==
        "weights: tensor \"a\" has the data_offsets [1,9], and the data end at byte 8");
  CHECK(of_entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551615])") ==
        "weights: tensor \"a\" has the data_offsets [0,18446744073709551615], and the data end at byte 8");
  CHECK(of_entry(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])") ==
        "weights: tensor \"a\" of type F32 and shape [3] has 8 bytes of data, expected 12");
  CHECK(of_entry(R"("dtype":"F64","shape":[],"data_offsets":[0,4])") ==
        "weights: tensor \"a\" of type F64 and shape [] has 4 bytes of data, expected 8");
  // 2^62 x 4 x 4 bytes are 0 in 64 bits.
  CHECK_THAT(of_entry(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0])"),
             ContainsSubstring("has 0 bytes of data, expected 18446744073"));
}

TEST_CASE("safetensors: tensors cover the data once: no overlap, no gap, nothing before, nothing behind") {
  auto two = [](std::string const& a, std::string const& b, std::size_t data) {
    return of_header(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":)" + a +
                         R"(},"b":{"dtype":"F16","shape":[2],"data_offsets":)" + b + "}}",
                     data);
  };
  CHECK(two("[0,4]", "[4,8]", 8) == "");
  CHECK(two("[4,8]", "[0,4]", 8) == "");
  CHECK(two("[0,4]", "[2,6]", 6) == "weights: tensor \"b\" begins at byte 2 of the data, inside tensor \"a\"");
  CHECK(two("[0,4]", "[0,4]", 4) == "weights: tensor \"b\" begins at byte 0 of the data, inside tensor \"a\"");
  CHECK(two("[0,4]", "[5,9]", 9) ==
        "weights: tensor \"b\" begins at byte 5 of the data, and those from 4 on are in no tensor");
  CHECK(two("[1,5]", "[5,9]", 9) ==
        "weights: tensor \"a\" begins at byte 1 of the data, and those from 0 on are in no tensor");
  CHECK(two("[0,4]", "[4,8]", 10) == "weights: has 2 bytes behind its last tensor");
  CHECK(of_header("{}", 1) == "weights: has 1 bytes behind its last tensor");
  CHECK(
      of_header(
          R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[0],"data_offsets":[2,2]}})",
          4) == "weights: tensor \"b\" begins at byte 2 of the data, inside tensor \"a\"");
}

TEST_CASE("safetensors: names from a file are shown in ASCII and not at full length") {
  CHECK(of_header(R"({"\u001b[1m\u00e9":1})") ==
        R"(weights: tensor "\u001b[1m\u00e9" is described by 1, expected an object)");
  CHECK(of_header("{\"" + std::string(5000, 'n') + "\":1}").size() < 300);
}

TEST_CASE("safetensors: a file that cannot be opened, or is none, is said with the path and the system's reason") {
  CHECK_THROWS_AS(safetensors("/nowhere/model.safetensors"), io_error);
  CHECK_THROWS_WITH(safetensors("/nowhere/model.safetensors"),
                    "/nowhere/model.safetensors cannot be opened: No such file or directory");
  files::scratch const here;
  CHECK_THROWS_WITH(safetensors(here.path), here.path.string() + " is not a file");
  auto const path = here.path / "empty.safetensors";
  files::put(path, "");
  CHECK_THROWS_WITH(safetensors(path),
                    path.string() + ": has 0 bytes, expected at least the 8 with its header's length");
}

TEST_CASE("safetensors: nothing outside the bytes is read, whichever of them are missing") {
  std::string const whole = files::get(paths::golden("llama/types/bfloat16.safetensors"));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    auto const part =
        std::make_unique<std::byte[]>(n);  // of exactly this size, so that a sanitizer sees what is read behind it
    std::memcpy(part.get(), whole.data(), n);
    CHECK_THROWS_AS(safetensors({part.get(), n}, "part"), io_error);
  }
}

TEST_CASE("safetensors: what is written is read back, and moving the reader keeps its tensors") {
  files::scratch const here;
  std::vector<double> const a{1, -2.5, 1. / 3, INFINITY, 0x1p-1074, 6}, b{7};
  write_safetensors<double>(here.path / "d", {{"z", {2, 3}, a}, {"\u00e9\"\n", {}, b}, {"none", {0, 4}, {}}});
  safetensors first(here.path / "d");
  safetensors const file = std::move(first);
  std::vector<double> out(6);
  file.read<double>("z", {2, 3}, out);
  CHECK(out == a);
  file.read<double>("\u00e9\"\n", {}, std::span(out).first(1));
  CHECK(out[0] == 7);
  CHECK(file.at("none").bytes.empty());

  std::vector<float> const f{1, 2, 3};
  write_safetensors<float>(here.path / "f", {{"f", {3}, f}});
  std::vector<float> back(3);
  safetensors(here.path / "f").read<float>("f", {3}, back);
  CHECK(back == f);
  CHECK(files::entries(here.path) == 2);
}

TEST_CASE("write_safetensors: tensors lie in their order, and the data begin at a multiple of 8 behind spaces") {
  files::scratch const here;
  std::vector<float> const x{1, 2};
  for (std::string name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"}) {
    write_safetensors<float>(here.path / "x", {{name, {2}, x}, {"0", {2}, x}}, existing::replace);
    std::string const file = files::get(here.path / "x");
    std::uint64_t length;
    std::memcpy(&length, file.data(), 8);
    CHECK(length % 8 == 0);
    CHECK(file.size() == 8 + length + 16);
    CHECK(file.find(name) < file.find("\"0\""));
  }
}

TEST_CASE("write_safetensors: an existing file is refused, and kept, unless it may be replaced") {
  files::scratch const here;
  auto const path = here.path / "model.safetensors";
  files::put(path, "precious");
  std::vector<float> const x{1};
  CHECK_THROWS_AS(write_safetensors<float>(path, {{"x", {1}, x}}), io_error);
  CHECK_THROWS_WITH(write_safetensors<float>(path, {{"x", {1}, x}}),
                    path.string() + " exists already, and was not to be replaced");
  CHECK(files::get(path) == "precious");
  write_safetensors<float>(path, {{"x", {1}, x}}, existing::replace);
  CHECK(safetensors(path).tensors().size() == 1);
  CHECK(files::entries(here.path) == 1);
}

TEST_CASE("write_safetensors: a disk that is full is said with the path, and leaves what was there before") {
  files::scratch const here;
  auto const path = here.path / "x";
  files::put(path, "precious");
  std::vector<float> const x(1000);
  {
    files::small_disk const disk(2000);
    CHECK_THROWS_WITH(write_safetensors<float>(path, {{"x", {1000}, x}}, existing::replace),
                      path.string() + " cannot be written: File too large");
  }
  CHECK(files::get(path) == "precious");
  CHECK(files::entries(here.path) == 1);
}

TEST_CASE("write_safetensors: what does not fit leaves what was there before, and nothing else") {
  files::scratch const here;
  auto const path = here.path / "x";
  files::put(path, "precious");
  std::vector<float> const x{1, 2};
  CHECK_THROWS_AS(write_safetensors<float>(path, {{"x", {3}, x}}, existing::replace), shape_error);
  CHECK_THROWS_WITH(write_safetensors<float>(path, {{"x", {3}, x}}, existing::replace),
                    "write_safetensors: tensor \"x\" has the shape [3] and 2 values");
  CHECK_THROWS_WITH(write_safetensors<float>(path, {{"x", {2}, x}, {"x", {2}, x}}, existing::replace),
                    "write_safetensors: the name \"x\" is taken");
  CHECK_THROWS_AS(write_safetensors<float>(path, {{"__metadata__", {2}, x}}, existing::replace), value_error);
  CHECK_THROWS_AS(write_safetensors<float>(path, {{"\xff", {2}, x}}, existing::replace), value_error);
  CHECK(files::get(path) == "precious");
  CHECK(files::entries(here.path) == 1);
  CHECK_THROWS_WITH(write_safetensors<float>("/nowhere/x", {{"x", {2}, x}}),
                    "/nowhere/x cannot be made: No such file or directory");
}
