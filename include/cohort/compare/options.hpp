#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/error.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

namespace comparing {

/// One run: an algorithm from a seed.
struct job {
  std::string algorithm;
  std::uint64_t seed;
};

}  // namespace comparing

/// How algorithms are compared. Every one trains once from each of `seeds` consecutive seeds. A policy is evaluated
/// untrained, after the first update at or beyond each multiple of `every` steps, and at the end, always by its most
/// probable actions.
struct compare_options {
  std::string environment{};  ///< its name, for people; empty: its type's
  int seeds = 10;
  std::uint64_t first_seed = 1;
  std::int64_t steps = 100'000;       ///< that a run may take
  int threads = 1;                    ///< runs at a time
  std::optional<double> threshold{};  ///< the mean return from which on the task counts as solved; empty: there is none
  std::int64_t every = 5000;
  int episodes = 20;         ///< of each evaluation on the way
  int final_episodes = 100;  ///< of the last one, from starts that no other has seen
  /// Looked at after each update and before each run; from then on nothing is begun, and what runs is cut short.
  std::function<bool()> stop = [] { return false; };
  /// Called on the thread that trains, so several at once.
  std::function<void(comparing::job const&)> started = [](comparing::job const&) {};
  std::function<void(comparing::job const&)> finished = [](comparing::job const&) {};
};

namespace comparing {

/// What is compared, and how.
struct plan : compare_options {
  std::vector<std::string> algorithms{};  ///< their names, in the order of the table

  /// Raises value_error for what cannot be.
  void check() const {
    auto const positive = [](char const* name, std::int64_t given) {
      cohort::detail::require(given > 0, "compare", name, double(given), "a positive number");
    };
    positive("seeds", seeds), positive("steps", steps), positive("threads", threads), positive("every", every);
    positive("episodes", episodes), positive("final_episodes", final_episodes);
    cohort::detail::require(
        first_seed <= std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(seeds - 1), "compare",
        "first_seed", double(first_seed), "a number with which the last seed fits into 64 bits");
    if (threshold)
      cohort::detail::require(std::isfinite(*threshold), "compare", "threshold", *threshold, "a finite number");
    if (algorithms.empty()) throw value_error("compare: there are no algorithms, expected one or more");
    for (auto name = algorithms.begin(); name != algorithms.end(); ++name) {
      if (name->empty() || name->find_first_of(",\"\n\r") != name->npos)
        throw value_error("compare: an algorithm is named '" + *name +
                          "', expected a name without commas, quotes and line ends");
      if (std::find(algorithms.begin(), name, *name) != name)
        throw value_error("compare: two algorithms are named " + *name + ", expected a name of its own for each");
    }
  }
};

}  // namespace comparing

}  // namespace COHORT_NAMESPACE
