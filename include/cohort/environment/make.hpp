#pragma once
#include <cohort/environment/all.hpp>
#include <cohort/environment/any_run.hpp>
#include <cohort/environment/classic_control/names.hpp>
#include <cohort/environment/registry.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// f(name, environment, what makes it anew of parameters from which others follow) for each that has a name.
template <class F>
void each_named_environment(F f) {
  auto as_it_is = [](auto const& e) { return e; };
  classic_control::each_named([&](char const* name, auto const& e) { f(name, e, as_it_is); });
  f("FrozenLake-v1", diagnostic::frozen_lake<4>{}, as_it_is);
  f("FrozenLake8x8-v1", diagnostic::frozen_lake<8>{}, as_it_is);
  f("chain", diagnostic::chain{}, [](auto const& e) { return diagnostic::chain{.length = e.length}; });
  f("bandit", diagnostic::bandit<2>{{.25, .75}}, as_it_is);
  f("linear_quadratic", diagnostic::linear_quadratic{}, as_it_is);
  f("recall", diagnostic::recall{}, [](auto const& e) { return diagnostic::recall{.delay = e.delay}; });
}

}  // namespace detail

/// Every environment of the library, by Gymnasium's name where it has one; add your own to it.
inline environment_registry known_environments() {
  environment_registry all;
  detail::each_named_environment([&](char const* name, auto const& e, auto remade) { all.add(name, e, remade); });
  return all;
}

/// An environment by name, with some of its parameters changed: make("Acrobot-v1", {{"torque_noise", .1}}).
inline any_environment make(std::string_view name, std::vector<setting> const& options = {}) {
  return known_environments().make(name, options);
}

}  // namespace COHORT_NAMESPACE
