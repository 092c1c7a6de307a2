#pragma once
#include <cohort/deploy/export_header.hpp>
#include <cohort/deploy/export_onnx.hpp>
#include <cohort/environment/environment_run.hpp>
#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/policy/controller.hpp>
#include <utility>

#include "networks.hpp"
#include "runs.hpp"

namespace cli {

template <class E, class Policy>
class run_of final : public any_run {
 public:
  run_of(E const& e, config const& c, chosen_algorithm const& algorithm,
         cohort::detail::described_networks const& network)
      : cpu_({.threads = int(c.threads)}),
        environment_(e),
        policy_(cpu_, environment_, network, cohort::random_seed{std::uint64_t(c.seed)}),
        run_(cpu_, algorithm.parts, environment_, policy_,
             {.steps = c.steps, .updates = c.updates, .seed = std::uint64_t(c.seed)}) {}

  bool step() override { return run_.step(); }
  cohort::train_report const& report() const override { return run_.report(); }
  void save(cohort::checkpoints& kept) override { kept.save(cpu_, run_); }
  bool load_newest(cohort::checkpoints& kept) override { return kept.load_newest(cpu_, run_); }
  void save_policy(std::filesystem::path const& to) override { cohort::save(cpu_, policy_, to, {.flush = false}); }
  cohort::episode_returns evaluate(int episodes, std::uint64_t seed) override {
    return cohort::evaluate(cpu_, environment_, policy_, episodes, seed);
  }

 private:
  machine cpu_;
  E environment_;
  Policy policy_;
  cohort::training<machine, cohort::any_rollout, cohort::any_update<machine>, E, Policy> run_;
};

template <class E>
std::unique_ptr<any_run> make_run(E const& e, config const& c, chosen_algorithm const& algorithm) {
  auto const network = networks_of(c, cohort::detail::observations_in(e));
  using distribution = cohort::detail::distribution_for<machine, E>;
  if (algorithm.needs_critic)
    return std::make_unique<run_of<E, cohort::actor_critic<machine, distribution>>>(e, c, algorithm, network);
  return std::make_unique<run_of<E, cohort::actor<machine, distribution>>>(e, c, algorithm, network);
}

template <class E, class Policy>
class policy_of final : public any_policy {
 public:
  template <class Read>
  policy_of(E const& e, Read read) : environment_(e), policy_(read(cpu_)) {}
  void export_header(std::filesystem::path const& to, std::string const& name) override {
    cohort::export_header(cpu_, policy_, to, {.name = name});
  }
  void export_onnx(std::filesystem::path const& to) override {
    cohort::export_onnx(cpu_, policy_, to, cohort::existing::replace);
  }
  std::vector<cohort::picture::moment> play(int episodes, std::uint64_t seed) override {
    cohort::controller<machine, E, Policy> control(cpu_, environment_, policy_);
    cohort::environment_run<E> run(environment_, seed);
    std::vector<cohort::picture::moment> all;
    for (int episode = 1;; run.reset()) {
      control.begin_episode();
      all.push_back({.observation = run.observation(), .episode = episode});
      while (!run.done()) {
        auto const action = best(control, run);
        auto const total = all.back().total + run.step(action).reward;
        all.push_back({run.observation(), numbers(action), total, episode, run.steps_of_episode()});
      }
      if (++episode > episodes) return all;
    }
  }

 private:
  auto best(auto& control, auto const& run) {
    if constexpr (requires { environment_.action_mask(run.state()); })
      return control.best(run.observation(), environment_.action_mask(run.state()));
    else return control.best(run.observation());
  }
  static std::vector<double> numbers(auto const& action) {
    if constexpr (requires { action.begin(); }) return {action.begin(), action.end()};
    else return {double(action)};
  }

  machine cpu_{{.threads = 1}};
  E environment_;
  Policy policy_;
};

template <class E>
std::unique_ptr<any_policy> read_policy(E const& e, std::filesystem::path const& from, bool with_critic) {
  using distribution = cohort::detail::distribution_for<machine, E>;
  if (with_critic)
    return std::make_unique<policy_of<E, cohort::actor_critic<machine, distribution>>>(
        e, [&](machine& cpu) { return cohort::load<cohort::actor_critic>(cpu, e, from); });
  return std::make_unique<policy_of<E, cohort::actor<machine, distribution>>>(
      e, [&](machine& cpu) { return cohort::load<cohort::actor>(cpu, e, from); });
}

}  // namespace cli
