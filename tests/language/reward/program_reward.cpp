// Judges outside, as scripts of sh.
#include <unistd.h>
#include <cmath>
#include <cohort/language/reward/outside/program_reward.hpp>
#include <fstream>
#include <set>
#include "../../catch.hpp"
#include "../../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using said_values = std::vector<std::optional<double>>;

namespace {

std::vector<completion<json>> completions_of(std::vector<json> const& rows) {
  static std::vector<std::int32_t> const tokens{5, 6};
  std::vector<completion<json>> all;
  for (auto const& row : rows) all.push_back({"1+1=", "2 \"\xff\n", tokens, true, row});
  return all;
}
std::vector<std::string> sh(std::string const& script) { return {"sh", "-c", script}; }
/// A script that answers each line with what it says of $line.
std::vector<std::string> answering(std::string const& what) { return sh("while read -r line; do " + what + "; done"); }
auto asked(program_reward<> const& judge, std::vector<json> const& rows) {
  auto const all = completions_of(rows);
  return judge.batch(std::span<completion<json> const>(all));
}
std::string refused(std::vector<std::string> const& command, program_options options = {}) {
  options.processes = 1;
  std::string const said = support::refusal<reward_failure>([&] { asked(program_reward<>(command, options), {1, 2}); });
  CHECK_THAT(said, ContainsSubstring("program_reward sh, completion"));
  // The same, by choice, is two absent values.
  options.failing = when_failing::absent;
  CHECK(asked(program_reward<>(command, options), {1, 2})[0] == std::nullopt);
  return said;
}

}  // namespace

TEST_CASE("program_reward: the program reads a line for some completions and answers with their rewards") {
  // What it was told comes back as the error: the whole protocol.
  std::string const told = support::refusal<reward_failure>([] {
    asked(program_reward<>({"sh", "-c", "read -r line; printf '{\"error\":%s}\\n' \"$line\""}), {{{"answer", 7}}});
  });
  CHECK_THAT(told, ContainsSubstring(R"({"completions":[{"prompt":"1+1=","row":{"answer":7},"text":"2 \"\ufffd\n")"));
  CHECK_THAT(told, ContainsSubstring(R"("tokens":[5,6],"truncated":true})"));

  std::string const by_row =
      R"(case "$line" in *'"row":7'*) echo '{"rewards":[1]}';; *'"row":8'*) echo '{"rewards":[null]}';; *) echo '{"rewards":[-0.5]}';; esac)";
  program_reward<> const judge(answering(by_row), {.processes = 3, .at_a_time = 1});
  said_values const expected{1., std::nullopt, -.5, 1., -.5, std::nullopt, 1., 1.};
  CHECK(asked(judge, {7, 8, 9, 7, 5, 8, 7, 7}) == expected);
  CHECK(asked(judge, {}) == said_values{});
  json const seven = 7;
  CHECK(judge(completion<json>{"", "", {}, false, seven}) == 1.);
  static_assert(batch_reward_for<program_reward<>, json> && reward_for<program_reward<>, int>);
  CHECK(asked(program_reward<>(answering("echo '{\"rewards\":[1,2]}'"), {.at_a_time = 2}), {1, 2, 3, 4}) ==
        said_values{1., 2., 1., 2.});
}

TEST_CASE("program_reward: a pool of so many processes, which stay from one batch to the next") {
  program_reward<> const judge(answering("sleep .02; echo \"{\\\"rewards\\\":[$$]}\""),
                               {.processes = 2, .at_a_time = 1});
  std::set<double> processes;
  for (int batch = 0; batch < 2; ++batch)
    for (auto const& value : asked(judge, {1, 2, 3, 4})) processes.insert(value.value());
  CHECK(processes.size() == 2);
}

TEST_CASE("program_reward: what a program does wrong is named, with the completion, or makes values absent") {
  CHECK_THAT(refused(sh("echo no such module >&2; exit 3")),
             ContainsSubstring("completion 0 of the batch: it ended with status 3, its last words: no such module"));
  CHECK_THAT(refused(sh("kill -9 $$")), ContainsSubstring("was ended by signal 9"));
  CHECK_THAT(refused(sh("exec >&-; sleep 100")), ContainsSubstring("closed its stdout"));
  CHECK_THAT(refused(answering("sleep 100"), {.seconds = .1}), ContainsSubstring("gave no answer in 0.1 s"));
  CHECK_THAT(refused(answering("printf half; sleep 100"), {.seconds = .1}),
             ContainsSubstring("gave no answer in 0.1 s"));
  CHECK_THAT(refused(sh("yes | tr -d '\\n'"), {.most_bytes = 1000}),
             ContainsSubstring("printed 1") || ContainsSubstring("printed more than 1000 bytes"));
  CHECK_THAT(refused(answering("echo score: 1")), ContainsSubstring("the answer \"score: 1\" is not JSON"));
  CHECK_THAT(refused(answering("echo 1")), ContainsSubstring("is no JSON object"));
  CHECK_THAT(refused(answering("echo {}")), ContainsSubstring("has no list rewards"));
  CHECK_THAT(refused(answering("echo '{\"rewards\":[1]}'")), ContainsSubstring("answers with 1 rewards, expected 2"));
  CHECK_THAT(refused(answering("echo '{\"error\":\"no GPU\"}'")), ContainsSubstring("the error \"no GPU\""));
}

TEST_CASE("program_reward: a value that is no finite number is named, or absent alone") {
  for (auto const& [printed, named] : std::vector<std::pair<std::string, std::string>>{{"NaN", "\"NaN\""},
                                                                                       {"-Infinity", "\"-Infinity\""},
                                                                                       {"\"high\"", "\"high\""},
                                                                                       {"true", "true"},
                                                                                       {"[1]", "[1]"}}) {
    CAPTURE(printed);
    auto const command = answering("echo '{\"rewards\":[0.5," + printed + "]}'");
    CHECK_THAT(
        support::refusal<reward_failure>([&] { asked(program_reward<>(command), {1, 2}); }),
        ContainsSubstring("completion 1 of the batch: its reward is " + named + ", expected a finite number or null"));
    CHECK(asked(program_reward<>(command, {.failing = when_failing::absent}), {1, 2}) == said_values{.5, std::nullopt});
  }
}

TEST_CASE(
    "program_reward: the number of the completion is that of the batch, and another process takes the next line") {
  // The third line kills the process that reads it.
  auto const command = answering("case \"$line\" in *'\"row\":3'*) exit 1;; *) echo '{\"rewards\":[1]}';; esac");
  std::vector<json> const rows{1, 2, 3, 4};
  try {
    asked(program_reward<>(command, {.processes = 1, .at_a_time = 1}), rows);
    FAIL("it was not refused");
  } catch (reward_failure const& e) {
    CHECK(e.completion == 2);
  }
  program_reward<> const judge(command,
                               {.processes = 1, .at_a_time = 1, .failing = when_failing::absent, .failures = 2});
  CHECK(asked(judge, rows) == said_values{1., 1., std::nullopt, 1.});
  CHECK(asked(judge, rows) == said_values{1., 1., std::nullopt, 1.});
  CHECK_THAT(support::refusal([&] { asked(judge, {3, 3}); }), ContainsSubstring("2 failures in a row"));
}

TEST_CASE("program_reward: a program that cannot be started is an io_error, and so are options out of range refused") {
  for (auto failing : {when_failing::stop, when_failing::absent}) {
    program_reward<> const judge({"no-such-program-anywhere"}, {.failing = failing});
    CHECK_THAT(support::refusal<io_error>([&] { asked(judge, {1}); }),
               ContainsSubstring("no-such-program-anywhere: the program cannot be started: No such file"));
  }
  CHECK_THAT(support::refusal([] { program_reward<>(std::vector<std::string>{}); }),
             ContainsSubstring("names no program"));
  CHECK_THAT(support::refusal([] { program_reward<>({"sh"}, {.processes = 0}); }), ContainsSubstring("processes is 0"));
  CHECK_THAT(support::refusal([] { program_reward<>({"sh"}, {.seconds = NAN}); }), ContainsSubstring("seconds is nan"));
}

TEST_CASE("program_reward: nothing is left of a program that hangs, nor of what it started") {
  std::string const said = support::refusal<reward_failure>(
      [] { asked(program_reward<>(sh("read -r x; sleep 300 & echo \"{\\\"error\\\":$!}\"; wait"), {}), {1}); });
  int const sleeper = std::stoi(said.substr(said.rfind(' ')));
  for (int i = 0; i < 2000 && ::kill(sleeper, 0) == 0; ++i) {  // a zombie is there until its new parent has seen it
    std::ifstream file("/proc/" + std::to_string(sleeper) + "/stat");
    std::string number, name, state = "Z";
    file >> number >> name >> state;
    if (state == "Z") return;
    ::usleep(1000);
  }
  CHECK(::kill(sleeper, 0) != 0);
}
