// examples/diff_conventions.cpp: what it prints for machines, and what it refuses. Its text stands in
// docs/conventions.md, where another test compares it.
#ifdef COHORT_DIFF_CONVENTIONS
#include <algorithm>
#include <cmath>
#include <cohort/file/json.hpp>
#include <sstream>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using files::scratch;

namespace {

auto diff(scratch const& here, std::string const& arguments) {
  return files::run_in(here, paths::program("diff_conventions"), arguments);
}
/// The sentence with which a batch is refused.
std::string refused(std::string const& text) {
  scratch const here;
  files::put(here.path / "batch.jsonl", text);
  auto const r = diff(here, "--a trl_1_16 --b verl_0_9 batch.jsonl");
  CHECK(r.status == 1);
  CHECK(r.out.empty());
  return r.err;
}
std::string const good =
    R"({"group": "A", "reward": 1, "logp": [-1, -2], "old_logp": [-1.5, -2], "ref_logp": [-1, -1]})"
    "\n";

}  // namespace

TEST_CASE(
    "diff_conventions: of a file the first and largest difference of each rule, by groups that need not stand "
    "together") {
  scratch const here;
  files::put(here.path / "batch.jsonl",
             good +
                 R"({"group": "B", "reward": 3, "logp": [-1], "old_logp": [-1], "ref_logp": [-1]})"
                 "\n\n" +
                 R"({"group": "A", "reward": 0, "logp": [-3], "old_logp": [-1], "ref_logp": [-2]})"
                 "\n");
  auto const r = diff(here, "--a trl_1_16 --b verl_0_9 batch.jsonl --json");
  CAPTURE(r.err);
  REQUIRE(r.status == 0);
  auto const all = json::parse(r.out);
  CHECK(all.at("a").at("name") == "trl_1_16");
  auto const& advantage = all.at("rules")[0];
  CHECK(advantage.at("rule") == "advantage");
  CHECK(advantage.at("steps_that_differ") == 4);
  CHECK(advantage.at("first").at("place") == "A1 step 1");
  double z = .5 / std::sqrt(.5);
  CHECK(advantage.at("first").at("a").get<double>() == Approx(z / (1 + 1e-4 / std::sqrt(.5))).epsilon(1e-12));
  CHECK(advantage.at("most").at("place") == "B1 step 1");  // the only one of its group: 0 in TRL, its score in verl
  CHECK(advantage.at("most").at("a") == 0);
  CHECK(advantage.at("most").at("b") == 3);
  CHECK(all.at("rules")[3].at("steps_that_differ") == 0);
  CHECK(all.at("b").at("loss").get<double>() != all.at("a").at("loss").get<double>());
}

TEST_CASE("diff_conventions: a convention and itself are the same, and --list has all") {
  scratch const here;
  auto const same = diff(here, "--a liger_0_8 --b liger_0_8");
  CHECK(same.status == 0);
  CHECK(same.out.find("differs") == std::string::npos);
  auto const list = diff(here, "--list");
  CHECK(std::count(list.out.begin(), list.out.end(), '\n') == 8);
  std::istringstream lines(diff(here, "--a openrlhf_0_11 --b stable_baselines3_2_9").out);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
}

TEST_CASE("diff_conventions: bad input is one sentence with the line and the field") {
  {
    scratch const here;
    CHECK_THAT(diff(here, "--a trl_1_15 --b verl_0_9").err,
               ContainsSubstring("no convention named 'trl_1_15'; the nearest are trl_1_16"));
    for (auto const* wrong : {"--a trl_1_15 --b verl_0_9", "--a trl_1_16", "--a trl_1_16 --b verl_0_9 --jsn"})
      CHECK(diff(here, wrong).status == 2);
    CHECK_THAT(diff(here, "--a trl_1_16").err, ContainsSubstring("two conventions are needed"));
    CHECK_THAT(diff(here, "--a trl_1_16 --b verl_0_9 none.jsonl").err, ContainsSubstring("none.jsonl cannot be read"));
    CHECK_THAT(diff(here, "--a trl_1_16 --b verl_0_9 --jsn").err, ContainsSubstring("'--jsn' is not expected here"));
    files::put(here.path / "plain.jsonl", R"({"group": "A", "reward": 1, "logp": [-1], "old_logp": [-1]})");
    CHECK_THAT(diff(here, "--a liger_0_8 --b cleanrl plain.jsonl").err,
               ContainsSubstring("liger_0_8: the objective reads ref_logp"));
  }
  CHECK_THAT(refused(""), ContainsSubstring("batch.jsonl has no completion"));
  CHECK_THAT(refused(good + "{"), ContainsSubstring("batch.jsonl, line 2: is not JSON"));
  CHECK_THAT(refused(R"({"group": "A", "logp": [-1], "old_logp": [-1]})"), ContainsSubstring("line 1: has no reward"));
  CHECK_THAT(refused(R"({"group": "A", "reward": 1, "logp": [-1, "x"], "old_logp": [-1, -2]})"),
             ContainsSubstring("has \"x\" as number 2 of logp, expected a number"));
  CHECK_THAT(refused(R"({"group": "A", "reward": 1, "logp": [-1, -2], "old_logp": [-1]})"),
             ContainsSubstring("has 1 numbers in old_logp, expected 2"));
  CHECK_THAT(refused(R"({"group": "A", "reward": 1, "logp": [], "old_logp": []})"),
             ContainsSubstring("has no number in logp"));
  CHECK_THAT(refused(R"({"group": "A", "reward": "1", "logp": [-1], "old_logp": [-1]})"),
             ContainsSubstring("has reward \"1\", expected a number"));
  CHECK_THAT(refused(R"({"group": "A", "reward": 1, "logp": [-1], "old_logp": [-1], "ref_lopg": [-1]})"),
             ContainsSubstring("'ref_lopg', which is none; the nearest is ref_logp"));
  CHECK_THAT(refused(R"({"group": "A", "reward": 1, "logp": [-1], "old_logp": [-1], "mask": [2]})"),
             ContainsSubstring("has 2 in mask, expected 0 or 1"));
  CHECK_THAT(refused(good + R"({"group": "A", "reward": 1, "logp": [-1], "old_logp": [-1]})"),
             ContainsSubstring("line 2: has no ref_logp, which the completions before it have"));
}
#endif
