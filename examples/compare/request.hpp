#pragma once
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include "names.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace compare {

/// What was typed, option by option; empty where nothing was.
struct request {
  std::optional<std::string> environment, algorithms, seeds, first_seed, steps, group, threads, out;
  bool overwrite = false;
};

/// The whole number that `typed` is, between the bounds; the error names the option.
template <class Integer>
Integer whole_number(std::string const& option, std::string const& typed, std::type_identity_t<Integer> least,
                     std::type_identity_t<Integer> most, std::string const& why = "") {
  Integer value{};
  auto const end = typed.data() + typed.size();
  auto const [stop, error] = std::from_chars(typed.data(), end, value);
  bool const whole = stop == end && !typed.empty();
  bool const negative = whole && typed.front() == '-';
  if (whole && error == std::errc{} && value >= least && value <= most) return value;
  if (whole && !negative && (error == std::errc::result_out_of_range || value > most))
    throw std::runtime_error{option + " must be at most " + std::to_string(most) + ", not " + typed};
  throw std::runtime_error{option + " must be a whole number of at least " + std::to_string(least) + ", not '" + typed +
                           "'" + why};
}

/// Names between commas, each known and none twice.
inline std::vector<std::string> algorithm_names(std::string const& typed, std::vector<std::string> const& known) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= typed.size();) {
    auto const end = std::min(typed.find(',', begin), typed.size());
    auto const name = typed.substr(begin, end - begin);
    require_known("algorithm", name, known);
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw std::runtime_error{"--algorithms names " + name + " twice"};
    names.push_back(name);
    begin = end + 1;
  }
  return names;
}

/// The settings that a request asks for, or an error of one line that says which option is wrong and what it may be.
inline settings checked(request const& typed, std::vector<std::string> const& environments,
                        std::vector<std::string> const& algorithms) {
  settings asked;
  if (typed.environment) asked.environment = *typed.environment;
  require_known("environment", asked.environment, environments);
  asked.algorithms = typed.algorithms ? algorithm_names(*typed.algorithms, algorithms) : algorithms;

  if (typed.seeds) asked.seeds = whole_number<int>("--seeds", *typed.seeds, 1, 10'000);
  if (typed.first_seed) {
    auto const last_start = std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(asked.seeds - 1);
    asked.first_seed = whole_number<std::uint64_t>("--first-seed", *typed.first_seed, 1, last_start);
  }
  if (typed.steps) asked.steps = whole_number<long>("--steps", *typed.steps, 1, std::numeric_limits<long>::max());
  if (typed.group)
    asked.group = whole_number<int>(
        "--group", *typed.group, 2, std::numeric_limits<int>::max(),
        ": an advantage is what a return has over its group's mean, and a group of one is its own mean");
  asked.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (typed.threads) asked.threads = whole_number<int>("--threads", *typed.threads, 1, 1024);

  if (typed.out) asked.out = *typed.out;
  asked.overwrite = typed.overwrite || !typed.out;
  return asked;
}

}  // namespace compare
