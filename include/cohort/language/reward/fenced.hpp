#pragma once
#include <algorithm>
#include <cohort/language/reward/decimal.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace COHORT_NAMESPACE {

/// What is in the last block of code of a Markdown text whose fence names one of some languages, in any case; "" is a
/// fence that names none. A fence is three backticks or more at the beginning of a line; one that is not closed, by as
/// many alone on their line, is no block.
struct fenced {
  std::vector<std::string> languages{};

  std::optional<std::string_view> operator()(std::string_view text) const {
    std::optional<std::string_view> found;
    std::size_t begin = 0, ticks = 0;  // of the block that is open
    bool ours = false;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t const end = std::min(text.find('\n', at), text.size());
      std::string_view const line = text.substr(at, end - at);
      std::size_t const here = std::min(line.find_first_not_of('`'), line.size());
      std::string_view const name = detail::trimmed(line.substr(here));
      if (ticks == 0 && here >= 3 && name.find('`') == name.npos) {
        ticks = here, begin = std::min(end + 1, text.size()), ours = is_one(name.substr(0, name.find_first_of(" \t{")));
      } else if (ticks > 0 && here >= ticks && name.empty()) {
        if (ours) found = text.substr(begin, at - begin);
        ticks = 0;
      }
      at = end + 1;
    }
    return found;
  }

 private:
  bool is_one(std::string_view name) const {
    auto const low = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
    return std::any_of(languages.begin(), languages.end(), [&](std::string const& one) {
      return std::equal(one.begin(), one.end(), name.begin(), name.end(),
                        [&](char a, char b) { return low(a) == low(b); });
    });
  }
};

}  // namespace COHORT_NAMESPACE
