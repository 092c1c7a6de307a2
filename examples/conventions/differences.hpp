#pragma once
#include <cohort/preset/as_in/differences.hpp>
#include <sstream>
#include <string>

#include "batch_file.hpp"

// Where two conventions part on one batch.

namespace conventions {

using cohort::preset::as_in::differences;
using cohort::preset::as_in::result;
using cohort::preset::as_in::rule;

/// "A1 step 3" of a step of the batch.
inline std::string place(named_batch const& batch, std::size_t step) {
  auto n = std::size_t(batch.recorded.series_of[step]);
  return batch.series[n] + " step " + std::to_string(step - std::size_t(batch.recorded.offsets[n]) + 1);
}

/// Two numbers with four decimals, or as many as they need to differ.
inline std::pair<std::string, std::string> two_numbers(double a, double b) {
  auto text = [](double x, int digits) {
    if (x == 0) return std::string("0");
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, std::abs(x) < 1e-3 ? "%.*g" : "%.*f", std::abs(x) < 1e-3 ? digits - 1 : digits,
                  x);
    return std::string(buffer);
  };
  int digits = 4;
  while (digits < 12 && a != b && text(a, digits) == text(b, digits)) ++digits;
  return {text(a, digits), text(b, digits)};
}

inline std::string padded(std::string s, std::size_t width) {
  if (s.size() < width) s.resize(width, ' ');
  return s;
}
/// Without the spaces at its end.
inline std::string trimmed(std::string s) { return s.erase(s.find_last_not_of(' ') + 1); }
/// Words in lines up to column 98, the following ones beginning at `column`.
inline std::string wrapped(std::string const& words, std::size_t column) {
  std::string result, line;
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    if (!line.empty() && column + line.size() + 1 + word.size() > 98)
      result += line + "\n" + std::string(column, ' '), line.clear();
    line += (line.empty() ? "" : " ") + word;
  }
  return result + line;
}

inline std::string report(result const& a, result const& b, named_batch const& batch) {
  std::string const name_a = a.rules->name, name_b = b.rules->name;
  std::size_t width = std::max(name_a.size(), name_b.size()) + 2, indent = 15;
  std::size_t valid = 0, groups = batch.recorded.group_offsets.size() - 1;
  for (auto v : batch.recorded.valid) valid += v;
  auto head = [&](std::string const& what) { return padded(what, indent); };
  std::string all = head("a") + padded(name_a, width) + a.rules->library + "\n" + head("b") + padded(name_b, width) +
                    b.rules->library + "\n";
  all += head("batch") + std::to_string(batch.recorded.series()) + " series in " + std::to_string(groups) +
         (groups == 1 ? " group, " : " groups, ") + std::to_string(valid) + " valid steps of " +
         std::to_string(batch.recorded.steps()) + " (" + batch.from + ")\n";
  for (rule const& r : differences(a, b)) {
    all += "\n" + head(r.name);
    std::size_t column = indent + width;
    std::string numbers_a, numbers_b;
    if (!r.both()) {
      all += r.a->empty() && r.b->empty() ? "none in either\n" : "in one alone\n";
    } else if (r.differ == 0) {
      all += "the same at all steps of this batch\n";
    } else {
      all += "differs at " + std::to_string(r.differ) + (r.differ == 1 ? " step: " : " steps, first at ") +
             place(batch, r.first);
      std::vector<std::size_t> shown{r.first};
      if (r.most != r.first) all += ", most at " + place(batch, r.most), shown.push_back(r.most);
      all += "\n";
      for (std::size_t i : shown) {
        auto [x, y] = two_numbers((*r.a)[i], (*r.b)[i]);
        std::size_t w = std::max(x.size(), y.size()) + 2;
        numbers_a += padded(x, w), numbers_b += padded(y, w);
      }
      column += numbers_a.size();
    }
    if (r.in_a == r.in_b && r.differ == 0 && !r.in_a.empty())
      all += std::string(indent, ' ') + padded("both", width) + wrapped(r.in_a, column) + "\n";
    else if (!r.in_a.empty() || r.differ > 0)
      all += trimmed(std::string(indent, ' ') + padded(name_a, width) + numbers_a + wrapped(r.in_a, column)) + "\n" +
             trimmed(std::string(indent, ' ') + padded(name_b, width) + numbers_b + wrapped(r.in_b, column)) + "\n";
  }
  auto totals = [&](char const* what, double x, double y) {
    auto [of_a, of_b] = two_numbers(x, y);
    all += head(what) + padded(name_a, width) + of_a + "\n" + head("") + padded(name_b, width) + of_b + "\n";
  };
  all += "\n", totals("loss", a.loss, b.loss), totals("gradient norm", a.gradient_norm, b.gradient_norm);
  all += "\n" + head("whole loss") + padded(name_a, width) + wrapped(a.objective, indent + width) + "\n" +
         head("as composed") + padded(name_b, width) + wrapped(b.objective, indent + width) + "\n";
  return all;
}

inline cohort::file::json report_json(result const& a, result const& b, named_batch const& batch) {
  using cohort::file::json;
  auto side = [](result const& o) {
    return json{{"name", o.rules->name},    {"library", o.rules->library},
                {"loss", o.loss},           {"gradient_norm", o.gradient_norm},
                {"kl_weight", o.kl_weight}, {"objective", o.objective}};
  };
  json rules = json::array();
  for (rule const& r : differences(a, b)) {
    auto at = [&](std::size_t i) {
      return json{{"step", i}, {"place", place(batch, i)}, {"a", (*r.a)[i]}, {"b", (*r.b)[i]}};
    };
    json entry{{"rule", r.name}, {"in_a", r.in_a},
               {"in_b", r.in_b}, {"steps_that_differ", r.both() ? json(r.differ) : json()},
               {"a", *r.a},      {"b", *r.b}};
    if (r.differ > 0) entry["first"] = at(r.first), entry["most"] = at(r.most);
    rules.push_back(entry);
  }
  return {{"batch", batch.from}, {"a", side(a)}, {"b", side(b)}, {"rules", rules}};
}

}  // namespace conventions
