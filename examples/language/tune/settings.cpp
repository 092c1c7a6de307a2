#include "settings.hpp"

#include <cohort/compare/text.hpp>
#include <cohort/describe/names.hpp>
#include <cohort/file/checksum.hpp>
#include <cohort/file/mapped_file.hpp>
#include <cohort/version.hpp>
#include <filesystem>
#include <map>
#include <sstream>

#include "../../cohort/toml_file.hpp"
#include "../../program/command_line.hpp"
#include "../../program/numbers.hpp"
#include "../../program/words.hpp"
#include "option_table.hpp"

namespace tuning {

namespace {

using program::usage_error;

/// A value as it was typed or stands in a file, and where.
struct given {
  std::string text, where;
};
using values = std::map<std::string, given>;

std::string option_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

template <class T>
bool take(std::string const& text, T& to) {
  if constexpr (std::is_same_v<T, std::string>) {
    to = text;
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    to = text == "true";
    return to || text == "false";
  } else if constexpr (std::is_same_v<T, std::vector<double>>) {
    to.clear();
    for (auto const& word : text.empty() ? std::vector<std::string>{} : program::split(text, ',')) {
      auto const x = program::number<double>(word);
      if (!x || !std::isfinite(*x)) return false;
      to.push_back(*x);
    }
    return true;
  } else {
    auto const n = program::number<T>(text);
    if (n) to = *n;
    return n.has_value();
  }
}

/// `run` with some of its settings set.
void set(settings& run, values const& all) {
  each_setting(run, [&](option_facts const& o, auto& member, auto fits) {
    auto const found = all.find(o.name);
    if (found == all.end()) return;
    auto value = member;
    if (!take(found->second.text, value) || !fits(value))
      throw usage_error(found->second.where + " is '" + found->second.text + "', expected " + o.expected);
    member = value;
  });
}

std::vector<std::string> names(method how) {
  std::vector<std::string> all;
  settings any;
  each_setting(any, [&](option_facts const& o, auto const&, auto const&) {
    if (has(how, o.methods)) all.push_back(o.name);
  });
  return all;
}

values in_file(method how, std::string const& path) {
  values all;
  auto const known = names(how);
  for (auto const& [key, node] : cli::parsed(path)) {
    std::string const name(key.str()), where = cli::place(path, node) + ": " + name;
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw usage_error(cohort::detail::unknown_name(cli::place(path, node), "setting", name, known).what());
    std::ostringstream text;
    auto const put = [&](toml::node const& value) {
      if (auto const* s = value.as_string()) text << s->get();
      else if (auto const* b = value.as_boolean()) text << (b->get() ? "true" : "false");
      else if (auto const* n = value.as_integer()) text << n->get();
      else if (auto const* x = value.as_floating_point()) text << cohort::comparing::shortest(x->get());
      else throw usage_error(where + " is a table, a list of lists or a time, expected a text, a number or a list");
    };
    if (auto const* list = node.as_array())
      for (auto const& element : *list) text << (text.str().empty() ? "" : ","), put(element);
    else put(node);
    all[name] = {text.str(), where};
  }
  return all;
}

void require(settings const& s) {
  auto lacks = [](char const* option) { throw usage_error(std::string(option) + " is required"); };
  if (s.model.empty()) lacks("--model");
  if (s.data.empty()) lacks("--data");
  if (s.how == method::grpo && s.reward.empty()) lacks("--reward");
  if (s.minibatches > s.prompts)
    throw usage_error("--minibatches is '" + std::to_string(s.minibatches) + "', expected at most --prompts, " +
                      std::to_string(s.prompts) + ", since a group stays whole");
}

/// What may not change when a run goes on.
void require_same(settings const& begun, values const& typed) {
  settings asked = begun;
  set(asked, typed);
  std::map<std::string, std::string> before;
  auto text = [](auto const& x) {
    std::ostringstream out;
    if constexpr (requires { x.begin(); }) {
      for (auto const& one : x) out << one << (sizeof one == 1 ? "" : ",");
    } else {
      out << x;
    }
    return out.str();
  };
  each_setting(begun, [&](option_facts const& o, auto const& x, auto const&) { before[o.name] = text(x); });
  each_setting(asked, [&](option_facts const& o, auto const& x, auto const&) {
    if (!o.may_change && text(x) != before[o.name])
      throw usage_error(typed.at(o.name).where + " is '" + typed.at(o.name).text + "', expected '" + before[o.name] +
                        "', that of the run that goes on");
  });
}

}  // namespace

request read_request(method how, int argc, char const* const* argv, bool& asked_for_help) {
  static constexpr char const* about[] = {"Trains a language model by GRPO on prompts and rewards.",
                                          "Trains a language model on prompts and their completions (SFT).",
                                          "Trains a language model on chosen and rejected completions (DPO).",
                                          "Trains a reward model on chosen and rejected completions (Bradley-Terry)."};
  request r;
  r.run.how = how;
  program::typed config, out;
  std::map<std::string, program::typed> typed;
  CLI::App app{about[int(how)], std::string("cohort ") + name_of(how)};
  each_setting(r.run, [&](option_facts const& o, auto const& member, auto const&) {
    if (!has(how, o.methods) || !*o.help) return;
    auto& to = typed[o.name];
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, bool>)
      app.add_flag_callback(option_of(o.name), [&to] { to = "true"; }, o.help);
    else program::add(app, option_of(o.name), to, o.help, o.value);
  });
  program::add(app, "--out", out, "folder for the model, logs, checkpoints and report.html", "DIR")->required();
  program::add(app, "--config", config, "a TOML file with any of these; the command line goes before it", "FILE");
  app.add_flag("--resume", r.resume, "goes on with the run in --out, from its newest checkpoint");
  app.add_flag("--overwrite", r.overwrite, "replaces the run in --out");
  app.add_flag("--plan", r.plan, "says what the run would take in memory, and does nothing");
  app.add_flag("--quiet", r.quiet, "says nothing but errors");
  asked_for_help = !program::parse(app, argc, argv);
  if (asked_for_help) return r;

  r.out = *out;
  values given_here;
  for (auto const& [name, text] : typed)
    if (text) given_here[name] = {*text, option_of(name)};
  if (r.resume) {
    if (config) throw usage_error("--config and --resume exclude each other: the run in --out has its config.toml");
    if (r.overwrite) throw usage_error("--overwrite and --resume exclude each other");
    if (!std::filesystem::exists(r.out + "/config.toml"))
      throw usage_error("--resume: " + r.out + " holds no run (it has no config.toml)");
    set(r.run, in_file(how, r.out + "/config.toml"));
    require_same(r.run, given_here);
  } else if (config) {
    set(r.run, in_file(how, *config));
  }
  set(r.run, given_here);
  if (r.run.rate == 0) r.run.rate = how == method::sft || how == method::reward ? 1e-5 : 1e-6;
  require(r.run);
  return r;
}

std::string as_toml(settings const& s) {
  std::string all = "# Cohort " COHORT_VERSION ", cohort " + std::string(name_of(s.how)) + "\n";
  each_setting(s, [&](option_facts const& o, auto const& member, auto fits) {
    using M = std::remove_cvref_t<decltype(member)>;
    if (!has(s.how, o.methods) || !fits(member)) return;  // what is not given has a value that cannot be
    if constexpr (requires { member.empty(); })
      if (member.empty()) return;
    std::string text;
    if constexpr (std::is_same_v<M, std::string>) {
      std::ostringstream quoted;
      quoted << toml::value<std::string>(member);
      text = quoted.str();
    } else if constexpr (std::is_same_v<M, bool>) text = member ? "true" : "false";
    else if constexpr (std::is_same_v<M, std::vector<double>>) {
      for (double x : member) text += (text.empty() ? "" : ", ") + cohort::comparing::shortest(x);
      text = "[" + text + "]";
    } else if constexpr (std::is_same_v<M, double>) text = cohort::comparing::shortest(member);
    else text = std::to_string(member);
    all += std::string(o.name) + " = " + text + "\n";
  });
  return all;
}

std::string checksum_of(std::string const& path) {
  cohort::file::mapped_file const file{std::filesystem::path(path)};
  char text[9];
  std::snprintf(text, sizeof text, "%08x", unsigned(cohort::file::crc32c(file.bytes())));
  return text;
}

}  // namespace tuning
