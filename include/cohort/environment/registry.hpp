#pragma once
#include <cohort/describe/setting.hpp>
#include <cohort/environment/any_environment.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

namespace detail {

/// Changes parameters, of those that an environment lists in parameters(f); max_episode_steps is one of each that has
/// it. Raises value_error naming the nearest for one that there is not.
template <class E>
void set_parameters(E& e, std::string const& where, std::vector<setting> const& settings) {
  for (setting const& s : settings) {
    std::vector<std::string> known;
    bool found = false;
    auto one = [&]<class V>(char const* name, V const& value) {
      known.push_back(name);
      if (s.name != name) return;
      write_parameter<V>(where + ": " + s.name, const_cast<V*>(&value), s.value);  // e itself is no constant
      found = true;
    };
    if constexpr (requires { e.parameters(one); }) e.parameters(one);
    if constexpr (requires { e.max_episode_steps; }) one("max_episode_steps", e.max_episode_steps);
    if (!found) throw unknown_name(where, "parameter", s.name, known);
  }
}

}  // namespace detail

/// Environments by name, for programs that learn the name when they run. A value; `known_environments` has those of the
/// library.
class environment_registry {
 public:
  using maker = std::function<any_environment(std::vector<setting> const&)>;

  /// An environment under a name: as it is, with the parameters that it lists changed as `make` is told. Raises
  /// value_error for a name that is taken.
  template <environment E>
  environment_registry& add(std::string name, E const& as_it_is = {}) {
    return add(name, as_it_is, [](E const& e) { return e; });
  }
  /// The same of an environment of which some parameters follow from others: `remade` makes it of those.
  template <environment E, class Remade>
  environment_registry& add(std::string name, E const& as_it_is, Remade remade) {
    return add(name, maker([name, as_it_is, remade](std::vector<setting> const& options) {
                 E e = as_it_is;
                 detail::set_parameters(e, name, options);
                 e = remade(e);
                 detail::set_parameters(e, name, options);
                 return any_environment(e, name);
               }));
  }
  environment_registry& add(std::string name, maker make) {
    if (!makers_.emplace(name, std::move(make)).second)
      throw value_error("environment_registry: there is an environment named '" + name + "' already");
    names_.push_back(std::move(name));
    return *this;
  }

  /// Raises value_error naming the nearest for a name or a parameter that there is not, and for parameters out of their
  /// range.
  any_environment make(std::string_view name, std::vector<setting> const& options = {}) const {
    auto const found = makers_.find(name);
    if (found == makers_.end()) throw detail::unknown_name("make", "environment", name, names_);
    return found->second(options);
  }
  std::vector<std::string> names() const { return names_; }

 private:
  std::map<std::string, maker, std::less<>> makers_;
  std::vector<std::string> names_;
};

}  // namespace COHORT_NAMESPACE
