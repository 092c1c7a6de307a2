#include <cohort/describe/names.hpp>
#include <cohort/environment/make.hpp>
#include <map>

#include "../program/exit_status.hpp"
#include "runs.hpp"

namespace cli {

namespace {

/// The mean return from which on an environment counts as solved: Gymnasium's reward_threshold where it has one.
std::optional<double> threshold_of(std::string const& name) {
  static std::map<std::string, double> const thresholds{
      {"CartPole-v1", 475},  {"MountainCar-v0", -110}, {"MountainCarContinuous-v0", 90}, {"Acrobot-v1", -100},
      {"Pendulum-v1", -200}, {"FrozenLake-v1", .7},    {"FrozenLake8x8-v1", .85},        {"recall", .95}};
  auto const found = thresholds.find(name);
  if (found == thresholds.end()) return {};
  return found->second;
}

template <class Visitor>
auto visited(cohort::any_environment const& e, Visitor visitor) {
  return e.visit([&](auto const& known) -> decltype(visitor(std::declval<cohort::environment_of<cohort::discrete>>())) {
    if constexpr (requires { visitor(known); }) return visitor(known);
    else
      throw program::usage_error(e.name() + " has " + e.spaces().actions.kind +
                                 " actions, and this program trains on discrete and box ones");
  });
}

}  // namespace

std::vector<std::string> environment_names() { return cohort::known_environments().names(); }

std::string environment_text(std::string const& name) {
  auto const e = cohort::make(name);
  auto const spaces = e.spaces();
  std::string actions =
      std::to_string(spaces.actions.kind == "discrete" ? spaces.actions.n[0] : int(spaces.actions.size()));
  actions += spaces.actions.kind == "discrete" ? " actions" : " numbers of an action";
  return std::to_string(spaces.observations.size()) + " observed, " + actions + ", " +
         std::to_string(e.max_episode_steps()) + " steps";
}

chosen_environment environment_of(config const& c) {
  auto const known = cohort::known_environments();
  auto at = [&](std::string const& where, auto make) {
    try {
      return make();
    } catch (cohort::value_error const& e) {
      std::string const what = e.what();
      throw program::usage_error(where + ": " + (what.starts_with("make: ") ? what.substr(6) : what));
    }
  };
  auto limited = [&](chosen_environment const& e) {
    if (e.environment.max_episode_steps() == 0 && c.evaluate_every > 0)
      throw program::usage_error(c.place_of("environment") + ": " + c.environment +
                                 " has no limit on the steps of an episode, which evaluations need: give it one by "
                                 "with.max_episode_steps, or set evaluation.every to 0");
    return e;
  };
  std::vector<cohort::setting> parameters;
  if (c.environment.starts_with("gymnasium:")) {
    for (auto const& p : c.parameters) parameters.push_back(p.set);
    return limited(gymnasium_environment(c.environment, parameters));
  }
  auto e = at(c.place_of("environment"), [&] { return known.make(c.environment); });
  for (auto const& p : c.parameters) {
    parameters.push_back(p.set);
    e = at(p.where, [&] { return known.make(c.environment, parameters); });
  }
  return limited({e, threshold_of(c.environment)});
}

std::unique_ptr<any_run> chosen_environment::run(config const& c, chosen_algorithm const& algorithm) const {
  return visited(environment,
                 [&](auto const& e) -> decltype(run_with(e, c, algorithm)) { return run_with(e, c, algorithm); });
}
std::unique_ptr<any_policy> policy_for(cohort::any_environment const& any, std::filesystem::path const& from,
                                       bool with_critic) {
  return visited(any, [&](auto const& e) -> decltype(policy_for(e, from, with_critic)) {
    return policy_for(e, from, with_critic);
  });
}

}  // namespace cli
