#pragma once
#include <cohort/environment/each_kind.hpp>
#include <cohort/gymnasium/environment.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace COHORT_NAMESPACE::gymnasium {

/// An environment whose kind of actions is known when the program runs; visited with a generic function, which is
/// compiled for each of the four.
class any_environment {
 public:
  using held = cohort::detail::of_each_kind<environment>;
  explicit any_environment(held e) : held_(std::move(e)) {}

  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), held_);
  }
  /// Where the kind is known. Raises value_error for another one.
  template <class Actions>
  environment<Actions> const& of() const {
    if (auto found = std::get_if<environment<Actions>>(&held_)) return *found;
    throw value_error(visit([](auto const& e) { return e.name(); }) + ": its actions are of another kind");
  }

 private:
  held held_;
};

/// gymnasium.make(name, **arguments), in the Python of this process, which it starts.
///
///     auto lander = gymnasium::make("LunarLander-v3", {.arguments = {{"continuous", true}}});
///     lander.visit([&](auto const& environment) { ... train(cpu, algorithm, environment, policy, options); });
///
/// "module:Name-v0" imports the module first. Raises python_error with what Python says, and for a space that is not
/// supported, which part of it.
inline any_environment make(std::string name, make_options const& options = {}) {
  auto const b = std::make_shared<detail::bridge>(std::move(name), options);
  if (b->kind == "Discrete") return any_environment(environment<discrete>(b, options));
  if (b->kind == "Box") return any_environment(environment<box<dynamic>>(b, options));
  if (b->kind == "MultiDiscrete") return any_environment(environment<multi_discrete<dynamic>>(b, options));
  return any_environment(environment<binary<dynamic>>(b, options));
}

}  // namespace COHORT_NAMESPACE::gymnasium
