#pragma once
#include <cohort/compare/judge.hpp>
#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/run/evaluate.hpp>
#include <cohort/run/train.hpp>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace COHORT_NAMESPACE::comparing {

namespace detail {

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
  judge watch(how, seed, [&](int episodes, std::uint64_t starts) {
    return evaluate(backend, environment, policy, episodes, starts).mean();
  });
  return watch.result(train(backend, algorithm, environment, policy, {.steps = how.steps, .seed = seed}, watch));
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
