#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include <cohort/compare/chart.hpp>
#include <cohort/compare/report_details.hpp>
#include <cohort/compare/report_style.hpp>
#include <cohort/compare/report_table.hpp>
#include <cohort/compare/summary.hpp>
#include <cohort/compare/text.hpp>

/// report.html: one page, without scripts or anything from elsewhere.
namespace COHORT_NAMESPACE::comparing {

namespace detail {

inline std::string seeds_text(plan const& asked) {
  if (asked.seeds == 1) return "seed " + std::to_string(asked.first_seed);
  return std::to_string(asked.seeds) + " seeds (" + std::to_string(asked.first_seed) + "\u00a0to\u00a0" +
         std::to_string(asked.first_seed + static_cast<std::uint64_t>(asked.seeds - 1)) + ")";
}

inline std::string lead(comparison const& all) {
  if (all.algorithms.empty()) return "Nothing to compare yet on " + all.asked.environment + ".";
  return "Each algorithm trained on " + all.asked.environment + " for " + thousands(all.steps) +
         " environment steps from " + seeds_text(all.asked) +
         (all.asked.threshold
              ? ". A run has solved the task when the policy at the end of training has a mean return of at least " +
                    threshold_text(*all.asked.threshold) + " over "
              : ". What counts is the mean return of the policy at the end of training over ") +
         std::to_string(all.asked.final_episodes) + " deterministic episodes from starts it never saw.";
}

inline std::string legend(comparison const& all) {
  std::string out = "<ul class=\"legend\">\n";
  for (std::size_t i = 0; i < all.algorithms.size(); ++i)
    out += "<li><svg viewBox=\"0 0 52 14\" aria-hidden=\"true\" class=\"" + series_class(i) + "\"><path class=\"line " +
           series_class(i) + "\" d=\"M0,7H52\"/>" + marker(i, 26, 7) + "</svg>" +
           escape_html(display_name(all.algorithms[i].name)) + "</li>\n";
  return out + "</ul>\n";
}

inline std::string figure(comparison const& all, bool by_seconds) {
  std::string const what = by_seconds ? "By training time" : "By environment steps";
  chart drawing{.id = by_seconds ? "by-seconds" : "by-steps",
                .title = "Learning curves " + std::string{by_seconds ? "by training time" : "by environment steps"},
                .x_label = by_seconds ? "seconds of training" : "environment steps",
                .by_seconds = by_seconds,
                .threshold = all.asked.threshold,
                .threshold_label = "threshold " + threshold_text(all.asked.threshold.value_or(0))};
  for (auto const& one : all.algorithms) drawing.series.push_back(by_seconds ? one.by_seconds : one.by_steps);
  return "<figure>\n<figcaption><h2>" + what + "</h2><span>mean return of " + std::to_string(all.asked.episodes) +
         " deterministic episodes</span></figcaption>\n" + drawing.svg() + "</figure>\n";
}

inline std::string curves(comparison const& all) {
  bool const none =
      std::all_of(all.algorithms.begin(), all.algorithms.end(), [](auto const& one) { return one.by_steps.empty(); });
  if (none) return "<p class=\"note\">There are no learning curves: no run is complete.</p>\n";
  std::string const figures = figure(all, false) + figure(all, true);
  return legend(all) + "<div class=\"charts\">\n" + figures + "</div>\n<p class=\"note\">" +
         (all.asked.seeds > 1
              ? "Lines are medians over the seeds, bands the range from the first to the third quartile. "
              : "") +
         "Curves begin with the untrained policy." +
         (figures.find("class=\"beyond") != figures.npos ? " An arrow says how far a band reaches beyond the axis."
                                                         : "") +
         "</p>\n";
}

}  // namespace detail

inline std::string report(comparison const& all) {
  std::vector<std::string> names;
  for (auto const& one : all.asked.algorithms) names.push_back(display_name(one));
  auto const title = escape_html(join(names, ", ", " and ") + " on " + all.asked.environment);
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  page += "<title>" + title + "</title>\n<style>" + report_style + "</style>\n</head>\n<body>\n<main>\n";
  page += "<h1>" + title + "</h1>\n<p class=\"lead\">" + escape_html(detail::lead(all)) + "</p>\n";
  auto const important = [&](std::string const& what) {
    page += "<p class=\"warning\">" + escape_html(what) + "</p>\n";
  };
  if (!all.stopped_by.empty()) important(how_it_stopped(all));
  for (auto const& warning : all.warnings) important(warning);
  page += detail::curves(all);
  if (!all.algorithms.empty()) {
    page += "<section class=\"results\">\n<h2>Results</h2>\n" + report_table(all) + "</section>\n";
    page += report_finals(all) + report_hyperparameters(all) + report_notes(all);
  }
  return page + report_provenance(all) + "</main>\n</body>\n</html>\n";
}

}  // namespace COHORT_NAMESPACE::comparing
