#pragma once
#include <algorithm>
#include <charconv>
#include <cohort/compiler.hpp>
#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace COHORT_NAMESPACE::detail {

/// A decimal number, exactly: (-1)^negative digits 10^exponent, the digits without zeros at either end, so equal
/// numbers are equal here.
struct decimal {
  bool negative = false;
  std::string digits;
  long exponent = 0;

  bool operator==(decimal const&) const = default;
};

inline std::string_view trimmed(std::string_view text) {
  constexpr char const* space = " \t\n\v\f\r";
  std::size_t begin = text.find_first_not_of(space);
  return begin == text.npos ? std::string_view{} : text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

inline std::string_view trimmed_front(std::string_view text) {
  return text.substr(std::min(text.size(), text.find_first_not_of(" \t\n\v\f\r")));
}

/// Takes the digits that the text begins with.
inline std::string_view take_digits(std::string_view& text) {
  std::string_view taken = text.substr(0, text.find_first_not_of("0123456789"));
  text.remove_prefix(taken.size());
  return taken;
}

inline bool take_sign(std::string_view& text) {
  bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  return minus;
}

/// Reads [+-] digits [. digits] [e [+-] digits], digits on at least one side of the point; with commas also 1,234,567.
/// All of the text or nothing.
inline std::optional<decimal> read_decimal(std::string_view text, bool thousands_commas) {
  decimal x;
  x.negative = take_sign(text);
  std::string_view whole = take_digits(text);
  x.digits = whole;
  if (thousands_commas && text.starts_with(',') && !whole.empty() && whole.size() <= 3)
    while (text.starts_with(',')) {
      text.remove_prefix(1);
      std::string_view group = take_digits(text);
      if (group.size() != 3) return std::nullopt;
      x.digits += group;
    }
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::string_view fraction = take_digits(text);
    x.digits += fraction;
    x.exponent = -long(fraction.size());
  }
  if (x.digits.empty()) return std::nullopt;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    bool minus = take_sign(text);
    std::string_view power = take_digits(text);
    long e = 0;
    if (power.empty() || std::from_chars(power.data(), power.data() + power.size(), e).ec != std::errc{} ||
        e > 1'000'000'000)
      return std::nullopt;
    x.exponent += minus ? -e : e;
  }
  if (!text.empty()) return std::nullopt;

  std::size_t last = x.digits.find_last_not_of('0');
  if (last == x.digits.npos) return decimal{};
  x.exponent += long(x.digits.size() - 1 - last);
  x.digits = x.digits.substr(0, last + 1);
  x.digits.erase(0, x.digits.find_first_not_of('0'));
  return x;
}

/// The fewest digits that read back as the same number, in every locale.
template <class X>
std::string digits_of(X x) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, x).ptr};
}

}  // namespace COHORT_NAMESPACE::detail
