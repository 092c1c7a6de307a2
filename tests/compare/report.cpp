#include "../../examples/compare/report.hpp"

#include "../catch.hpp"
#include "synthetic.hpp"

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
  return compare::join(open);
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
  auto const page = compare::report(synthetic_comparison());
  CHECK(unbalanced(page) == "");
  for (auto const* outside : {"<script", "<link", "<img", "http", "url(", "@import"})
    CHECK(page.find(outside) == std::string::npos);
  CHECK_THAT(page, ContainsSubstring("name=\"viewport\"") && ContainsSubstring("prefers-color-scheme: dark"));
}

TEST_CASE("report: has two charts with a band and a line for each algorithm, and a row for each in the table") {
  auto const page = compare::report(synthetic_comparison());
  CHECK(count(page, "<figure>") == 2);
  CHECK(count(page, "<path class=\"band s0\"") == 2);
  CHECK(count(page, "<path class=\"band s1\"") == 2);
  CHECK(count(page, "<path class=\"line s1\"") == 3);  // and one in the legend
  CHECK(count(page, "<th scope=\"row\">") == 2);
  CHECK(count(page, ">threshold 475</text>") == 2);
  CHECK_THAT(page, ContainsSubstring("<h1>GOOD and POOR ONE on CartPole-v1</h1>"));
  CHECK(drawings(page).find("nan") == std::string::npos);
}

TEST_CASE("report: says what was done and how to do it again") {
  auto const page = compare::report(synthetic_comparison());
  CHECK_THAT(page,
             ContainsSubstring("10,000 environment steps") && ContainsSubstring("3 seeds (7\u00a0to\u00a09)") &&
                 ContainsSubstring(
                     "compare --env CartPole-v1 --algorithms good,poor_one --seeds 3 --first-seed 7 --threads 2"));
}

TEST_CASE("report: without evaluations says so instead of drawing") {
  auto results = synthetic_results();
  for (auto& run : results) run.curve.clear();
  auto const page = compare::report(compare::summarize(synthetic_settings(), "eigen", "1.2.3", 475, results));
  CHECK(count(page, "<figure>") == 0);
  CHECK_THAT(page, ContainsSubstring("no learning curves"));
  CHECK(unbalanced(page) == "");
}

TEST_CASE("report: more algorithms than styles, single evaluations and equal values are drawn") {
  auto asked = synthetic_settings();
  asked.algorithms.clear();
  asked.seeds = 1;
  std::vector<compare::run_result> results;
  for (int i = 0; i < 8; ++i) {
    compare::run_result run;
    run.algorithm = std::string(1, static_cast<char>('a' + i));
    run.curve = {{5000, i < 4 ? 0 : .1, 475}};
    results.push_back(run);
    asked.algorithms.push_back(run.algorithm);
  }
  auto const page = compare::report(compare::summarize(asked, "eigen", "1.2.3", 475, results));
  CHECK(unbalanced(page) == "");
  CHECK(drawings(page).find("nan") == std::string::npos);
  CHECK(drawings(page).find("inf") == std::string::npos);
}
