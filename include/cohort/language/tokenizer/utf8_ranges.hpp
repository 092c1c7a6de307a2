#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cohort/language/tokenizer/unicode.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::detail {

struct byte_range {
  unsigned char low, high;
};
struct character_range {
  char32_t low, high;
};

/// f(a vector of byte_range, one for each byte) for series of ranges that together take the UTF-8 of these code points,
/// and nothing else. Surrogates have none.
///
/// Source: Russ Cox, "Regular Expression Matching in the Wild", 2010; after Ken Thompson's grep.
template <class F>
void utf8_ranges(character_range c, F const& f) {
  if (c.low > c.high) return;
  auto const split = [&](char32_t last) {  // into what ends there and the rest
    utf8_ranges({c.low, last}, f);
    utf8_ranges({last + 1, c.high}, f);
  };
  if (c.low < 0xd800 && c.high >= 0xd800) return split(0xd7ff);
  if (c.low <= 0xdfff && c.high >= 0xd800) return utf8_ranges({0xe000, c.high}, f);
  for (char32_t last : {0x7fu, 0x7ffu, 0xffffu})
    if (c.low <= last && c.high > last) return split(last);
  if (c.low > 0x7f)
    for (int bytes = 1; bytes < 4; ++bytes) {  // so many at the end take all values, or those before are equal
      char32_t const mask = (char32_t(1) << 6 * bytes) - 1;
      if ((c.low & ~mask) == (c.high & ~mask)) continue;
      if (c.low & mask) return split(c.low | mask);
      if ((c.high & mask) != mask) return split((c.high & ~mask) - 1);
    }
  std::string low, high;
  append_character(low, c.low), append_character(high, c.high);
  std::vector<byte_range> series;
  for (std::size_t i = 0; i < low.size(); ++i)
    series.push_back({static_cast<unsigned char>(low[i]), static_cast<unsigned char>(high[i])});
  f(series);
}

}  // namespace COHORT_NAMESPACE::detail
