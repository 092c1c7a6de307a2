#pragma once
#include <algorithm>
#include <cohort/language/reward/decimal.hpp>
#include <cohort/language/reward/extract.hpp>
#include <cstddef>
#include <string>
#include <utility>

namespace COHORT_NAMESPACE::detail {

/// The digits of a product, or of a sum, of two numbers without a point or sign; in time proportional to the product of
/// their lengths.
inline std::string product_of_digits(std::string_view x, std::string_view y) {
  std::string all(x.size() + y.size(), '\0');
  for (std::size_t i = x.size(); i-- > 0;) {
    int carry = 0;
    for (std::size_t j = y.size(); j-- > 0;) {
      carry += all[i + j + 1] + (x[i] - '0') * (y[j] - '0');
      all[i + j + 1] = char(carry % 10), carry /= 10;
    }
    all[i] = char(carry);
  }
  for (char& c : all) c = char(c + '0');
  return all;
}
inline std::string sum_of_digits(std::string x, std::string y) {
  if (x.size() < y.size()) std::swap(x, y);
  y.insert(0, x.size() - y.size(), '0');
  int carry = 0;
  for (std::size_t i = x.size(); i-- > 0; carry /= 10) carry += x[i] + y[i] - 2 * '0', x[i] = char('0' + carry % 10);
  return char('0' + carry) + x;
}

inline decimal operator*(decimal const& x, decimal const& y) {
  decimal z = read_decimal(product_of_digits(x.digits, y.digits), false).value_or(decimal{});
  if (z.digits.empty()) return z;
  z.negative = x.negative != y.negative;
  z.exponent += x.exponent + y.exponent;
  return z;
}

/// over / under, exactly; `under` is not 0.
struct fraction {
  decimal over, under;

  bool operator==(fraction const& o) const { return over * o.under == o.over * under; }
};

inline constexpr std::size_t most_digits = 1000;  // of a number that is read as one: products take their square

/// over / under, and `whole` more where it is there: then all three are digits alone.
inline std::optional<fraction> read_parts(std::string_view whole, std::string_view over, std::string_view under,
                                          bool commas) {
  std::string sum;
  if (!whole.empty()) {
    auto const digits = [](std::string_view x) { return !x.empty() && x.find_first_not_of("0123456789") == x.npos; };
    if (!digits(whole) || !digits(over) || !digits(under)) return std::nullopt;
    sum = sum_of_digits(product_of_digits(whole, under), std::string(over));
    over = sum;
  }
  auto const x = read_decimal(over, commas), y = read_decimal(under, commas);
  if (!x || !y || y->digits.empty()) return std::nullopt;
  return fraction{*x, *y};
}

/// A digit, or what is in braces.
inline std::optional<std::string_view> take_argument(std::string_view& text) {
  text = trimmed_front(text);
  if (text.empty() || text.front() < '0' || text.front() > '9') return take_braces(text);
  std::string_view const digit = text.substr(0, 1);
  text.remove_prefix(1);
  return digit;
}

/// Reads, with a sign and a percent sign or without: a decimal number; a/b; \frac{a}{b}; and whole numbers before the
/// two, 1 3/4 and 1\frac{3}{4}. All of the text or nothing.
inline std::optional<fraction> read_fraction(std::string_view text, bool commas, bool percent) {
  text = trimmed(text);
  if (text.size() > most_digits) return std::nullopt;
  bool const hundredths = percent && text.ends_with('%');
  if (hundredths) text = trimmed(text.substr(0, text.size() - 1));
  std::optional<fraction> x;
  std::string_view unsigned_text = text;
  bool minus = take_sign(unsigned_text);
  if (std::size_t const at = unsigned_text.find("\\frac"); at != text.npos) {
    std::string_view const whole = trimmed(unsigned_text.substr(0, at));
    std::string_view rest = unsigned_text.substr(at + 5);
    auto const over = take_argument(rest);
    auto const under = over ? take_argument(rest) : std::nullopt;
    if (under && trimmed(rest).empty()) x = read_parts(whole, trimmed(*over), trimmed(*under), commas);
  } else if (std::size_t const slash = unsigned_text.find('/'); slash != text.npos) {
    std::string_view left = trimmed(unsigned_text.substr(0, slash)), whole;
    if (std::size_t const space = left.find_last_of(" \t\n"); space != left.npos)
      whole = trimmed(left.substr(0, space)), left = left.substr(space + 1);
    x = read_parts(whole, left, trimmed(unsigned_text.substr(slash + 1)), commas);
  } else {
    minus = false;
    x = read_parts({}, text, "1", commas);
  }
  if (!x || x->over.digits.empty()) return x;
  if (minus) x->over.negative = !x->over.negative;
  if (hundredths) x->over.exponent -= 2;
  return x;
}

}  // namespace COHORT_NAMESPACE::detail
