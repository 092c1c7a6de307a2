#pragma once
#include <algorithm>
#include <cstddef>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

/// As much of XML and SVG as tests need.
namespace svg_text {

/// What is wrong with a text as XML: elements that don't close in order, attributes without quotes, stray < and &.
/// Empty where nothing is.
inline std::string fault(std::string_view text) {
  auto entities = [](std::string_view s) {
    for (auto at = s.find('&'); at != s.npos; at = s.find('&', at + 1))
      if (std::ranges::none_of(std::vector{"&lt;", "&gt;", "&amp;", "&quot;", "&#39;"},
                               [&](auto const* known) { return s.substr(at).starts_with(known); }))
        return false;
    return true;
  };
  std::vector<std::string_view> open;
  std::size_t at = 0, elements = 0;
  while (at < text.size()) {
    auto const begin = std::min(text.find('<', at), text.size());
    auto const between = text.substr(at, begin - at);
    if (!entities(between) || between.find('>') != between.npos) return "a stray & or > in " + std::string(between);
    if (open.empty() && between.find_first_not_of(" \n") != between.npos) return "text outside of the root";
    if (begin == text.size()) break;
    auto const end = text.find('>', begin);
    if (end == text.npos) return "an element that has no end";
    auto tag = text.substr(begin + 1, end - begin - 1);
    at = end + 1;
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "</" + std::string(tag.substr(1)) + "> out of order";
      open.pop_back();
      continue;
    }
    if (open.empty() && ++elements > 1) return "two roots";
    bool const whole = tag.ends_with('/');
    if (whole) tag.remove_suffix(1);
    auto const name = tag.substr(0, std::min(tag.find(' '), tag.size()));
    if (!whole) open.push_back(name);
    for (auto rest = tag.substr(name.size()); !rest.empty();) {
      auto const quote = rest.find("=\""), close = quote == rest.npos ? rest.npos : rest.find('"', quote + 2);
      if (rest[0] != ' ' || close == rest.npos || rest.substr(1, quote - 1).find_first_of(" <>&=\"") != rest.npos ||
          !entities(rest.substr(quote, close - quote)) || rest.substr(0, close).find('<') != rest.npos)
        return "an attribute in <" + std::string(tag) + ">";
      rest.remove_prefix(close + 1);
    }
  }
  return open.empty() ? elements == 1 ? "" : "no element" : "<" + std::string(open.back()) + "> is open";
}

/// What stands between, each time.
inline std::vector<std::string> all_between(std::string const& text, std::string const& before,
                                            std::string const& after) {
  std::vector<std::string> found;
  for (auto at = text.find(before); at != text.npos; at = text.find(before, at)) {
    at += before.size();
    found.push_back(text.substr(at, text.find(after, at) - at));
  }
  return found;
}
inline std::vector<std::string> split(std::string const& text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text)
    if (c == separator) parts.emplace_back();
    else parts.back() += c;
  return parts;
}

}  // namespace svg_text
