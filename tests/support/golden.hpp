#pragma once
#include <cstddef>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "paths.hpp"

// Numbers that the scripts in tests/golden recorded: lines of `name number number ...`, comments after #.
namespace golden {

using table = std::map<std::string, std::vector<double>>;

inline table read(std::string const& file) {
  std::ifstream in(paths::golden(file));
  if (!in) throw std::runtime_error("tests/golden/" + file + " cannot be read");
  table result;
  for (std::string text; std::getline(in, text);) {
    if (text.empty() || text[0] == '#') continue;
    std::istringstream line(text);
    std::string name;
    line >> name;
    auto& numbers = result[name];
    for (std::string word; line >> word;) numbers.push_back(std::stod(word));
  }
  return result;
}

/// A row by name; a missing one is an error and not an empty comparison.
inline std::vector<double> const& row(table const& t, std::string const& name) {
  auto found = t.find(name);
  if (found == t.end() || found->second.empty()) throw std::runtime_error("the recorded numbers have no row " + name);
  return found->second;
}

/// Parameters that were recorded in another library's order, in ours: `inputs_first` says where each stands.
inline std::vector<double> in_our_order(table const& t, std::string const& name) {
  auto const& theirs = row(t, name);
  std::vector<double> ours;
  for (double i : row(t, "inputs_first")) ours.push_back(theirs[std::size_t(i)]);
  return ours;
}

}  // namespace golden
