// The program cohort as a user meets it.
#ifdef COHORT_PROGRAM
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <string>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"
#include "../support/running_program.hpp"

using Catch::Matchers::ContainsSubstring;
using files::get;
namespace fs = std::filesystem;

namespace {

struct scratch : files::scratch {
  scratch() : files::scratch("cohort_program") {}
  files::outcome_of_program run(std::string const& arguments) const {
    return files::run_in(*this, paths::program("cohort"), arguments);
  }
  /// What a failed call says, which is one line.
  std::string refusal(std::string const& arguments, int status = 2) const {
    auto const o = run(arguments);
    INFO(arguments << ": " << o.err);
    CHECK(o.status == status);
    CHECK(o.out.empty());
    CHECK(o.err.starts_with("cohort: "));
    CHECK(o.err.find('\n') + 1 == o.err.size());
    return o.err;
  }
  fs::path in(std::string const& name) const { return path / name; }
};

/// A few updates of a small network.
std::string const quick = "train --quiet --policy.hidden 8 --update.epochs 1 ";

/// A log without its times.
std::string untimed(fs::path const& path) {
  std::istringstream lines(get(path));
  std::string all;
  for (std::string line; std::getline(lines, line);) {
    auto const from = line.find("\"time/time_elapsed\""), to = line.find("\"rollout/ep_rew_mean\"");
    REQUIRE(from < to);
    REQUIRE(to != line.npos);
    all += line.erase(from, to - from) + '\n';
  }
  return all;
}
long lines(fs::path const& path) {
  auto const text = get(path);
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("cohort: wrong fields are one line that says where, what was given and what is expected; nothing is made") {
  scratch here;
  auto const says = [&](std::string const& arguments, std::string const& what) {
    CHECK_THAT(here.refusal("train --out made " + arguments), ContainsSubstring(what));
    CHECK_FALSE(fs::exists(here.in("made")));
  };
  says("--stepz 5", "--stepz: there is no field named 'stepz'; the nearest are steps");
  says("--steps many", "--steps: steps is \"many\", expected a whole number, 1 or more");
  says("--steps 0", "steps is 0, expected a whole number, 1 or more");
  says("--steps", "--steps has no value");
  says("stray", "'stray' stands where an option was expected");
  says("--environment CartPole", "there is no one named 'CartPole'; the nearest are CartPole-v1");
  says("--algorithm pp", "there is no one named 'pp'; the nearest are ppo");
  says("--algorithm dapo", "dapo is of language models");
  says("--algorithm a2c --preset tuned", "a2c is not tuned for CartPole-v1; those that are: ppo, grpo, hybrid_grpo");
  says("--policy.activation gelu", "policy.activation is \"gelu\", expected \"tanh\" or \"relu\"");
  says("--policy.hidden 3,0", "policy.hidden is [3, 0], expected a list of whole numbers from 1 to 65536");
  says("--rollout.counts 3", "--rollout.counts: algorithm: there is no number named 'rollout.counts'");
  says("--rollout.count 2.5", "--rollout.count: rollout.count is 2.5, expected a whole number");
  says("--rollout.count -1", "--rollout.count: lanes: count is -1, expected a positive number");
  says("--update.epochs word", "--update.epochs: update.epochs is \"word\", expected a number");
  says("--config missing.toml", "missing.toml: ");
  says("--resume", "--resume: made holds no run");
  files::put(here.in("a.toml"), "steps = 100\n[objective]\nweight = 'heavy'\n");
  says("--config a.toml", "a.toml:3: objective.weight is \"heavy\", expected a number");
  files::put(here.in("b.toml"), "steps = 100\nseeed = 3\n");
  says("--config b.toml", "b.toml:2: there is no field named 'seeed'; the nearest are seed");
  files::put(here.in("c.toml"), "steps = \n");
  says("--config c.toml", "c.toml:1: ");
  files::put(here.in("d.toml"), "[update]\nmax_gradient_norm = -1\n");
  says("--config d.toml", "d.toml:2: update: max_gradient_norm is -1, expected a positive number");
}

TEST_CASE(
    "cohort: a run leaves its config, logs, checkpoints, policy and summary; from its config it is the same again") {
  scratch here;
  REQUIRE(here.run(quick + "--out a --updates 3 --evaluation.every 2 --checkpoints.every 2").status == 0);
  CHECK(lines(here.in("a/metrics.jsonl")) == 3);
  CHECK(lines(here.in("a/evaluations.jsonl")) == 2);
  CHECK(fs::exists(here.in("a/checkpoints/update_000000000003.cohort")));
  CHECK_THAT(get(here.in("a/summary.json")),
             ContainsSubstring("\"updates\": 3") && ContainsSubstring("\"ended_by\": \"limits\""));
  CHECK_THAT(here.refusal(quick + "--out a", 1), ContainsSubstring("already holds a run"));

  auto const config = get(here.in("a/config.toml"));
  CHECK(here.run("train --print-config --config a/config.toml").out == config);
  REQUIRE(here.run("train --quiet --config a/config.toml --out b").status == 0);
  CHECK(get(here.in("b/policy.cohort")) == get(here.in("a/policy.cohort")));
  CHECK(untimed(here.in("b/metrics.jsonl")) == untimed(here.in("a/metrics.jsonl")));

  REQUIRE(here.run(quick + "--out a --overwrite --updates 2").status == 0);
  CHECK(lines(here.in("a/metrics.jsonl")) == 2);
  CHECK_FALSE(fs::exists(here.in("a/checkpoints/update_000000000003.cohort")));

  REQUIRE(here.run("export --header push.hpp --name push a").status == 0);
  CHECK_THAT(get(here.in("push.hpp")), ContainsSubstring("namespace push"));
  REQUIRE(here.run("export --onnx push.onnx a").status == 0);
  CHECK(fs::file_size(here.in("push.onnx")) > 300);
  CHECK_THAT(here.refusal("export a"), ContainsSubstring("export needs --header FILE or --onnx FILE"));
  files::put(here.in("other.cohort"), "nothing of ours");
  CHECK_THAT(here.refusal("export --header none.hpp other.cohort", 1), ContainsSubstring("other.cohort"));
  CHECK_FALSE(fs::exists(here.in("none.hpp")));
}

TEST_CASE("cohort: a run that was stopped goes on to the bits of one that was not, past a damaged checkpoint") {
  scratch here;
  REQUIRE(here.run(quick + "--out whole --updates 5 --evaluation.every 1 --checkpoints.every 1").status == 0);
  REQUIRE(here.run(quick + "--out cut --updates 5 --evaluation.every 1 --checkpoints.every 1 --stop.mean_return 0")
              .status == 0);
  CHECK_THAT(get(here.in("cut/summary.json")), ContainsSubstring("\"ended_by\": \"stop.mean_return\""));
  auto const left = lines(here.in("cut/metrics.jsonl"));
  REQUIRE(left < 5);
  files::put(here.in("cut/checkpoints/update_000000000009.cohort"), "torn");
  auto const resumed = here.run("train --resume --out cut --stop.mean_return inf");
  CHECK(resumed.status == 0);
  CHECK_THAT(resumed.err, ContainsSubstring("update_000000000009.cohort") &&
                              ContainsSubstring("goes on after update " + std::to_string(left)));
  CHECK(untimed(here.in("cut/metrics.jsonl")) == untimed(here.in("whole/metrics.jsonl")));
  CHECK(get(here.in("cut/evaluations.jsonl")) == get(here.in("whole/evaluations.jsonl")));
  CHECK(get(here.in("cut/policy.cohort")) == get(here.in("whole/policy.cohort")));
  CHECK_THAT(here.refusal("train --quiet --resume --out cut --policy.hidden 9", 1),
             ContainsSubstring("policy.network.hidden is [8], expected [9]"));
  CHECK(lines(here.in("cut/metrics.jsonl")) == 5);
}

TEST_CASE("cohort: SIGTERM finishes the update and leaves a checkpoint; a second process is kept out meanwhile") {
  scratch here;
  running_program program(here.path, paths::program("cohort"),
                          {"train", "--quiet", "--out", "a", "--policy.hidden", "8", "--steps", "100000000"});
  REQUIRE(program.reaches([&] { return lines(here.in("a/metrics.jsonl")) > 1; }));
  CHECK_THAT(here.refusal(quick + "--out a --overwrite", 1), ContainsSubstring("another process"));
  program.send(SIGTERM);
  CHECK(program.end() == 143);
  CHECK_THAT(get(here.in("a/summary.json")), ContainsSubstring("\"ended_by\": \"SIGTERM\""));
  auto const left = lines(here.in("a/metrics.jsonl"));
  REQUIRE(here.run("train --quiet --resume --out a --updates " + std::to_string(left + 1)).status == 0);
  CHECK(lines(here.in("a/metrics.jsonl")) == left + 1);
}

TEST_CASE("cohort: the files in docs/cohort.md are read") {
  scratch here;
  std::string const page = get(paths::golden("../../docs/cohort.md"));
  std::vector<std::string> files;
  for (auto at = page.find("```toml\n"); at != page.npos; at = page.find("```toml\n", at + 1))
    files.push_back(page.substr(at + 8, page.find("\n```", at) - at - 7));
  REQUIRE(files.size() == 2);
  files::put(here.in("run.toml"), files[0]);
  auto const printed = here.run("train --print-config --config run.toml");
  CHECK(printed.status == 0);
  CHECK_THAT(printed.out, ContainsSubstring("\nepsilon.from = 0.1\n") && ContainsSubstring("\nrate.to = 3e-04\n"));
  // Refused for the one thing that is wrong with it now.
  files::put(here.in("sweep.toml"), files[1] + "policy.trunk = ['none']\n");
  CHECK_THAT(here.refusal("sweep --config sweep.toml"), ContainsSubstring("policy.trunk is \"none\""));
}

TEST_CASE("cohort sweep: what cannot be is refused with its line before anything is made") {
  scratch here;
  auto const says = [&](std::string const& config, std::string const& what) {
    files::put(here.in("a.toml"), config);
    CHECK_THAT(here.refusal("sweep --config a.toml --out made"), ContainsSubstring(what));
    CHECK_FALSE(fs::exists(here.in("made")));
  };
  says("steps = 100\n", "a.toml has no table [sweep]");
  says("[sweep]\nmethod = 'best'\n", "a.toml:2: sweep.method is no such, expected \"grid\", \"random\" or \"halving\"");
  says("[sweep]\nmethods = 'grid'\n",
       "a.toml:2: there is no field named 'sweep.methods'; the nearest are sweep.method");
  says("[sweep]\nseeds = 0\n", "sweep.seeds is no such, expected a whole number from 1 to 10000");
  says("[sweep]\nkeep = 1\n", "sweep.keep is no such, expected a number between 0 and 1");
  says("[sweep]\n", "[sweep.fields] is empty");
  says("[sweep.fields]\nupdate.rate = []\n", "a.toml:2: update.rate is no such, expected a list with a value or more");
  says("[sweep.fields]\nupdate.rate = {low = 1, high = 0}\n", "expected numbers low and high, low the smaller one");
  says("[sweep.fields]\nupdate.rate = {low = 0, high = 1, scale = 'log'}\n", "update.rate.low is no such");
  says("[sweep.fields]\nupdate.rate = {low = 0, high = 1}\n", "is a range, expected a list of values for a grid");
  says("[sweep.fields]\npolicy.activation = ['tanh', 'gelu']\n",
       "sweep.fields.policy.activation: policy.activation is \"gelu\", expected \"tanh\" or \"relu\"");
  says("evaluation.every = 0\n[sweep.fields]\nupdate.epochs = [1]\n", "a sweep ranks by evaluations");
}

TEST_CASE("cohort sweep: a stopped one goes on, each run to the bits that it has by itself; the trials are ranked") {
  scratch here;
  std::string const fields = "steps = 20000\npolicy.hidden = [8]\nupdate.epochs = 1\nevaluation.every = 50\n";
  files::put(here.in("a.toml"), fields + "[sweep]\nseeds = 1\n[sweep.fields]\nrollout.count = [4, 8]\n");
  running_program program(here.path, paths::program("cohort"), {"sweep", "--config", "a.toml", "--out", "s"});
  REQUIRE(program.reaches([&] { return lines(here.in("s/0/1/metrics.jsonl")) > 1; }));
  program.send(SIGTERM);
  CHECK(program.end() == 143);
  CHECK_THAT(here.refusal("sweep --config a.toml --out s", 1), ContainsSubstring("already holds a sweep"));
  auto const resumed = here.run("sweep --config a.toml --out s --resume");
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK(resumed.out == get(here.in("s/ranking.txt")));
  CHECK(lines(here.in("s/ranking.txt")) == 3);
  CHECK_THAT(get(here.in("s/ranking.html")), ContainsSubstring("rollout.count = 4"));
  files::put(here.in("b.toml"), fields);
  REQUIRE(here.run("train --quiet --config b.toml --rollout.count 4 --out one").status == 0);
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
      "'log'}\nrollout.count = {low = 2, high = 4}\n");
  REQUIRE(here.run("sweep --config a.toml --out s").status == 0);
  auto const table = get(here.in("s/ranking.txt"));
  auto const count = [&](std::string const& what) {
    int n = 0;
    for (auto at = table.find(what); at != table.npos; at = table.find(what, at + 1)) ++n;
    return n;
  };
  CHECK(count("  1024  ") == 2);
  CHECK(count("   512  ") == 2);
  CHECK(table.rfind("  1024  ") < table.find("   512  "));
}

TEST_CASE("cohort compare: names and files of algorithms, with a table, a report, curves and numbers") {
  scratch here;
  files::put(here.in("mine.toml"), "algorithm = 'ppo'\nupdate.epochs = 1\n");
  auto const o = here.run("compare --algorithms a2c,mine.toml --seeds 2 --steps 512 --policy.hidden 8 --out c");
  INFO(o.err);
  REQUIRE(o.status == 0);
  CHECK_THAT(o.out, ContainsSubstring("\na2c ") && ContainsSubstring("\nmine "));
  for (auto const* name : {"report.html", "curves.csv", "summary.json"}) CHECK(fs::file_size(here.in("c") / name) > 50);
  CHECK_THAT(here.refusal("compare --algorithms ppo --out c --seeds 1", 1), ContainsSubstring("already holds a run"));
  CHECK_THAT(here.refusal("compare --algorithms ppo,pppo --out d"), ContainsSubstring("no one named 'pppo'"));
  CHECK_THAT(here.refusal("compare --algorithms ppo --seeds 0 --out d"), ContainsSubstring("--seeds is '0'"));
  CHECK_FALSE(fs::exists(here.in("d")));
}
#endif
