// Programs in completions, run against tests in the sandbox; in sh, and in C++ and Python where these are in /usr/bin.
#if defined(COHORT_HOSTILE)
#include <cohort/language/reward/code_reward.hpp>
#include <cstdlib>
#include <filesystem>
#include "../../catch.hpp"
#include "../../support/refusal.hpp"
#include "completions.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using reward_cases::of_text;

namespace {

struct task {
  std::vector<code_test> tests;
};
auto const tests_of = [](task const& t) { return t.tests; };
bool there_is_one() {  // tests/language/reward/sandbox.cpp fails where there is none
  sandbox_step const step{.command = {"true"}};
  return support::message_of<sandbox_error>([&] { sandbox().run({}, std::span(&step, 1)); }).empty();
}
std::string program_block(std::string const& language, std::string const& code) {
  return "Here it is:\n```" + language + "\n" + code + "\n```\nDone.";
}

}  // namespace

TEST_CASE("fenced: the last closed block of a language") {
  fenced const sh{{"sh", "bash"}};
  CHECK(sh(program_block("sh", "a")) == "a\n");
  CHECK(sh(program_block("SH", "a") + "\n" + program_block("bash title=x", "b\nc")) == "b\nc\n");
  CHECK(sh(program_block("sh", "a") + "\n" + program_block("python", "b")) == "a\n");
  CHECK(sh(program_block("sh", "a") + "\n```sh\nb") == "a\n");
  CHECK(sh("````sh\n```\ninside\n```\n````") == "```\ninside\n```\n");
  CHECK(sh("```sh\n```") == "");
  CHECK(fenced{{""}}("```\na\n```") == "a\n");
  for (char const* none : {"", "```", "```sh", "a ```sh\nb\n```", "```sh\na\n``", "```shell\na\n```", "```sh`\na\n```"})
    CHECK(sh(none) == std::nullopt);
}

TEST_CASE("code_reward: the share of the tests that the program passes") {
  if (!there_is_one()) return;
  code_reward reward{.tests = tests_of, .language = shell_code()};
  task const sums{{{"1 2\n", "3"}, {"5 5\n", "10  \n\n"}, {"1 1\n", "3"}}};
  std::string const adds = program_block("sh", "read a b; echo $((a+b))");
  CHECK(of_text(reward, adds, sums) == 2. / 3);
  CHECK(of_text(reward, "no program", sums) == 0.);
  CHECK(of_text(reward, program_block("python", "print(3)"), sums) == 0.);
  CHECK(of_text(reward, adds, task{}) == std::nullopt);
  CHECK(of_text(reward, program_block("sh", "read a b; echo $((a+b)); exit 1"), sums) == 0.);
  CHECK(of_text(reward, program_block("sh", "echo ' 3'"), task{{{"", "3"}}}) == 0.);
  reward.score = tests_passed::all;
  CHECK(of_text(reward, adds, sums) == 0.);
  CHECK(of_text(reward, adds, task{{{"1 2\n", "3"}}}) == 1.);
  task many;
  for (int i = 0; i < 40; ++i) many.tests.push_back({std::to_string(i) + " 1\n", std::to_string(i + 1)});
  CHECK(of_text(reward, adds, many) == 1.);
  static_assert(!reward_for<decltype(reward), int>);
}

TEST_CASE("code_reward: tests in code stand behind the program, which has to reach their end") {
  if (!there_is_one()) return;
  code_reward reward{.tests = tests_of, .language = shell_code()};
  task const t{
      {{.code = "test \"$(add 1 2)\" = 3"}, {.code = "test \"$(add 1 2)\" = 3 || exit 1"}, {.code = "exit 1"}}};
  CHECK(of_text(reward, program_block("sh", "add() { echo $(($1+$2)); }"), t) == 2. / 3);
  CHECK(of_text(reward, program_block("sh", "exit 0"), t) == 0.);  // without the tests
  reward.limits.wall_seconds = .2;
  CHECK(of_text(reward, program_block("sh", "while :; do :; done"), task{{{.code = "true"}}}) == 0.);
}

TEST_CASE("code_reward: a batch is judged at once, and a missing interpreter is an error") {
  if (!there_is_one()) return;
  code_reward reward{.tests = tests_of, .language = shell_code(), .at_once = 3};
  task const t{{{"", "7"}}};
  std::string const right = program_block("sh", "echo 7"), wrong = program_block("sh", "echo 8");
  std::vector<completion<task>> all;
  for (auto const* text : {&right, &wrong, &right, &right, &wrong}) all.push_back({"", *text, {}, false, t});
  CHECK(reward.batch(std::span<completion<task> const>(all)) == std::vector<std::optional<double>>{1., 0., 1., 1., 0.});
  static_assert(batch_reward_for<decltype(reward), task>);
  reward.language.run = {"no-such-interpreter", "{file}"};
  CHECK_THAT(support::refusal<sandbox_error>([&] { of_text(reward, right, t); }),
             ContainsSubstring("no-such-interpreter cannot be started in the sandbox: No such file"));
  reward.at_once = 0;
  CHECK_THAT(support::refusal([&] { reward.batch(std::span<completion<task> const>(all)); }),
             ContainsSubstring("at_once is 0"));
}

TEST_CASE("code_reward: C++ is compiled, and Python run") {
  if (!there_is_one()) return;
  task const t{{{"3 4\n", "7"}, {"1 1\n", "2"}}};
  if (std::filesystem::exists("/usr/bin/c++")) {
    code_reward const reward{.tests = tests_of, .language = cpp_code()};
    CHECK(of_text(reward,
                  program_block(
                      "cpp",
                      "#include <cstdio>\nint main() { int a, b; scanf(\"%d%d\", &a, &b); printf(\"%d\\n\", a + b); }"),
                  t) == 1.);
    CHECK(of_text(reward, program_block("cpp", "int main() { return x; }"), t) == 0.);
    CHECK(of_text(reward, program_block("cpp", "int add(int a, int b) { return a + b; }"),
                  task{{{.code = "int main() { return add(3, 4) - 7; }"}}}) == 1.);
  }
  if (std::filesystem::exists("/usr/bin/python3")) {
    code_reward const reward{.tests = tests_of};
    CHECK(of_text(reward, program_block("python", "print(sum(map(int, input().split())))"), t) == 1.);
    task const asserts{{{.code = "assert add(3, 4) == 7"}, {.code = "assert add(3, 4) == 8"}}};
    CHECK(of_text(reward, program_block("python", "def add(a, b):\n    return a + b"), asserts) == .5);
    CHECK(of_text(reward, program_block("python", "import os\nos._exit(0)"), asserts) == 0.);
  }
}
#endif
