#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace COHORT_NAMESPACE::detail {

/// Table k has what a byte adds to the checksum when k bytes follow it, so that eight bytes are eight looks.
constexpr std::array<std::array<std::uint32_t, 256>, 8> crc32c_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
    tables[0][n] = c;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t n = 0; n < 256; ++n) tables[k][n] = tables[k - 1][n] >> 8 ^ tables[0][tables[k - 1][n] & 255];
  return tables;
}
inline constexpr auto crc32c_table = crc32c_tables();

/// The checksum's register after some bytes more.
inline std::uint32_t crc32c_by_tables(std::span<std::byte const> bytes, std::uint32_t c) {
  auto const& t = crc32c_table;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint32_t low, high;
    std::memcpy(&low, bytes.data() + i, 4), std::memcpy(&high, bytes.data() + i + 4, 4);
    low ^= c;
    c = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^ t[4][low >> 24] ^ t[3][high & 255] ^
        t[2][high >> 8 & 255] ^ t[1][high >> 16 & 255] ^ t[0][high >> 24];
  }
  for (; i < bytes.size(); ++i) c = c >> 8 ^ t[0][(c ^ std::uint32_t(bytes[i])) & 255];
  return c;
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::file {

/// The CRC-32C of bytes, of which `before` is that of those that came before them.
///
/// Source: RFC 3720, appendix B.4 (Castagnoli's polynomial); eight bytes at once: Kounavis and Berry 2005, "A
/// systematic approach to building high performance software-based CRC generators".
inline std::uint32_t crc32c(std::span<std::byte const> bytes, std::uint32_t before = 0) {
  std::uint32_t c = ~before;
#if defined(__AVX__) && defined(__x86_64__)  // whose processors have an instruction for it
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    c = std::uint32_t(__builtin_ia32_crc32di(c, word));
  }
#endif
  return ~detail::crc32c_by_tables(bytes, c);
}

}  // namespace COHORT_NAMESPACE::file
