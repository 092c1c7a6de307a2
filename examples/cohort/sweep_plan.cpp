#include "sweep_plan.hpp"

#include <cohort/describe/names.hpp>
#include <cohort/random/stream.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "../program/exit_status.hpp"
#include "toml_file.hpp"

namespace cli {

namespace {

[[noreturn]] void refuse(std::string const& file, toml::node const& node, std::string const& name,
                         std::string const& expected) {
  std::ostringstream given;
  node.visit([&](auto const& one) { given << one; });
  throw program::usage_error(place(file, node) + ": " + name + " is " + given.str() + ", expected " + expected);
}

value value_of(std::string const& file, toml::node const& node, std::string const& name) {
  if (auto const* b = node.as_boolean()) return b->get();
  if (auto const* n = node.as_integer()) return n->get();
  if (auto const* x = node.as_floating_point()) return x->get();
  if (auto const* s = node.as_string()) return s->get();
  std::vector<std::int64_t> list;
  if (auto const* all = node.as_array())
    for (auto const& element : *all) {
      if (!element.is_integer()) refuse(file, element, name, "numbers, words or lists of whole numbers");
      list.push_back(element.as_integer()->get());
    }
  else refuse(file, node, name, "numbers, words or lists of whole numbers");
  return list;
}

varied range_of(std::string const& file, toml::table const& table, std::string const& name) {
  varied field{.name = name, .where = place(file, table)};
  for (auto const& [key, node] : table)
    if (key != "low" && key != "high" && key != "scale")
      throw program::usage_error(place(file, node) + ": " + name + " has a " + std::string(key.str()) +
                                 ", expected low, high and perhaps scale");
  auto const low = table["low"].value<double>(), high = table["high"].value<double>();
  std::string const scale = table["scale"].value_or(std::string("linear"));
  if (!low || !high || !(*low < *high)) refuse(file, table, name, "numbers low and high, low the smaller one");
  if (scale != "linear" && scale != "log") refuse(file, table, name + ".scale", "\"linear\" or \"log\"");
  field.low = *low, field.high = *high, field.logarithmic = scale == "log";
  field.whole = table["low"].is_integer() && table["high"].is_integer();
  if (field.logarithmic && !(field.low > 0))
    refuse(file, table, name + ".low", "a positive number, since the scale is log");
  return field;
}

/// "update.rate" and below: a list of values, or a table with low and high.
void add_varied(std::string const& file, toml::table const& table, std::string const& prefix,
                std::vector<varied>& all) {
  for (auto const& [key, node] : table) {
    std::string const name = prefix + std::string(key.str());
    if (auto const* list = node.as_array()) {
      all.push_back({.name = name, .where = place(file, node)});
      for (auto const& element : *list) all.back().values.push_back(value_of(file, element, name));
      if (list->empty()) refuse(file, node, name, "a list with a value or more");
    } else if (auto const* inner = node.as_table()) {
      if (inner->contains("low") || inner->contains("high")) all.push_back(range_of(file, *inner, name));
      else add_varied(file, *inner, name + ".", all);
    } else {
      refuse(file, node, name, "a list of values, or a table with low and high");
    }
  }
}

}  // namespace

sweep_plan plan_of_file(std::string const& path) {
  auto const file = parsed(path);
  auto const* sweep = file["sweep"].as_table();
  if (!sweep) throw program::usage_error(path + " has no table [sweep], which says what is tried");
  sweep_plan plan{.base = fields_of_file(path, "sweep"), .fields = {}};
  for (auto const& [key, node] : *sweep) {
    std::string const name = "sweep." + std::string(key.str());
    auto whole = [&](std::int64_t& to, std::int64_t most) {
      auto const n = node.value_exact<std::int64_t>();
      if (!n || *n < 1 || *n > most) refuse(path, node, name, "a whole number from 1 to " + std::to_string(most));
      to = *n;
    };
    if (key == "method") {
      plan.method = node.value_or(std::string());
      if (plan.method != "grid" && plan.method != "random" && plan.method != "halving")
        refuse(path, node, name, "\"grid\", \"random\" or \"halving\"");
    } else if (key == "trials") whole(plan.trials, 1'000'000);
    else if (key == "seeds") whole(plan.seeds, 10'000);
    else if (key == "seed") whole(plan.seed, std::int64_t(1) << 62);
    else if (key == "processes") whole(plan.processes, 1024);
    else if (key == "rungs") whole(plan.rungs, 20);
    else if (key == "keep") {
      plan.keep = node.value_or(0.);
      if (!(plan.keep > 0 && plan.keep < 1)) refuse(path, node, name, "a number between 0 and 1");
    } else if (key == "fields" && node.is_table()) add_varied(path, *node.as_table(), "", plan.fields);
    else {
      throw program::usage_error(
          cohort::detail::unknown_name(place(path, node), "field", name,
                                       {"sweep.method", "sweep.trials", "sweep.seeds", "sweep.seed", "sweep.processes",
                                        "sweep.rungs", "sweep.keep", "sweep.fields"})
              .what());
    }
  }
  if (plan.fields.empty()) throw program::usage_error(path + ": [sweep.fields] is empty, expected a field to vary");
  for (auto const& f : plan.fields)
    if (plan.method == "grid" && f.values.empty())
      throw program::usage_error(f.where + ": " + f.name + " is a range, expected a list of values for a grid");
  return plan;
}

std::vector<std::vector<field>> sweep_plan::drawn() const {
  std::vector<std::vector<field>> all;
  if (method == "grid") {
    std::vector<std::size_t> at(fields.size(), 0);
    for (bool more = true; more;) {
      all.emplace_back();
      for (std::size_t i = 0; i < fields.size(); ++i)
        all.back().push_back({fields[i].name, fields[i].values[at[i]], fields[i].where});
      std::size_t i = fields.size();
      while (i > 0 && ++at[i - 1] == fields[i - 1].values.size()) at[--i] = 0;
      more = i > 0;
    }
    return all;
  }
  // A Latin hypercube (McKay et al. 1979): of each field every n-th part is drawn once, so that a dozen trials leave
  // none of its values out.
  all.resize(std::size_t(trials));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    auto const& f = fields[i];
    cohort::random_stream draws{{.seed = std::uint64_t(seed), .use = cohort::draw_purpose::user}, std::uint32_t(i)};
    std::vector<std::size_t> part(all.size());
    for (std::size_t k = 0; k < part.size(); ++k) {
      part[k] = k;
      std::swap(part[k], part[draws.integer(std::uint32_t(k + 1))]);
    }
    for (std::size_t trial = 0; trial < all.size(); ++trial) {
      value v;
      double const u = (double(part[trial]) + draws.uniform()) / double(trials);
      if (!f.values.empty()) v = f.values[std::size_t(u * double(f.values.size()))];
      else {
        double const x = f.logarithmic ? f.low * std::pow(f.high / f.low, u) : f.low + (f.high - f.low) * u;
        if (f.whole)
          v = std::int64_t(std::min(std::floor(f.logarithmic ? x + .5 : f.low + (f.high - f.low + 1) * u), f.high));
        else v = x;
      }
      all[trial].push_back({f.name, v, f.where});
    }
  }
  return all;
}

}  // namespace cli
