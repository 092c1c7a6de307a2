#pragma once
#include <cohort/environment/each_kind.hpp>
#include <cohort/gymnasium/environment.hpp>
#include <cohort/gymnasium/vector.hpp>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace COHORT_NAMESPACE::gymnasium {

/// An environment, or environments, whose kind of actions is known when the program runs; visited with a generic
/// function, which is compiled for each of the four.
template <template <class> class Kind>
class any_of_kinds {
 public:
  using held = cohort::detail::of_each_kind<Kind>;
  template <class... Options>
  explicit any_of_kinds(std::shared_ptr<detail::bridge> const& b, Options const&... options)
      : held_([&]() -> held {
          if (b->kind == "Discrete") return Kind<discrete>(b, options...);
          if (b->kind == "Box") return Kind<box<dynamic>>(b, options...);
          if (b->kind == "MultiDiscrete") return Kind<multi_discrete<dynamic>>(b, options...);
          return Kind<binary<dynamic>>(b, options...);
        }()) {}

  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), held_);
  }
  /// Where the kind is known. Raises value_error for another one.
  template <class Actions>
  Kind<Actions> const& of() const {
    if (auto found = std::get_if<Kind<Actions>>(&held_)) return *found;
    throw value_error(visit([](auto const& e) { return e.name(); }) + ": its actions are of another kind");
  }

 private:
  held held_;
};
using any_environment = any_of_kinds<environment>;
using any_environments = any_of_kinds<environments>;

/// gymnasium.make(name, **arguments), in the Python of this process, which it starts.
///
///     auto lander = gymnasium::make("LunarLander-v3", {.arguments = {{"continuous", true}}});
///     lander.visit([&](auto const& environment) { ... train(cpu, algorithm, environment, policy, options); });
///
/// "module:Name-v0" imports the module first. Raises python_error with what Python says, and for a space that is not
/// supported, which part of it.
inline any_environment make(std::string name, make_options const& options = {}) {
  return any_environment(std::make_shared<detail::bridge>(std::move(name), options), options);
}

/// gymnasium.make_vec(name, lanes, **arguments), of which all lanes are stepped in one call.
///
///     auto poles = gymnasium::make_vec("CartPole-v1", 64, {.mode = "sync"}).of<discrete>();
///     train(cpu, ppo, poles, policy, options);   // with rollout = lanes{.count = 64, ...}
///
/// A rollout of another number of lanes has others made. Raises what `make` raises, and python_error for lanes that are
/// reset in NEXT_STEP mode.
inline any_environments make_vec(std::string name, int lanes, make_vec_options const& options = {}) {
  return any_environments(std::make_shared<detail::bridge>(std::move(name), lanes, options));
}

}  // namespace COHORT_NAMESPACE::gymnasium
