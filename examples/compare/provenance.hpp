#pragma once
#include <chrono>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>

namespace compare {

/// The commit that the program was built of, with -dirty behind it where files were changed; empty if that is not
/// known. Its source is written when the program is built.
extern char const commit[];

/// Where the numbers come from.
struct provenance {
  std::string version, backend, compiler, commit, processor, date;
};

/// As Linux names it, with the number of its threads.
inline std::string processor() {
  std::string name;
  std::ifstream about{"/proc/cpuinfo"};
  for (std::string line; name.empty() && std::getline(about, line);)
    if (line.starts_with("model name") && line.find(": ") != line.npos) name = line.substr(line.find(": ") + 2);
  auto const threads = std::thread::hardware_concurrency();
  return (name.empty() ? "a processor without a name" : name) + ", " + std::to_string(threads) +
         (threads == 1 ? " thread" : " threads");
}

/// "2026-11-29 20:15 UTC"
inline std::string date_now() {
  auto const now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts)};
}

}  // namespace compare
