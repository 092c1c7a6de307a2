#include "report.hpp"

#include <cmath>
#include <cohort/compare/chart.hpp>
#include <cohort/compare/report_style.hpp>
#include <cohort/file/json.hpp>
#include <cohort/version.hpp>
#include <fstream>

namespace tuning {

namespace {

namespace comparing = cohort::comparing;
using cohort::file::json;
using comparing::escape_html;

std::vector<json> lines_of(std::filesystem::path const& path) {
  std::vector<json> all;
  std::ifstream from(path);
  for (std::string line; std::getline(from, line);) all.push_back(json::parse(line));
  return all;
}
double number(json const& line, std::string const& name) {
  auto const found = line.find(name);
  return found != line.end() && found->is_number() ? found->get<double>() : std::nan("");
}

std::string shown(double x) { return std::isfinite(x) ? comparing::fixed(x, std::abs(x) >= 100 ? 1 : 3) : "-"; }

/// A series of a log as a curve over updates, in about 200 pieces, each with its median and quartiles.
std::vector<comparing::curve_point> curve(std::vector<json> const& lines, std::string const& name, bool pieces) {
  std::vector<comparing::curve_point> all;
  std::size_t const together = pieces ? std::max<std::size_t>(1, lines.size() / 100) : 1;
  for (std::size_t first = 0; first < lines.size(); first += together) {
    std::vector<double> some;
    for (std::size_t i = first; i < std::min(first + together, lines.size()); ++i)
      if (double const x = number(lines[i], name); std::isfinite(x)) some.push_back(x);
    if (some.empty()) continue;
    std::sort(some.begin(), some.end());
    auto const at = [&](double p) { return cohort::statistics::sorted_quantile(some, p); };
    long const step = long(number(lines[std::min(first + together, lines.size()) - 1], "step"));
    all.push_back({step, 0, at(.5), at(.25), at(.75)});
  }
  return all;
}

struct figure {
  std::string title, what;
  std::vector<std::pair<std::string, std::vector<comparing::curve_point>>> curves;
};

std::string drawn(figure const& f, std::size_t number) {
  comparing::chart drawing{.id = "chart-" + std::to_string(number), .title = f.title, .x_label = "updates"};
  std::string legend;
  for (auto const& [name, points] : f.curves) {
    std::size_t const i = drawing.series.size();
    legend += "<li><svg viewBox=\"0 0 52 14\" aria-hidden=\"true\" class=\"" + comparing::series_class(i) +
              "\"><path class=\"line " + comparing::series_class(i) + "\" d=\"M0,7H52\"/>" +
              comparing::marker(i, 26, 7) + "</svg>" + escape_html(name) + "</li>\n";
    drawing.series.push_back(points);
  }
  if (f.curves.size() > 1) legend = "<ul class=\"legend\">\n" + legend + "</ul>\n";
  else legend.clear();
  return "<figure>\n<figcaption><h2>" + escape_html(f.title) + "</h2><span>" + escape_html(f.what) +
         "</span></figcaption>\n" + legend + drawing.svg() + "</figure>\n";
}

std::vector<figure> figures(std::vector<json> const& metrics, std::vector<json> const& exams) {
  std::vector<figure> all;
  auto add = [&](std::string title, std::string what, std::vector<json> const& lines, bool pieces,
                 std::vector<std::pair<std::string, std::string>> const& names) {
    figure f{std::move(title), std::move(what), {}};
    for (auto const& [name, shown] : names)
      if (auto points = curve(lines, name, pieces); !points.empty()) f.curves.emplace_back(shown, std::move(points));
    bool const moves = std::any_of(f.curves.begin(), f.curves.end(), [](auto const& c) {
      return std::any_of(c.second.begin(), c.second.end(), [](auto const& p) { return p.low != 0 || p.high != 0; });
    });
    if (moves) all.push_back(std::move(f));
  };
  std::vector<std::pair<std::string, std::string>> of_rewards, of_exams, passes;
  auto between = [](std::string const& name, std::string const& before, std::string const& behind) {
    bool const is = name.size() > before.size() + behind.size() && name.starts_with(before) && name.ends_with(behind);
    return is ? name.substr(before.size(), name.size() - before.size() - behind.size()) : "";
  };
  for (auto const& lines : {&metrics, &exams})
    if (!lines->empty())
      for (auto const& [name, value] : lines->back().items()) {
        if (auto const r = between(name, "rewards/", "/mean"); !r.empty()) of_rewards.emplace_back(name, r);
        if (auto const r = between(name, "eval/rewards/", "/mean"); !r.empty()) of_exams.emplace_back(name, r);
        if (name.starts_with("eval/pass@")) passes.emplace_back(name, name.substr(5));
      }
  add("Passed, held out", "share of the held-out rows, pass@k without bias", exams, false, passes);
  add("Reward, held out", "mean over the held-out rows", exams, false, {{"eval/reward", "reward"}});
  if (of_exams.size() > 1) add("Rewards, held out", "means, without their weights", exams, false, of_exams);
  add("Loss, held out", "-ln p a token of the known completions", exams, false, {{"eval/loss", "loss"}});
  add("Preferences, held out", "share of the pairs whose chosen completion gained more", exams, false,
      {{"eval/rewards/accuracies", "accuracy"}});
  add("Margin, held out", "beta times what the chosen completions gained over the rejected ones", exams, false,
      {{"eval/rewards/margins", "margin"}});
  add("Reward", "mean of an update's completions, with their weights", metrics, true, {{"reward", "reward"}});
  if (of_rewards.size() > 1) add("Rewards", "means, without their weights", metrics, true, of_rewards);
  if (!number(metrics.empty() ? json::object() : metrics.back(), "reward") || of_rewards.empty())
    add("Loss", "of an update's rows", metrics, true, {{"loss", "loss"}});
  add("Length", "tokens of a completion", metrics, true,
      {{"completions/mean_length", "mean"}, {"completions/max_length", "longest"}});
  add("Cut off", "share of the completions that reached the limit", metrics, true,
      {{"completions/clipped_ratio", "cut off"}});
  add("Groups that teach nothing", "share whose completions all have the same reward", metrics, true,
      {{"frac_reward_zero_std", "share"}});
  add("Entropy", "nats a token", metrics, true, {{"entropy", "entropy"}});
  add("KL", "k3 to the model at the beginning, nats a token", metrics, true, {{"kl", "kl"}});
  add("Clipped", "share of the tokens", metrics, true,
      {{"clip_ratio/low_mean", "below"}, {"clip_ratio/high_mean", "above"}});
  add("Gradient", "norm before it is clipped", metrics, true, {{"grad_norm", "norm"}});
  return all;
}

/// Best and worst completions at a few places of the run.
std::string samples(std::vector<json> const& all, char const* kind, std::string const& title) {
  std::vector<json const*> of_kind;
  for (auto const& line : all)
    if (line.value("kind", "") == kind) of_kind.push_back(&line);
  if (of_kind.empty()) return "";
  std::string out = "<section class=\"results\">\n<h2>" + title +
                    "</h2>\n<table class=\"parts\">\n<thead><tr>"
                    "<th scope=\"col\">Update</th><th scope=\"col\">Reward</th><th scope=\"col\">Prompt</th>"
                    "<th scope=\"col\">Completion</th></tr></thead>\n<tbody>\n";
  constexpr std::size_t most = 6;
  std::size_t const rows = std::min(most, of_kind.size());
  for (std::size_t k = 0; k < rows; ++k) {
    json const& c = *of_kind[rows == 1 ? 0 : k * (of_kind.size() - 1) / (rows - 1)];
    std::string parts = shown(number(c, "reward"));
    auto const is_part = [](auto const& item) {
      return item.key().starts_with("rewards/") && item.value().is_number();
    };
    int several = 0;
    for (auto const& item : c.items()) several += is_part(item);
    for (auto const& item : c.items())
      if (several > 1 && is_part(item))
        parts += "<br>" + escape_html(item.key().substr(8)) + " " + shown(item.value().get<double>());
    auto cell = [](char const* label, std::string const& html) {
      return std::string("<td data-label=\"") + label + "\">" + html + "</td>";
    };
    out += "<tr><th scope=\"row\">" + std::to_string(c.value("step", 0)) + "</th>" + cell("Reward", parts) +
           cell("Prompt", escape_html(c.value("prompt", ""))) +
           cell("Completion", escape_html(c.value("completion", "")) + (c.value("truncated", false) ? " [...]" : "")) +
           "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</section>\n";
}

std::string results(std::vector<json> const& exams) {
  if (exams.empty()) return "";
  std::string out =
      "<section class=\"results\">\n<h2>Held-out rows</h2>\n<table>\n<thead><tr><th scope=\"col\">Value</th>"
      "<th scope=\"col\">At the beginning</th><th scope=\"col\">At the end</th></tr></thead>\n<tbody>\n";
  for (auto const& [name, last] : exams.back().items()) {
    if (!name.starts_with("eval/") || !last.is_number()) continue;
    auto cell = [&](char const* label, double x) {
      return std::string("<td data-label=\"") + label + "\"><span>" + shown(x) + "</span></td>";
    };
    out += "<tr><th scope=\"row\">" + escape_html(name.substr(5)) + "</th>" +
           cell("At the beginning", number(exams.front(), name)) + cell("At the end", last.get<double>()) + "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</section>\n";
}

}  // namespace

std::string report(settings const& s, std::filesystem::path const& folder, std::string const& ended_by) {
  auto const metrics = lines_of(folder / "metrics.jsonl"), exams = lines_of(folder / "evaluations.jsonl"),
             completions = lines_of(folder / "completions.jsonl");
  static constexpr char const* names[] = {"GRPO", "SFT", "DPO", "Reward model"};
  std::string const method = names[int(s.how)];
  std::string const model = std::filesystem::path(s.model).filename().string(),
                    data = std::filesystem::path(s.data).filename().string();
  std::string const title = method + " of " + (model.empty() ? s.model : model) + " on " + data;
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n<title>" +
      escape_html(title) + "</title>\n<style>" + comparing::report_style +
      "\nh1 { overflow-wrap: anywhere; }\n.parts td { white-space: pre-wrap; }\nfigure .legend { font-size: 14px; "
      "margin-bottom: 8px; }\n</style>\n</head>\n<body>\n<main>\n<h1>" +
      escape_html(title) + "</h1>\n<p class=\"lead\">";
  double const updates = metrics.empty() ? 0 : number(metrics.back(), "step"),
               seconds = metrics.empty() ? 0 : number(metrics.back(), "time/time_elapsed"),
               tokens = metrics.empty() ? 0 : number(metrics.back(), "num_tokens");
  page += comparing::thousands(std::llround(updates)) + " updates, " + comparing::thousands(std::llround(tokens)) +
          " tokens of completions in " + comparing::clock(seconds) + " of training" +
          (s.reward.empty() ? "" : ", rewards " + escape_html(s.reward)) + ", seed " + std::to_string(s.seed) +
          ".</p>\n";
  if (ended_by != "updates")
    page += "<p class=\"warning\">Stopped by " + escape_html(ended_by) + " before its " +
            comparing::thousands(s.updates) + " updates were done.</p>\n";
  page += "<div class=\"charts\">\n";
  std::size_t n = 0;
  for (auto const& f : figures(metrics, exams)) page += drawn(f, n++);
  page += "</div>\n<p class=\"note\">" +
          std::string(metrics.size() >= 200 ? "Lines are medians over some updates, bands their quartiles. " : "") +
          "What an update looked like is said of its last minibatch. What was 0 throughout is not shown.</p>\n" +
          results(exams) + samples(completions, "best", "The best completions of some updates") +
          samples(completions, "worst", "The worst ones") +
          samples(completions, "held out", "Completions of held-out prompts") +
          "<p class=\"notes\">Made by Cohort " COHORT_VERSION
          "; config.toml beside this page runs it again: <code>cohort " +
          name_of(s.how) + " --config config.toml --out NEW</code></p>\n";
  return page + "</main>\n</body>\n</html>\n";
}

}  // namespace tuning
