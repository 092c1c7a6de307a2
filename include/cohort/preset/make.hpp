#pragma once
#include <cohort/preset/any_rollout.hpp>
#include <cohort/preset/any_update.hpp>
#include <cohort/preset/registry.hpp>
#include <cohort/run/settings.hpp>
#include <cohort/run/train.hpp>
#include <cohort/run/training.hpp>

// Named algorithms for programs that learn the name at run time.

namespace COHORT_NAMESPACE::preset {

/// Raises value_error for the first part of an algorithm with a parameter out of its range.
template <class A>
void check(A const& a) {
  auto each = [](auto const&... part) { (detail::check_parameters(part), ...); };
  each(a.rollout, a.advantage, a.aggregation, a.update, a.reward, a.reference);
  detail::check_objective(at_progress(a.objective, 0.));
}

/// An algorithm without the types of any of its parts, its rollout's and its update's kind included: what trains it is
/// compiled once for all.
template <backend B, class A>
any_algorithm<B, any_rollout, any_update<B>> without_types(A const& a) {
  auto parts = erased<B>(a);
  return {.rollout = {parts.rollout},
          .advantage = parts.advantage,
          .objective = parts.objective,
          .aggregation = parts.aggregation,
          .update = {parts.update},
          .reward = parts.reward,
          .reference = parts.reference};
}

/// A preset by name, with some of its parameters changed.
class named {
 public:
  /// Raises value_error naming the nearest for a name or a parameter that there is not, and for values out of their
  /// range.
  template <class Name>  // a template, so that who includes this and makes none does not compile all presets
    requires std::convertible_to<Name, std::string>
  named(Name name, std::vector<setting> settings = {}) : name_(std::move(name)), settings_(std::move(settings)) {
    changed([](auto const& a) { check(a); });
  }

  /// The algorithm on a backend, without the types of its parts. Compiled here for all presets, once for each backend
  /// type; what trains it is compiled once.
  template <backend B>
  any_algorithm<B, any_rollout, any_update<B>> on() const {
    any_algorithm<B, any_rollout, any_update<B>> result;
    changed([&](auto const& a) { result = without_types<B>(a); });
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
      apply_settings(a, settings_);
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
