#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace cli {

struct watch_request {
  std::filesystem::path from, out{};
  std::string environment{};
  std::uint64_t seed = 0;
  int episodes = 1;
  bool terminal = false;
};
/// Plays the policy of a file, or of a run's folder, and writes an animated SVG or GIF, or plays it in the terminal:
/// there where stdout is one and neither is asked for.
void watch(watch_request const& how);

}  // namespace cli
