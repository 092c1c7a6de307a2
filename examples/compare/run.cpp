// The training: apart from the rest of the program, so that the two halves build at the same time.
#include "run.hpp"

#include <numeric>

#include "../program/signals.hpp"
#include "machine.hpp"
#include "presets.hpp"

namespace compare {

namespace {

/// Evaluates the untrained policy, then after the first update at or beyond each multiple of 5,000 steps, on 20
/// deterministic episodes, and notes when the threshold fell.
template <class E>
class evaluations {
 public:
  evaluations(machine& backend, E const& environment, double threshold, run_result& result)
      : backend_(backend), environment_(environment), threshold_(threshold), result_(result) {}

  template <class Policy>
  void on_start(train_report const&, Policy& policy) {
    look(0, 0, policy);
  }
  template <class Policy>
  bool on_update(train_report const& report, Policy& policy) {
    if (report.steps >= next_) look(report.steps, report.seconds, policy);
    return program::signal_seen() != 0;
  }
  template <class Policy>
  double mean_return(Policy& policy, int episodes, std::uint64_t seed) {
    auto returns = evaluate(backend_, environment_, policy, episodes, seed);
    return std::accumulate(returns.begin(), returns.end(), 0.) / episodes;
  }

 private:
  template <class Policy>
  void look(std::int64_t steps, double seconds, Policy& policy) {
    next_ = steps / every * every + every;
    double mean = mean_return(policy, 20, std::uint64_t(steps));
    result_.curve.push_back({long(steps), seconds, mean});
    if (mean < threshold_ || result_.steps_to_threshold) return;
    result_.steps_to_threshold = long(steps);
    result_.seconds_to_threshold = seconds;
  }

  static constexpr std::int64_t every = 5000;
  machine& backend_;
  E const& environment_;
  double threshold_;
  run_result& result_;
  std::int64_t next_ = 0;
};

template <class E, class Policy, class Algorithm>
run_result train_and_judge(settings const& asked, E const& environment, Policy policy, machine& backend,
                           Algorithm const& algorithm, std::uint64_t run_seed) {
  run_result result;
  double threshold = threshold_of(asked.environment);
  evaluations<E> judge(backend, environment, threshold, result);
  auto report = train(backend, algorithm, environment, policy,
                      {.steps = asked.steps > 0 ? asked.steps : 100'000, .seed = run_seed}, judge);
  result.seed = run_seed;
  result.steps = long(report.steps);
  result.complete = !report.stopped;
  if (report.stopped) return result;
  result.final_return =
      judge.mean_return(policy, 100, 1'000'000 + run_seed);  // starts that no evaluation along the way has seen
  result.solved = result.final_return >= threshold;
  result.seconds = report.seconds;
  result.parameter_bytes = report.parameter_bytes;
  result.optimizer_bytes = report.optimizer_bytes;
  result.warnings = report.warnings;
  return result;
}

/// Groups need no critic.
template <class Rollout>
constexpr bool is_of_groups = std::is_same_v<std::remove_cvref_t<Rollout>, groups>;

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
  return with_preset(asked, name, [&](auto const& environment, auto const& algorithm) {
    machine cpu = one_thread();
    auto train_policy = [&](auto policy) {
      return train_and_judge(asked, environment, std::move(policy), cpu, algorithm, run_seed);
    };
    run_result result;
    if constexpr (is_of_groups<decltype(algorithm.rollout)>)
      result = train_policy(actor{cpu, environment, {}, random_seed{run_seed}});
    else result = train_policy(actor_critic{cpu, environment, {}, random_seed{run_seed}});
    result.algorithm = name;
    return result;
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

std::string compiler() {
#if defined(__CUDACC__)
  std::string name = "nvcc " + std::to_string(__CUDACC_VER_MAJOR__) + "." + std::to_string(__CUDACC_VER_MINOR__);
#elif defined(__clang__)
  std::string name = "clang " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__) + "." +
                     std::to_string(__clang_patchlevel__);
#else
  std::string name = "g++ " __VERSION__;
#endif
#if defined(__AVX512F__)
  name += " for AVX-512";
#elif defined(__AVX2__)
  name += " for AVX2";
#endif
#ifndef __OPTIMIZE__
  name += ", not optimized";
#endif
  return name;
}

}  // namespace compare
