#pragma once
#include "../catch.hpp"
#include "files.hpp"
#include "running_program.hpp"

namespace support {

/// The port that a program serves on: the number after the last colon of what it prints once it serves.
inline int served_port(running_program& program, std::filesystem::path const& folder) {
  int port = 0;
  REQUIRE(program.reaches([&] {
    std::string const said = files::get(folder / "stdout");
    auto const at = said.rfind(':');
    if (said.empty() || said.back() != '\n' || at == std::string::npos) return false;
    port = std::stoi(said.substr(at + 1));
    return true;
  }));
  return port;
}

}  // namespace support
