#include "config.hpp"

#include <cohort/compare/text.hpp>
#include <cohort/describe/names.hpp>
#include <cohort/version.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <sstream>

#include "../program/exit_status.hpp"
#include "../program/numbers.hpp"
#include "../program/words.hpp"
#include "toml_file.hpp"

namespace cli {

namespace {

constexpr std::array parts{"rollout", "reward", "advantage", "objective", "aggregation", "update", "reference"};

/// A name as TOML's keys have it: in quotes where it is none by itself.
std::string as_key(std::string const& name) {
  std::string all;
  for (auto const& word : program::split(name, '.')) {
    bool const bare = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-';
    });
    all += (all.empty() ? "" : ".") + (bare ? word : '"' + word + '"');
  }
  return all;
}

}  // namespace

std::string shown(value const& given) {
  return std::visit(
      []<class V>(V const& v) -> std::string {
        if constexpr (std::is_same_v<V, bool>) return v ? "true" : "false";
        else if constexpr (std::is_same_v<V, std::string>) return '"' + v + '"';
        else if constexpr (std::is_same_v<V, std::vector<std::int64_t>>) {
          std::string all = "[";
          for (auto n : v) all += (all.size() > 1 ? ", " : "") + std::to_string(n);
          return all + "]";
        } else if constexpr (std::is_same_v<V, std::int64_t>) return std::to_string(v);
        else return cohort::comparing::shortest(v);
      },
      given);
}

namespace {

/// Whether a value can be a member, which it then becomes.
template <class T>
bool take(value const& given, T& to) {
  if constexpr (std::is_same_v<T, double>) {
    if (auto const* n = std::get_if<std::int64_t>(&given)) return to = double(*n), true;
  }
  if constexpr (std::is_same_v<T, std::int64_t>)
    if (auto const* x = std::get_if<double>(&given); x && *x == std::floor(*x) && std::abs(*x) < 0x1p63)
      return to = std::int64_t(*x), true;  // 1e6
  if constexpr (std::is_same_v<T, std::vector<std::int64_t>>)
    if (auto const* n = std::get_if<std::int64_t>(&given)) return to = {*n}, true;
  if constexpr (std::is_enum_v<T>) {
    auto const* word = std::get_if<std::string>(&given);
    auto const found = cohort::detail::enumerator_named<T>(word ? *word : "");
    if (found) to = *found;
    return found.has_value();
  } else {
    auto const* same = std::get_if<T>(&given);
    if (same) to = *same;
    return same;
  }
}

[[noreturn]] void refuse(field const& f, std::string const& expected) {
  throw program::usage_error(f.where + ": " + f.name + " is " + shown(f.given) + ", expected " + expected);
}

cohort::setting as_setting(field const& f) {
  return std::visit(
      [&]<class V>(V const& given) -> cohort::setting {
        if constexpr (std::is_same_v<V, std::vector<std::int64_t>>) refuse(f, "a number, a word, true or false");
        else return {f.name, given};
      },
      f.given);
}

std::vector<std::string> names(config& c) {
  std::vector<std::string> all;
  each_field(c, [&](char const* name, auto const&...) { all.push_back(name); });
  return all;
}

value value_of(std::string const& text) {
  if (text == "true" || text == "false") return text == "true";
  if (auto const n = program::number<std::int64_t>(text)) return *n;
  if (auto const x = program::number<double>(text)) return *x;
  std::vector<std::int64_t> list;
  for (auto const& word : program::split(text, ',')) {
    auto const n = program::number<std::int64_t>(word);
    if (!n) return text;
    list.push_back(*n);
  }
  return list;
}

void add_fields(toml::table const& table, std::string const& file, std::string const& prefix, std::vector<field>& all) {
  for (auto const& [key, node] : table) {
    std::string const name = prefix + std::string(key.str());
    std::string const where = place(file, node);
    auto add = [&](value v) { all.push_back({name, std::move(v), where}); };
    if (auto const* inner = node.as_table()) add_fields(*inner, file, name + ".", all);
    else if (auto const* b = node.as_boolean()) add(b->get());
    else if (auto const* n = node.as_integer()) add(n->get());
    else if (auto const* x = node.as_floating_point()) add(x->get());
    else if (auto const* s = node.as_string()) add(s->get());
    else if (auto const* list = node.as_array()) {
      std::vector<std::int64_t> numbers;
      for (auto const& element : *list) {
        auto const* one = element.as_integer();
        if (!one)
          throw program::usage_error(where + ": " + name + " is a list of something else, expected whole numbers");
        numbers.push_back(one->get());
      }
      add(numbers);
    } else {
      throw program::usage_error(where + ": " + name + " is a date or a time, expected a number, a word or a list");
    }
  }
}

}  // namespace

void set_fields(config& to, std::vector<field> const& fields) {
  for (field const& f : fields) {
    bool known = false;
    each_field(to, [&](std::string const& name, auto& member, std::string const& expected, auto fits) {
      if (name != f.name) return;
      known = true;
      auto found = member;
      if (!take(f.given, found) || !fits(found)) refuse(f, expected);
      member = found;
      to.where[name] = f.where;
    });
    if (known) continue;
    auto const part = f.name.substr(0, f.name.find('.'));
    if (part == "with" && part != f.name) {
      auto parameter = as_setting(f);
      parameter.name = f.name.substr(part.size() + 1);
      to.parameters.push_back({parameter, f.where});
      continue;
    }
    if (std::find(parts.begin(), parts.end(), part) == parts.end() || part == f.name) {
      auto all = names(to);
      all.push_back("with.(a parameter of the environment)");
      for (auto const* p : parts) all.push_back(std::string(p) + ".(a parameter of the algorithm)");
      throw program::usage_error(cohort::detail::unknown_name(f.where, "field", f.name, all).what());
    }
    to.settings.push_back({as_setting(f), f.where});
  }
}

std::vector<field> fields_of_file(std::string const& path, std::string const& apart) {
  std::vector<field> all;
  auto table = parsed(path);
  table.erase(apart);
  add_fields(table, path, "", all);
  return all;
}

std::vector<field> fields_of_arguments(std::vector<std::string> const& arguments) {
  std::vector<field> all;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string const& word = arguments[i];
    if (!word.starts_with("--") || word.size() == 2)
      throw program::usage_error("'" + word + "' stands where an option was expected, such as --steps 1000");
    auto const equals = word.find('=');
    std::string const name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
    if (equals == word.npos && i + 1 == arguments.size()) throw program::usage_error(word + " has no value");
    all.push_back({name, value_of(equals == word.npos ? arguments[++i] : word.substr(equals + 1)), "--" + name});
  }
  return all;
}

std::string as_argument(field const& f) {
  std::string text;
  if (auto const* word = std::get_if<std::string>(&f.given)) text = *word;
  else if (auto const* list = std::get_if<std::vector<std::int64_t>>(&f.given)) {
    for (auto n : *list) text += (text.empty() ? "" : ",") + std::to_string(n);
  } else text = shown(f.given);
  return "--" + f.name + "=" + text;
}

std::string as_toml(config const& c, std::string const& algorithm_text, std::vector<cohort::setting> const& settings) {
  std::string all = "# Cohort " COHORT_VERSION "\n", section;
  std::istringstream lines(algorithm_text);
  for (std::string line; std::getline(lines, line);) all += "# " + line + "\n";
  auto put = [&](std::string const& name, std::string const& text) {
    auto const dot = name.find('.');
    std::string const in = dot == name.npos ? "" : name.substr(0, dot);
    if (in != section) all += "\n[" + (section = in) + "]\n";
    all += as_key(dot == name.npos ? name : name.substr(dot + 1)) + " = " + text + "\n";
  };
  each_field(c, [&]<class M>(std::string const& name, M const& member, auto const&...) {
    if (!c.network.empty() && (name == "policy.hidden" || name == "policy.activation")) return;
    if constexpr (std::is_enum_v<M>) put(name, shown(cohort::detail::name_of(member)));
    else put(name, shown(member));
  });
  auto text = [](cohort::setting const& s) { return std::visit([](auto const& v) { return shown(v); }, s.value); };
  for (auto const& p : c.parameters) put("with." + p.set.name, text(p.set));
  for (auto const& s : settings) put(s.name, text(s));
  return all;
}

}  // namespace cli
