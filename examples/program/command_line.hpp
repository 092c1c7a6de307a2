#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// What programs on language models have in common: how they are asked, and how they say what is wrong.
namespace command_line {

/// Wrong arguments.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An option's value as it was typed. (CLI11 would read "010" as eight.)
using typed = std::optional<std::string>;
inline CLI::Option* add(CLI::App& app, std::string const& name, typed& to, std::string const& help,
                        std::string const& type) {
  CLI::callback_t const take = [&to](CLI::results_t const& words) {
    to = CLI::detail::join(words, " ");
    return true;
  };
  return app.add_option(name, take, help)->type_name(type);
}

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
N number_of(std::string const& option, typed const& given, N otherwise, F fits, std::string const& expected) {
  if (!given) return otherwise;
  auto const value = number<N>(*given);
  if (!value || !fits(*value)) throw usage_error(option + " is '" + *given + "', expected " + expected);
  return *value;
}
template <class N>
N whole_number_of(std::string const& option, typed const& given, N otherwise, N least) {
  return number_of(
      option, given, otherwise, [&](N n) { return n >= least; },
      "a whole number from " + std::to_string(least) + " on");
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

/// A line, or more, that whoever reads stdout has at once.
inline void print(std::string const& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw std::runtime_error("can't write to stdout");
}

/// Parses the arguments and calls f. The exit status: 0, 2 for wrong arguments, 1 for what goes wrong later, with one
/// line about it on stderr.
template <class F>
int run(CLI::App& app, int argc, char const* const* argv, F f) {
  auto fail = [&](int status, std::string what) {
    std::replace_if(what.begin(), what.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), what.c_str());
    return status;
  };
  app.set_help_flag("-h,--help", "print this and exit");
  try {
    try {
      app.parse(argc, argv);
    } catch (CLI::Success const&) {
      print(app.help());
      return 0;
    }
    f();
    return 0;
  } catch (CLI::ParseError const& error) {
    return fail(2, error.what());
  } catch (usage_error const& error) {
    return fail(2, error.what());
  } catch (std::bad_alloc const&) {
    return fail(1, "there is not enough memory");
  } catch (std::exception const& error) {
    return fail(1, error.what());
  }
}

}  // namespace command_line
