// The programs that fine-tune, as a user meets them: a random model with a tokenizer of its own.
#ifdef COHORT_TUNE
#include <algorithm>
#include <cmath>
#include <cohort/language/files/load.hpp>
#include <sstream>

#include "../catch.hpp"
#include "../support/running_program.hpp"
#include "../support/talking_model.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;

namespace {

std::string const numbers = [] {
  std::string lines;
  for (int i = 0; i < 12; ++i)
    lines +=
        json{
            {"prompt", std::to_string(i) + "="}, {"answer", i}, {"completion", "a"}, {"chosen", "a"}, {"rejected", "b"}}
            .dump() +
        "\n";
  return lines;
}();

struct trainer : support::talking_model {
  trainer() { files::put(here.path / "train.jsonl", numbers); }
  std::string arguments(std::string const& out, std::string const& more) const {
    return "--model model --data train.jsonl --out " + out + " --held-out .3 " + more;
  }
  files::outcome_of_program run(std::string const& program, std::string const& arguments) const {
    return files::run_in(here, paths::program("cohort-" + program), arguments);
  }
  files::outcome_of_program grpo(std::string const& out, std::string const& more) const {
    return run("grpo", arguments(out, "--prompts 2 --group 3 --max-tokens 5 " + more));
  }
  std::vector<json> lines(std::string const& file) const {
    std::vector<json> all;
    std::istringstream text(files::get(here.path / file));
    for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
    return all;
  }
  std::string weights(std::string const& out) const {
    return files::get(here.path / out / "model" / "model.safetensors");
  }
  /// That a run, which may go on, has logged.
  std::ptrdiff_t updates(std::string const& out) const {
    auto const text = files::get(here.path / out / "metrics.jsonl");
    return std::count(text.begin(), text.end(), '\n');
  }
  bool has(std::string const& file) const { return std::filesystem::exists(here.path / file); }
};

}  // namespace

TEST_CASE("grpo: the length that is rewarded is learned; logs, report and a model that loads are left") {
  trainer const t;
  auto const r = t.grpo("run",
                        "--reward length_target:target=1,accuracy --weights 1,0 --updates 40 --rate 2e-2 --kl .001 "
                        "--evaluate-samples 2");
  CAPTURE(r.err, r.out);
  REQUIRE(r.status == 0);
  auto const metrics = t.lines("run/metrics.jsonl"), exams = t.lines("run/evaluations.jsonl"),
             said = t.lines("run/completions.jsonl");
  REQUIRE(metrics.size() == 40);
  CHECK(metrics.back()["reward"].get<double>() > metrics.front()["reward"].get<double>() + 1);
  CHECK(metrics[3]["rewards/length_target/mean"].get<double>() == Approx(metrics[3]["reward"].get<double>()));
  for (auto const* name : {"step", "kl", "entropy", "completions/mean_length", "frac_reward_zero_std",
                           "clip_ratio/low_mean", "rewards/accuracy/std", "learning_rate"})
    CHECK(metrics[0].contains(name));
  REQUIRE(exams.size() == 11);
  CHECK(exams.front()["step"] == 0);
  CHECK(exams.back()["eval/reward"].get<double>() > exams.front()["eval/reward"].get<double>() + 1);
  CHECK(exams.back()["eval/pass@1"].get<double>() <= exams.back()["eval/pass@2"].get<double>());
  CHECK(said.size() >= 40 * 3);
  CHECK(said[0]["rewards/length_target"] == said[0]["reward"]);
  auto const summary = json::parse(files::get(t.here.path / "run" / "summary.json"));
  CHECK(summary["ended_by"] == "updates");
  CHECK(summary["judged_by"] == "eval/pass@1");
  CHECK_THAT(files::get(t.here.path / "run" / "report.html"), ContainsSubstring("<h2>KL</h2>"));
  CHECK_THAT(r.out, ContainsSubstring("held out: reward "));
  CHECK_THAT(r.out, ContainsSubstring("in all, of this machine's "));
  CHECK(t.weights("run").size() == t.weights(".").size());
  eigen::backend cpu;
  CHECK(language::load(cpu, t.here.path / "run" / "model").options() == language::load(cpu, t.folder).options());
  CHECK(t.has("run/model/tokenizer.json"));
}

TEST_CASE("reward: a reward model is trained, goes on to the same bits, and is a reward that grpo learns from") {
  trainer const t;
  auto const reward = [&](std::string const& out, std::string const& more) {
    return t.run("reward", t.arguments(out, "--prompts 4 --rate 1e-2 --center .01 " + more));
  };
  auto const r = reward("judge", "--updates 20");
  CAPTURE(r.err, r.out);
  REQUIRE(r.status == 0);
  auto const exams = t.lines("judge/evaluations.jsonl");
  CHECK(exams.front()["eval/margin"] == 0);
  CHECK(exams.back()["eval/accuracy"] == 1);
  CHECK(exams.back()["eval/margin"].get<double>() > 2);
  CHECK(json::parse(files::get(t.here.path / "judge" / "summary.json"))["judged_by"] == "eval/accuracy");
  auto const config = json::parse(files::get(t.here.path / "judge" / "model" / "config.json"));
  CHECK(config["architectures"] == json::array({"LlamaForSequenceClassification"}));
  CHECK(config["id2label"].size() == 1);
  CHECK(t.has("judge/model/tokenizer.json"));

  REQUIRE(reward("half", "--updates 10").status == 0);
  auto const rest = reward("half", "--resume --updates 20");
  CAPTURE(rest.err);
  REQUIRE(rest.status == 0);
  CHECK(t.weights("half") == t.weights("judge"));

  auto const learned = t.run("grpo", t.arguments("run",
                                                 "--reward model:path=judge/model --prompts 4 --group 8 "
                                                 "--max-tokens 3 --updates 40 --rate 1e-2"));
  CAPTURE(learned.err);
  REQUIRE(learned.status == 0);
  auto const rewards = t.lines("run/evaluations.jsonl");
  CHECK(rewards.back()["eval/reward"].get<double>() > rewards.front()["eval/reward"].get<double>() + .5);

  auto const not_one = t.grpo("none", "--reward model:path=model");
  CHECK(not_one.status == 1);
  CHECK_THAT(not_one.err, ContainsSubstring("has no tensor \"score.weight\""));
  auto const lacking = t.grpo("none", "--reward model");
  CHECK_THAT(lacking.err, ContainsSubstring("reward 'model' lacks its path: model:path=FOLDER"));
  auto const type = reward("none", "--type q8_0");
  CHECK(type.status == 2);
  CHECK_THAT(type.err, ContainsSubstring("--type is 'q8_0', which only GGUF files have"));
  files::put(t.here.path / "model.gguf", "GGUF");
  auto const file = t.run("reward", "--model model.gguf --data train.jsonl --out none");
  CHECK(file.status == 2);
  CHECK_THAT(file.err, ContainsSubstring("cohort convert"));
}

TEST_CASE("grpo: adapters beside a model that stays learn, go on to the same bits, and are written with it and alone") {
  trainer const t;
  std::string const how =
      "--lora 2 --reward characters:target=30 --rate 5e-2 --kl .001 --evaluate-samples 2 --updates ";
  auto const whole = t.grpo("whole", how + "40");
  CAPTURE(whole.err, whole.out);
  REQUIRE(whole.status == 0);
  CHECK_THAT(whole.out, ContainsSubstring("the model, as it lies in its files"));
  auto const exams = t.lines("whole/evaluations.jsonl");
  CHECK(exams.back()["eval/reward"].get<double>() > exams.front()["eval/reward"].get<double>() + 5);
  auto const config = json::parse(files::get(t.here.path / "whole" / "adapter" / "adapter_config.json"));
  CHECK(config["r"] == 2);
  CHECK(config["lora_alpha"] == 4);
  eigen::backend cpu;
  CHECK(language::load(cpu, t.here.path / "whole" / "model").options() == language::load(cpu, t.folder).options());
  CHECK(t.weights("whole") != t.weights("."));

  REQUIRE(t.grpo("half", how + "20 --adapter-only").status == 0);
  CHECK_FALSE(t.has("half/model"));
  REQUIRE(t.run("grpo", "--resume --out half --updates 40").status == 0);
  auto const adapters = [&](std::string const& out) {
    return files::get(t.here.path / out / "adapter" / "adapter_model.safetensors");
  };
  CHECK(adapters("half") == adapters("whole"));
}

TEST_CASE("grpo: killed, stopped and gone on with it comes to the same bits, on any number of threads") {
  trainer const t;
  std::string const how =
      "--reward characters:target=3 --kl .01 --resample 1 --updates 90 --rate 5e-3 --checkpoint-every 3 "
      "--evaluate-every 15 --evaluate-samples 2 ";
  auto const whole = t.grpo("whole", how + "--threads 2");
  CAPTURE(whole.err);
  REQUIRE(whole.status == 0);
  {
    std::vector<std::string> words;
    std::istringstream all(t.arguments("cut", "--prompts 2 --group 3 --max-tokens 5 --threads 1 " + how));
    for (std::string word; all >> word;) words.push_back(word);
    running_program killed(t.here.path, paths::program("cohort-grpo"), words);
    REQUIRE(killed.reaches([&] { return t.updates("cut") > 4; }));
    killed.send(SIGKILL);
    CHECK(killed.end() == -SIGKILL);
  }
  CHECK_FALSE(t.has("cut/summary.json"));
  {
    auto const logged = t.updates("cut");  // of which those after the checkpoint are done again
    running_program stopped(t.here.path, paths::program("cohort-grpo"), {"--resume", "--out", "cut", "--threads", "1"});
    REQUIRE(stopped.reaches([&] { return t.updates("cut") > logged; }));
    stopped.send(SIGINT);
    int const status = stopped.end();
    CHECK(status == 130);
  }
  auto const rest = t.run("grpo", "--resume --out cut");
  CAPTURE(rest.err);
  REQUIRE(rest.status == 0);
  CHECK_THAT(rest.out, ContainsSubstring("goes on after update "));
  CHECK(t.weights("cut") == t.weights("whole"));
  CHECK(files::get(t.here.path / "cut" / "completions.jsonl") ==
        files::get(t.here.path / "whole" / "completions.jsonl"));
  CHECK(t.lines("cut/metrics.jsonl").size() == 90);
  auto const a = t.lines("cut/evaluations.jsonl"), b = t.lines("whole/evaluations.jsonl");
  REQUIRE(a.size() == b.size());
  CHECK(a.back()["eval/reward"] == b.back()["eval/reward"]);

  auto const refused = t.run("grpo", "--resume --out cut --rate 1e-3");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, ContainsSubstring("--rate is '1e-3', expected '0.005', that of the run that goes on"));
  files::put(t.here.path / "train.jsonl", numbers + "{\"prompt\": \"more\"}\n");
  auto const other = t.run("grpo", "--resume --out cut --updates 95");
  CHECK(other.status == 2);
  CHECK_THAT(other.err, ContainsSubstring("train.jsonl is another file than the run was begun with"));
}

TEST_CASE("sft, dpo: the known completions are learned") {
  trainer const t;
  auto const sft = t.run("sft", t.arguments("sft",
                                            "--updates 30 --prompts 4 --rate 1e-2 --reward characters:target=1 "
                                            "--max-tokens 4"));
  CAPTURE(sft.err);
  REQUIRE(sft.status == 0);
  auto const exams = t.lines("sft/evaluations.jsonl");
  CHECK(exams.back()["eval/loss"].get<double>() < .2 * exams.front()["eval/loss"].get<double>());
  CHECK(exams.back()["eval/reward"].get<double>() == Approx(0).margin(.5));

  auto const dpo = t.run("dpo", t.arguments("dpo", "--updates 20 --prompts 4 --rate 1e-3"));
  CAPTURE(dpo.err);
  REQUIRE(dpo.status == 0);
  auto const metrics = t.lines("dpo/metrics.jsonl"), pairs = t.lines("dpo/evaluations.jsonl");
  CHECK(metrics.front()["loss"].get<double>() == Approx(std::log(2)).epsilon(1e-5));
  CHECK(metrics.back()["loss"].get<double>() < .5);
  CHECK(pairs.front()["eval/rewards/margins"].get<double>() == Approx(0).margin(1e-5));
  CHECK(pairs.back()["eval/rewards/accuracies"] == 1);
}

TEST_CASE("grpo: what is wrong is one line that says what, where, and what was expected") {
  trainer const t;
  std::string const reward = "--reward characters --updates 1 ";
  auto refused = [&](files::outcome_of_program const& r, int status, std::string const& what) {
    CAPTURE(r.err, r.out);
    CHECK(r.status == status);
    CHECK(r.err.starts_with("cohort grpo: "));
    CHECK(r.err.find('\n') + 1 == r.err.size());
    CHECK_THAT(r.err, ContainsSubstring(what));
    CHECK_FALSE(t.has("new/config.toml"));
  };
  refused(t.run("grpo", "--model model --out new --reward format"), 2, "--data is required");
  refused(t.run("grpo", "--model model --data train.jsonl --out new"), 2, "--reward is required");
  refused(t.grpo("new", "--reward acuracy"), 2, "there is no reward named 'acuracy'; the nearest are accuracy");
  refused(t.grpo("new", "--reward accuracy:column=result"), 1, "train.jsonl, line 1: has no result");
  refused(t.grpo("new", reward + "--minibatches 3"), 2, "--minibatches is '3', expected at most --prompts, 2");
  refused(t.grpo("new", reward + "--pass format"), 2, "--pass is 'format', expected one of the rewards, characters");
  refused(t.grpo("new", reward + "--rate 0"), 2, "--rate is '0', expected a number above 0, below 1");
  refused(t.grpo("new", reward + "--max-tokns 3"), 2, "max-tokns");
  refused(t.run("grpo", "--resume --out new"), 2, "--resume: new holds no run (it has no config.toml)");
  refused(t.run("grpo", "--model no --data no --reward formt --out new"), 2, "named 'formt'; the nearest are format");
  refused(t.run("grpo", t.arguments("new", reward + "--max-tokens 119")), 1,
          "tokens, expected no more than the model's context of 120 together");
  files::put(t.here.path / "run.toml", "reward = \"characters\"\n\nmax_tokns = 3\n");
  refused(t.grpo("new", "--config run.toml"), 2, "run.toml:3: there is no setting named 'max_tokns'; the nearest are");
  files::put(t.here.path / "run.toml", "reward = \"characters\"\nkl = \"much\"\n");
  refused(t.grpo("new", "--config run.toml"), 2, "run.toml:2: kl is 'much', expected 0 or a positive number");
  files::put(t.here.path / "bad.jsonl", "{\"prompt\": \"a\"}\nprompt: b\n");
  refused(t.run("grpo", "--model model --data bad.jsonl --out new --reward characters"), 1,
          "bad.jsonl, line 2: is not JSON");

  auto const plan = t.grpo("new", reward + "--plan");
  CHECK(plan.status == 0);
  CHECK_THAT(plan.out, ContainsSubstring("parameters"));
  files::put(t.here.path / "run.toml", "reward = \"characters\"\nweights = [2]\nupdates = 1\n");
  auto const once = t.grpo("run", "--config run.toml --quiet");
  CAPTURE(once.err);
  REQUIRE(once.status == 0);
  CHECK(once.out.empty());
  refused(t.grpo("run", reward), 1, "the output folder run already holds a run");
  CHECK(t.grpo("run", reward + "--overwrite").status == 0);
  CHECK(t.lines("run/metrics.jsonl").size() == 1);
}
#endif
