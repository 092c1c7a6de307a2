#include "../program/exit_status.hpp"
#include "runs.hpp"

namespace cli {

namespace {

/// The environments that a policy may be of.
std::vector<config> candidates(std::filesystem::path const& folder, std::string const& name) {
  config c;
  auto const kept = folder / "config.toml";
  if (std::filesystem::exists(kept)) set_fields(c, fields_of_file(kept.string()));
  else c.environment.clear();
  if (!name.empty() && name != c.environment) {
    c = {.environment = name};
    c.where["environment"] = "--environment";
  }
  if (!c.environment.empty()) return {c};
  std::vector<config> all;
  for (auto const& known : environment_names()) all.push_back({.environment = known});
  return all;
}

}  // namespace

stored_policy policy_in(std::filesystem::path const& from, std::string const& name) {
  bool const of_a_run = std::filesystem::is_directory(from);
  auto const file = of_a_run ? from / "policy.cohort" : from;
  auto const possible = candidates(of_a_run ? from : "", name);
  auto const about = cohort::file::read_state(file).about.value("policy", cohort::file::json::object());
  bool const with_critic = about.is_object() && about.value("kind", cohort::file::json()) == "actor_critic";
  std::string refused;
  for (auto const& c : possible) try {
      auto const e = environment_of(c).environment;
      std::vector<cohort::setting> parameters;
      for (auto const& p : c.parameters) parameters.push_back(p.set);
      return {file, e, parameters, policy_for(e, file, with_critic), with_critic};
    } catch (cohort::value_error const& other) {
      refused = other.what();
    }
  throw std::runtime_error(possible.size() > 1
                               ? file.string() +
                                     " is of no environment or policy that this program knows; the last: " + refused
                               : file.string() + " is not of " + possible[0].environment + ": " + refused);
}

}  // namespace cli
