// The story of examples/language/addition.cpp, shortened: that it learns is shown by the program itself
// (docs/language.md).
#ifdef COHORT_ADDITION
#include <array>
#include <cohort/language/files/model_files.hpp>
#include <set>
#include <sstream>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"
#include "../support/running_program.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using files::scratch;

namespace {

/// In the folder, where the output goes to build/addition.
auto addition(scratch const& here, std::string const& arguments) {
  return files::run_in(here, paths::program("addition"), arguments);
}
std::string const brief = "--digits 2 --sft-until 0 --goal 1 --updates 2 --no-control ";

std::vector<json> lines_of(std::filesystem::path const& file) {
  std::vector<json> all;
  std::istringstream lines(files::get(file));
  for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
  return all;
}

}  // namespace

TEST_CASE(
    "addition: each algorithm runs from where SFT stopped, and writes metrics by TRL's names, a summary, a report and "
    "a model") {
  scratch const here;
  auto const r = addition(here, brief + "--seed 5 --algorithms grpo,dr_grpo,rloo,hybrid_grpo,ppo");
  CAPTURE(r.err);
  REQUIRE(r.status == 0);
  CHECK(r.err.empty());
  auto const folder = here.path / "build" / "addition";
  auto const summary = json::parse(files::get(folder / "summary.json"));
  REQUIRE(summary.at("phases").size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    auto const& p = summary.at("phases")[i];
    CHECK(p.at("name") == std::array{"sft", "grpo", "dr_grpo", "rloo", "hybrid_grpo", "ppo"}[i]);
    CHECK(p.at("updates") == (i == 0 ? 10 : 2));
    CHECK(p.at("samples").size() == (i == 0 ? 0 : 3));
    CHECK_THAT(r.out, ContainsSubstring(std::array{"SFT", "GRPO", "Dr. GRPO", "RLOO", "Hybrid GRPO", "PPO"}[i]));
  }
  auto bytes = [&](std::size_t phase, char const* what) {
    return summary.at("phases")[phase].at(what).get<std::size_t>();
  };
  CHECK(bytes(1, "parameter_bytes") == 2 * bytes(0, "parameter_bytes"));  // the reference
  CHECK(bytes(4, "parameter_bytes") ==
        bytes(1, "parameter_bytes") + 2 * 129 * 4);  // the value head, and the reference's
  CHECK(bytes(4, "optimizer_bytes") == bytes(1, "optimizer_bytes") + 2 * 129 * 4);

  auto const metrics = lines_of(folder / "metrics.jsonl");
  REQUIRE(metrics.size() == 10 + 5 * 2);
  CHECK(metrics[0].at("phase") == "sft");
  CHECK_FALSE(metrics[0].contains("reward"));
  for (auto const* name :
       {"reward", "reward_std", "frac_reward_zero_std", "rewards/format/mean", "rewards/accuracy/mean", "kl", "entropy",
        "loss", "grad_norm", "learning_rate", "num_tokens", "clip_ratio/low_mean", "clip_ratio/high_mean",
        "completions/mean_length", "completions/min_length", "completions/max_length", "completions/clipped_ratio"})
    CHECK(metrics[10].at(name).is_number());

  auto const page = files::get(folder / "report.html");
  CHECK_THAT(page,
             ContainsSubstring("<svg") && ContainsSubstring("Hybrid GRPO") && ContainsSubstring("&lt;reasoning&gt;"));
  auto const shape = language::read_config(folder / "model");
  CHECK(shape.hidden == 128);
  std::vector<float> parameters(std::size_t(tensors_of(shape).back().offset + tensors_of(shape).back().size()));
  language::read_parameters<float>(folder / "model", shape, parameters);
}

TEST_CASE("addition: one thread and two give the same bits, and another seed others") {
  auto model = [](std::string const& how) {
    scratch const here;
    REQUIRE(addition(here, brief + how).status == 0);
    return files::get(here.path / "build" / "addition" / "model" / "model.safetensors");
  };
  auto const one = model("--threads 1");
  CHECK(one == model("--threads 2"));
  CHECK(one != model("--threads 2 --seed 2"));
}

TEST_CASE("addition: says what is wrong with its arguments, and replaces no run that it was not told to") {
  scratch const here;
  auto refused = [&](std::string const& how, int status, std::string const& message) {
    auto const r = addition(here, how);
    CHECK(r.status == status);
    CHECK(r.out.empty());
    CHECK_THAT(r.err, ContainsSubstring("addition: ") && ContainsSubstring(message));
  };
  refused("--digits 4", 2, "--digits is '4', expected 2 or 3");
  refused("--algorithms grpo,trpo", 2, "--algorithms has 'trpo', expected some of grpo, dr_grpo");
  refused("--goal 0", 2, "--goal is '0'");
  refused("--updates 0", 2, "--updates is '0'");
  refused("--seed x", 2, "--seed is 'x'");
  refused("--threads 2147483647", 2, "--threads is '2147483647', expected a whole number from 1 to 1024");
  refused("--out ''", 2, "--out has no name");
  std::filesystem::create_directory(here.path / "run");
  files::put(here.path / "run" / "summary.json", "kept");
  refused("--out run", 1, "already holds a run (summary.json)");
  CHECK(files::get(here.path / "run" / "summary.json") == "kept");
  CHECK(files::entries(here.path / "run") == 1);
}

namespace {

namespace fs = std::filesystem;

/// What the folder of a run holds, besides what is being written.
std::set<std::string> files_of(fs::path const& folder) {
  std::set<std::string> names;
  for (auto const& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}
std::set<std::string> const whole_run{"metrics.jsonl", "model", "report.html", "summary.json"};

void check_whole(fs::path const& folder) {
  CHECK(files_of(folder) == whole_run);
  CHECK(files_of(folder / "model") == std::set<std::string>{"config.json", "model.safetensors"});
  auto const summary = json::parse(files::get(folder / "summary.json"));
  std::ptrdiff_t updates = 0;
  for (auto const& phase : summary.at("phases")) updates += phase.at("updates").get<std::ptrdiff_t>();
  CHECK(std::ptrdiff_t(lines_of(folder / "metrics.jsonl").size()) == updates);
}

/// Of a run that goes on until it is stopped, the lines written along the way; empty where there are none yet.
std::string written_along(fs::path const& folder) {
  std::error_code none;
  for (auto const& entry : fs::directory_iterator(folder, none))
    if (entry.path().filename().string().starts_with("unfinished.")) return files::get(entry.path() / "metrics.jsonl");
  return {};
}
std::vector<std::string> endless(std::string const& seed) {
  return {"--digits",     "2",      "--goal", "1",     "--sft-until", "1",
          "--no-control", "--seed", seed,     "--out", "run",         "--overwrite"};
}

}  // namespace

TEST_CASE("addition: is run twice into its own folder, and with --overwrite, whose model is replaced whole") {
  scratch const here;
  auto const folder = here.path / "build" / "addition";
  for (std::string how : {"", "", "--out build/addition --overwrite"}) {
    auto const r = addition(here, brief + how);
    CAPTURE(how, r.err);
    CHECK(r.status == 0);
    check_whole(folder);
    files::put(folder / "model" / "old", "left by the run before");
  }
  CHECK(addition(here, brief + "--out build/addition").status == 1);
}

TEST_CASE("addition: killed in the middle, it leaves the old run whole, and is run again without what was left") {
  scratch const here;
  auto const folder = here.path / "run";
  REQUIRE(addition(here, brief + "--out run").status == 0);
  auto const old = files::get(folder / "summary.json");
  running_program killed{here.path, paths::program("addition"), endless("2")};
  REQUIRE(killed.reaches([&] { return !written_along(folder).empty(); }));
  killed.send(SIGKILL);
  CHECK(killed.end() == -SIGKILL);
  CHECK(files_of(folder).size() == 5);
  CHECK(files::get(folder / "summary.json") == old);
  CHECK(lines_of(folder / "metrics.jsonl").size() == 12);  // the old run's

  auto const again = addition(here, brief + "--out run --overwrite --seed 3");
  CAPTURE(again.err);
  CHECK(again.status == 0);
  check_whole(folder);
  CHECK(json::parse(files::get(folder / "summary.json")).at("seed") == 3);
}

TEST_CASE(
    "addition: stopped by a signal it writes what it has; a run beside it is refused and leaves alone what it has "
    "begun") {
  for (int const signal : {SIGINT, SIGTERM}) {
    scratch const here;
    auto const folder = here.path / "run";
    running_program stopped{here.path, paths::program("addition"), endless("2")};
    REQUIRE(stopped.reaches([&] { return !written_along(folder).empty(); }));
    if (signal == SIGINT) {
      auto const beside = addition(here, brief + "--out run --overwrite");
      CHECK(beside.status == 1);
      CHECK_THAT(beside.err, ContainsSubstring("the output folder run is another process's that runs"));
      CHECK(!written_along(folder).empty());
    } else {  // the folder may vanish meanwhile
      fs::remove_all(folder);
    }
    stopped.send(signal);
    CHECK(stopped.end() == 128 + signal);
    CHECK_THAT(files::get(here.path / "stderr"),
               ContainsSubstring(signal == SIGINT ? "stopped by SIGINT" : "stopped by SIGTERM"));
    check_whole(folder);
    auto const summary = json::parse(files::get(folder / "summary.json"));
    CHECK(summary.at("stopped") == true);
    CHECK(summary.at("seed") == 2);
    CHECK(language::read_config(folder / "model").hidden == 128);
  }
}
#endif
