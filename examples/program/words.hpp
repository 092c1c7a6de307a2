#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace program {

/// What stands between the separators: "a,,b" is "a", "" and "b".
inline std::vector<std::string> split(std::string const& text, char separator) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    auto const end = std::min(text.find(separator, begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace program
