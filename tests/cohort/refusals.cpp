#ifdef COHORT_PROGRAM
#include "a_user.hpp"

using namespace a_user;
using Catch::Matchers::ContainsSubstring;
using files::get;

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
  says("--environment CartPole",
       "--environment: there is no environment named 'CartPole'; the nearest are CartPole-v1");
  says("--environment Pendulum-v1 --with.mas 2", "--with.mas: Pendulum-v1: there is no parameter named 'mas'");
  says("--environment Pendulum-v1 --with.mass 0", "--with.mass: pendulum: mass is 0, expected a finite number > 0");
  says("--algorithm pp", "--algorithm: there is no algorithm named 'pp'; the nearest are ppo");
  says("--algorithm dapo", "--algorithm: algorithm dapo is of language models");
  says("--algorithm a2c --preset tuned",
       "--preset: preset is tuned, and a2c is not tuned for CartPole-v1; those that are: ppo, grpo, hybrid_grpo");
  says("--policy.activation gelu", "policy.activation is \"gelu\", expected \"tanh\", \"relu\" or \"linear\"");
  says("--policy.hidden 3,0", "policy.hidden is [3, 0], expected a list of whole numbers from 1 to 65536");
  says("--rollout.counts 3", "--rollout.counts: algorithm: there is no parameter named 'rollout.counts'");
  says("--rollout.count 2.5", "--rollout.count: rollout.count is 2.5, expected a whole number");
  says("--rollout.count -1", "--rollout.count: lanes: count is -1, expected a positive number");
  says("--update.epochs word", "--update.epochs: update.epochs is \"word\", expected a whole number");
  says("--config missing.toml", "missing.toml: ");
  says("--resume", "--resume: made holds no run");
  says("--update.normalize minibach",
       "--update.normalize: update.normalize is \"minibach\", expected \"none\", "
       "\"minibatch\" or \"batch\"; the nearest is \"minibatch\"");
  says("--advantage.gamma 1.5", "--advantage.gamma: gae: gamma is 1.5, expected a number in [0, 1]");
  says("--update.rate inf", "--update.rate: adam: rate is inf, expected a positive number");
  says("--update.beta1 1", "--update.beta1: adam: beta1 is 1, expected a number in [0, 1)");
  says("--update.epochs 1,2", "update.epochs is [1, 2], expected a number, a word, true or false");
  says("--stop.seconds true", "stop.seconds is true, expected a positive number");
  files::put(here.in("a.toml"), "steps = 100\n[objective]\nweight = 'heavy'\n");
  says("--config a.toml", "a.toml:3: objective.weight is \"heavy\", expected a number");
  says("--steps 1.5", "--steps: steps is 1.5, expected a whole number, 1 or more");
  says("--update.standardization.ddof -1", "standardize: ddof is -1, expected 0 or a positive number");
  says("--algorithm hybrid_grpo --rollout.execute bests",
       "rollout.execute is \"bests\", expected \"first\", \"best\" or "
       "\"softmax\"; the nearest is \"best\"");
  files::put(here.in("b.toml"), "steps = 1e3\nalgorithm = 'pp'\n");
  says("--config b.toml", "b.toml:2: there is no algorithm named 'pp'");
  files::put(here.in("b.toml"), "steps = 100\nseeed = 3\n");
  says("--config b.toml", "b.toml:2: there is no field named 'seeed'; the nearest are seed");
  files::put(here.in("c.toml"), "steps = \n");
  says("--config c.toml", "c.toml:1: ");
  files::put(here.in("d.toml"), "[update]\nmax_gradient_norm = -1\n");
  says("--config d.toml", "d.toml:2: update: max_gradient_norm is -1, expected a positive number");
}

TEST_CASE("cohort: where nothing can be written is said before anything is done") {
  scratch here;
  REQUIRE(here.run(quick + "--out a --updates 1").status == 0);
  files::put(here.in("s.toml"), "[sweep.fields]\nrollout.count = [4]\n");
  files::put(here.in("file"), "");
  for (std::string const to : {"/proc/made", "file", "file/below"}) {  // /proc is not even the superuser's to write
    for (std::string const call : {"train --quiet", "sweep --config s.toml", "compare --algorithms ppo --seeds 1"})
      CHECK_THAT(here.refusal(call + " --out " + to, 1),
                 ContainsSubstring("can't create the output folder " + to + ": "));
    for (std::string const call : {"export --header ", "export --onnx "})
      CHECK_THAT(here.refusal(call + to + "/policy a", 1), ContainsSubstring(to + "/policy cannot be made: "));
  }
}

TEST_CASE("cohort: a time of day that goes backwards changes nothing but dates") {
  scratch here;
  auto const run = [&](std::string const& arguments) {
    return files::run_in(here, "env",
                         "ASAN_OPTIONS=verify_asan_link_order=0 'LD_PRELOAD=" + paths::program("clock_backwards.so") +
                             "' '" + paths::program("cohort") + "' " + arguments);
  };
  REQUIRE(run(quick + "--out back --updates 3 --checkpoints.every 1 --stop.seconds 1000").status == 0);
  REQUIRE(here.run(quick + "--out on --updates 3 --checkpoints.every 1 --stop.seconds 1000").status == 0);
  CHECK(get(here.in("back/policy.cohort")) == get(here.in("on/policy.cohort")));
  CHECK_THAT(get(here.in("back/summary.json")),
             ContainsSubstring("\"ended_by\": \"limits\"") && !ContainsSubstring("\"seconds\": -"));
  CHECK_THAT(get(here.in("back/metrics.jsonl")), !ContainsSubstring("\"time/time_elapsed\": -"));
  REQUIRE(run("compare --algorithms a2c --seeds 1 --steps 512 --policy.hidden 8 --out c").status == 0);
  CHECK_THAT(get(here.in("c/report.html")), ContainsSubstring("2001"));
}
#endif
