#pragma once
#include <algorithm>
#include <cohort/compare/chart.hpp>
#include <cohort/compare/report_style.hpp>
#include <cohort/compare/text.hpp>
#include <cstdio>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "story.hpp"

/// A story as lines of a log, as JSON and as a page.
namespace addition {

namespace comparing = cohort::comparing;
using comparing::fixed;

inline std::string display_name(std::string const& phase) {
  static std::map<std::string, std::string> const names{
      {"sft", "SFT"},   {"sft_goes_on", "SFT goes on"}, {"grpo", "GRPO"}, {"dr_grpo", "Dr. GRPO"},
      {"rloo", "RLOO"}, {"hybrid_grpo", "Hybrid GRPO"}, {"ppo", "PPO"}};
  auto const found = names.find(phase);
  return found == names.end() ? phase : found->second;
}

inline std::string percent(double share) { return fixed(100 * share, 1) + "%"; }
inline std::string mebibytes(std::size_t bytes) { return fixed(double(bytes) / (1 << 20), 2); }

/// A line of metrics.jsonl, by TRL's names. Rewards of SFT are absent. What an update looked like is said of its last
/// minibatch.
inline std::string metrics_line(std::string const& name, cohort::train_report const& r, record const& seen,
                                double rate) {
  nlohmann::ordered_json line{{"phase", name},          {"step", r.updates},
                              {"seconds", r.seconds},   {"num_tokens", r.steps},
                              {"loss", r.metrics.loss}, {"grad_norm", r.metrics.gradient_norm},
                              {"learning_rate", rate},  {"entropy", r.metrics.entropy}};
  if (seen.samples().empty()) return line.dump() + "\n";
  auto const& c = r.completions;
  line["reward"] = c.reward;
  line["reward_std"] = c.reward_std;
  line["frac_reward_zero_std"] = c.frac_reward_zero_std;
  line["rewards/format/mean"] = seen.mean_format();
  line["rewards/accuracy/mean"] = seen.mean_accuracy();
  line["kl"] = r.metrics.reference_kl;
  line["clip_ratio/low_mean"] = r.metrics.clip_low;
  line["clip_ratio/high_mean"] = r.metrics.clip_high;
  line["completions/mean_length"] = c.mean_length;
  line["completions/min_length"] = c.min_length;
  line["completions/max_length"] = c.max_length;
  line["completions/clipped_ratio"] = c.clipped_ratio;
  return line.dump() + "\n";
}

/// What an exam said, on one line.
inline std::string exam_line(phase const& now) {
  char line[160];
  std::snprintf(line, sizeof line, "%-12s %5ld updates %7.1f s  %5.1f%% of the held-out sums right\n",
                display_name(now.name).c_str(), now.updates, now.seconds, 100 * now.right());
  return line;
}

inline std::string samples_text(phase const& p) {
  std::string text;
  for (auto const& s : p.samples) text += "  " + s.prompt + s.text + "   reward " + fixed(s.reward, 2) + "\n";
  return text;
}

inline nlohmann::ordered_json summary_json(story const& all, double wall_seconds, std::string const& version) {
  using json = nlohmann::ordered_json;
  json phases = json::array();
  for (auto const& p : all.phases) {
    json exams = json::array();
    for (auto const& e : p.exams) exams.push_back({{"updates", e.updates}, {"seconds", e.seconds}, {"right", e.right}});
    json samples = json::array();
    for (auto const& s : p.samples)
      samples.push_back({{"prompt", s.prompt},
                         {"completion", s.text},
                         {"reward", s.reward},
                         {"format", s.format},
                         {"accuracy", s.accuracy}});
    phases.push_back({{"name", p.name},
                      {"right", p.right()},
                      {"reached", p.reached},
                      {"updates", p.updates},
                      {"seconds", p.seconds},
                      {"parameter_bytes", p.parameter_bytes},
                      {"optimizer_bytes", p.optimizer_bytes},
                      {"activation_bytes", p.activation_bytes},
                      {"exams", exams},
                      {"samples", samples}});
  }
  return {
      {"digits", all.asked.digits}, {"seed", all.asked.seed}, {"goal", all.asked.goal}, {"wall_seconds", wall_seconds},
      {"version", version},         {"stopped", all.stopped}, {"phases", phases}};
}

namespace detail {

inline comparing::chart curves(story const& all) {
  comparing::chart drawing{.id = "right",
                           .title = "Share of the held-out sums that are right, by seconds of training",
                           .x_label = "seconds of training",
                           .by_seconds = true,
                           .threshold = 100 * all.asked.goal,
                           .threshold_label = "goal " + percent(all.asked.goal)};
  double const sft = all.phases.empty() ? 0 : all.phases[0].seconds;
  for (std::size_t i = 0; i < all.phases.size(); ++i) {
    std::vector<comparing::curve_point> line;
    for (auto const& e : all.phases[i].exams)
      line.push_back({e.updates, (i ? sft : 0) + e.seconds, 100 * e.right, 100 * e.right, 100 * e.right});
    drawing.series.push_back(std::move(line));
  }
  return drawing;
}

inline std::string table(story const& all) {
  static constexpr char const* headings[] = {"Held-out sums right", "Updates",        "Seconds",
                                             "Parameters, MiB",     "Optimizer, MiB", "Activations, MiB"};
  std::string out = "<table>\n<thead><tr><th scope=\"col\">Phase</th>";
  for (auto const* h : headings) out += std::string("<th scope=\"col\">") + h + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < all.phases.size(); ++i) {
    auto const& p = all.phases[i];
    std::string const cells[] = {percent(p.right()),           comparing::thousands(p.updates),
                                 fixed(p.seconds, 1),          mebibytes(p.parameter_bytes),
                                 mebibytes(p.optimizer_bytes), mebibytes(p.activation_bytes)};
    out += "<tr><th scope=\"row\"><svg class=\"swatch " + comparing::series_class(i) +
           "\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">" + comparing::marker(i, 7, 7) + "</svg>" +
           comparing::escape_html(display_name(p.name)) + "</th>";
    for (std::size_t c = 0; c < std::size(cells); ++c)
      out += std::string("<td data-label=\"") + headings[c] + "\"><span>" + cells[c] + "</span></td>";
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n";
}

inline std::string samples(story const& all) {
  std::string out;
  for (auto const& p : all.phases)
    if (!p.samples.empty())
      out += "<h3>" + comparing::escape_html(display_name(p.name)) + "</h3>\n<code>" +
             comparing::escape_html(samples_text(p)) + "</code>\n";
  return out;
}

}  // namespace detail

inline std::string report(story const& all, double wall_seconds, std::string const& version) {
  std::string const title = "A language model learns to add";
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n<title>" +
      title + "</title>\n<style>" + comparing::report_style +
      "\n.charts { max-width: 760px; }\nh3 { font-size: 15px; margin: 16px 0 0; }\n.results code { white-space: "
      "pre-wrap; }\n" +
      "</style>\n</head>\n<body>\n<main>\n<h1>" + title + "</h1>\n";
  page += "<p class=\"lead\">Sums of numbers of up to " + std::to_string(all.asked.digits) +
          " digits, from random weights: supervised fine-tuning (SFT) on worked sums, then reinforcement learning on "
          "the rewards of the format and the answer. "
          "The curves show greedy decoding on sums held out of all training.</p>\n" +
          (all.stopped ? "<p class=\"warning\">Stopped by a signal: the last phase is cut short.</p>\n" : "") +
          "<ul class=\"legend\">\n";
  for (std::size_t i = 0; i < all.phases.size(); ++i)
    page += "<li><svg viewBox=\"0 0 52 14\" aria-hidden=\"true\" class=\"" + comparing::series_class(i) +
            "\"><path class=\"line " + comparing::series_class(i) + "\" d=\"M0,7H52\"/>" + comparing::marker(i, 26, 7) +
            "</svg>" + comparing::escape_html(display_name(all.phases[i].name)) + "</li>\n";
  page +=
      "</ul>\n<div class=\"charts\">\n<figure>\n<figcaption><h2>Learning</h2><span>percent of the held-out sums "
      "right</span></figcaption>\n" +
      detail::curves(all).svg() + "</figure>\n</div>\n";
  page += "<section class=\"results\">\n<h2>Results</h2>\n" + detail::table(all) + "</section>\n";
  page +=
      "<section class=\"results\">\n<h2>Some of the last completions</h2>\n" + detail::samples(all) + "</section>\n";
  page +=
      "<p class=\"notes\">Parameters are those of the policy, and of the reference where there is one. A value head "
      "shares the policy's layers; PPO as it is often run on language models has a critic and a reward model of the "
      "policy's size besides: twice the parameters, and twice the optimizer's memory and the activations. \"SFT goes "
      "on\" is the control: the run of SFT, with its optimizer's state, for as many seconds as the first algorithm "
      "took.</p>\n";
  page += "<p class=\"notes\">Made by Cohort " + version + " in " + comparing::clock(wall_seconds) +
          ", exams included: <code>addition --digits " + std::to_string(all.asked.digits) + " --seed " +
          std::to_string(all.asked.seed) + " --algorithms " + comparing::join(all.asked.algorithms, ",") +
          "</code></p>\n";
  return page + "</main>\n</body>\n</html>\n";
}

}  // namespace addition
