#pragma once
#include <cohort/gymnasium/make.hpp>
#include <string>
#include <utility>
#include <vector>

#include "../catch.hpp"
#include "../support/refusal.hpp"

/// An environment of odd_environments.py.
inline cohort::gymnasium::any_environment odd(std::string const& name,
                                              std::vector<cohort::gymnasium::argument> arguments = {}) {
  return cohort::gymnasium::make("odd_environments:" + name + "-v0", {.arguments = std::move(arguments)});
}

/// What f raises.
template <class Error = cohort::environment_error, class F>
std::string raised(F f) {
  return support::refusal<Error>(f);
}
