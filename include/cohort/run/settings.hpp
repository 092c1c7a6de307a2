#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/describe/names.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/run/algorithm.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

// Numbers of a composed algorithm by name, for programs that read them from a file or a command line.

namespace COHORT_NAMESPACE {

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

/// A number of an algorithm: its place, null where it is made of others, and which of the components it is of.
struct number_at {
  parameter_path path;
  double value;
  void* place;
  int owner;
  void (*write)(std::string const& name, void* place, double value);
};

template <class V>
void write_number(std::string const& name, void* place, double value) {
  if (std::is_same_v<V, bool> && value != 0 && value != 1)
    throw value_error(name + " is " + text(value) + ", expected 0 or 1");
  if (std::is_integral_v<V> && (value != std::floor(value) || std::abs(value) > double(std::numeric_limits<V>::max())))
    throw value_error(name + " is " + text(value) + ", expected a whole number");
  *static_cast<V*>(place) = V(value);
}

/// All numbers of an algorithm, those too that a text leaves out.
class numbers_of_algorithm {
 public:
  template <class A>
  explicit numbers_of_algorithm(A& a) : begin_(reinterpret_cast<char*>(&a)), bytes_(sizeof a) {
    auto part = [&](char const* name, auto const& x) { list(parameter_path{}.with(name), x); };
    part("rollout", a.rollout), part("reward", a.reward), part("advantage", a.advantage);
    part("objective", a.objective), part("aggregation", a.aggregation), part("update", a.update);
    part("reference", a.reference);
  }

  /// Those that can be set, each by the shortest of its names that is no other's.
  std::vector<setting> all() const {
    std::vector<setting> list;
    for (number_at const& number : all_) {
      if (!number.place) continue;
      std::string const brief = number.path.text(false);
      auto const of_that_name =
          std::count_if(all_.begin(), all_.end(), [&](auto const& n) { return n.path.is(brief); });
      list.push_back({of_that_name > 1 ? number.path.text() : brief, number.value});
    }
    return list;
  }

  void set(setting const& s) const {
    std::vector<std::string> known, found;
    for (number_at const& number : all_) {
      if (number.path.is(s.name)) found.push_back(number.path.text());
      for (std::string const& name : {number.path.text(), number.path.text(false)})
        if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
    }
    if (found.empty() && has(s.name + ".from") && has(s.name + ".to")) {
      set({s.name + ".from", s.value}), set({s.name + ".to", s.value});
      return;
    }
    if (found.size() > 1 && std::find(found.begin(), found.end(), s.name) != found.end()) found = {s.name};
    if (found.empty()) throw unknown_name("algorithm", "number", s.name, known);
    if (found.size() > 1) {
      std::string several;
      for (auto const& one : found) several += (several.empty() ? "" : ", ") + one;
      throw value_error("algorithm: " + s.name + " is the name of several numbers, expected one of " + several);
    }
    for (number_at const& number : all_)
      if (number.path.text() == found[0]) set(number, s.value);
  }

 private:
  bool has(std::string const& name) const {
    return std::any_of(all_.begin(), all_.end(), [&](number_at const& number) { return number.path.is(name); });
  }
  void set(number_at const& number, double value) const {
    if (!number.place)
      throw value_error("algorithm: " + number.path.text() + " is made of others and cannot be set by itself");
    number.write(number.path.text(), number.place, value);
    std::string const follows = number.path.words.back().first + "_high";  // of epsilon
    for (number_at const& other : all_)
      if (other.owner == number.owner && other.write == number.write && other.place && other.value == number.value &&
          other.path.words.back().first == follows)
        other.write(follows, other.place, value);
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
        if constexpr (std::is_arithmetic_v<V>)
          all_.push_back({at.with(name), double(value), place(&value), owner, &write_number<V>});
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
  /// Where it lies in the algorithm, which is no constant; components show their numbers as constants.
  void* place(void const* number) const {
    std::size_t const from = std::size_t(reinterpret_cast<std::uintptr_t>(number) - std::uintptr_t(begin_));
    return from < bytes_ ? begin_ + from : nullptr;
  }

  char* begin_;
  std::size_t bytes_;
  int owners_ = 0;
  std::vector<number_at> all_;
};

}  // namespace detail

/// The numbers of an algorithm that set_numbers can change, as they are.
template <class A>
std::vector<setting> numbers_of(A algorithm) {
  return detail::numbers_of_algorithm(algorithm).all();
}

/// Changes numbers of an algorithm, one after the other. A parameter epsilon_high that was what epsilon was stays so,
/// as it does where an object is made; a number in the place of a linear schedule, such as update.rate, is both its
/// ends. Raises value_error naming the nearest where there is no number of this name, all
/// that it could be where there are several, and for a fraction where a whole number is wanted.
template <class A>
void set_numbers(A& algorithm, std::vector<setting> const& settings) {
  for (setting const& s : settings) detail::numbers_of_algorithm(algorithm).set(s);
}

}  // namespace COHORT_NAMESPACE
