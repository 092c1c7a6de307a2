#pragma once
#include <cohort/language/reward/fraction.hpp>
#include <cstddef>
#include <initializer_list>
#include <string>

// Which answers are one: callables from a given and an expected text to bool.

namespace COHORT_NAMESPACE {

/// Two decimal numbers are compared as numbers, exactly, however many digits they have: "007" is 7, "3.0" is 3, "1e3"
/// is 1000. Anything else is compared as text, without the white space around it.
struct same_decimal {
  bool thousands_commas = false;  ///< whether "1,000" is 1000, on either side

  bool operator()(std::string_view given, std::string_view wanted) const {
    given = detail::trimmed(given);
    wanted = detail::trimmed(wanted);
    if (given == wanted) return true;
    auto const x = detail::read_decimal(given, thousands_commas), y = detail::read_decimal(wanted, thousands_commas);
    return x && y && *x == *y;
  }
};

namespace detail {

inline void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
}

/// A formula without what LaTeX has for its looks: the dollars, brackets or \text{} around all of it, thin spaces, the
/// sizes of fractions, a currency's dollar.
inline std::string plain_formula(std::string_view text) {
  auto const inside = [&](std::string_view open, std::string_view close) {
    bool const is = text.size() >= open.size() + close.size() && text.starts_with(open) && text.ends_with(close);
    if (is) text = trimmed(text.substr(open.size(), text.size() - open.size() - close.size()));
    return is;
  };
  auto const wrapped = [&](std::string_view command) {
    std::string_view rest = text;
    if (!text.starts_with(command)) return false;
    rest.remove_prefix(command.size());
    auto const argument = take_braces(rest);
    if (!argument || !rest.empty()) return false;
    text = trimmed(*argument);
    return true;
  };
  text = trimmed(text);
  while (inside("$$", "$$") || inside("$", "$") || inside("\\(", "\\)") || inside("\\[", "\\]") || wrapped("\\text") ||
         wrapped("\\textbf") || wrapped("\\mathrm") || wrapped("\\mathbf"))
    continue;
  if (text.starts_with("\\$")) text.remove_prefix(2);
  if (text.starts_with('$')) text.remove_prefix(1);
  std::string plain(trimmed(text));
  for (char const* thin : {"\\!", "\\,", "\\;"}) replace_all(plain, thin, "");
  for (char const* size : {"\\dfrac", "\\tfrac", "\\cfrac"}) replace_all(plain, size, "\\frac");
  replace_all(plain, "{,}", ",");
  replace_all(plain, "\\%", "%");
  return plain;
}

}  // namespace detail

/// Numbers are compared as rational numbers, exactly, however they are written: 0.75, 3/4, \frac{3}{4}, \dfrac34, 75%
/// and 75\% are one; 1 3/4 and 1\frac{3}{4} are 1.75; $1{,}000$ is 1000, and \$18 is 18. Anything else is compared as
/// text, without the white space, dollars and LaTeX's \( \), \[ \] or \text{} around it, and without thin spaces in it.
/// No formula is computed: \sqrt{4} is not 2, and x=2 is not 2. A number of more than 1,000 characters is a text.
struct same_number {
  bool thousands_commas = true;  ///< whether "1,000" is 1000
  bool percent = true;           ///< whether "50%" is 1/2; else it is a text

  bool operator()(std::string_view given, std::string_view wanted) const {
    std::string const a = detail::plain_formula(given), b = detail::plain_formula(wanted);
    if (a == b) return true;
    auto const x = detail::read_fraction(a, thousands_commas, percent);
    auto const y = x ? detail::read_fraction(b, thousands_commas, percent) : std::nullopt;
    return x && y && *x == *y;
  }
};

/// Choices by their letters: two answers are one where both name the same letter from A to `last`, in either case:
///
///     B    (B)    b)    [B]    B.    B: Paris    **B**    \text{(B)}    (b) Paris
///
/// A letter that a space follows is none, since "A dog" is no choice.
struct same_choice {
  char last = 'Z';  ///< the last letter that there is; from A to Z

  bool operator()(std::string_view given, std::string_view wanted) const {
    auto const x = letter(given), y = letter(wanted);
    return x && x == y;
  }
  /// The letter that a text names, as a capital.
  std::optional<char> letter(std::string_view text) const {
    std::string const plain = detail::plain_formula(text);
    text = plain;
    auto const front = [&](std::string_view marks) {
      text.remove_prefix(std::min(text.size(), text.find_first_not_of(marks)));
    };
    front("*");
    front("([");
    if (text.empty()) return std::nullopt;
    char const first = text.front();
    char const found = first >= 'a' && first <= 'z' ? char(first - 'a' + 'A') : first;
    text.remove_prefix(1);
    if (found < 'A' || found > last || (!text.empty() && text.find_first_of(")].:,*") != 0)) return std::nullopt;
    return found;
  }
};

}  // namespace COHORT_NAMESPACE
