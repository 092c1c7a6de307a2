#pragma once
#include <cohort/error.hpp>
#include <fstream>
#include <iterator>

#include "preset_tables.hpp"
#include "tables.hpp"

// A page of the docs whose tables stand between <!-- table: NAME --> and <!-- end -->.

namespace pages {

inline std::string read(std::string const& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw cohort::io_error(file + " cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The table of this name as it is now.
inline std::string table_now(std::string const& name) {
  std::string found;
  each_table([&](char const* one, auto const& components) {
    if (name == one) found = table(components);
  });
  if (name == "pictures") found = pictures();
  if (name == "preset_composition") found = preset_composition();
  if (name == "preset_rollouts") found = preset_rollouts();
  if (name == "preset_sources") found = preset_sources();
  if (found.empty()) throw cohort::value_error("the page asks for a table " + name + ", which there is not");
  return found;
}

/// The page with its tables as they are now.
inline std::string page_now(std::string const& page) {
  std::string const begin = "<!-- table: ", close = " -->\n", end = "<!-- end -->";
  std::string now;
  std::size_t at = 0;
  for (std::size_t first; (first = page.find(begin, at)) != std::string::npos;) {
    std::size_t name = first + begin.size(), last = page.find(close, name), next = page.find(end, name);
    if (last == std::string::npos || next == std::string::npos)
      throw cohort::value_error("a table of the page has no " + end + " after it");
    now += page.substr(at, last + close.size() - at) + "\n" + table_now(page.substr(name, last - name)) + "\n";
    at = next;
  }
  return now + page.substr(at);
}

}  // namespace pages
