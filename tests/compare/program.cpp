// The compare program as a user meets it. Its path comes from the build, which has it only where its libraries were
// found.
#ifdef COHORT_COMPARE
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"
#include "../support/running_program.hpp"

using Catch::Matchers::ContainsSubstring;
using files::get;
namespace fs = std::filesystem;

namespace {

/// A folder of its own, in which the program runs.
struct scratch : files::scratch {
  int status = 0;
  std::string out, err;

  scratch() : files::scratch("cohort_compare") {}

  void run(std::string const& arguments, std::string const& before = "") {
    auto const command = "cd '" + path.string() + "' && " + before + "'" + paths::program("compare") + "' " +
                         arguments + " 2>'" + path.string() + ".err'";
    out.clear();
    auto* const pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe);
    char buffer[4096];
    while (auto const size = std::fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, size);
    status = WEXITSTATUS(::pclose(pipe));
    err = get(path.string() + ".err");
    fs::remove(path.string() + ".err");
  }

  bool is_empty() const { return fs::is_empty(path); }
};

std::string const quick = "--algorithms ppo,grpo --seeds 2 --steps 10000 ";

}  // namespace

TEST_CASE("compare: bad input is one line on stderr and exit status 2, before anything is made") {
  scratch here;
  for (auto const* arguments : {"--env LunarLander",  "--algorithms dqn",  "--algorithms ppo,ppo",
                                "--algorithms ''",    "--seeds 0",         "--seeds -1",
                                "--seeds 1.5",        "--seeds",           "--seeds 1 --seeds 2",
                                "--steps 0",          "--steps 1e99",      "--group 1",
                                "--group 0",          "--threads 0",       "--first-seed -1",
                                "--group 2147483647", "--out ''",          "--nonsense",
                                "stray words",        "--overwrite=maybe", "--seeds 99999999999999999999"}) {
    here.run(arguments);
    INFO(arguments << ": " << here.err);
    CHECK(here.status == 2);
    CHECK(here.out.empty());
    CHECK(here.err.starts_with("compare: "));
    CHECK(here.err.find('\n') + 1 == here.err.size());
    CHECK(here.is_empty());
  }
}

TEST_CASE("compare: a group that takes more memory than there is is refused by name, with its limit and its size") {
  scratch here;
  here.run("--group 2147483647 --threads 1 --algorithms grpo");
  CHECK(here.status == 2);
  CHECK_THAT(here.err, ContainsSubstring("--group is '2147483647', expected a whole number from 2 to ") &&
                           ContainsSubstring("a rollout of grpo has 1002 steps for each member and takes 176.1 TiB"));
}

TEST_CASE("compare: a folder that can't be made is exit status 1") {
  scratch here;
  here.run("--out /dev/null/x");
  CHECK(here.status == 1);
  CHECK_THAT(here.err, ContainsSubstring("can't create the output folder /dev/null/x"));
}

TEST_CASE("compare: unknown names are answered with the known ones") {
  scratch here;
  here.run("--env Cartpole");
  CHECK_THAT(here.err, ContainsSubstring("CartPole-v1, Pendulum-v1") && ContainsSubstring("did you mean CartPole-v1?"));
  here.run("--algorithms trpo");
  CHECK_THAT(here.err, ContainsSubstring("ppo, grpo, hybrid_grpo"));
  here.run("--algorithm ppo");
  CHECK_THAT(here.err, ContainsSubstring("did you mean --algorithms?"));
}

TEST_CASE("compare: help and version exit with 0") {
  scratch here;
  here.run("--help");
  CHECK(here.status == 0);
  CHECK_THAT(here.out, ContainsSubstring("--algorithms") && ContainsSubstring("--overwrite") &&
                           ContainsSubstring("Exit status: 0 done"));
  here.run("--version");
  CHECK(here.status == 0);
  CHECK(here.out.starts_with("compare "));
  CHECK(here.is_empty());
}

TEST_CASE("compare: a run is written, printed, quiet on a stderr that is no terminal, and replaced only on demand") {
  scratch here;
  here.run(quick + "--out run");
  CHECK(here.status == 0);
  CHECK(here.err.empty());
  CHECK_THAT(here.out, ContainsSubstring("ppo ") && ContainsSubstring("grpo ") && ContainsSubstring("run/report.html"));
  auto const first = get(here.path / "run/curves.csv");
  CHECK(first.starts_with("algorithm,seed,steps,seconds,return\nppo,1,"));

  here.run(quick + "--out run");
  CHECK(here.status == 1);
  CHECK_THAT(here.err, ContainsSubstring("already holds a run"));
  CHECK(get(here.path / "run/curves.csv") == first);

  here.run(quick + "--first-seed 3 --out run --overwrite");
  CHECK(here.status == 0);
  CHECK_THAT(get(here.path / "run/curves.csv"), ContainsSubstring("\nppo,3,"));
}

TEST_CASE("compare: without --out a run is in build/compare and replaced by the next") {
  scratch here;
  for (int i = 0; i < 2; ++i) {
    here.run(quick);
    CHECK(here.status == 0);
    CHECK(fs::exists(here.path / "build/compare/summary.json"));
  }
}

TEST_CASE("compare: curves begin with the untrained policy") {
  scratch here;
  here.run(quick + "--out run");
  CHECK_THAT(get(here.path / "run/curves.csv"),
             ContainsSubstring("\nppo,1,0,0,") && ContainsSubstring("\ngrpo,2,0,0,"));
}

TEST_CASE("compare: the number of threads changes no return") {
  scratch here;
  auto const returns = [&](std::string const& folder) {
    std::ifstream rows{here.path / folder / "curves.csv"};
    std::string all;
    for (std::string row; std::getline(rows, row);) {  // all but the fourth column, seconds
      auto const third = row.find(',', row.find(',', row.find(',') + 1) + 1);
      all += row.substr(0, third) + row.substr(row.rfind(',')) + '\n';
    }
    return all;
  };
  here.run(quick + "--threads 1 --out one");
  here.run(quick + "--threads 3 --out three");
  CHECK(returns("one") == returns("three"));
  CHECK_FALSE(returns("one").empty());
}

TEST_CASE("compare: where the disk fills up, the table is still printed and the old run is kept") {
  scratch here;
  here.run(quick + "--out run");
  auto const old = get(here.path / "run/summary.json");
  here.run(quick + "--first-seed 5 --out run --overwrite", "trap '' XFSZ && ulimit -f 4 && ");
  INFO(here.err);
  CHECK(here.status == 1);
  CHECK(here.err.starts_with("compare: can't write the run to run: "));
  CHECK(here.err.find('\n') + 1 == here.err.size());
  CHECK_THAT(here.out, ContainsSubstring("IQM [95% interval]") && ContainsSubstring("grpo "));
  CHECK(get(here.path / "run/summary.json") == old);
  CHECK(std::distance(fs::directory_iterator{here.path / "run"}, {}) == 3);
}

TEST_CASE("compare: where stdout is full, the files are still written") {
  if (!fs::exists("/dev/full")) return;
  scratch here;
  here.run(quick + "--out run >/dev/full");
  CHECK(here.status == 1);
  CHECK_THAT(here.err, ContainsSubstring("can't write to stdout; the run is in run"));
  CHECK(fs::exists(here.path / "run/summary.json"));
}

namespace {

std::vector<std::string> const long_run{"--algorithms", "ppo,grpo", "--seeds", "500",        "--steps",
                                        "10000",        "--out",    "run",     "--overwrite"};

/// Whether the process has a handler for SIGTERM, which it has from the training's begin on.
bool trains(running_program const& program) {
  std::ifstream status{"/proc/" + std::to_string(program.process()) + "/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigCgt:")) return std::stoull(line.substr(8), nullptr, 16) >> (SIGTERM - 1) & 1;
  return false;
}

}  // namespace

TEST_CASE("compare: SIGINT and SIGTERM end it with what is done until then, and exit status 130 and 143") {
  for (int const signal : {SIGINT, SIGTERM}) {
    scratch here;
    running_program program{here.path, paths::program("compare"), long_run};
    REQUIRE(program.reaches([&] { return trains(program); }));
    program.send(signal);
    CHECK(program.end() == 128 + signal);
    std::string const name = signal == SIGINT ? "SIGINT" : "SIGTERM";
    CHECK_THAT(get(here.path / "stderr"), ContainsSubstring("of 1000 runs") &&
                                              ContainsSubstring("complete: stopped by " + name) &&
                                              ContainsSubstring("written to run"));
    CHECK_THAT(get(here.path / "run/summary.json"), ContainsSubstring("complete: stopped by " + name));
    CHECK_THAT(get(here.path / "run/report.html"), ContainsSubstring("complete: stopped by " + name));
    CHECK(get(here.path / "run/curves.csv").starts_with("algorithm,seed,steps,seconds,return\n"));
    CHECK(std::distance(fs::directory_iterator{here.path / "run"}, {}) == 3);
  }
}

TEST_CASE("compare: a signal before any run is complete leaves the run that the folder holds") {
  scratch here;
  here.run(quick + "--out run");
  auto const old = get(here.path / "run/summary.json");
  auto endless = long_run;
  endless[5] = "1000000000";
  running_program program{here.path, paths::program("compare"), endless};
  REQUIRE(program.reaches([&] { return trains(program); }));
  program.send(SIGTERM);
  CHECK(program.end() == 143);
  CHECK_THAT(get(here.path / "stderr"),
             ContainsSubstring("0 of 1000 runs are complete") && ContainsSubstring("nothing is written to run"));
  CHECK(get(here.path / "run/summary.json") == old);
}

TEST_CASE("compare: killed, it leaves the old run whole and is run again") {
  scratch here;
  here.run(quick + "--out run");
  auto const old = get(here.path / "run/curves.csv");
  running_program program{here.path, paths::program("compare"), long_run};
  REQUIRE(program.reaches([&] { return trains(program); }));
  program.send(SIGKILL);
  CHECK(program.end() == -SIGKILL);
  CHECK(get(here.path / "run/curves.csv") == old);
  here.run(quick + "--first-seed 7 --out run --overwrite");
  CHECK(here.status == 0);
  CHECK_THAT(get(here.path / "run/curves.csv"), ContainsSubstring("\nppo,7,"));
  CHECK(std::distance(fs::directory_iterator{here.path / "run"}, {}) == 3);
}

TEST_CASE("compare: a folder that vanished during the run is made again") {
  scratch here;
  running_program program{here.path,
                          paths::program("compare"),
                          {"--algorithms", "ppo", "--seeds", "2", "--steps", "20000", "--out", "run"}};
  REQUIRE(program.reaches([&] { return trains(program); }));
  fs::remove_all(here.path / "run");
  CHECK(program.end() == 0);
  CHECK(std::distance(fs::directory_iterator{here.path / "run"}, {}) == 3);
}
#endif
