// A language model learns to add three-digit numbers, from random weights, on a CPU: SFT on worked sums until about
// half of the held-out sums are right, then GRPO (or another algorithm, or several) until at least 95% are.
//
//     addition --seed 1
//     addition --algorithms grpo,dr_grpo,rloo,hybrid_grpo,ppo --no-control
//
// The task is in addition_task.hpp, the algorithms in recipes.hpp, what happens in story.hpp.
#include <unistd.h>
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_files.hpp>
#include <cohort/version.hpp>
#include <fstream>
#include <ostream>

#include "../program/command_line.hpp"
#include "../program/numbers.hpp"
#include "../program/output_folder.hpp"
#include "story_text.hpp"

namespace {

using namespace addition;

struct arguments {
  program::typed digits, seed, threads, algorithms, sft_until, goal, updates, out;
  bool overwrite = false, no_control = false;
};

settings read(arguments const& typed) {
  settings asked;
  asked.digits = program::number_of("--digits", typed.digits, 3, [](int n) { return n == 2 || n == 3; }, "2 or 3");
  asked.seed = program::whole_number_of<std::uint64_t>("--seed", typed.seed, 1, 0);
  asked.threads = program::threads_of(typed.threads);
  asked.sft_until = program::number_of(
      "--sft-until", typed.sft_until, .5, [](double x) { return x >= 0 && x <= 1; }, "a share, 0 to 1");
  asked.goal = program::number_of(
      "--goal", typed.goal, .95, [](double x) { return x > 0 && x <= 1; }, "a share, above 0 and at most 1");
  asked.updates = program::whole_number_of("--updates", typed.updates, 1000l, 1);
  asked.control = !typed.no_control;
  if (typed.algorithms) {
    asked.algorithms.clear();
    for (std::size_t begin = 0; begin <= typed.algorithms->size();) {
      auto const end = std::min(typed.algorithms->find(',', begin), typed.algorithms->size());
      asked.algorithms.push_back(typed.algorithms->substr(begin, end - begin));
      auto const known = known_algorithms();
      if (std::find(known.begin(), known.end(), asked.algorithms.back()) == known.end())
        throw program::usage_error("--algorithms has '" + asked.algorithms.back() + "', expected some of " +
                                   comparing::join(known));
      begin = end + 1;
    }
  }
  return asked;
}

/// The bar on stderr, where that is a terminal; lines of other output first take its place.
class status_line {
 public:
  void show(std::string const& name, cohort::train_report const& r, settings const& asked) {
    if (!shown_ || r.seconds - last_ < .2) return;
    last_ = r.seconds;
    long const most = name == "sft" ? asked.sft_updates : name == "sft_goes_on" ? 0 : asked.updates;
    std::string text = "\r" + display_name(name) + "  update " + std::to_string(r.updates) +
                       (most ? " of at most " + std::to_string(most) : "") + "  " +
                       comparing::thousands(std::llround(double(r.steps) / std::max(r.seconds, 1e-9))) + " tokens/s";
    if (!std::isnan(r.mean_return))
      text += "  reward " + fixed(r.completions.reward, 3) + "  kl " + fixed(r.metrics.reference_kl, 3);
    else text += "  loss " + fixed(r.metrics.loss, 3);
    std::fputs((text + "   ").c_str(), stderr);
    std::fflush(stderr);
  }
  void clear() {
    last_ = -1;
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  bool shown_ = isatty(fileno(stderr));
  double last_ = -1;
};

void tell(arguments const& typed) {
  settings const asked = read(typed);
  program::output_folder folder{typed.out.value_or("build/addition"),
                                typed.overwrite || !typed.out,
                                {"summary.json", "metrics.jsonl", "report.html", "model/"}};
  std::string const version = COHORT_VERSION;
  std::string metrics;
  status_line bar;
  listener const to{.update =
                        [&](std::string const& name, cohort::train_report const& r, record const& seen) {
                          double const progress = double(r.updates - 1) / double(r.total_updates);
                          double const rate = name.starts_with("sft") ? sft().update.optimizer.rate(progress)
                                                                      : on_completions_rate(progress);
                          auto const line = metrics_line(name, r, seen, rate);
                          metrics += line;
                          // To be looked at meanwhile; what counts is written at the end.
                          std::ofstream(folder.unfinished() / "metrics.jsonl", std::ios::app) << line;
                          bar.show(name, r, asked);
                        },
                    .exam =
                        [&](phase const& now) {
                          if (now.name.starts_with("sft") && now.updates % 50 != 0 && !now.reached) return;
                          bar.clear();
                          program::print(exam_line(now) + samples_text(now));
                        }};
  auto const begin = std::chrono::steady_clock::now();
  program::catch_signals();
  storyteller teller{asked, to};
  story const all = teller();
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  bar.clear();
  std::string text =
      "\n" + std::string("Phase         right    updates  seconds   MiB: parameters  optimizer  activations\n");
  for (auto const& p : all.phases) {
    char line[160];
    std::snprintf(line, sizeof line, "%-12s %6.1f%%  %8ld %8.1f %17s %10s %12s\n", display_name(p.name).c_str(),
                  100 * p.right(), p.updates, p.seconds, mebibytes(p.parameter_bytes).c_str(),
                  mebibytes(p.optimizer_bytes).c_str(), mebibytes(p.activation_bytes).c_str());
    text += line;
  }
  program::print(text);
  folder.write({program::text_output("summary.json", summary_json(all, seconds, version).dump(2) + "\n"),
                program::text_output("metrics.jsonl", metrics),
                program::text_output("report.html", report(all, seconds, version)),
                {"model", [&](std::filesystem::path const& to) {
                   // The first algorithm's model, or SFT's if it got no further.
                   cohort::language::write_model<float>(to, model_shape(teller.about()),
                                                        all.parameters[all.parameters.size() > 1 ? 1 : 0]);
                 }}});
  if (program::signal_seen())
    std::fprintf(stderr, "addition: stopped by %s; what was done until then is in %s\n", program::signal_name(),
                 folder.path().c_str());
  program::print("\n" + comparing::clock(seconds) + " in all. The report is " +
                 (folder.path() / "report.html").string() + ", the model is in " + (folder.path() / "model").string() +
                 "\n");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Teaches a small language model to add, from random weights: SFT until about half of 1,000 held-out sums are "
      "right, then GRPO until at least 95% are, and beside it what the same seconds of SFT would have given.",
      "addition"};
  arguments typed;
  program::add(app, "--digits", typed.digits, "digits of the longest operand, 2 or 3 [3]", "N");
  program::add(app, "--seed", typed.seed, "of the weights, the sums and the samples [1]", "N");
  program::add(app, "--threads", typed.threads, "of this machine; results do not depend on them [all]", "N");
  program::add(app, "--algorithms", typed.algorithms,
               "each from where SFT stopped, comma-separated, of " + comparing::join(known_algorithms()) + " [grpo]",
               "NAME,...");
  program::add(app, "--sft-until", typed.sft_until, "share of the held-out sums at which SFT stops [0.5]", "X");
  program::add(app, "--goal", typed.goal, "share of the held-out sums at which an algorithm stops [0.95]", "X");
  program::add(app, "--updates", typed.updates, "after which it stops at the latest [1000]", "N");
  app.add_flag("--no-control", typed.no_control,
               "without going on with SFT for as many seconds as the first algorithm took");
  program::add(app, "--out", typed.out,
               "folder for summary.json, metrics.jsonl, report.html and the model [build/addition, replaced]", "DIR");
  app.add_flag("--overwrite", typed.overwrite, "replace the run that --out holds");
  return program::run(app, argc, argv, [&] { tell(typed); });
}
