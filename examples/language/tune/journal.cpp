#include "journal.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../../program/run_folder.hpp"

namespace tuning {

namespace {

using namespace cohort;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// A log's path, cut off behind the last line of an update that stays.
std::string cut(fs::path const& path, char const* key, std::int64_t updates) {
  program::replace_file(path, program::lines_until(path, key, updates));
  return path.string();
}
ordered_json finite(double x) { return std::isfinite(x) ? ordered_json(x) : ordered_json(); }

}  // namespace

journal::journal(fs::path const& out, language::data_task const& task, std::int64_t updates)
    : rewards_(task.rewards()),
      seen_(task.rewards().size()),
      metrics_(cut(out / "metrics.jsonl", "step", updates), existing::append, columns()),
      board_(out / "tensorboard", updates > 0 ? existing::append : existing::replace, columns()),
      evaluations_("journal", cut(out / "evaluations.jsonl", "step", updates), existing::append),
      completions_("journal", cut(out / "completions.jsonl", "step", updates), existing::append) {
  std::ifstream before(out / "evaluations.jsonl");
  for (std::string line; std::getline(before, line);) {
    exam_result one;
    auto const read = ordered_json::parse(line);
    for (auto const& [name, value] : read.items())
      if (name == "step") one.updates = value.get<std::int64_t>();
      else if (name == "seconds") one.seconds = value.get<double>();
      else one.values.emplace_back(name, value.is_number() ? value.get<double>() : none);
    exams_.push_back(std::move(one));
  }
}

std::vector<log_column> journal::columns() const {
  std::vector<log_column> all;
  for (std::size_t i = 0; i < rewards_.size(); ++i) {
    auto add = [&](char const* what, double (detail::welford::*of)() const, double least) {
      all.push_back({"rewards/" + rewards_.name(i) + what, [this, i, of, least](train_report const&) {
                       auto const& w = seen_.part(i);
                       return w.count >= least ? (w.*of)() : none;
                     }});
    };
    add("/mean", &detail::welford::mean, 1), add("/std", &detail::welford::deviation, 2);
  }
  return all;
}

void journal::on_update(train_report const& r) {
  metrics_.on_update(r);
  board_.on_update(r);
  write("sample", r.updates, seen_.samples()), write("best", r.updates, seen_.best());
  write("worst", r.updates, seen_.worst());
}

void journal::write(char const* kind, std::int64_t step, std::vector<shown_completion> const& all) {
  for (auto const& c : all) {
    ordered_json line{{"step", step},
                      {"kind", kind},
                      {"row", c.row},
                      {"prompt", c.prompt},
                      {"completion", c.text},
                      {"tokens", c.tokens},
                      {"truncated", c.truncated},
                      {"reward", finite(c.total)}};
    for (std::size_t i = 0; i < c.parts.size(); ++i) line["rewards/" + rewards_.name(i)] = finite(c.parts[i]);
    completions_.write(line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n');
  }
}

void journal::on_exam(exam_result const& result) {
  ordered_json line{{"step", result.updates}, {"seconds", result.seconds}};
  for (auto const& [name, value] : result.values) line[name] = finite(value);
  evaluations_.write(line.dump() + '\n');
  write("held out", result.updates, result.samples);
  exams_.push_back(result);
}

}  // namespace tuning
