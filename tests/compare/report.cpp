#include <cohort/compare/report.hpp>

#include "../catch.hpp"
#include "synthetic.hpp"

using namespace cohort;

using Catch::Matchers::ContainsSubstring;

namespace {

/// The tags that are open at the end, or the first one that is closed wrongly.
std::string unbalanced(std::string const& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    auto const end = page.find('>', at);
    auto const tag = page.substr(at + 1, end - at - 1);
    auto const name = tag.substr(0, tag.find(' '));
    if (tag.starts_with('!') || tag.ends_with('/') || name == "meta") continue;
    if (!tag.starts_with('/')) open.push_back(name);
    else if (open.empty() || open.back() != tag.substr(1)) return tag;
    else open.pop_back();
  }
  return comparing::join(open);
}

std::size_t count(std::string const& text, std::string const& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

std::string drawings(std::string const& page) {
  auto const begin = page.find("<figure>");
  return page.substr(begin, page.rfind("</figure>") - begin);
}

}  // namespace

TEST_CASE("report: is one page without scripts or anything from elsewhere, whose tags balance") {
  auto const page = comparing::report(synthetic_comparison());
  CHECK(unbalanced(page) == "");
  for (auto const* outside : {"<script", "<link", "<img", "http", "url(", "@import"})
    CHECK(page.find(outside) == std::string::npos);
  CHECK_THAT(page, ContainsSubstring("name=\"viewport\"") && ContainsSubstring("prefers-color-scheme: dark"));
}

TEST_CASE("report: has two charts with a band and a line for each algorithm, and a row for each in the table") {
  auto const page = comparing::report(synthetic_comparison());
  CHECK(count(page, "<figure>") == 3);  // and the strip
  CHECK(count(page, "<path class=\"band s0\"") == 2);
  CHECK(count(page, "<path class=\"band s1\"") == 2);
  CHECK(count(page, "<path class=\"line s1\"") == 3);  // and one in the legend
  CHECK(count(page, "<th scope=\"row\"><svg class=\"swatch") == 2);
  CHECK(count(page, ">threshold 475</text>") == 3);
  CHECK_THAT(page, ContainsSubstring("<h1>GOOD and POOR ONE on CartPole-v1</h1>"));
  CHECK(drawings(page).find("nan") == std::string::npos);
}

TEST_CASE("report: says what was done and how to do it again") {
  auto const page = comparing::report(synthetic_comparison());
  CHECK_THAT(page, ContainsSubstring("10,000 environment steps") && ContainsSubstring("3 seeds (7\u00a0to\u00a09)") &&
                       ContainsSubstring("To make it again: <code>compare &lt;again&gt;</code>"));
}

TEST_CASE("report: shows the hyperparameters side by side, and every seed's final return") {
  auto const page = comparing::report(synthetic_comparison());
  CHECK_THAT(page,
             ContainsSubstring("<th scope=\"row\">update</th><td data-label=\"GOOD\"><span>update{epochs = "
                               "20}</span></td><td data-label=\"POOR ONE\"><span>update{epochs = 10}</span></td>"));
  CHECK(count(page, "<circle class=\"dot\"") == 6);
  for (auto const* seed : {"seed 7: 500.0", "seed 8: 500.0", "seed 9: 500.0", "seed 7: 480.5", "seed 8: 100.2"})
    CHECK_THAT(page, ContainsSubstring(std::string("<title>") + seed + "</title>"));
}

TEST_CASE("report: says how likely an algorithm is to end better than another, sizes in KiB, and where it was made") {
  auto const page = comparing::report(synthetic_comparison());
  CHECK_THAT(page, ContainsSubstring("GOOD over POOR ONE</th><td><span>1.00 <small>[1.00, 1.00]</small>") &&
                       ContainsSubstring("Agarwal et al. 2021"));
  CHECK_THAT(page, ContainsSubstring("<td data-label=\"Parameters, KiB\"><span>35.8</span>"));
  CHECK_THAT(page, ContainsSubstring("Made 2026-11-29 20:15 UTC by Cohort 1.2.3, commit 0123456789ab, eigen backend, "
                                     "clang 19.1.7, on a processor, 2 threads."));
  CHECK_THAT(page, ContainsSubstring("<a href=\"summary.json\">") && ContainsSubstring("<a href=\"curves.csv\">"));
}

TEST_CASE("report: curves that are far out leave the plot, and an arrow says how far they went") {
  auto results = synthetic_results();
  for (auto& run : results) {
    run.curve.clear();
    for (int k = 0; k <= 20; ++k) run.curve.push_back({5000 * k, .1 * k, -1250 + 55. * k});
    if (run.algorithm == "poor_one") run.curve[1].mean_return = -2000;
  }
  auto all = synthetic_comparison(results);
  all.asked.threshold = -200;
  auto const page = comparing::report(all);
  CHECK(count(page, "<text class=\"beyond s1\"") == 2);
  CHECK(count(page, "\u2193\u00a0-2,000</text>") == 2);
  CHECK(count(page, "<text class=\"beyond s0\"") == 0);
  CHECK_THAT(page, ContainsSubstring("An arrow says how far"));
  CHECK(drawings(page).find(">-1600</text>") == std::string::npos);  // no tick of the axis is there
  CHECK(unbalanced(page) == "");
}

TEST_CASE("report: of a comparison that was stopped says so, and has what there is") {
  auto results = synthetic_results();
  for (auto& run : results)
    if (run.algorithm == "poor_one") run.complete = false;
  auto const page = comparing::report(synthetic_comparison(results, "stopped by SIGINT"));
  CHECK_THAT(page, ContainsSubstring("3 of 6 runs are complete: stopped by SIGINT; cut short"));
  CHECK(count(page, "<figure>") == 3);
  CHECK(unbalanced(page) == "");

  for (auto& run : results) run.complete = false;
  auto const empty = comparing::report(synthetic_comparison(results, "stopped by SIGINT"));
  CHECK(count(empty, "<figure>") == 0);
  CHECK_THAT(empty, ContainsSubstring("0 of 6 runs are complete") && ContainsSubstring("no learning curves"));
  CHECK(unbalanced(empty) == "");
}

TEST_CASE("report: what the training said of itself stands at its head") {
  auto results = synthetic_results();
  results[0].warnings = {"no <update> was made"};
  CHECK_THAT(comparing::report(synthetic_comparison(results)),
             ContainsSubstring("good: no &lt;update&gt; was made</p>"));
}

TEST_CASE("report: more algorithms than styles, single evaluations and equal values are drawn") {
  auto asked = synthetic_plan();
  asked.algorithms.clear();
  asked.seeds = 1;
  std::vector<comparing::run_result> results;
  for (int i = 0; i < 8; ++i) {
    comparing::run_result run;
    run.algorithm = std::string(1, static_cast<char>('a' + i));
    run.curve = {{5000, i < 4 ? 0 : .1, 475}};
    results.push_back(run);
    asked.algorithms.push_back(run.algorithm);
  }
  auto const page = comparing::report(synthetic_comparison(results, "", asked));
  CHECK(unbalanced(page) == "");
  CHECK(drawings(page).find("nan") == std::string::npos);
  CHECK(drawings(page).find("inf") == std::string::npos);
}
