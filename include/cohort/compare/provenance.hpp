#pragma once
#include <chrono>
#include <cohort/compiler.hpp>
#include <cohort/version.hpp>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>

namespace COHORT_NAMESPACE::comparing {

/// Where the numbers come from. What is empty is not said.
struct provenance {
  std::string version, backend, compiler, commit, processor, date;
  std::string command{};  ///< what makes them again
  std::string run_on{};   ///< what a single run has: "one thread"
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

/// What compiles the file that calls it. (Static, since it differs from file to file.)
[[maybe_unused]] static std::string compiler() {
#if defined(__CUDACC__)
  std::string name = "nvcc " + std::to_string(__CUDACC_VER_MAJOR__) + "." + std::to_string(__CUDACC_VER_MINOR__);
#elif defined(__clang__)
  std::string name = "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
                     std::to_string(__clang_patchlevel__);
#else
  std::string name = "g++ " __VERSION__;
#endif
#if defined(__AVX512F__)
  name += " for AVX-512";
#elif defined(__AVX2__)
  name += " for AVX2";
#endif
#ifndef __OPTIMIZE__
  name += ", not optimized";
#endif
  return name;
}

}  // namespace COHORT_NAMESPACE::comparing
