#include "tune.hpp"

#include <sys/resource.h>

#include <cohort/language/data/named_rewards.hpp>
#include <cohort/language/data/read_rows.hpp>
#include <cohort/language/data/score_whole.hpp>
#include <cohort/language/data/split.hpp>
#include <cohort/version.hpp>
#include <nlohmann/json.hpp>

#include "../../program/memory.hpp"
#include "../../program/run_folder.hpp"
#include "console.hpp"
#include "journal.hpp"
#include "plan.hpp"
#include "report.hpp"
#include "reward_entries.hpp"

namespace tuning {

namespace {

using namespace cohort;
using nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr char const* of_a_run[] = {"summary.json", "config.toml",       "metrics.jsonl", "evaluations.jsonl",
                                    "adapter",      "completions.jsonl", "report.html",   "model",
                                    "model.gguf",   "tensorboard",       "checkpoints"};

/// The rewards of a run, and the columns that it reads.
struct judges {
  reward_list<language::data_row> rewards;
  std::vector<std::string> given, needed;  // completions; and what rewards read besides

  explicit judges(settings const& s) {
    if (s.how == method::sft) given = {"completion"};
    if (has_pairs(s.how)) given = {"chosen", "rejected"};
    needed = given;
    if (!s.reward.empty()) try {
        rewards = language::named_rewards(s.reward, s.weights, needed, own_rewards());
      } catch (value_error const& e) {
        throw program::usage_error(std::string("--reward: ") + e.what());
      }
  }
};

/// The rows of a run, in the model's tokens.
struct lesson {
  language::model_text text;
  std::optional<language::data_task> task;
  std::vector<language::encoded_row> held_out;
  std::size_t longest_prompt = 0, longest_completion = 0;

  lesson(settings const& s, judges const& by, model_source const& source) : text(source.text()) {
    auto rows = language::split(language::read_rows(s.data, by.needed), s.held_out);
    language::row_encoder const encode(text, {.chat = s.chat, .system = s.system});
    auto encoded = [&](std::vector<language::data_row> some) {
      int const tokens = by.rewards.size() > 0 ? s.max_tokens : 0;
      // A reward model reads all of a completion: with one more token behind it, which is never read.
      int const unread = s.how == method::reward ? 1 : 0;
      auto all = language::encode_rows(std::move(some), encode, by.given, tokens, source.options().context - unread);
      if (unread) language::score_whole(all, language::read_padding(source.path()));
      for (auto const& row : all) {
        longest_prompt = std::max(longest_prompt, row.prompt.size());
        for (auto const& c : row.given) longest_completion = std::max(longest_completion, c.size());
      }
      return all;
    };
    held_out = encoded(std::move(rows.held_out));
    task.emplace(encoded(std::move(rows.train)), text, by.rewards);
  }
};

ordered_json values_of(exam_result const& result) {
  ordered_json all{{"updates", result.updates}, {"seconds", result.seconds}};
  for (auto const& [name, value] : result.values) all[name] = std::isfinite(value) ? ordered_json(value) : nullptr;
  return all;
}

std::string summary(settings const& s, any_run const& run, journal const& log, std::string const& main_value,
                    std::string const& ended_by) {
  auto const& r = run.report();
  rusage most{};
  getrusage(RUSAGE_SELF, &most);
  ordered_json all{{"cohort", COHORT_VERSION}, {"method", name_of(s.how)},
                   {"model", s.model},         {"parts", run.text()},
                   {"seed", s.seed},           {"ended_by", ended_by},
                   {"updates", r.updates},     {"tokens", r.steps},
                   {"seconds", r.seconds},     {"peak_bytes", 1024. * double(most.ru_maxrss)},
                   {"warnings", r.warnings}};
  if (!log.exams().empty()) {
    bool const falls = main_value == "eval/loss";
    auto const best = std::max_element(log.exams().begin(), log.exams().end(), [&](auto const& a, auto const& b) {
      return falls ? a.at(main_value) > b.at(main_value) : a.at(main_value) < b.at(main_value);
    });
    all["judged_by"] = main_value;
    all["first_evaluation"] = values_of(log.exams().front());
    all["best_evaluation"] = values_of(*best);
    all["last_evaluation"] = values_of(log.exams().back());
  }
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

/// Refuses a folder whose disk has no room for a checkpoint beside the one that it replaces, and for the model.
void require_room(settings const& s, fs::path const& out, double parameters) {
  std::error_code unknown;
  auto const there = fs::space(out, unknown);
  double const copies = s.how == method::dpo || s.kl > 0 ? 4 : 3, needed = 4 * parameters * (2 * copies + 1);
  if (!unknown && double(there.available) < needed)
    throw std::runtime_error("the disk of " + out.string() + " has " + program::binary_size(double(there.available)) +
                             " left, expected " + program::binary_size(needed) + " for two checkpoints and the model");
}

void train(request r) {
  settings& s = r.run;
  judges const by(s);
  if (s.how == method::reward) require_folder(s.model);
  model_source const source(s.model);
  if (s.type == "q8_0" && fs::is_directory(s.model))
    throw program::usage_error("--type is 'q8_0', which only GGUF files have; of a folder expected f32, f16 or bf16");
  lesson about(s, by, source);
  auto& task = *about.task;
  double const machine = program::memory_of_machine();
  std::string const plan = memory_plan(s, source, about.longest_prompt, about.longest_completion, machine);
  if (r.plan) return program::print("memory:\n" + plan);
  std::string const checksum = checksum_of(s.data);
  if (r.resume && checksum != s.data_checksum)
    throw program::usage_error(s.data + " is another file than the run was begun with (CRC-32C " + checksum +
                               ", expected " + s.data_checksum + ")");
  s.data_checksum = checksum;
  fs::path const out = r.out;
  program::prepare_run_folder(out, of_a_run, {r.resume, r.overwrite});
  require_room(s, out, source.options().parameters());
  checkpoints kept(out / "checkpoints", {.every = s.checkpoint_every, .keep = 1});
  if (!r.resume) {
    for (auto const& path : kept.files()) fs::remove(path);
    for (auto const* name : of_a_run)
      if (std::string_view(name) != "checkpoints") fs::remove_all(out / name);
  }

  program::catch_signals();
  console screen(s.how, r.quiet);
  auto const run = make_run(s, source, task);
  bool const chat = s.chat || !task.rows()[0].row.turns.empty();
  screen.say(run->text() + "prompts      " +
             (chat ? "in the model's chat format\n"
                   : std::string("continued as they stand") +
                         (about.text.chat ? "; --chat makes them turns of a conversation\n" : "\n")) +
             "data         " + std::to_string(task.rows().size()) + " rows to train on, " +
             std::to_string(about.held_out.size()) + " held out\nmemory, estimated:\n" + plan);
  std::optional<exam> judge;
  if (!about.held_out.empty() && (s.how != method::grpo || task.rewards().size() > 0))
    judge.emplace(s, task, about.held_out, *run);
  if (r.resume) {
    bool const found = run->load_newest(kept);
    for (auto const& complaint : kept.complaints()) std::fprintf(stderr, "cohort: %s\n", complaint.c_str());
    screen.say(found ? "goes on after update " + std::to_string(run->report().updates) + "\n"
                     : "begins anew, since there is no checkpoint yet\n");
    fs::remove(out / "summary.json");
  }
  program::replace_file(out / "config.toml", as_toml(s));
  journal log(out, task, run->report().updates);
  task.watch([&](language::judged_completion const& c) { log.seen().add(c); });
  auto look = [&] {
    auto const updates = run->report().updates;
    if (!judge || (!log.exams().empty() && log.exams().back().updates == updates)) return;
    log.on_exam((*judge)(*run));
    screen.on_exam(log.exams().back(), s.updates, task.rewards());
  };

  auto const is_time = [&] { return run->report().updates % s.evaluation_interval() == 0; };
  if (is_time()) look();
  std::int64_t saved = run->report().updates;
  std::string ended_by;
  while (!program::signal_seen() && (log.seen().clear(), run->step())) {
    auto const& now = run->report();
    log.on_update(now);
    screen.on_update(now);
    if (is_time() && !program::signal_seen()) look();
    if (now.updates % s.checkpoint_every == 0) run->save(kept), saved = now.updates;
  }
  auto const& now = run->report();
  if (program::signal_seen()) ended_by = program::signal_name();
  else ended_by = "updates", look();
  if (saved != now.updates) run->save(kept);
  for (auto const& warning : now.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  std::string const written = run->write(out);
  program::replace_file(out / "report.html", report(s, out, ended_by));
  program::replace_file(out / "summary.json", summary(s, *run, log, judge ? judge->main_value() : "", ended_by));
  screen.say(written + ", the report " + (out / "report.html").string() + "\n");
  if (program::signal_seen())
    std::fprintf(stderr, "cohort: stopped by %s; go on with: cohort %s --resume --out %s\n", program::signal_name(),
                 name_of(s.how), r.out.c_str());
}

}  // namespace

int tune(method how, int argc, char const* const* argv) {
  return program::guarded(std::string("cohort ") + name_of(how), [&] {
    bool helped = false;
    auto r = read_request(how, argc, argv, helped);
    if (!helped) train(std::move(r));
  });
}

}  // namespace tuning
