#pragma once
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"

// The program cohort as a user meets it, in a folder of a test's own.

namespace a_user {

namespace fs = std::filesystem;

struct scratch : files::scratch {
  scratch() : files::scratch("cohort_program") {}
  files::outcome_of_program run(std::string const& arguments) const {
    return files::run_in(*this, paths::program("cohort"), arguments);
  }
  /// What a failed call says, which is one line.
  std::string refusal(std::string const& arguments, int status = 2) const {
    auto const o = run(arguments);
    INFO(arguments << ": " << o.err);
    CHECK(o.status == status);
    CHECK(o.out.empty());
    CHECK(o.err.starts_with("cohort: "));
    CHECK(o.err.find('\n') + 1 == o.err.size());
    return o.err;
  }
  fs::path in(std::string const& name) const { return path / name; }
};

/// A few updates of a small network.
inline std::string const quick = "train --quiet --policy.hidden 8 --update.epochs 1 ";

/// A log without its times.
inline std::string untimed(fs::path const& path) {
  std::istringstream lines(files::get(path));
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    auto const from = line.find("\"time/time_elapsed\""), to = line.find("\"rollout/ep_rew_mean\"");
    REQUIRE(from < to);
    REQUIRE(to != line.npos);
    all += line.erase(from, to - from) + '\n';
  }
  return all;
}
inline long lines(fs::path const& path) {
  auto const text = files::get(path);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace a_user
