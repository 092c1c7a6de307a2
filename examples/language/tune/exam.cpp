#include "exam.hpp"

#include <cohort/statistics/pass_at_k.hpp>
#include <limits>

#include "../../program/exit_status.hpp"

namespace tuning {

using namespace cohort;

double exam_result::at(std::string const& name) const {
  for (auto const& [known, value] : values)
    if (known == name) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

exam::exam(settings const& s, language::data_task const& task, std::vector<language::encoded_row> const& held_out,
           any_run& run)
    : settings_(s),
      task_(task),
      rows_(std::span(held_out).first(std::min(held_out.size(), std::size_t(s.evaluate_rows)))),
      pass_(task.rewards().size()) {
  std::string const wanted = s.pass.empty() ? "accuracy" : s.pass;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < task.rewards().size(); ++i) {
    names.push_back(task.rewards().name(i));
    if (names.back() == wanted) pass_ = i;
  }
  if (!s.pass.empty() && pass_ == names.size())
    throw program::usage_error("--pass is '" + s.pass + "', expected one of the rewards, " + s.reward);
  if (s.how == method::dpo)
    for (std::size_t i = 0; i < rows_.size(); ++i)
      reference_gap_.push_back(log_probability(run, i, 0) - log_probability(run, i, 1));
}

std::string exam::main_value() const {
  if (settings_.how == method::dpo) return "eval/rewards/accuracies";
  if (settings_.how == method::reward) return "eval/accuracy";
  if (settings_.how == method::sft && task_.rewards().size() == 0) return "eval/loss";
  return pass_ < task_.rewards().size() ? "eval/pass@1" : "eval/reward";
}

exam_result exam::operator()(any_run& run) const {
  exam_result result{run.report().updates, run.report().seconds};
  auto put = [&](std::string name, double value) { result.values.emplace_back("eval/" + std::move(name), value); };
  if (settings_.how == method::sft) {
    double sum = 0, tokens = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i)
      sum -= log_probability(run, i, 0), tokens += double(rows_[i].given[0].size());
    put("loss", sum / tokens);
  }
  if (settings_.how == method::dpo) {
    double right = 0, margin = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      double const gap = settings_.beta * (log_probability(run, i, 0) - log_probability(run, i, 1) - reference_gap_[i]);
      right += gap > 0, margin += gap;
    }
    put("rewards/accuracies", right / double(rows_.size()));
    put("rewards/margins", margin / double(rows_.size()));
  }
  if (settings_.how == method::reward) {
    double right = 0, margin = 0, sum = 0;
    for (auto const& row : rows_) {
      double const chosen = run.score(row.prompt, row.given[0]), rejected = run.score(row.prompt, row.given[1]);
      right += chosen > rejected, margin += chosen - rejected, sum += chosen + rejected;
    }
    put("accuracy", right / double(rows_.size()));
    put("margin", margin / double(rows_.size()));
    put("mean_reward", sum / double(2 * rows_.size()));
  }
  if (task_.rewards().size() > 0) generate(run, result);
  return result;
}

void exam::generate(any_run& run, exam_result& to) const {
  std::vector<std::vector<std::int32_t>> prompts;
  for (auto const& row : rows_) prompts.push_back(row.prompt);
  auto const K = std::size_t(settings_.evaluate_samples);
  generation_options how{.group = int(K),
                         .max_tokens = settings_.max_tokens,
                         .stop = task_.stop(),
                         .sampler = sampler_of(settings_),
                         .at_once = std::max(settings_.prompts * settings_.group, int(K))};
  auto const all = run.generate(prompts, how, stream_id{settings_.seed, draw_purpose::evaluation});
  record seen(task_.rewards().size());
  double length = 0, cut = 0;
  std::vector<double> pass_at(K, 0);
  std::vector<language::encoded_row const*> rows;
  for (auto const& row : rows_) rows.push_back(&row);
  std::vector<drawn_completion<language::encoded_row const*>> drawn;
  for (std::size_t i = 0; i < all.size(); ++i) {
    drawn.push_back({rows[i / K], all[i].tokens, all[i].stopped, {std::ptrdiff_t(i / K), std::ptrdiff_t(i % K)}});
    length += double(all[i].tokens.size()), cut += !all[i].stopped;
  }
  std::vector<std::int64_t> passed(rows_.size());
  task_.judge(drawn, [&](auto const& found) {
    seen.add(found);
    if (pass_ < task_.rewards().size()) passed[std::size_t(found.where.prompt)] += found.scores.parts[pass_] >= 1;
  });
  if (pass_ < task_.rewards().size())
    for (std::int64_t const right : passed)
      for (std::size_t k = 1; k <= K; ++k)
        pass_at[k - 1] += statistics::pass_at_k(std::int64_t(K), right, std::int64_t(k)) / double(rows_.size());
  auto put = [&](std::string name, double value) { to.values.emplace_back("eval/" + std::move(name), value); };
  put("reward", seen.total().count > 0 ? seen.total().mean() : std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < task_.rewards().size(); ++i)
    if (seen.part(i).count > 0) put("rewards/" + task_.rewards().name(i) + "/mean", seen.part(i).mean());
  if (pass_ < task_.rewards().size())
    for (std::size_t k = 1; k <= K; k *= 2) put("pass@" + std::to_string(k), pass_at[k - 1]);
  put("completions/mean_length", length / double(all.size()));
  put("completions/clipped_ratio", cut / double(all.size()));
  to.samples = seen.samples();
}

}  // namespace tuning
