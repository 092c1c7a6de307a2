#pragma once
#include <cohort/preset/any_rollout.hpp>
#include <cohort/preset/any_update.hpp>
#include <cohort/preset/registry.hpp>
#include <cohort/run/settings.hpp>
#include <cohort/run/train.hpp>
#include <cohort/run/training.hpp>

// Named algorithms for programs that learn the name at run time.

namespace COHORT_NAMESPACE::preset {

/// A preset by name, with some of its numbers changed.
class named {
 public:
  /// Raises value_error naming the nearest for a name or a number that there is not, and for numbers out of their
  /// range.
  template <class Name>  // a template, so that who includes this and makes none does not compile all presets
    requires std::convertible_to<Name, std::string>
  named(Name name, std::vector<setting> settings = {}) : name_(std::move(name)), settings_(std::move(settings)) {
    changed([](auto const& a) {
      auto check = [](auto const& part) {
        if constexpr (requires { part.check(); }) part.check();
      };
      check(a.rollout), check(a.advantage), check(a.update), check(a.reward), check(a.reference);
      detail::check_objective(at_progress(a.objective, 0.));
    });
  }

  /// The algorithm on a backend, without the types of its parts. Compiled here for all presets, once for each backend
  /// type; what trains it is compiled once.
  template <backend B>
  any_algorithm<B, any_rollout, any_update<B>> on() const {
    any_algorithm<B, any_rollout, any_update<B>> result;
    changed([&](auto const& a) {
      auto without_types = erased<B>(a);
      result = {.rollout = {without_types.rollout},
                .advantage = without_types.advantage,
                .objective = without_types.objective,
                .aggregation = without_types.aggregation,
                .update = {without_types.update},
                .reward = without_types.reward,
                .reference = without_types.reference};
    });
    return result;
  }

  /// As text(algorithm) and explained(algorithm) have it.
  std::string text() const {
    std::string result;
    changed([&](auto const& a) { result = cohort::text(a); });
    return result;
  }

 private:
  template <class F>
  void changed(F f) const {
    with_preset(name_, [&](auto const& preset) {
      auto a = preset();
      set_numbers(a, settings_);
      f(std::as_const(a));
    });
  }

  std::string name_;
  std::vector<setting> settings_;
};

/// An algorithm by name:
///
///     train(cpu, preset::make("grpo", {{"objective.epsilon", .1}, {"rollout.group", 8}}), task, model, options);
///
/// Settings are those of run/settings.hpp. Raises value_error as `named` does.
template <class Name>
  requires std::convertible_to<Name, std::string>
named make(Name name, std::vector<setting> settings = {}) {
  return {std::move(name), std::move(settings)};
}

}  // namespace COHORT_NAMESPACE::preset
