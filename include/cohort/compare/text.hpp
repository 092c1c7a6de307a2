#pragma once
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Numbers and words as text, the same in every locale.
namespace COHORT_NAMESPACE::comparing {

/// The fewest digits that read back as the same number.
inline std::string shortest(double value) {
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// A fixed number of digits after the point; never "-0.0".
inline std::string fixed(double value, int digits) {
  char buffer[400];
  std::string text{buffer, std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, digits).ptr};
  bool const zero = text.find_first_not_of("-0.") == std::string::npos;
  return zero && text.front() == '-' ? text.substr(1) : text;
}

/// 1234567 as "1,234,567".
inline std::string thousands(long long value) {
  std::string text = std::to_string(value);
  for (auto at = static_cast<long>(text.size()) - 3; at > (value < 0 ? 1 : 0); at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

/// A duration with about three significant digits: "0.0213", "4.62", "128".
inline std::string duration(double seconds) {
  if (!(seconds > 0)) return "0";
  return fixed(seconds, std::clamp(2 - static_cast<int>(std::floor(std::log10(seconds))), 0, 6));
}

/// Minutes and seconds for people who wait: "1:05", "2:00:00".
inline std::string clock(double seconds) {
  auto const total = std::llround(std::clamp(seconds, 0., 1e9));
  auto const two = [](long long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  if (total < 3600) return std::to_string(total / 60) + ":" + two(total % 60);
  return std::to_string(total / 3600) + ":" + two(total / 60 % 60) + ":" + two(total % 60);
}

inline std::string join(std::vector<std::string> const& words, std::string_view between, std::string_view before_last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i) text += i + 1 == words.size() ? before_last : between;
    text += words[i];
  }
  return text;
}

inline std::string join(std::vector<std::string> const& words, std::string_view between = ", ") {
  return join(words, between, between);
}

/// The name that people write: "hybrid_grpo" is "Hybrid GRPO".
inline std::string display_name(std::string const& name) {
  std::string text;
  for (std::size_t begin = 0; begin <= name.size();) {
    auto const end = std::min(name.find('_', begin), name.size());
    auto word = name.substr(begin, end - begin);
    auto const capitals = word.size() <= 4 ? word.size() : 1;
    std::transform(word.begin(), word.begin() + static_cast<long>(capitals), word.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    text += (text.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  return text;
}

/// A message on one line, whatever a library put into it.
inline std::string one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

inline std::string escape_html(std::string_view text) {
  std::string escaped;
  for (char const c : text)
    if (c == '&') escaped += "&amp;";
    else if (c == '<') escaped += "&lt;";
    else if (c == '>') escaped += "&gt;";
    else if (c == '"') escaped += "&quot;";
    else escaped += c;
  return escaped;
}

}  // namespace COHORT_NAMESPACE::comparing
