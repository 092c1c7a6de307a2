#pragma once
#include <cohort/preset/registry.hpp>

#include "tables.hpp"

// The algorithms of papers as rows of tables.

namespace pages {

template <class X>
std::string part(X const& part) {
  return code(detail::part_text(part));
}

inline std::string preset_composition() {
  std::string all = "| preset | advantage | objective | mean |\n| --- | --- | --- | --- |\n";
  preset::each([&](auto const& p) {
    auto a = p();
    all += "| `" + std::string(p.from.name) + "` | " + part(a.advantage) + " | " + part(a.objective) + " | " +
           part(a.aggregation) + " |\n";
  });
  return all;
}

inline std::string preset_rollouts() {
  std::string all = "| preset | rollout | update |\n| --- | --- | --- |\n";
  preset::each([&](auto const& p) {
    auto a = p();
    std::string more;
    if (!std::is_same_v<decltype(a.reward), raw_reward>) more += "; rewards: " + part(a.reward);
    if (a.reference.every > 0) more += "; reference: " + part(a.reference);
    all += "| `" + std::string(p.from.name) + "` | " + part(a.rollout) + " | " + part(a.update) + more + " |\n";
  });
  return all;
}

inline std::string preset_sources() {
  std::string all = "| preset | source | certain | open, and what was taken |\n| --- | --- | --- | --- |\n";
  preset::each([&](auto const& p) {
    all += "| `" + std::string(p.from.name) + "` | " + p.from.paper + " | " + p.from.certain + " | " + p.from.open +
           " |\n";
  });
  return all;
}

}  // namespace pages
