// The training: apart from the rest of the program, so that the two halves build at the same time.
#include "run.hpp"

#include <numeric>

#include "machine.hpp"
#include "presets.hpp"

namespace compare {

namespace {

/// Evaluates after the first update at or beyond each multiple of 5,000 steps, on 20 deterministic episodes, and notes
/// when the threshold fell.
template <class E>
class evaluations {
 public:
  evaluations(machine& backend, E const& environment, double threshold, run_result& result)
      : backend_(backend), environment_(environment), threshold_(threshold), result_(result) {}

  template <class Policy>
  void on_update(train_report const& report, Policy& policy) {
    if (report.steps < next_) return;
    next_ = report.steps / every * every + every;
    double mean = mean_return(policy, 20, std::uint64_t(report.steps));
    result_.curve.push_back({long(report.steps), report.seconds, mean});
    if (mean < threshold_ || result_.steps_to_threshold) return;
    result_.steps_to_threshold = long(report.steps);
    result_.seconds_to_threshold = report.seconds;
  }
  template <class Policy>
  double mean_return(Policy& policy, int episodes, std::uint64_t seed) {
    auto returns = evaluate(backend_, environment_, policy, episodes, seed);
    return std::accumulate(returns.begin(), returns.end(), 0.) / episodes;
  }

 private:
  static constexpr std::int64_t every = 5000;
  machine& backend_;
  E const& environment_;
  double threshold_;
  run_result& result_;
  std::int64_t next_ = every;
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
  result.final_return =
      judge.mean_return(policy, 100, 1'000'000 + run_seed);  // starts that no evaluation along the way has seen
  result.solved = result.final_return >= threshold;
  result.steps = long(report.steps);
  result.seconds = report.seconds;
  result.parameter_bytes = report.parameter_bytes;
  result.optimizer_bytes = report.optimizer_bytes;
  return result;
}

template <class E>
run_result run_in(settings const& asked, E const& environment, std::string const& name, std::uint64_t run_seed) {
  machine cpu = one_thread();
  int group = asked.group.value_or(0);
  auto with_critic = [&](auto const& algorithm) {
    return train_and_judge(asked, environment, actor_critic{cpu, environment, {}, random_seed{run_seed}}, cpu,
                           algorithm, run_seed);
  };
  auto without_critic = [&](auto const& algorithm) {
    return train_and_judge(asked, environment, actor{cpu, environment, {}, random_seed{run_seed}}, cpu, algorithm,
                           run_seed);
  };
  run_result result = name == "ppo"    ? with_critic(ppo(environment, group))
                      : name == "grpo" ? without_critic(grpo(environment, group))
                                       : with_critic(hybrid_grpo(environment, group));
  result.algorithm = name;
  return result;
}

}  // namespace

run_result run(settings const& asked, std::string const& algorithm, std::uint64_t run_seed) {
  return asked.environment == "Pendulum-v1" ? run_in(asked, classic_control::pendulum{}, algorithm, run_seed)
                                            : run_in(asked, classic_control::cart_pole{}, algorithm, run_seed);
}

char const* backend_name() { return machine_name; }

}  // namespace compare
