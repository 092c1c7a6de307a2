#pragma once
#include <sstream>
#include <string>
#include <vector>

#include <cohort/compare/chart.hpp>
#include <cohort/compare/strip.hpp>
#include <cohort/compare/summary.hpp>
#include <cohort/compare/text.hpp>

/// What the report shows below its table.
namespace COHORT_NAMESPACE::comparing {

/// Each seed's final return, and which algorithm is likely to end better than which.
inline std::string report_finals(comparison const& all) {
  std::string out =
      "<div class=\"charts\">\n<figure>\n<figcaption><h2>Every seed</h2><span>a dot is a seed's final return; the tall "
      "line is the IQM, the bar its interval</span></figcaption>\n" +
      strip{all}.svg() + "</figure>\n";
  if (!all.pairs.empty()) {
    out +=
        "<section>\n<h2>Probability of improvement</h2>\n<p class=\"note\">How likely a run of the first is to end "
        "better than a run of the second, and its 95% interval.</p>\n<table class=\"pairs\">\n<tbody>\n";
    for (auto const& pair : all.pairs)
      out += "<tr><th scope=\"row\">" + escape_html(display_name(all.algorithms[pair.better].name)) + " over " +
             escape_html(display_name(all.algorithms[pair.worse].name)) + "</th><td><span>" +
             fixed(pair.found.probability, 2) + " <small>[" + fixed(pair.found.between.low, 2) + ", " +
             fixed(pair.found.between.high, 2) + "]</small></span></td></tr>\n";
    out += "</tbody>\n</table>\n</section>\n";
  }
  return out + "</div>\n";
}

/// What each algorithm is made of, side by side, a row for each part.
inline std::string report_hyperparameters(comparison const& all) {
  struct part {
    std::string name;
    std::vector<std::string> values{};
  };
  std::vector<part> parts;
  for (std::size_t i = 0; i < all.algorithms.size(); ++i) {
    std::istringstream lines{all.algorithms[i].hyperparameters};
    for (std::string line; std::getline(lines, line);) {
      auto const end = std::min(line.find(' '), line.size());
      auto const name = line.substr(0, end);
      auto found = std::find_if(parts.begin(), parts.end(), [&](auto const& one) { return one.name == name; });
      if (found == parts.end()) found = parts.insert(parts.end(), {name});
      found->values.resize(all.algorithms.size());
      found->values[i] = line.substr(std::min(line.find_first_not_of(' ', end), line.size()));
    }
  }
  if (parts.empty()) return "";
  std::string out =
      "<section class=\"results\">\n<h2>Hyperparameters</h2>\n<table class=\"parts\">\n<thead><tr><th "
      "scope=\"col\">Part</th>";
  for (auto const& one : all.algorithms) out += "<th scope=\"col\">" + escape_html(display_name(one.name)) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (auto const& [name, values] : parts) {
    out += "<tr><th scope=\"row\">" + escape_html(name) + "</th>";
    for (std::size_t i = 0; i < all.algorithms.size(); ++i)
      out += "<td data-label=\"" + escape_html(display_name(all.algorithms[i].name)) + "\"><span>" +
             escape_html(values[i].empty() ? "none" : values[i]) + "</span></td>";
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</section>\n";
}

/// Where the numbers come from, and what makes them again.
inline std::string report_provenance(comparison const& all) {
  auto const& made = all.made;
  return "<p class=\"notes\">Made " + escape_html(made.date) + " by Cohort " + escape_html(made.version) +
         (made.commit.empty() ? "" : ", commit " + escape_html(made.commit)) + ", " + escape_html(made.backend) +
         " backend, " + escape_html(made.compiler) + ", on " + escape_html(made.processor) +
         ". All numbers: <a href=\"summary.json\">summary.json</a>, every evaluation of every run: <a "
         "href=\"curves.csv\">curves.csv</a>." +
         (made.command.empty() ? "" : " To make it again: <code>" + escape_html(made.command) + "</code>") + "</p>\n";
}

}  // namespace COHORT_NAMESPACE::comparing
