#pragma once
#include <cohort/erased/any_estimator.hpp>
#include <cohort/erased/any_objective.hpp>
#include <cohort/erased/any_reward_scale.hpp>
#include <cohort/run/algorithm.hpp>

namespace COHORT_NAMESPACE {

/// An algorithm of which only the rollout and the kind of update are known at compile time: what a run is made of, so
/// that it is compiled once for all that differ in the rest.
template <backend B, class Rollout, class Update = update<any_optimizer<B>>>
using any_algorithm =
    algorithm<Rollout, any_estimator<B>, any_objective<B>, any_aggregation<B>, Update, any_reward_scale<B>>;

namespace detail {

template <class A>
using rollout_in = std::remove_cvref_t<decltype(A::rollout)>;
template <class A>
using update_in = std::remove_cvref_t<decltype(A::update)>;

/// Whether a rollout is of a task and plays no environment.
template <class Rollout, class E>
constexpr bool reads_a_task() {
  if constexpr (requires { Rollout::template reads_task<E>; }) return Rollout::template reads_task<E>;
  else return requires { typename Rollout::reads_a_task; };
}

}  // namespace detail

/// An algorithm without the types of its components.
template <backend B, class A>
auto erased(A const& a) {
  using Update = detail::update_in<A>;
  auto loss = [&]() -> any_objective<B> {
    if constexpr (requires { Update::trains_apart; }) return any_objective<B>::in_parts(a.objective);
    else return a.objective;
  };
  return any_algorithm<B, detail::rollout_in<A>, detail::erased_update_t<B, Update>>{
      .rollout = a.rollout,
      .advantage = a.advantage,
      .objective = loss(),
      .aggregation = a.aggregation,
      .update = detail::erased_update<B>(a.update),
      .reward = a.reward,
      .reference = a.reference};
}

}  // namespace COHORT_NAMESPACE
