#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <cohort/compare/summary.hpp>
#include <cohort/compare/table.hpp>
#include <cohort/compare/text.hpp>

namespace COHORT_NAMESPACE::comparing {

/// The comparison as a section of a page in Markdown, under the environment's name: returns with their intervals, who
/// is better how probably, what each algorithm was made of, and the command.
inline std::string markdown(comparison const& all) {
  int const digits = return_digits(all);
  auto number = [&](double x) { return fixed(x, digits); };
  std::string const seeds = std::to_string(all.asked.seeds);
  std::string text = "## " + all.asked.environment + "\n\n" + thousands(all.steps) + " steps a run, " + seeds +
                     (all.asked.seeds == 1 ? " seed" : " seeds") +
                     (all.asked.threshold ? ", solved at " + threshold_text(*all.asked.threshold) : "") +
                     "; the return of " + std::to_string(all.asked.final_episodes) +
                     " episodes after training, each seed's mean.\n\n| algorithm | interquartile mean [95% interval] | "
                     "median | lowest, highest | " +
                     (all.asked.threshold ? "solved | steps to it | " : "") + "seconds a run |\n" +
                     (all.asked.threshold ? "| --- | --- " : "") + "| --- | --- | --- | --- | --- |\n";
  for (auto const& one : all.algorithms) {
    std::vector<double> finals;
    for (auto const& run : one.finals) finals.push_back(run.value);
    auto const [low, high] = std::minmax_element(finals.begin(), finals.end());
    text += "| " + one.name + " | " + number(one.iqm) + " [" + number(one.iqm_interval.low) + ", " +
            number(one.iqm_interval.high) + "] | " + number(statistics::median(finals)) + " | " + number(*low) + ", " +
            number(*high) + " | ";
    if (all.asked.threshold)
      text += std::to_string(one.solved) + " of " + std::to_string(one.seeds) + " | " +
              (one.steps_to_threshold ? thousands(*one.steps_to_threshold) : "never") + " | ";
    text += fixed(one.seconds, 1) + " |\n";
  }
  if (!all.pairs.empty()) text += "\n";
  for (auto const& pair : all.pairs)
    text += "- " + all.algorithms[pair.better].name + " is better than " + all.algorithms[pair.worse].name +
            " with probability " + fixed(pair.found.probability, 2) + " [" + fixed(pair.found.between.low, 2) + ", " +
            fixed(pair.found.between.high, 2) + "]\n";
  text += "\n";
  for (auto const& one : all.algorithms) {
    std::string made = one.hyperparameters;
    if (made.ends_with('\n')) made.pop_back();
    text += "```\n" + one.name + "\n" + made + "\n```\n\n";
  }
  return text + "```sh\n" + all.made.command + "\n```\n\nCohort " + all.made.version + ", " + all.made.compiler + ", " +
         all.made.processor + ", " + all.made.date + ".\n";
}

/// A page with this section in the place of the one with its heading, or behind the others.
inline std::string with_section(std::string_view page, std::string_view section) {
  std::string all(page);
  if (!all.empty() && !all.ends_with('\n')) all += '\n';
  std::string const heading(section.substr(0, section.find('\n') + 1));
  std::size_t at = all.starts_with(heading) ? 0 : all.find("\n" + heading);
  if (at == all.npos) return all + (all.empty() ? "" : "\n") + std::string(section);
  if (at > 0) ++at;
  auto const next = all.find("\n## ", at);
  return all.replace(at, next == all.npos ? all.npos : next - at, section);
}

}  // namespace COHORT_NAMESPACE::comparing
