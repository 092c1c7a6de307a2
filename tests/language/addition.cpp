// The story of examples/language/addition.cpp, shortened: that it learns is shown by the program itself
// (docs/language.md).
#ifdef COHORT_ADDITION
#include <array>
#include <cohort/language/files/llama_files.hpp>
#include <sstream>

#include "../catch.hpp"
#include "../support/paths.hpp"
#include "files.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using files::scratch;
using language::json;

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
  std::filesystem::create_directory(here.path / "run");
  files::put(here.path / "run" / "summary.json", "kept");
  refused("--out run", 1, "already holds a run (summary.json)");
  CHECK(files::get(here.path / "run" / "summary.json") == "kept");
  CHECK(files::entries(here.path / "run") == 1);
}
#endif
