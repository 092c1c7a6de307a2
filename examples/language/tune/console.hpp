#pragma once
#include <unistd.h>

#include <chrono>
#include <cohort/compare/text.hpp>
#include <cohort/run/train_report.hpp>

#include "../../program/exit_status.hpp"
#include "exam.hpp"

namespace tuning {

/// What people see of a run: a line on stderr where that is a terminal, and lines and samples on stdout at evaluations.
class console {
 public:
  console(method how, bool quiet) : how_(how), quiet_(quiet), shown_(!quiet && isatty(fileno(stderr))) {}

  void say(std::string const& text) {
    clear();
    if (!quiet_) program::print(text);
  }
  /// The time left goes by the wall clock, evaluations and checkpoints included, since this program began.
  void on_update(cohort::train_report const& r) {
    if (first_ < 0) first_ = r.updates - 1;
    if (!shown_) return;
    std::string text = "\r\033[K" + std::string(name_of(how_)) + "  update " + std::to_string(r.updates) + " of " +
                       std::to_string(r.total_updates);
    text += how_ == method::grpo ? number("reward", r.completions.reward) + number("length", r.completions.mean_length)
                                 : number("loss", r.metrics.loss);
    if (r.metrics.reference_kl == r.metrics.reference_kl && how_ == method::grpo && r.metrics.reference_kl != 0)
      text += number("kl", r.metrics.reference_kl);
    double const left = seconds() * double(r.total_updates - r.updates) / double(r.updates - first_);
    text += "  " + cohort::comparing::thousands(std::llround(double(r.steps) / std::max(r.seconds, 1e-9))) +
            " tokens/s  " + cohort::comparing::clock(left) + " left ";
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
  }
  void on_exam(exam_result const& result, std::int64_t updates,
               cohort::reward_list<cohort::language::data_row> const& rewards) {
    std::string text = "update " + std::to_string(result.updates) + " of " + std::to_string(updates) + ", " +
                       cohort::comparing::clock(seconds()) + ", held out:";
    for (auto const& [name, value] : result.values)
      if (rewards.size() > 1 || !name.ends_with("/mean"))  // that of a single reward is the reward
        text += (text.back() == ':' ? " " : ", ") + name.substr(name.find('/') + 1) + " " + short_number(value);
    say(text + "\n" + table(result.samples, rewards));
  }
  void clear() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  static std::string short_number(double x) {
    return x == x ? cohort::comparing::fixed(x, std::abs(x) >= 100 ? 1 : std::abs(x) >= 1 ? 2 : 3) : "-";
  }
  static std::string number(char const* name, double x) { return "  " + std::string(name) + " " + short_number(x); }
  /// The beginning of a text on one line, in quotes.
  static std::string begin_of(std::string const& text, std::size_t most) {
    std::string line = cohort::comparing::one_line(text);
    if (line.size() > most) {
      line.resize(most);
      while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80)) line.pop_back();  // no half characters
      line += "...";
    }
    return '"' + line + '"';
  }
  /// Completions, a line each, behind the rewards.
  static std::string table(std::vector<shown_completion> const& all,
                           cohort::reward_list<cohort::language::data_row> const& rewards) {
    if (all.empty()) return "";
    std::string text = "    reward";
    std::vector<std::size_t> width;
    std::size_t const parts = rewards.size() > 1 ? rewards.size() : 0;
    for (std::size_t i = 0; i < parts; ++i) {
      width.push_back(std::max<std::size_t>(rewards.name(i).size(), 7));
      text += "  " + std::string(width.back() - rewards.name(i).size(), ' ') + rewards.name(i);
    }
    text += "  prompt, completion\n";
    for (auto const& c : all) {
      auto cell = [&](double x, std::size_t wide) {
        std::string const s = short_number(x);
        text += std::string(wide > s.size() ? wide - s.size() : 0, ' ') + s;
      };
      cell(c.total, 10);
      for (std::size_t i = 0; i < parts; ++i) text += "  ", cell(c.parts[i], width[i]);
      text += "  " + begin_of(c.prompt, 30) + " " + begin_of(c.text, 70) + "\n";
    }
    return text;
  }
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

  method how_;
  bool quiet_, shown_;
  std::int64_t first_ = -1;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace tuning
