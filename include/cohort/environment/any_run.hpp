#pragma once
#include <cohort/environment/any_environment.hpp>
#include <cohort/environment/environment_run.hpp>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace COHORT_NAMESPACE {

/// The same of an environment of which nothing is known before the program runs: actions are as many numbers as it has,
/// or one int.
///
///     environment_run run{make("Acrobot-v1"), 1};
///     auto [reward, terminated, truncated] = run.step(2);
template <>
class environment_run<any_environment> {
 public:
  using outcome = cohort::outcome;

  explicit environment_run(any_environment const& e, std::uint64_t seed = 0)
      : run_(e.visit(
            [&](auto const& known) { return runs(environment_run<std::decay_t<decltype(known)>>(known, seed)); })) {}

  void reset() {
    std::visit([](auto& run) { run.reset(); }, run_);
  }
  void reset(std::uint64_t seed) {
    std::visit([&](auto& run) { run.reset(seed); }, run_);
  }
  outcome step(std::span<double const> action) {
    return std::visit(
        [&]<class E>(environment_run<E>& run) {
          if constexpr (!detail::discrete_actions<E>) return run.step(action);
          else {
            detail::require(action.size() == 1, "environment_run", "the action's size", double(action.size()), "1");
            return run.step(action[0]);
          }
        },
        run_);
  }
  outcome step(std::vector<double> const& action) { return step(std::span(action)); }
  outcome step(double action) { return step(std::span(&action, 1)); }
  bool done() const {
    return std::visit([](auto const& run) { return run.done(); }, run_);
  }
  int steps_of_episode() const {
    return std::visit([](auto const& run) { return run.steps_of_episode(); }, run_);
  }
  std::vector<double> observation() const {
    return std::visit([](auto const& run) { return run.observation(); }, run_);
  }
  std::vector<std::pair<std::string, double>> info() const {
    return std::visit([](auto const& run) { return run.info(); }, run_);
  }

 private:
  template <class Actions>
  using run_of = environment_run<environment_of<Actions>>;
  using runs = detail::of_each_kind<run_of>;

  runs run_;
};

}  // namespace COHORT_NAMESPACE
