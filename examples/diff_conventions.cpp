// Where two libraries part: one batch by the defaults of both, rule by rule.
//
//     diff_conventions --a trl_1_16 --b verl_0_9 [batch.jsonl] [--json]
//     diff_conventions --list
//
// Without a file it is the batch of docs/conventions.md; conventions/batch_file.hpp says what a file holds.
#include <cohort/backend/eigen.hpp>
#include <cstdio>

#include "conventions/differences.hpp"
#include "conventions/worked_batch.hpp"
#include "program/exit_status.hpp"
using namespace cohort;
namespace as_in = preset::as_in;

constexpr char const* usage =
    "usage: diff_conventions --a NAME --b NAME [batch.jsonl] [--json], or diff_conventions --list";

as_in::result evaluate(std::string const& name, preset::recorded_batch const& batch) {
  eigen::basic_backend<double> cpu;
  as_in::result found;
  as_in::with_convention(name, [&](auto convention) {
    try {
      found = as_in::evaluate(cpu, convention, batch);
    } catch (value_error const& e) {
      throw value_error(name + ": " + e.what());
    }
  });
  return found;
}

void list() {
  std::apply([](auto const&... c) { (std::printf("%-22s  %s\n", c.rules.name, c.rules.library), ...); }, as_in::all);
}

conventions::named_batch worked() {
  return {worked_batch().recorded(), {"A1", "A2", "A3", "A4", "B1", "B2", "B3", "B4", "C1"}, "docs/conventions.md"};
}

void compare(int argc, char** argv) {
  std::string a, b, file;
  bool machine = false;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--list") return list();
    if (word == "--json") machine = true;
    else if ((word == "--a" || word == "--b") && i + 1 < argc) (word == "--a" ? a : b) = argv[++i];
    else if (word.substr(0, 1) == "-" || !file.empty())
      throw program::usage_error("'" + word + "' is not expected here; " + usage);
    else file = word;
  }
  if (a.empty() || b.empty()) throw program::usage_error(std::string("two conventions are needed; ") + usage);
  try {
    for (auto const& name : {a, b}) as_in::with_convention(name, [](auto) {});  // before a file is read
  } catch (value_error const& unknown) {
    throw program::usage_error(unknown.what());
  }
  auto batch = file.empty() ? worked() : conventions::read_batch(file);
  auto of_a = evaluate(a, batch.recorded), of_b = evaluate(b, batch.recorded);
  std::puts(machine ? conventions::report_json(of_a, of_b, batch).dump(2).c_str()
                    : conventions::report(of_a, of_b, batch).c_str());
}

int main(int argc, char** argv) {
  return program::guarded("diff_conventions", [&] { compare(argc, argv); });
}
