#pragma once
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include <cohort/compare/chart.hpp>
#include <cohort/compare/summary.hpp>
#include <cohort/compare/table.hpp>
#include <cohort/compare/text.hpp>

namespace COHORT_NAMESPACE::comparing {

/// The table of the report. On a narrow page each row becomes a card, in which every cell shows its own label.
inline std::string report_table(comparison const& all) {
  static constexpr std::array headings{"Final return, IQM [95%]", "Solved",  "Steps to threshold",
                                       "Seconds to threshold",    "Steps/s", "Parameters, KiB",
                                       "Optimizer, KiB"};
  int const digits = return_digits(all);
  std::string out = "<table>\n<thead><tr><th scope=\"col\">Algorithm</th>";
  for (std::size_t c = 0; c < headings.size(); ++c)
    if (detail::is_shown(all, c + 1)) out += std::string{"<th scope=\"col\">"} + headings[c] + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < all.algorithms.size(); ++i) {
    auto const& one = all.algorithms[i];
    std::array<std::string, headings.size()> const cells{
        fixed(one.iqm, digits) + " <small>[" + fixed(one.iqm_interval.low, digits) + ", " +
            fixed(one.iqm_interval.high, digits) + "]</small>",
        std::to_string(one.solved) + " of " + std::to_string(one.seeds),
        one.steps_to_threshold ? thousands(*one.steps_to_threshold) : "never",
        one.seconds_to_threshold ? duration(*one.seconds_to_threshold) : "never",
        thousands(std::llround(one.steps_per_second)),
        kibibytes(one.parameter_bytes),
        kibibytes(one.optimizer_bytes)};
    out += "<tr><th scope=\"row\"><svg class=\"swatch " + series_class(i) +
           "\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">" + marker(i, 7, 7) + "</svg>" +
           escape_html(display_name(one.name)) + "</th>";
    for (std::size_t c = 0; c < cells.size(); ++c)
      if (detail::is_shown(all, c + 1))
        out += std::string{"<td data-label=\""} + headings[c] + "\"><span>" + cells[c] + "</span></td>";
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n";
}

/// What every column of the table means.
inline std::string report_notes(comparison const& all) {
  std::string const runs =
      all.asked.threads == 1 ? "one run at a time" : "up to " + std::to_string(all.asked.threads) + " runs at a time";
  std::array<std::pair<std::string, std::string>, 8> const notes{{
      {"Final return", "mean return of the policy at the end of training over " +
                           std::to_string(all.asked.final_episodes) +
                           " deterministic episodes; over the seeds, the "
                           "interquartile mean (the lowest and the highest quarter left out) with its 95% percentile "
                           "bootstrap interval: "
                           "10,000 replicates, each drawing the algorithm's runs with replacement."},
      {"Probability of improvement",
       "P(X > Y) of Agarwal et al. 2021: the share of the pairs of a run of X and a run of Y in which X's final return "
       "is the larger one, pairs of equal returns counting half; its interval as that of the final return, both "
       "algorithms' runs being drawn."},
      {"Solved",
       "runs whose final return reaches the threshold of " + threshold_text(all.asked.threshold.value_or(0)) + "."},
      {"Steps to threshold",
       "environment steps until the first evaluation that reaches the threshold. A policy is evaluated after the first "
       "update at or beyond every " +
           thousands(all.asked.every) + " steps, on " + std::to_string(all.asked.episodes) +
           " deterministic episodes. Median over the seeds; never, if most of them didn't get there."},
      {"Seconds to threshold", "the same in seconds of training; the time of the evaluations is not counted."},
      {"Steps/s", "environment steps per second of training, collecting and learning together, " +
                      (all.made.run_on.empty() ? "" : "on " + all.made.run_on + ", ") + "with " + runs +
                      "; median over the seeds."},
      {"Parameters", "everything that is trained, critic included, in KiB (1,024 bytes) at its peak."},
      {"Optimizer", "the state that the optimizer keeps beside the parameters, in KiB at its peak."},
  }};
  std::string out = "<section class=\"notes\">\n<h2>What the columns mean</h2>\n<dl>\n";
  for (std::size_t i = 0; i < notes.size(); ++i)
    if (detail::is_shown(all, i))
      out += "<dt>" + escape_html(notes[i].first) + "</dt><dd>" + escape_html(notes[i].second) + "</dd>\n";
  return out + "</dl>\n</section>\n";
}

}  // namespace COHORT_NAMESPACE::comparing
