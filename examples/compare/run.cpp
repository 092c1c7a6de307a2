// The training: apart from the rest of the program, so that the two halves build at the same time.
#include "run.hpp"

#include <cohort/compare/judged_run.hpp>
#include <cohort/compare/provenance.hpp>

#include "../program/signals.hpp"
#include "machine.hpp"
#include "presets.hpp"

namespace compare {

namespace {

double steps_of_member(lanes const&, int) { return 0; }
double steps_of_member(groups const& r, int limit) { return double(r.count) * (limit + 1); }
double steps_of_member(probes const& r, int) { return double(r.lanes) * r.horizon; }

/// f(environment, algorithm) with the algorithm of that name.
template <class F>
auto with_preset(settings const& asked, std::string const& name, F f) {
  int group = asked.group.value_or(0);
  auto in = [&](auto const& environment) {
    return name == "ppo"    ? f(environment, ppo(environment, group))
           : name == "grpo" ? f(environment, grpo(environment, group))
                            : f(environment, hybrid_grpo(environment, group));
  };
  return asked.environment == "Pendulum-v1" ? in(classic_control::pendulum{}) : in(classic_control::cart_pole{});
}

}  // namespace

run_result run(settings const& asked, std::string const& name, std::uint64_t run_seed) {
  compare_options how = asked;
  how.threshold = threshold_of(asked.environment);
  how.steps = steps_of(asked);
  how.stop = [] { return program::signal_seen() != 0; };
  return with_preset(asked, name, [&](auto const& environment, auto const& algorithm) {
    machine cpu = one_thread();
    return judged_run(cpu, environment, algorithm, how, run_seed);
  });
}

std::string hyperparameters(settings const& asked, std::string const& name) {
  return with_preset(asked, name, [](auto const&, auto const& algorithm) { return text(algorithm); });
}

double steps_of_member(settings const& asked, std::string const& name) {
  return with_preset(asked, name, [](auto const& environment, auto const& algorithm) {
    return steps_of_member(algorithm.rollout, environment.max_episode_steps);
  });
}

char const* backend_name() { return machine_name; }

std::string compiled_by() { return compiler(); }

}  // namespace compare
