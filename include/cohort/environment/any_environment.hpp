#pragma once
#include <cohort/environment/each_kind.hpp>
#include <cohort/environment/environment_of.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace COHORT_NAMESPACE {

/// An environment of which the program knows nothing before it runs, as `make` gives it; whoever needs its type visits
/// it:
///
///     any_environment e = make("Acrobot-v1");
///     e.visit([&](auto const& environment) { ... train(cpu, algorithm, environment, policy, options); });
///
/// where `environment` is an environment_of<discrete>, <box<dynamic>>, <multi_discrete<dynamic>> or <binary<dynamic>>,
/// so that what is visited with is compiled four times. A value: copying it copies its parameters, not a state.
class any_environment {
 public:
  template <environment E>
  any_environment(E const& e, std::string name = "") : held_(erased(e)), name_(std::move(name)) {}

  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(std::forward<F>(f), held_);
  }
  std::string const& name() const { return name_; }
  environment_spaces spaces() const {
    return visit([](auto const& e) { return detail::spaces_of(e); });
  }
  int max_episode_steps() const {
    return visit([](auto const& e) { return e.max_episode_steps; });
  }
  void max_episode_steps(int n) {
    std::visit([&](auto& e) { e.max_episode_steps = n; }, held_);
  }

 private:
  template <class E>
  static auto erased(E const& e) {
    using erased_type = environment_of<decltype(detail::forget(e.actions))>;
    if constexpr (std::is_same_v<E, erased_type>) return e;
    else return erased_type(e);
  }

  detail::of_each_kind<environment_of> held_;
  std::string name_;
};

}  // namespace COHORT_NAMESPACE
