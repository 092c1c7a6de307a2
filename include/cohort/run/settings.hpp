#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/describe/names.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/run/algorithm.hpp>
#include <initializer_list>
#include <vector>

// Numbers of a composed algorithm by name, for programs that read them from a file or a command line.

namespace cohort {

/// {"objective.epsilon", .1}: the part, then the parameter as text(algorithm) shows it. In between may stand, and must
/// where the parameter would otherwise be one of several, the name of the term or component that it belongs to:
/// "objective.kl_penalty.weight". A bool is 0 or 1.
struct setting {
  std::string name;
  double value;
};

namespace detail {

/// "objective", "[clipped_ratio]", "epsilon": what stands in brackets may be left out.
struct parameter_path {
  std::vector<std::pair<std::string, bool>> words;

  parameter_path with(std::string const& word, bool may_be_left_out = false) const {
    parameter_path longer = *this;
    longer.words.emplace_back(word, may_be_left_out);
    return longer;
  }
  /// With all of it, or without what may be left out.
  std::string text(bool whole = true) const {
    std::string all;
    for (auto const& [word, optional] : words)
      if (whole || !optional) all += (all.empty() ? "" : ".") + word;
    return all;
  }
  bool is(std::string_view name, std::size_t from = 0) const {
    if (from == words.size()) return name.empty();
    auto const& [word, optional] = words[from];
    if (optional && is(name, from + 1)) return true;
    if (!name.starts_with(word)) return false;
    name.remove_prefix(word.size());
    if (from + 1 < words.size()) {
      if (!name.starts_with('.')) return false;
      name.remove_prefix(1);
    }
    return is(name, from + 1);
  }
};

/// f(path, number, what it belongs to) for each number of a component, those too that a text leaves out.
template <class X, class F>
void each_number(parameter_path const& at, X const& x, F const& f) {
  if constexpr (is_composed<X>) {
    auto one = [&](auto const& part) { each_number(at.with(component_name(part), true), part, f); };
    auto weigh = [&](auto const& mode) {
      if constexpr (requires { mode.selection; }) one(mode.selection);
      else one(mode);
    };
    detail::unpack([&](auto const&... leaf) { (one(leaf.term), ...); }, x.leaves);
    detail::unpack([&](auto const&... mode) { (weigh(mode), ...); }, x.modes);
  } else {
    each_parameter<true>(x, [&]<class V>(char const* name, V const& value) {
      if constexpr (std::is_arithmetic_v<V>) f(at.with(name), value, x);
      else if constexpr (std::is_class_v<V>)
        each_number(*name ? at.with(name) : at.with(component_name(value), true), value, f);
    });
  }
}
template <class A, class F>
void each_number_of_algorithm(A const& a, F const& f) {
  auto part = [&](char const* name, auto const& x) { each_number(parameter_path{}.with(name), x, f); };
  part("rollout", a.rollout), part("reward", a.reward), part("advantage", a.advantage), part("objective", a.objective);
  part("aggregation", a.aggregation), part("update", a.update), part("reference", a.reference);
}

/// Writes to a number that was shown as a constant, of an object that is none.
template <class V>
void write_number(std::string const& where, V const& to, double value) {
  if (std::is_same_v<V, bool> && value != 0 && value != 1)
    throw value_error(where + " is " + text(value) + ", expected 0 or 1");
  if (std::is_integral_v<V> && (value != std::floor(value) || std::abs(value) > double(std::numeric_limits<V>::max())))
    throw value_error(where + " is " + text(value) + ", expected a whole number");
  const_cast<V&>(to) = V(value);
}

}  // namespace detail

/// Changes numbers of an algorithm, one after the other. A parameter epsilon_high that was what epsilon was stays so,
/// as it does where an object is made. Raises value_error naming the nearest where there is no number of this name, all
/// that it could be where there are several, and for a fraction where a whole number is wanted.
template <class A>
void set_numbers(A& algorithm, std::vector<setting> const& settings) {
  for (setting const& s : settings) {
    std::vector<std::string> known, found;
    detail::each_number_of_algorithm(algorithm, [&](detail::parameter_path const& path, auto const&, auto const&) {
      if (path.is(s.name)) found.push_back(path.text());
      for (std::string const& name : {path.text(), path.text(false)})
        if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    });
    if (found.size() > 1 && std::find(found.begin(), found.end(), s.name) != found.end()) found = {s.name};
    if (found.empty()) throw detail::unknown_name("algorithm", "number", s.name, known);
    if (found.size() > 1) {
      std::string all;
      for (auto const& one : found) all += (all.empty() ? "" : ", ") + one;
      throw value_error("algorithm: " + s.name + " is the name of several numbers, expected one of " + all);
    }
    detail::each_number_of_algorithm(
        algorithm, [&]<class V, class X>(detail::parameter_path const& path, V const& number, X const& owner) {
          if (path.text() != found[0]) return;
          V before = number;
          detail::write_number(found[0], number, s.value);
          std::string follows = path.words.back().first + "_high";  // of epsilon
          detail::each_parameter<true>(owner, [&]<class W>(char const* name, W const& other) {
            if constexpr (std::is_same_v<W, V>)
              if (name == follows && other == before) detail::write_number(follows, other, s.value);
          });
        });
    detail::each_number_of_algorithm(
        algorithm, [&](detail::parameter_path const& path, auto const& number, auto const&) {
          if (path.text() == found[0] && double(number) != s.value)
            throw value_error("algorithm: " + found[0] + " is made of others and cannot be set by itself");
        });
  }
}

}  // namespace cohort
