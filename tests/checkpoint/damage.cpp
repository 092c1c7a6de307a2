#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

/// 0 where the bytes are read, 1 where they are refused by an io_error.
int refused(std::string const& bytes) {
  try {
    file::read_state(files::bytes(bytes), "file");
    return 0;
  } catch (io_error const&) {
    return 1;
  }
}
std::string sound() {
  eigen::backend cpu;
  actor policy{cpu, classic_control::cart_pole{}, {.hidden = {3}}, random_seed{3}};
  auto const bytes = saved_bytes(cpu, policy);
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}
std::string described(std::string const& cohort, std::string const& checksum = "00000000") {
  file::json const header{{"__metadata__", {{"cohort", cohort}, {"checksum", checksum}}}};
  return files::safetensors(header.dump());
}

}  // namespace

TEST_CASE("crc32c: the check value of the catalogue of CRCs, and in pieces") {
  std::string const digits = "123456789", zeros(32, '\0');
  CHECK(file::crc32c(files::bytes(digits)) == 0xe3069283);
  CHECK(file::crc32c(files::bytes(zeros)) == 0x8a9136aa);  // RFC 3720, B.4
  for (std::size_t cut = 0; cut <= digits.size(); ++cut) {
    auto const bytes = files::bytes(digits);
    CHECK(file::crc32c(bytes.subspan(cut), file::crc32c(bytes.first(cut))) == 0xe3069283);
  }
  CHECK(~detail::crc32c_by_table(~0u, files::bytes(zeros).data(), 4) == 0x8a9136aa);
  std::string const many = sound();  // by the processor's instruction, where it has one
  std::size_t const n = many.size() / 8;
  CHECK(detail::crc32c_by_table(5, files::bytes(many).data(), n) ==
        detail::crc32c_fastest(5, files::bytes(many).data(), n));
}

TEST_CASE("state files: cut anywhere, or with any byte changed, they are refused") {
  std::string const whole = sound();
  REQUIRE(refused(whole) == 0);
  int cut = 0, flipped = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) cut += refused(whole.substr(0, n));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    auto changed = whole;
    changed[n] = char(changed[n] ^ 1 << n % 8);
    flipped += refused(changed);
  }
  CHECK(cut == int(whole.size()));
  CHECK(flipped == int(whole.size()));
  CHECK(refused(whole + " ") == 1);
}

TEST_CASE("state files: what is none of ours, or of a later format, is said") {
  auto said = [](std::string const& bytes) {
    return support::refusal<io_error>([&] { file::read_state(files::bytes(bytes), "file"); });
  };
  CHECK_THAT(said(files::safetensors("{}")), ContainsSubstring("is not one of Cohort's"));
  CHECK_THAT(said(described("[]")), ContainsSubstring("expected a JSON object"));
  CHECK_THAT(said(described("{}")), ContainsSubstring("has no format"));
  CHECK_THAT(said(described(R"({"format": -1})")), ContainsSubstring("has format -1, expected a positive integer"));
  CHECK_THAT(said(described(R"({"format": 2, "library": "9.1.0"})")),
             ContainsSubstring("is of format 2, written by Cohort \"9.1.0\""));
  CHECK_THAT(said(described(R"({"format": 2, "library": 9})")), ContainsSubstring("is of format 2"));
  CHECK_THAT(said(described(R"({"format": 1})")), ContainsSubstring("is damaged"));
  CHECK_THAT(said(described(R"({"format": 1})", "")), ContainsSubstring("is damaged"));
}

TEST_CASE("state files: numbers are read to where numbers of their type may stand, whatever stands before them") {
  state_sources state;
  auto add = [&](std::string const& name, std::string const& type, std::size_t size) {
    std::size_t const of_one = file::safetensors::size_of(type);
    state[name] = {type, size, [of_one](std::size_t at, std::span<std::byte> to) {
                     CHECK(reinterpret_cast<std::uintptr_t>(to.data()) % of_one == 0);
                     CHECK(to.size() % of_one == 0);
                     for (std::size_t i = 0; i < to.size(); ++i) to[i] = std::byte((at + i) % 251);
                   }};
  };
  add("a", "BOOL", 1), add("b", "F32", 12), add("c", "F64", 16), add("d", "U8", 5), add("e", "F64", 1 << 19);
  auto const read = file::read_state(file::state_bytes(file::json::object(), state)).state;
  for (auto const& [name, source] : state) {
    auto const& bytes = read.at(name).bytes;
    REQUIRE(bytes.size() == source.size);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) wrong += bytes[i] != std::byte(i % 251);
    CHECK(wrong == 0);
  }
}
