#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#ifdef __ARM_FEATURE_CRC32
#include <arm_acle.h>
#endif

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

/// The inverted checksum c after n times eight bytes more.
inline std::uint32_t crc32c_by_table(std::uint32_t c, std::byte const* at, std::size_t n) {
  auto const& t = crc32c_table;
  for (std::uint32_t low, high; n > 0; --n, at += 8) {
    std::memcpy(&low, at, 4), std::memcpy(&high, at + 4, 4);
    low ^= c;
    c = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^ t[4][low >> 24] ^ t[3][high & 255] ^
        t[2][high >> 8 & 255] ^ t[1][high >> 16 & 255] ^ t[0][high >> 24];
  }
  return c;
}
#ifdef __x86_64__
[[gnu::target("sse4.2")]] inline std::uint32_t crc32c_by_instruction(std::uint32_t c, std::byte const* at,
                                                                     std::size_t n) {
  std::uint64_t sum = c;
  for (std::uint64_t eight; n > 0; --n, at += 8) std::memcpy(&eight, at, 8), sum = __builtin_ia32_crc32di(sum, eight);
  return std::uint32_t(sum);
}
#endif

/// By the processor's instruction where it has one: on x86-64 it is asked, on ARM the compiler knows.
inline std::uint32_t crc32c_fastest(std::uint32_t c, std::byte const* at, std::size_t n) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return crc32c_by_instruction(c, at, n);
#elif defined(__ARM_FEATURE_CRC32)
  for (std::uint64_t eight; n > 0; --n, at += 8) std::memcpy(&eight, at, 8), c = __crc32cd(c, eight);
#endif
  return crc32c_by_table(c, at, n);  // of what is left
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::file {

/// The CRC-32C of bytes, of which `before` is that of those that came before them.
///
/// Source: RFC 3720, appendix B.4 (Castagnoli's polynomial); eight bytes at once: Kounavis and Berry 2005, "A
/// systematic approach to building high performance software-based CRC generators".
inline std::uint32_t crc32c(std::span<std::byte const> bytes, std::uint32_t before = 0) {
  std::size_t i = bytes.size() / 8 * 8;
  std::uint32_t c = detail::crc32c_fastest(~before, bytes.data(), bytes.size() / 8);
  for (; i < bytes.size(); ++i) c = c >> 8 ^ detail::crc32c_table[0][(c ^ std::uint32_t(bytes[i])) & 255];
  return ~c;
}

}  // namespace COHORT_NAMESPACE::file
