#pragma once
#include <cohort/language/task/language_task.hpp>
#include <cohort/run/training.hpp>

namespace cohort {

namespace detail {

/// Hooks are whatever has one of these functions; on_update may return true to stop the run.
template <class H, class P>
bool after_update(H& hook, train_report const& report, P& policy) {
  auto answer = [](auto call) {
    if constexpr (std::is_void_v<decltype(call())>) return call(), false;
    else return bool(call());
  };
  if constexpr (requires { hook.on_update(report, policy); })
    return answer([&] { return hook.on_update(report, policy); });
  else if constexpr (requires { hook.on_update(report); }) return answer([&] { return hook.on_update(report); });
  else return false;
}
template <class H, class P>
void at_start(H& hook, train_report const& report, P& policy) {
  if constexpr (requires { hook.on_start(report, policy); }) hook.on_start(report, policy);
  else if constexpr (requires { hook.on_start(report); }) hook.on_start(report);
}
template <class H>
void at_end(H& hook, train_report const& report) {
  if constexpr (requires { hook.on_end(report); }) hook.on_end(report);
}

template <class H, class P>
concept any_hook = requires(H h, train_report const& r, P& p) { h.on_update(r, p); } ||
                   requires(H h, train_report const& r) { h.on_update(r); } ||
                   requires(H h, train_report const& r) { h.on_start(r); } ||
                   requires(H h, train_report const& r, P& p) { h.on_start(r, p); } ||
                   requires(H h, train_report const& r) { h.on_end(r); };

template <class P>
concept any_policy = requires(P& p) { P::has_critic, p.parameters().rows, p.gradient().rows; };
template <class P, class B>
concept has_numbers_of = std::is_same_v<decltype(std::declval<P&>().parameters()), view<value_t<B>>>;
template <class R, class B, class E, class P>
concept rollout_of = requires(R const& r) {
  r.check();
  typename R::template collector<B, E, P>;
};

template <class Update, class B, class Policy>
constexpr bool update_fits() {
  if constexpr (requires { Update::template fits<B, Policy>; }) return Update::template fits<B, Policy>;
  else return true;
}

}  // namespace detail

/// Trains a policy in an environment until the steps are used up or a hook stops it: collect, estimate advantages,
/// learn, again.
///
/// Rewards are scaled as `algorithm.reward` says; what hooks and the report see are the raw ones. Components with a
/// schedule are taken at the share of the steps that were done before the rollout. If the objective or the advantage
/// reads ref_logp, the policy as it is at the start is copied and serves as the reference, which `algorithm.reference`
/// refreshes. Weights that have a controller (kl_penalty, kl_in_reward) are told of each update. Hooks are any objects
/// with on_start(report), on_update(report) or on_update(report, policy) (which may return true to stop),
/// on_end(report).
///
/// Raises value_error for parameters out of their range, environment_error for a reward or observation that is not
/// finite.
template <backend B, class Algorithm, class E, class Policy, class... Hooks>
train_report train(B& backend, Algorithm const& algorithm, E const& environment_, Policy& policy,
                   train_options const& options, Hooks&&... hooks) {
  using first_objective_type = decltype(at_progress(algorithm.objective, 0.));
  constexpr bool is_objective = objective<first_objective_type> || pair_objective<first_objective_type>,
                 are_hooks = (detail::any_hook<std::remove_cvref_t<Hooks>, Policy> && ...);
  constexpr bool update_fits = detail::update_fits<std::remove_cvref_t<decltype(algorithm.update)>, B, Policy>();
  constexpr bool task = requires { typename std::remove_cvref_t<decltype(algorithm.rollout)>::reads_a_task; };
  constexpr bool is_policy = detail::any_policy<Policy>,
                 is_rollout = detail::rollout_of<std::remove_cvref_t<decltype(algorithm.rollout)>, B, E, Policy>,
                 is_estimator = detail::estimator_on<decltype(at_progress(algorithm.advantage, 0.)), B>,
                 is_aggregation = detail::aggregation_on<std::remove_cvref_t<decltype(algorithm.aggregation)>, B>;
  if constexpr (task && !language_task<E>) {
    static_assert(language_task<E>,
                  "a task needs a type `row` and, all const, `row draw(random_stream&)`, `std::vector<std::int32_t> "
                  "prompt(row)`, `double score(row, std::span<std::int32_t const> tokens, bool stopped)` and "
                  "`std::int32_t stop()`");
    return {};
  } else if constexpr (!task && !environment<E>) {
#include <cohort/environment/requirements.inc>
    return {};
  } else if constexpr (!is_policy || !is_rollout || !is_estimator || !is_aggregation) {
    static_assert(is_policy,
                  "a policy needs `has_critic`, parameters(), gradient() and what else docs/policies.md lists: actor, "
                  "actor_critic and language_model are some");
    static_assert(is_rollout,
                  "a rollout needs check() const and `template <backend B, class E, class Policy> using collector`");
    static_assert(is_estimator,
                  "an advantage estimator needs `template <backend B, class T = value_t<B>> void operator()(B&, "
                  "batch_view<T> const&, estimates<T> const&) const`");
    static_assert(is_aggregation,
                  "an aggregation needs `template <backend B, class T = value_t<B>> void operator()(B&, "
                  "aggregated_steps<T> const&, view<T> weight) const`");
    return {};
  } else if constexpr (!detail::has_numbers_of<Policy, B>) {
    constexpr bool same_numbers = detail::has_numbers_of<Policy, B>;
    static_assert(same_numbers, "the policy was made on a backend of other numbers: both of float, or both of double");
    return {};
  } else if constexpr (!update_fits) {
    static_assert(update_fits,
                  "a trust_region needs the Fisher information of the policy, which this one does not give: actor and "
                  "actor_critic do");
    return {};
  } else if constexpr (!is_objective || !are_hooks) {
    static_assert(is_objective,
                  "an objective needs `template <class S> constexpr S operator()(step_terms<S> const&) const` (or of "
                  "series_terms<S>, or of pair_terms<S>)");
    static_assert(are_hooks,
                  "a hook of train needs at least one of on_start(report), on_update(report), on_update(report, "
                  "policy), on_end(report)");
    return {};
  } else {
    constexpr unsigned bits = detail::terms_read_by_type<first_objective_type>();
    if constexpr (detail::known_at_compile_time<first_objective_type> && !Policy::has_critic)
      static_assert(!(bits & (needs::value | needs::target)),
                    "the objective reads the value function, and the policy has none: use actor_critic");
    constexpr bool has_distributions = requires { policy.distribution_size(); };
    if constexpr (detail::known_at_compile_time<first_objective_type> && !has_distributions)
      static_assert(!(bits & (needs::kl | needs::old_kl)),
                    "the objective reads an exact divergence, and the policy does not give its distributions: use "
                    "kl_penalty with an estimator");
    constexpr unsigned advantage_needs = detail::needs_of<decltype(at_progress(algorithm.advantage, 0.))>();
    static_assert(!task || !(advantage_needs & needs::anchor),
                  "gigpo compares equal observations of an environment, which completions do not have");
    static_assert(has_distributions || !(advantage_needs & needs::kl),
                  "the advantage reads an exact divergence, and the policy does not give its distributions: use k1 or "
                  "another estimator");
    if constexpr (requires { detail::update_in<Algorithm>::trains_apart; })
      detail::update_in<Algorithm>::template require_terms<first_objective_type>();
    training run{backend, algorithm, environment_, policy, options};
    (detail::at_start(hooks, run.report(), policy), ...);
    bool stopped = false;
    while (!stopped && run.step()) stopped = (detail::after_update(hooks, run.report(), policy) | ... | false);
    train_report report = run.report();
    report.stopped = stopped;
    (detail::at_end(hooks, report), ...);
    return report;
  }
}

}  // namespace cohort
