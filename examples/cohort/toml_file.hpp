#pragma once
#include <toml++/toml.h>

#include <sstream>
#include <string>

#include "../program/exit_status.hpp"

namespace cli {

/// A TOML file. Raises program::usage_error with the line where it is none.
inline toml::table parsed(std::string const& path) {
  try {
    return toml::parse_file(path);
  } catch (toml::parse_error const& e) {
    std::ostringstream message;
    message << path;
    if (e.source().begin.line > 0) message << ':' << e.source().begin.line;
    message << ": " << e.description();
    throw program::usage_error(message.str());
  }
}
inline std::string place(std::string const& file, toml::node const& node) {
  return file + ":" + std::to_string(node.source().begin.line);
}

}  // namespace cli
