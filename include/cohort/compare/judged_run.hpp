#pragma once
#include <algorithm>
#include <cohort/compare/options.hpp>
#include <cohort/compare/result.hpp>
#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/run/evaluate.hpp>
#include <cohort/run/train.hpp>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace COHORT_NAMESPACE::comparing {

namespace detail {

/// The hook that evaluates as compare_options says, and notes when the threshold fell.
template <backend B, class E>
class judge {
 public:
  judge(B& backend, E const& environment, compare_options const& how, run_result& result)
      : backend_(backend), environment_(environment), how_(how), result_(result) {}

  template <class Policy>
  void on_start(train_report const&, Policy& policy) {
    look(0, 0, policy);
  }
  template <class Policy>
  bool on_update(train_report const& report, Policy& policy) {
    if (report.steps >= next_) look(report.steps, report.seconds, policy);
    return how_.stop();
  }

 private:
  template <class Policy>
  void look(std::int64_t steps, double seconds, Policy& policy) {
    next_ = steps / how_.every * how_.every + how_.every;
    double const mean = evaluate(backend_, environment_, policy, how_.episodes, std::uint64_t(steps)).mean();
    result_.curve.push_back({long(steps), seconds, mean});
    if (!how_.threshold || mean < *how_.threshold || result_.steps_to_threshold) return;
    result_.steps_to_threshold = long(steps);
    result_.seconds_to_threshold = seconds;
  }

  B& backend_;
  E const& environment_;
  compare_options const& how_;
  run_result& result_;
  std::int64_t next_ = 0;
};

/// The last evaluation's starts. Those on the way have the seeds of their steps, which are fewer.
inline std::uint64_t final_seed(compare_options const& how, std::uint64_t seed) {
  return std::uint64_t(std::max<std::int64_t>(1'000'000, how.steps + 1)) + seed;
}

/// f(whether the algorithm reads the value function), as a constant where its type says it.
template <backend B, class A, class F>
auto with_critic_or_not(A const& algorithm, F f) {
  constexpr unsigned of_objective = needs::value | needs::target;
  using objective_type = decltype(at_progress(algorithm.objective, 0.));
  if constexpr (cohort::detail::needs_of<decltype(at_progress(algorithm.advantage, 0.))>() & needs::critic)
    return f(std::true_type{});
  else if constexpr (cohort::detail::known_at_compile_time<objective_type>)
    return f(std::bool_constant < (cohort::detail::terms_read_by_type<objective_type>() & of_objective) != 0 > {});
  else
    return any_objective<B>(algorithm.objective).reads() & of_objective ||
                   any_estimator<B>(algorithm.advantage).reads() & needs::critic
               ? f(std::true_type{})
               : f(std::false_type{});
}

}  // namespace detail

/// Trains a policy from a seed, with evaluations on the way and at the end. Draws, returns and curve hang on the seed
/// alone.
template <backend B, class E, class Policy, class Algorithm>
run_result judged_run(B& backend, E const& environment, Algorithm const& algorithm, Policy policy,
                      compare_options const& how, std::uint64_t seed) {
  run_result result;
  detail::judge<B, E> watch(backend, environment, how, result);
  auto report = train(backend, algorithm, environment, policy, {.steps = how.steps, .seed = seed}, watch);
  result.seed = seed;
  result.steps = long(report.steps);
  result.complete = !report.stopped;
  if (report.stopped) return result;
  result.final_return =
      evaluate(backend, environment, policy, how.final_episodes, detail::final_seed(how, seed)).mean();
  result.solved = how.threshold && result.final_return >= *how.threshold;
  result.seconds = report.seconds;
  result.parameter_bytes = report.parameter_bytes;
  result.optimizer_bytes = report.optimizer_bytes;
  result.warnings = report.warnings;
  return result;
}

/// The same with a policy of two layers of 64: an actor_critic if the algorithm reads a critic, else an actor.
template <backend B, class E, class Algorithm>
run_result judged_run(B& backend, E const& environment, Algorithm const& given, compare_options const& how,
                      std::uint64_t seed) {
  auto&& algorithm = cohort::detail::composed<B>(given);
  return detail::with_critic_or_not<B>(algorithm, [&]<bool Critic>(std::bool_constant<Critic>) {
    auto const run = [&](auto policy) {
      return judged_run(backend, environment, algorithm, std::move(policy), how, seed);
    };
    if constexpr (Critic) return run(actor_critic{backend, environment, {}, random_seed{seed}});
    else return run(actor{backend, environment, {}, random_seed{seed}});
  });
}

}  // namespace COHORT_NAMESPACE::comparing
