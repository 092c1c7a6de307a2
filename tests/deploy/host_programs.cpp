// Training inside other programs: the game of examples, and the C interface by a program in C.
#include <csignal>
#include <cstdio>
#include <set>
#include <sstream>
#include <string>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"
#include "../support/running_program.hpp"

using Catch::Matchers::ContainsSubstring;
using files::scratch;

namespace {

auto game(scratch const& here, std::string const& arguments) {
  return files::run_in(here, paths::program("game"), arguments);
}

/// What the game says at its end.
struct summary {
  long long frames = 0, steps = 0, updates = 0;
  double first = 0, last = 0;
  explicit summary(std::string const& text) {
    auto const second = text.find('\n');
    REQUIRE(second != std::string::npos);
    CHECK(std::sscanf(text.c_str(), "%lld frames", &frames) == 1);
    CHECK(std::sscanf(text.c_str() + second + 1,
                      "%lld steps and %lld updates; mean return at the beginning %lf, at the end %lf", &steps, &updates,
                      &first, &last) == 4);
  }
};

}  // namespace

TEST_CASE("game: it learns while it runs, and goes on with the run of a file") {
  scratch const here;
  auto const run = game(here, "--wide --quiet --fps 0 --pieces 10 --frames 250 --save run.cohort");
  CHECK(run.err == "");
  REQUIRE(run.status == 0);
  summary const learned(run.out);
  CHECK(learned.frames == 250);
  CHECK(learned.first < .35);
  CHECK(learned.last > .5);
  auto const again = game(here, "--wide --quiet --fps 0 --pieces 1 --frames 1 --load run.cohort --save run.cohort");
  REQUIRE(again.status == 0);
  summary const on(again.out);
  CHECK(on.updates >= learned.updates);
  CHECK(on.first == learned.last);
}

TEST_CASE("game: Ctrl-C ends it with its summary, its file and the terminal as it was") {
  scratch const here;
  running_program run(here.path, paths::program("game"), {"--budget", "1", "--save", "run.cohort"});
  CHECK(run.reaches([&] { return files::get(here.path / "stdout").find('=') != std::string::npos; }));
  run.send(SIGINT);
  CHECK(run.end() == 130);
  CHECK(files::get(here.path / "stderr") == "");
  auto const shown = files::get(here.path / "stdout");
  CHECK_THAT(shown.substr(shown.rfind('\033')), ContainsSubstring("[?25h") && ContainsSubstring("mean return"));
  CHECK(std::filesystem::exists(here.path / "run.cohort"));
}

TEST_CASE("game: what is wrong is one line, with status 2 for arguments and 1 for files") {
  scratch const here;
  auto refuses = [&](int status, std::string const& arguments, std::string const& sentence) {
    CAPTURE(arguments);
    auto const run = game(here, arguments + " --quiet");
    CHECK(run.status == status);
    CHECK(run.out == "");
    CHECK(run.err.find('\n') + 1 == run.err.size());
    CHECK_THAT(run.err, ContainsSubstring(sentence));
  };
  refuses(2, "--frames 0", "--frames is '0', expected a whole number from 1");
  refuses(2, "--budget 0", "--budget is '0', expected a number of milliseconds above 0");
  refuses(2, "--budget nan", "--budget is 'nan'");
  refuses(2, "--fps .5", "--fps is '.5', expected 0 or a number from 1 to 10000");
  refuses(2, "--pieces 0", "--pieces is '0'");
  refuses(2, "--seed -1", "--seed is '-1'");
  refuses(2, "--budget 4 --pieces 3", "--budget excludes --pieces");
  refuses(2, "--speed 3", "--speed");
  refuses(1, "--load none.cohort", "none.cohort");
  refuses(1, "--frames 1 --save no/such/folder/run.cohort", "no/such/folder/run.cohort");
}

TEST_CASE("c_interface: a C program trains, plays, saves and loads by it; mistakes are statuses and sentences") {
  scratch const here;
  auto const host = files::run_in(here, paths::program("c_host"), "run.cohort");
  CHECK(host.err == "");
  CHECK(host.status == 0);
  CHECK(host.out.starts_with("CartPole: "));
  CHECK(host.out.find('\n') + 1 == host.out.size());  // and the library printed nothing
}

TEST_CASE("c_interface: the library shows the functions of cohort.h, and nothing else") {
  scratch const here;
  auto const library = paths::program("libcohort.so");
  if (!std::filesystem::exists(library)) return;  // another system's name, whose linker is not told either
  auto const nm = files::run_in(here, "nm", "-D --defined-only '" + library + "'");
  REQUIRE(nm.status == 0);
  std::set<std::string> shown, declared;
  std::istringstream lines(nm.out);
  for (std::string place, kind, name; lines >> place >> kind >> name;) shown.insert(name);
  auto const header = files::get(paths::golden("../../examples/c_interface/cohort.h"));
  for (std::size_t at = 0; (at = header.find("\nCOHORT_API ", at)) != std::string::npos;) {
    auto const end = header.find('(', ++at);
    auto const begin = header.find_last_of(" *", end) + 1;
    declared.insert(header.substr(begin, end - begin));
  }
  CHECK(declared.size() == 15);
  CHECK(shown == declared);
}
