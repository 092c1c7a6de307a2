#include "algorithms.hpp"

#include <cohort/compare/text.hpp>
#include <cohort/presets.hpp>

#include <algorithm>
#include <optional>

#include "../program/exit_status.hpp"
#include "tuned.hpp"

namespace cli {

namespace {

/// Whether an algorithm plays environments.
template <class A>
concept plays = !requires { typename decltype(A::rollout)::reads_a_task; };
template <class A>
constexpr bool needs_critic(A const&, run_algorithm const& parts) {
  return (parts.objective.reads() & cohort::needs::value) || (parts.advantage.reads() & cohort::needs::critic) ||
         std::is_same_v<decltype(A::rollout), cohort::probes>;
}

template <class F>
bool with_paper(std::string const& name, F f) {
  bool found = false;
  cohort::preset::each([&](auto const& preset) {
    if constexpr (plays<decltype(preset())>)
      if (name == preset.from.name) found = true, f(preset());
  });
  return found;
}

/// One after the other, so that the one is known from which on the algorithm is out of range; one that a later one
/// makes right, such as bounds that move together, is not wrong.
template <class A>
void set(A& a, std::vector<asked_setting> const& settings) {
  std::optional<program::usage_error> wrong;
  for (asked_setting const& s : settings) {
    auto const refused = [&](cohort::value_error const& e) { return program::usage_error(s.where + ": " + e.what()); };
    try {
      cohort::apply_settings(a, {s.set});
    } catch (cohort::value_error const& e) {
      throw refused(e);
    }
    try {
      cohort::preset::check(a);
      wrong.reset();
    } catch (cohort::value_error const& e) {
      if (!wrong) wrong.emplace(refused(e));
    }
  }
  if (wrong) throw *wrong;
}

}  // namespace

chosen_algorithm algorithm_of(config& c) {
  std::optional<chosen_algorithm> found;
  auto choose = [&](auto a) {
    set(a, c.settings);
    auto parts = cohort::preset::without_types<machine>(a);
    found = {parts, cohort::text(a), cohort::settings_of(a), needs_critic(a, parts)};
  };
  if (c.preset != "paper" && with_tuned(c.environment, c.algorithm, [&](auto a, tuned_policy const& p) {
        choose(a);
        auto unless_given = [&](char const* field, auto& to, auto const& tuned) {
          if (!c.where.contains(field)) to = tuned;
        };
        unless_given("policy.hidden", c.hidden, p.hidden);
        unless_given("policy.activation", c.activation, p.activation);
        unless_given("policy.weights", c.weights, p.weights);
        unless_given("policy.log_std", c.log_std, p.log_std);
        unless_given("policy.normalize_observations", c.normalize_observations, p.normalizes);
      }))
    return *found;
  if (c.preset == "tuned") {
    std::string const known = cohort::comparing::join(tuned_names(c.environment));
    throw program::usage_error(c.place_of("preset") + ": preset is tuned, and " + c.algorithm + " is not tuned for " +
                               c.environment + (known.empty() ? ", nor is any other" : "; those that are: " + known));
  }
  if (with_paper(c.algorithm, choose)) return *found;
  for (auto const& name : cohort::preset::names())
    if (name == c.algorithm)
      throw program::usage_error(c.place_of("algorithm") + ": algorithm " + name +
                                 " is of language models: it reads a task and plays no environment");
  throw program::usage_error(
      cohort::detail::unknown_name(c.place_of("algorithm"), "algorithm", c.algorithm, algorithm_names()).what());
}

std::vector<std::string> algorithm_names() {
  std::vector<std::string> all;
  cohort::preset::each([&](auto const& preset) {
    if constexpr (plays<decltype(preset())>) all.push_back(preset.from.name);
  });
  if (std::find(all.begin(), all.end(), "grpo") == all.end()) all.push_back("grpo");
  return all;
}

std::vector<std::string> tuned_names(std::string const& environment) {
  std::vector<std::string> all;
  for (auto const* name : {"ppo", "grpo", "hybrid_grpo"})
    if (with_tuned(environment, name, [](auto const&, tuned_policy const&) {})) all.push_back(name);
  return all;
}

}  // namespace cli
