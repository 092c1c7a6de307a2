#pragma once
#include <utf8proc.h>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Characters of UTF-8 texts.

namespace COHORT_NAMESPACE::detail {

/// U+2581, which sentencepiece's tokens have in the place of a space.
inline constexpr char space_mark[] = "\xe2\x96\x81";

/// What a text begins with: a code point of `size` bytes, or what is none. Of that as many bytes are taken together as
/// could have begun a code point (the Unicode standard's maximal subpart), and `cut` says that the text ended there.
struct first_character {
  char32_t code = 0xfffd;
  std::size_t size = 1;
  bool valid = false, cut = false;
};

inline first_character character_at(std::string_view text) {
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned const lead = byte(0);
  if (lead < 0x80) return {lead, 1, true, false};
  if (lead < 0xc2 || lead > 0xf4) return {};
  std::size_t const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t code = lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (i == text.size()) return {0xfffd, i, false, true};
    unsigned low = 0x80, high = 0xbf;
    if (i == 1) {  // no overlong forms, surrogates, or codes beyond the last
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    }
    if (byte(i) < low || byte(i) > high) return {0xfffd, i, false, false};
    code = code << 6 | (byte(i) & 0x3f);
  }
  return {code, size, true, false};
}

/// How many bytes the character takes that a valid text begins with.
inline std::size_t character_size(std::string_view valid) {
  auto const lead = static_cast<unsigned char>(valid[0]);
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

inline void append_character(std::string& to, char32_t code) {
  if (code < 0x80) {
    to += char(code);
    return;
  }
  int const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  to += char((0xff00u >> (more + 1) & 0xff) | code >> 6 * more);
  for (int i = more; i-- > 0;) to += char(0x80 | (code >> 6 * i & 0x3f));
}

/// The bytes before the first that is not ASCII.
inline std::size_t ascii_prefix(std::string_view text) {
  std::size_t i = 0;
  for (std::uint64_t eight; i + 8 <= text.size(); i += 8) {
    std::memcpy(&eight, text.data() + i, 8);
    if (eight & 0x8080808080808080u) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

/// The bytes before the first that belongs to no code point.
inline std::size_t valid_prefix(std::string_view text) {
  for (std::size_t i = 0;;) {
    i += ascii_prefix(text.substr(i));
    if (i == text.size()) return i;
    auto const c = character_at(text.substr(i));
    if (!c.valid) return i;
    i += c.size;
  }
}

/// Appends a text with U+FFFD for what is no UTF-8. Returns how many bytes at its end begin a character, if
/// `unfinished` lets them wait for the rest.
inline std::size_t append_valid(std::string& to, std::string_view text, bool unfinished = false) {
  while (!text.empty()) {
    std::size_t const n = valid_prefix(text);
    to += text.substr(0, n);
    text.remove_prefix(n);
    if (text.empty()) break;
    auto const c = character_at(text);
    if (c.cut && unfinished) return text.size();
    to += "\xef\xbf\xbd";
    text.remove_prefix(c.size);
  }
  return 0;
}

/// Unicode's White_Space.
inline bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/// What \w takes: Alphabetic, marks, decimal digits, connectors, joiners.
inline bool is_word(char32_t c) {
  switch (utf8proc_category(utf8proc_int32_t(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:  // letters in circles and squares are Alphabetic, too
      return c == 0x200c || c == 0x200d || (c >= 0x24b6 && c <= 0x24e9) || (c >= 0x1f130 && c <= 0x1f149) ||
             (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189);
  }
}

/// The white space at a valid text's beginning, in bytes.
inline std::size_t leading_space(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size()) {
    auto const c = character_at(text.substr(n));
    if (!is_space(c.code)) break;
    n += c.size;
  }
  return n;
}

/// Where a valid text's last character begins.
inline std::size_t last_character(std::string_view text) {
  std::size_t i = text.size() - 1;
  while (i > 0 && (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) --i;
  return i;
}

/// The white space at its end.
inline std::size_t trailing_space(std::string_view text) {
  std::size_t n = text.size();
  while (n > 0) {
    std::size_t const i = last_character(text.substr(0, n));
    if (!is_space(character_at(text.substr(i)).code)) break;
    n = i;
  }
  return text.size() - n;
}

}  // namespace COHORT_NAMESPACE::detail
