#pragma once
#include <cohort/language/reward/batch.hpp>
#include <cohort/language/reward/fenced.hpp>
#include <cohort/language/reward/same.hpp>
#include <cohort/language/reward/sandbox/sandbox.hpp>
#include <cstddef>
#include <random>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// How programs of a language are found in a text, and run; {file} stands for the program's file.
struct code_language {
  std::vector<std::string> fences;     ///< what its fences may be called
  std::string ending;                  ///< of its files' names
  std::vector<std::string> compile{};  ///< a command; empty: none
  std::vector<std::string> run;        ///< a command
  std::string at_end{};                ///< a statement that prints {text}, which ends a program with its test
};

inline code_language python_code() {
  return {{"python", "py", "python3"}, ".py", {}, {"python3", "-I", "{file}"}, "print(\"{text}\")\n"};
}
/// A test in code is a function main that the test brings.
inline code_language cpp_code() {
  return {{"cpp", "c++", "cc", "cxx"},
          ".cpp",
          {"c++", "-std=c++20", "-O1", "{file}", "-o", "{file}.out"},
          {"./{file}.out"}};
}
inline code_language shell_code() {
  return {{"sh", "bash", "shell"}, ".sh", {}, {"sh", "{file}"}, "echo \"{text}\"\n"};
}

/// A test of a program: it prints `output` when its stdin has `input`; or, where `code` is not empty, it ends with
/// status 0 with this behind it in its file, and without having stopped before the end of that.
struct code_test {
  std::string input{}, output{}, code{};
};

/// What counts of several tests.
enum class tests_passed { share, all };

/// The share of its tests that the program in a completion passes, in [0, 1], or with tests_passed::all 1 where it
/// passes all of them and else 0; 0 where there is no program in the text; absent where the row has no tests.
///
///     code_reward{.tests = [](row const& r) { return r.tests; }}                        std::vector<code_test>
///     code_reward{.tests = ..., .language = cpp_code(), .limits = {.wall_seconds = 2}}
///
/// The program is the last fenced block of the language. It is compiled, where it has to be, and run once for each
/// test, in a sandbox of its own whose folder the tests share. Outputs are compared line by line, without the white
/// space at the ends of lines and of the whole. A program that breaks a limit fails its test. Where the sandbox cannot
/// be had, or has no such compiler or interpreter, it is a sandbox_error: nothing runs without. Safe from several
/// threads.
template <class Tests>
struct code_reward {
  Tests tests;  ///< from a row to a std::vector<code_test>
  code_language language = python_code();
  sandbox_limits limits{};  ///< of a test
  sandbox_limits compile_limits{.wall_seconds = 30, .cpu_seconds = 30, .memory = std::size_t(2) << 30};
  sandbox_options box{};
  tests_passed score = tests_passed::share;
  int at_once = 2;  ///< completions of a batch; > 0

  template <class Row>
    requires std::is_convertible_v<std::invoke_result_t<Tests const&, Row const&>, std::vector<code_test>>
  std::optional<double> operator()(completion<Row> const& c) const {
    std::vector<code_test> const all = tests(c.row);
    if (all.empty()) return std::nullopt;
    auto const program = fenced{language.fences}(c.text);
    if (!program) return 0;
    std::size_t passed = 0;
    constexpr std::size_t most = 32;  // in a sandbox, for each has three files open
    for (std::size_t first = 0; first < all.size(); first += most)
      passed += passed_of(*program, std::span(all).subspan(first, std::min(most, all.size() - first)));
    return score == tests_passed::all ? double(passed == all.size()) : double(passed) / double(all.size());
  }
  template <class Row>
    requires std::is_convertible_v<std::invoke_result_t<Tests const&, Row const&>, std::vector<code_test>>
  std::vector<std::optional<double>> batch(std::span<completion<Row> const> all) const {
    detail::require(at_once > 0, "code_reward", "at_once", at_once, "a positive number");
    return detail::in_pieces(
        all.size(), 1, at_once, when_failing::stop,
        [&](std::size_t i, std::span<std::optional<double>> value) { value[0] = (*this)(all[i]); });
  }

 private:
  static std::vector<std::string> with_file(std::vector<std::string> command, std::string const& file) {
    for (auto& word : command) detail::replace_all(word, "{file}", file);
    return command;
  }
  static std::string without_ends(std::string_view text) {
    std::string lines;
    for (std::size_t at = 0; at <= text.size();) {
      std::size_t const end = std::min(text.find('\n', at), text.size());
      std::string_view const line = text.substr(at, end - at);
      lines += line.substr(0, line.find_last_not_of(" \t\r\v\f") + 1);
      lines += '\n';
      at = end + 1;
    }
    lines.erase(lines.find_last_not_of('\n') + 1);
    return lines;
  }

  std::size_t passed_of(std::string_view program, std::span<code_test const> some) const {
    std::vector<sandbox_file> files;
    std::vector<sandbox_step> steps;
    std::vector<std::size_t> step_of;  // a test's
    std::random_device random;
    std::string const word = "passed-" + std::to_string(random()) + std::to_string(random());
    auto const add = [&](std::string const& name, std::string code) {
      files.push_back({name, std::move(code)});
      if (!language.compile.empty()) steps.push_back({with_file(language.compile, name), {}, compile_limits});
    };
    bool plain = false;
    for (auto const& test : some) {
      std::string name = "program" + language.ending;
      if (!test.code.empty()) {
        name = "test" + std::to_string(step_of.size()) + language.ending;
        std::string end = language.at_end;
        detail::replace_all(end, "{text}", word);
        add(name, std::string(program) + "\n" + test.code + "\n" + end);
      } else if (!std::exchange(plain, true)) {
        add(name, std::string(program));
      }
      step_of.push_back(steps.size());
      steps.push_back({with_file(language.run, name), test.input, limits});
    }
    auto const results = sandbox(box).run(files, steps);
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (results[i].end == sandbox_end::not_found && steps[i].command[0].find("./") != 0)
        throw sandbox_error("code_reward: " + steps[i].command[0] +
                            " cannot be started in the sandbox: " + std::generic_category().message(results[i].status));
    std::size_t passed = 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
      auto const& r = results[step_of[i]];
      if (!r.ok()) continue;
      std::string const out = without_ends(r.out);
      bool const whole = language.at_end.empty() || out.ends_with(word);
      passed += some[i].code.empty() ? out == without_ends(some[i].output) : whole;
    }
    return passed;
  }
};

}  // namespace COHORT_NAMESPACE
