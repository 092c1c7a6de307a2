#pragma once
#include <cohort/file/json.hpp>
#include <cohort/file/new_file.hpp>
#include <filesystem>
#include <fstream>
#include <span>

#include "exit_status.hpp"
#include "output_folder.hpp"

/// The folder of a run that writes as it goes, and that may be gone on with.
namespace program {

inline void replace_file(std::filesystem::path const& path, std::string const& text) {
  cohort::file::write_text(path, text, cohort::existing::replace);
}

/// The lines of a log whose `key` is at most `last`; the others are of updates that are done again.
inline std::string lines_until(std::filesystem::path const& path, char const* key, std::int64_t last) {
  std::ifstream from(path);
  std::string kept;
  for (std::string line; std::getline(from, line);) {
    auto const read = cohort::file::json::parse(line, nullptr, false);
    if (!read.is_object() || !read.contains(key) || !read[key].is_number() || read[key].get<double>() > double(last))
      break;  // or cut off where the program was killed
    kept += line + '\n';
  }
  return kept;
}

/// How a run begins in a folder that may hold one.
struct run_start {
  bool resume = false, overwrite = false;
};

/// Makes the folder of a run, of which it has `names`, and refuses one that holds a run that is neither gone on with
/// nor replaced.
inline void prepare_run_folder(std::filesystem::path const& out, std::span<char const* const> names, run_start how) {
  namespace fs = std::filesystem;
  std::string held;
  for (auto const* name : names)
    if (fs::exists(out / name)) held = name;
  if (how.resume && !fs::exists(out / "config.toml"))
    throw usage_error("--resume: " + out.string() + " holds no run (it has no config.toml)");
  if (!held.empty() && !how.resume && !how.overwrite)
    throw std::runtime_error("the output folder " + out.string() + " already holds a run (" + held +
                             "); go on with it by --resume, replace it by --overwrite, or choose another --out");
  make_folder(out);
}

}  // namespace program
