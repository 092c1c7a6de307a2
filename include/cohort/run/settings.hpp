#pragma once
#include <algorithm>
#include <cohort/describe/names.hpp>
#include <cohort/describe/setting.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/run/algorithm.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

// Numbers and words of a composed algorithm by name, for programs that read them from a file or a command line.

namespace COHORT_NAMESPACE {

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

/// What an algorithm has by a name: its place, null where it is made of others, and which of the components it is of.
struct parameter_at {
  parameter_path path;
  setting_value value;
  void* place;
  int owner;
  void (*write)(std::string const& name, void* place, setting_value const& value);
};

/// All parameters of an algorithm, those too that a text leaves out.
class parameters_of_algorithm {
 public:
  template <class A>
  explicit parameters_of_algorithm(A& a) : begin_(reinterpret_cast<char*>(&a)), bytes_(sizeof a) {
    auto part = [&](char const* name, auto const& x) { list(parameter_path{}.with(name), x); };
    part("rollout", a.rollout), part("reward", a.reward), part("advantage", a.advantage);
    part("objective", a.objective), part("aggregation", a.aggregation), part("update", a.update);
    part("reference", a.reference);
  }

  /// Those that can be set, each by the shortest of its names that is no other's.
  std::vector<setting> all() const {
    std::vector<setting> list;
    for (parameter_at const& one : all_) {
      if (!one.place) continue;
      std::string const brief = one.path.text(false);
      auto const of_that_name =
          std::count_if(all_.begin(), all_.end(), [&](auto const& other) { return other.path.is(brief); });
      list.push_back({of_that_name > 1 ? one.path.text() : brief, one.value});
    }
    return list;
  }

  void set(setting const& s) const {
    std::vector<std::string> known, found;
    for (parameter_at const& one : all_) {
      if (one.path.is(s.name)) found.push_back(one.path.text());
      for (std::string const& name : {one.path.text(), one.path.text(false)})
        if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    }
    if (found.empty() && has(s.name + ".from") && has(s.name + ".to")) {
      set({s.name + ".from", s.value}), set({s.name + ".to", s.value});
      return;
    }
    if (found.size() > 1 && std::find(found.begin(), found.end(), s.name) != found.end()) found = {s.name};
    if (found.empty()) throw unknown_name("algorithm", "parameter", s.name, known);
    if (found.size() > 1) {
      std::string several;
      for (auto const& one : found) several += (several.empty() ? "" : ", ") + one;
      throw value_error("algorithm: " + s.name + " is the name of several parameters, expected one of " + several);
    }
    for (parameter_at const& one : all_)
      if (one.path.text() == found[0]) set(one, s);
  }

 private:
  bool has(std::string const& name) const {
    return std::any_of(all_.begin(), all_.end(), [&](parameter_at const& one) { return one.path.is(name); });
  }
  void set(parameter_at const& one, setting const& s) const {
    if (!one.place)
      throw value_error("algorithm: " + one.path.text() + " is made of others and cannot be set by itself");
    one.write(s.name, one.place, s.value);
    std::string const follows = one.path.words.back().first + "_high";  // of epsilon
    for (parameter_at const& other : all_)
      if (other.owner == one.owner && other.write == one.write && other.place && other.value == one.value &&
          other.path.words.back().first == follows)
        other.write(follows, other.place, s.value);
  }

  template <class X>
  void list(parameter_path const& at, X const& x) {
    if constexpr (is_composed<X>) {
      auto one = [&](auto const& part) { list(at.with(component_name(part), true), part); };
      auto weigh = [&](auto const& mode) {
        if constexpr (requires { mode.selection; }) one(mode.selection);
        else one(mode);
      };
      detail::unpack([&](auto const&... leaf) { (one(leaf.term), ...); }, x.leaves);
      detail::unpack([&](auto const&... mode) { (weigh(mode), ...); }, x.modes);
    } else if constexpr (requires { x.schedule, x.at(0.); }) {
      list(at.with(scheduled_name(x.make)), x.schedule);
    } else {
      int const owner = owners_++;
      each_parameter<true>(x, [&]<class V>(char const* name, V const& value) {
        if constexpr (std::is_arithmetic_v<V> || std::is_enum_v<V>)
          all_.push_back({at.with(name), as_setting(value), place(&value), owner, &write_parameter<V>});
        else if constexpr (std::is_class_v<V>)
          list(*name ? at.with(name) : at.with(component_name(value), true), value);
      });
    }
  }
  template <class Make>
  static char const* scheduled_name(Make const&) {
    if constexpr (requires { Make::number; }) return Make::number;
    else return "schedule";
  }
  /// Where it lies in the algorithm, which is no constant; components show their parameters as constants.
  void* place(void const* parameter) const {
    std::size_t const from = std::size_t(reinterpret_cast<std::uintptr_t>(parameter) - std::uintptr_t(begin_));
    return from < bytes_ ? begin_ + from : nullptr;
  }

  char* begin_;
  std::size_t bytes_;
  int owners_ = 0;
  std::vector<parameter_at> all_;
};

}  // namespace detail

/// All that apply_settings can change of an algorithm, as it is.
template <class A>
std::vector<setting> settings_of(A algorithm) {
  return detail::parameters_of_algorithm(algorithm).all();
}

/// Changes parameters of an algorithm, one after the other. A parameter epsilon_high that was what epsilon was stays
/// so, as it does where an object is made; a number in the place of a linear schedule, such as update.rate, is both its
/// ends. Raises value_error naming the nearest where there is no parameter of this name, all
/// that it could be where there are several, and for a value of another kind, such as a fraction where a whole number
/// is wanted, or a word that is none of an enumeration's.
template <class A>
void apply_settings(A& algorithm, std::vector<setting> const& settings) {
  for (setting const& s : settings) detail::parameters_of_algorithm(algorithm).set(s);
}

}  // namespace COHORT_NAMESPACE
