#ifdef COHORT_PROGRAM
#include <csignal>

#include "../support/running_program.hpp"
#include "a_user.hpp"

using namespace a_user;
using Catch::Matchers::ContainsSubstring;
using files::get;

TEST_CASE("cohort sweep: what cannot be is refused with its line before anything is made") {
  scratch here;
  auto const says = [&](std::string const& config, std::string const& what) {
    files::put(here.in("a.toml"), config);
    CHECK_THAT(here.refusal("sweep --config a.toml --out made"), ContainsSubstring(what));
    CHECK_FALSE(fs::exists(here.in("made")));
  };
  says("steps = 100\n", "a.toml has no table [sweep]");
  says("[sweep]\nmethod = 'best'\n", "a.toml:2: sweep.method is 'best', expected \"grid\", \"random\" or \"halving\"");
  says("[sweep]\nmethods = 'grid'\n",
       "a.toml:2: there is no field named 'sweep.methods'; the nearest are sweep.method");
  says("[sweep]\nseeds = 0\n", "sweep.seeds is 0, expected a whole number from 1 to 10000");
  says("[sweep]\nkeep = 1\n", "sweep.keep is 1, expected a number between 0 and 1");
  says("[sweep]\n", "[sweep.fields] is empty");
  says("[sweep.fields]\nupdate.rate = []\n", "a.toml:2: update.rate is [], expected a list with a value or more");
  says("[sweep.fields]\nupdate.rate = {low = 1, high = 0}\n", "expected numbers low and high, low the smaller one");
  says("[sweep.fields]\nupdate.rate = {low = 0, high = 1, scale = 'log'}\n", "update.rate.low is ");
  says("[sweep.fields]\nupdate.rate = {low = 0, high = 1}\n", "is a range, expected a list of values for a grid");
  says("[sweep.fields]\npolicy.activation = ['tanh', 'gelu']\n",
       "a.toml:2: policy.activation is \"gelu\", expected \"tanh\", \"relu\" or \"linear\"");
  says("[sweep.fields]\nupdate.normalize = ['none', 'both']\n", "a.toml:2: update.normalize is \"both\", expected");
  says("evaluation.every = 0\n[sweep.fields]\nupdate.epochs = [1]\n",
       "a.toml:1: evaluation.every is 0, and a sweep ranks by evaluations");
}

TEST_CASE("cohort sweep: a stopped one goes on, each run to the bits that it has by itself; the trials are ranked") {
  scratch here;
  std::string const fields = "steps = 5\npolicy.hidden = [8]\nupdate.epochs = 1\nevaluation.every = 50\n";
  files::put(here.in("a.toml"), fields + "[sweep]\nseeds = 1\n[sweep.fields]\nrollout.count = [4, 8]\n");
  running_program program(here.path, paths::program("cohort"),
                          {"sweep", "--config", "a.toml", "--out", "s", "--steps", "20000"});
  REQUIRE(program.reaches([&] { return lines(here.in("s/0/1/metrics.jsonl")) > 1; }));
  CHECK_THAT(here.refusal("sweep --config a.toml --out s --resume", 1), ContainsSubstring("is another process's"));
  program.send(SIGTERM);
  CHECK(program.end() == 143);
  CHECK_THAT(here.refusal("sweep --config a.toml --out s", 1), ContainsSubstring("already holds a sweep"));
  auto const resumed = here.run("sweep --config a.toml --out s --resume --steps 20000");
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK(resumed.out == get(here.in("s/ranking.txt")));
  CHECK(lines(here.in("s/ranking.txt")) == 3);
  CHECK_THAT(get(here.in("s/ranking.html")), ContainsSubstring("rollout.count = 4"));
  files::put(here.in("b.toml"), fields);
  REQUIRE(here.run("train --quiet --config b.toml --steps 20000 --rollout.count 4 --out one").status == 0);
  CHECK(get(here.in("one/policy.cohort")) == get(here.in("s/0/1/policy.cohort")));
  files::put(here.in("a.toml"), fields + "[sweep]\nseeds = 1\n[sweep.fields]\nrollout.count = [5, 8]\n");
  CHECK_THAT(here.refusal("sweep --config a.toml --out s --resume", 1), ContainsSubstring("holds another sweep"));
}

TEST_CASE("cohort sweep: of halving the better half goes on, as far as the whole run is") {
  scratch here;
  files::put(
      here.in("a.toml"),
      "steps = 1024\npolicy.hidden = [8]\nupdate.epochs = 1\n[sweep]\nmethod = 'halving'\ntrials = 4\nseeds = 1\n"
      "rungs = 2\nkeep = 0.5\nprocesses = 2\n[sweep.fields]\nupdate.rate = {low = 1e-4, high = 1e-2, scale = "
      "'log'}\nrollout.count = {low = 2, high = 5}\nupdate.normalize = ['none', 'batch']\n");
  REQUIRE(here.run("sweep --config a.toml --out s").status == 0);
  auto const table = get(here.in("s/ranking.txt"));
  auto const count = [&](std::string const& what) {
    int n = 0;
    for (auto at = table.find(what); at != table.npos; at = table.find(what, at + 1)) ++n;
    return n;
  };
  CHECK(count("  1024  ") == 2);
  CHECK(count("   512  ") == 2);
  for (char const* drawn : {"rollout.count = 2", "rollout.count = 3", "rollout.count = 4", "rollout.count = 5"})
    CHECK(count(drawn) == 1);  // each quarter of a range, each half of a list
  for (char const* drawn : {"normalize = \"none\"", "normalize = \"batch\""}) CHECK(count(drawn) == 2);
  CHECK(table.rfind("  1024  ") < table.find("   512  "));
}

TEST_CASE("cohort compare: names and files of algorithms, with a table, a report, curves and numbers") {
  scratch here;
  files::put(here.in("mine.toml"), "algorithm = 'ppo'\nupdate.epochs = 1\n");
  auto const o =
      here.run("compare --algorithms a2c,mine.toml --seeds 2 --steps 512 --policy.hidden 8 --out c --table r.md");
  INFO(o.err);
  REQUIRE(o.status == 0);
  CHECK_THAT(o.out, ContainsSubstring("\na2c ") && ContainsSubstring("\nmine "));
  for (auto const* name : {"report.html", "curves.csv", "summary.json"}) CHECK(fs::file_size(here.in("c") / name) > 50);
  auto const page = get(here.in("r.md"));
  CHECK_THAT(page, ContainsSubstring("# Results\n\n## CartPole-v1\n\n") && ContainsSubstring("\n| mine | ") &&
                       ContainsSubstring("\n- a2c is better than mine with probability ") &&
                       ContainsSubstring("\ncohort compare --algorithms a2c,mine.toml --seeds 2 --steps=512 "
                                         "--policy.hidden=8\n"));
  std::string const rest = "\n## Other\n\nkept\n";
  files::put(here.in("r.md"), page + rest);
  REQUIRE(here.run("compare --algorithms a2c --seeds 1 --steps 512 --out e --table r.md").status == 0);
  CHECK_THAT(get(here.in("r.md")), ContainsSubstring("--algorithms a2c --seeds 1") && Catch::Matchers::EndsWith(rest) &&
                                       !ContainsSubstring("mine"));
  CHECK_THAT(here.refusal("compare --algorithms ppo --out c --seeds 1", 1), ContainsSubstring("already holds a run"));
  CHECK_THAT(here.refusal("compare --algorithms ppo,pppo --out d"),
             ContainsSubstring("--algorithms: there is no algorithm named 'pppo'"));
  CHECK_THAT(here.refusal("compare --algorithms ppo --seeds 0 --out d"), ContainsSubstring("--seeds is '0'"));
  CHECK_FALSE(fs::exists(here.in("d")));
}

TEST_CASE("cohort compare: how often a policy is judged is asked for; an environment without a threshold is no other") {
  scratch here;
  REQUIRE(
      here.run("compare --environment chain --with.length 4 --algorithms a2c --seeds 1 --steps 400 --policy.hidden 8 "
               "--every 100 --episodes 2 --out c --table r.md")
          .status == 0);
  CHECK(lines(here.in("c/curves.csv")) == 1 + 5);  // untrained and after 160, 240, 320 and 400 of A2C's rollouts of 80
  CHECK_THAT(get(here.in("r.md")),
             ContainsSubstring("\n400 steps a run, 1 seed; the return of") && !ContainsSubstring("solved") &&
                 ContainsSubstring("\ncohort compare --algorithms a2c --seeds 1 --every 100 --episodes 2 --env"));
  CHECK_THAT(here.refusal("compare --algorithms ppo --every 0 --out d"), ContainsSubstring("--every is '0'"));
}
#endif
