#pragma once
#include <cohort/compiler.hpp>
#include <cohort/language/reward/decimal.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

// Where in a completion's text the answer is: callables from a text to the part of it that is the answer, or nothing.

namespace COHORT_NAMESPACE {

/// The text from the last opening tag that a closing tag follows to the first closing tag after it; nothing where there
/// is no such pair.
struct between_tags {
  std::string tag = "answer";

  std::optional<std::string_view> operator()(std::string_view text) const {
    std::string const open = "<" + tag + ">", close = "</" + tag + ">";
    std::size_t end = text.rfind(close);
    std::size_t begin = end == text.npos ? text.npos : text.rfind(open, end);
    if (begin == text.npos) return std::nullopt;
    begin += open.size();
    return text.substr(begin, text.find(close, begin) - begin);
  }
};

/// All of the text.
struct whole_text {
  std::optional<std::string_view> operator()(std::string_view text) const { return text; }
};

/// What follows the last such mark up to the end of its line, as GSM8K's solutions end.
struct after_marker {
  std::string marker = "####";  ///< not empty

  std::optional<std::string_view> operator()(std::string_view text) const {
    std::size_t at = text.rfind(marker);
    if (marker.empty() || at == text.npos) return std::nullopt;
    text.remove_prefix(at + marker.size());
    return text.substr(0, text.find('\n'));
  }
};

namespace detail {

/// What is in the braces that the text begins with, and the text behind them; nothing where they are not closed. A
/// brace behind a backslash is none.
inline std::optional<std::string_view> take_braces(std::string_view& text) {
  if (!text.starts_with('{')) return std::nullopt;
  int open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == '{') ++open;
    else if (text[i] == '}' && --open == 0) {
      std::string_view const inside = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return inside;
    }
  }
  return std::nullopt;
}

}  // namespace detail

/// What is in the last LaTeX \boxed{...} (or \fbox{...}) whose braces are closed, braces inside included: {\frac{1}{2}}
/// gives \frac{1}{2}.
struct boxed {
  std::optional<std::string_view> operator()(std::string_view text) const {
    for (std::size_t at = text.rfind('\\'); at != text.npos; at = at == 0 ? text.npos : text.rfind('\\', at - 1)) {
      std::string_view rest = text.substr(at + 1);
      if (rest.starts_with("boxed")) rest.remove_prefix(5);
      else if (rest.starts_with("fbox")) rest.remove_prefix(4);
      else continue;
      rest.remove_prefix(rest.size() - detail::trimmed_front(rest).size());
      if (auto const inside = detail::take_braces(rest)) return inside;
    }
    return std::nullopt;
  }
};

/// The last decimal number in the text, with commas between thousands and a sign where it has them.
struct last_number {
  std::optional<std::string_view> operator()(std::string_view text) const {
    constexpr char const* digits = "0123456789";
    std::size_t const last = text.find_last_of(digits);
    if (last == text.npos) return std::nullopt;
    std::size_t begin = last;
    auto const is_digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    // A point or comma belongs to the number between two digits; a point also before the first.
    while (begin > 0 && (is_digit(begin - 1) || (begin > 1 && (text[begin - 1] == '.' || text[begin - 1] == ',') &&
                                                 is_digit(begin - 2) && is_digit(begin))))
      --begin;
    if (begin > 0 && text[begin - 1] == '.') --begin;
    bool const sign = begin > 0 && (text[begin - 1] == '-' || text[begin - 1] == '+');
    bool const binary = begin > 1 && (is_digit(begin - 2) || text[begin - 2] == ')');  // 7-3 ends with 3
    if (sign && !binary) --begin;
    return text.substr(begin, last + 1 - begin);
  }
};

/// What the first of several finds that finds something:
///
///     first_found{boxed{}, after_marker{"####"}, last_number{}}
template <class... Extract>
class first_found {
 public:
  explicit first_found(Extract... ways) : ways_(std::move(ways)...) {}

  std::optional<std::string_view> operator()(std::string_view text) const {
    std::optional<std::string_view> found;
    std::apply([&](auto const&... way) { (void)((found = way(text)).has_value() || ...); }, ways_);
    return found;
  }

 private:
  std::tuple<Extract...> ways_;
};

}  // namespace COHORT_NAMESPACE
