#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <sstream>
#include <string>

#include "exit_status.hpp"

/// How programs are asked, and how they say what is wrong with that.
namespace program {

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

/// Whether the arguments ask for more than help or the version, which are printed. Raises usage_error for wrong ones.
inline bool parse(CLI::App& app, int argc, char const* const* argv) {
  app.set_help_flag("-h,--help", "print this and exit");
  app.footer(exit_statuses);
  try {
    app.parse(argc, argv);
  } catch (CLI::Success const& asked) {
    std::ostringstream answer;
    app.exit(asked, answer);
    print(answer.str());
    return false;
  } catch (CLI::ParseError const& error) {
    throw usage_error(error.what());
  }
  return true;
}

/// Parses the arguments and calls f, unless they ask for help or the version only. The exit status.
template <class F>
int run(CLI::App& app, int argc, char const* const* argv, F f) {
  return guarded(app.get_name(), [&] {
    if (parse(app, argc, argv)) f();
  });
}

}  // namespace program
