#pragma once
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include "exit_status.hpp"

/// Numbers of a command line.
namespace program {

/// The number that a text is, all of it; empty if it is none.
template <class N>
std::optional<N> number(std::string_view text) {
  N value{};
  auto const [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && stop == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// The number that an option has, or what it has by default; `fits` says whether it may be, and `expected` the same in
/// words.
template <class N, class F>
N number_of(std::string const& option, std::optional<std::string> const& given, N otherwise, F fits,
            std::string const& expected) {
  if (!given) return otherwise;
  auto const value = number<N>(*given);
  if (!value || !fits(*value)) throw usage_error(option + " is '" + *given + "', expected " + expected);
  return *value;
}
template <class N>
N whole_number_of(std::string const& option, std::optional<std::string> const& given, N otherwise,
                  std::type_identity_t<N> least, std::type_identity_t<N> most = std::numeric_limits<N>::max(),
                  std::string const& why = "") {
  return number_of(
      option, given, otherwise, [&](N n) { return n >= least && n <= most; },
      "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + why);
}
/// 0, where nothing is given, is for what the program takes then.
inline int threads_of(std::optional<std::string> const& given, int otherwise = 0) {
  return whole_number_of("--threads", given, otherwise, 1, 1024);
}

/// Tokens between spaces or commas.
inline std::vector<std::int32_t> tokens_of(std::string const& option, std::string const& given) {
  std::vector<std::int32_t> tokens;
  for (std::size_t begin = 0; (begin = given.find_first_not_of(" ,\t\n", begin)) != std::string::npos;) {
    std::string const word = given.substr(begin, given.find_first_of(" ,\t\n", begin) - begin);
    auto const token = number<std::int32_t>(word);
    if (!token || *token < 0)
      throw usage_error(option + ": '" + word + "' is no token; expected whole numbers, with spaces between them");
    tokens.push_back(*token);
    begin += word.size();
  }
  return tokens;
}

}  // namespace program
