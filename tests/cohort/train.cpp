#ifdef COHORT_PROGRAM
#include <csignal>

#include "../support/running_program.hpp"
#include "a_user.hpp"

using namespace a_user;
using Catch::Matchers::ContainsSubstring;
using files::get;

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
  auto const no_run_of_another = [&](std::string const& arguments, int status, std::string const& what) {
    CHECK_THAT(here.refusal("train --quiet --resume --out cut " + arguments, status), ContainsSubstring(what));
  };
  no_run_of_another("--algorithm a2c", 2,
                    "--algorithm: algorithm is \"a2c\", expected \"ppo\", that of the run in cut");
  no_run_of_another("--environment Pendulum-v1", 2, "environment is \"Pendulum-v1\", expected \"CartPole-v1\"");
  no_run_of_another("--rollout.count 4", 1,
                    "run.rollout is \"lanes{count = 8, horizon = 64}\", expected \"lanes{count = 4, horizon = 64}\"");
  no_run_of_another("--seed 2", 1, "run.seed is \"1\", expected \"2\"");
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

TEST_CASE("cohort: environments by name, of either kind of actions, with parameters that the run's files keep") {
  scratch here;
  for (std::string const& with : {"--environment MountainCarContinuous-v0 --with.max_episode_steps 50 --out box",
                                  "--environment FrozenLake-v1 --with.slippery false --out lake"})
    CHECK(here.run(quick + "--steps 600 --rollout.horizon 32 --evaluation.every 0 " + with).status == 0);
  CHECK_THAT(get(here.in("box/config.toml")), ContainsSubstring("[with]\nmax_episode_steps = 50"));
  CHECK_THAT(get(here.in("lake/config.toml")), ContainsSubstring("[with]\nslippery = false"));
  CHECK(here.run("train --quiet --config lake/config.toml --out again").status == 0);
  CHECK(get(here.in("again/policy.cohort")) == get(here.in("lake/policy.cohort")));
  CHECK_THAT(here.run("export --header c.hpp box").out, ContainsSubstring("MountainCarContinuous-v0"));
  CHECK_THAT(here.run("list").out, ContainsSubstring("Acrobot-v1: 6 observed, 3 actions, 500 steps"));
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
  CHECK_THAT(printed.out, ContainsSubstring("\nepsilon.from = 0.1\n") && ContainsSubstring("\nrate = 3e-04\n") &&
                              ContainsSubstring("\nnormalize = \"batch\"\n"));
  // Refused for the one thing that is wrong with it now.
  files::put(here.in("sweep.toml"), files[1] + "policy.trunk = ['none']\n");
  CHECK_THAT(here.refusal("sweep --config sweep.toml"), ContainsSubstring("policy.trunk is \"none\""));
}
#endif
