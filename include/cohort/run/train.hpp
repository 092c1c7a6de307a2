#pragma once
#include <cohort/advantage/group_statistics.hpp>
#include <cohort/language/task/language_task.hpp>
#include <cohort/policy/requirements.hpp>
#include <cohort/run/hooks.hpp>
#include <cohort/run/training.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// An algorithm, or a preset by name as one for this backend.
template <backend B, class A>
decltype(auto) composed(A const& a) {
  if constexpr (requires { a.template on<B>(); }) return a.template on<B>();
  else return (a);
}

template <class P>
concept any_policy = requires(P& p) { P::has_critic, p.parameters().rows, p.gradient().rows; };
template <class P, class B>
concept has_numbers_of = std::is_same_v<decltype(std::declval<P&>().parameters()), view<value_t<B>>>;
template <class R, class B, class E, class P>
concept rollout_of = requires(R const& r) {
  r.check();
  typename R::template collector<B, E, P>;
};

/// Whether an estimator of groups, or one inside it, gives the only member of a group its raw value.
template <class A>
constexpr bool keeps_single(A const& a) {
  if constexpr (requires { a.single; }) return a.single == group_of_one::raw;
  else if constexpr (requires { a.how.single; }) return a.how.single == group_of_one::raw;
  else if constexpr (requires { a.estimator; }) return keeps_single(a.estimator);
  else return false;
}
/// What a rollout gives an estimator; one that does not say it gives anything.
template <class Rollout, class Policy>
constexpr unsigned given_by() {
  if constexpr (requires { Rollout::template gives<Policy>; }) return Rollout::template gives<Policy>;
  else return ~0u;
}

}  // namespace detail

/// Goes on with a run, as train does, until its limits are reached or a hook stops it. What a hook throws ends it after
/// a step that is whole: the run may be saved, or gone on with.
template <backend B, class Rollout, class Update, class E, class Policy, class... Hooks>
train_report train_on(training<B, Rollout, Update, E, Policy>& run, Hooks&&... hooks) {
  static_assert((detail::any_hook<std::remove_cvref_t<Hooks>, Policy> && ...),
                "a hook of train needs at least one of the functions that docs/hooks.md lists");
  (detail::at_start(hooks, run), ...);
  bool stopped = false;
  while (!stopped && run.step()) ((stopped |= detail::after_update(hooks, run)), ...);
  train_report report = run.report();
  report.stopped = stopped;
  (detail::at_end(hooks, report, run), ...);
  return report;
}

/// Trains a policy in an environment until the steps are used up or a hook stops it: collect, estimate advantages,
/// learn, again.
///
/// Rewards are scaled as `algorithm.reward` says; what hooks and the report see are the raw ones. Components with a
/// schedule are taken at the share of the steps that were done before the rollout. If the objective or the advantage
/// reads ref_logp, the policy as it is at the start is copied and serves as the reference, which `algorithm.reference`
/// refreshes. Weights that have a controller (kl_penalty, kl_in_reward) are told of each update. Hooks are any objects
/// with on_start(report), on_update(report), on_update(report, policy) or a template on_run(run) (which may return true
/// to stop), on_end(report) or on_end(report, policy), or functions that are called as on_update is.
///
/// Raises value_error for parameters out of their range, environment_error for a reward or observation that is not
/// finite. (Options is no choice: of a type that is a template's, g++ says in seven lines that it has no such member.)
template <backend B, class A, class E, class Policy, class... Hooks, class Options = train_options,
          bool Optimized = detail::is_optimized>
train_report train(B& backend, A const& given, E const& environment_, Policy& policy,
                   std::type_identity_t<Options> const& options, Hooks&&... hooks) {
  auto&& algorithm = detail::composed<B>(given);
  using Algorithm = std::remove_cvref_t<decltype(algorithm)>;
  using first_objective_type = decltype(at_progress(algorithm.objective, 0.));
  constexpr bool is_objective = objective<first_objective_type> || pair_objective<first_objective_type> ||
                                std::is_same_v<first_objective_type, any_objective<B>>,
                 are_hooks = (detail::any_hook<std::remove_cvref_t<Hooks>, Policy> && ...);
  constexpr bool has_optimizers = detail::has_optimizers<detail::update_in<Algorithm>, B>();
  constexpr bool update_fits = detail::update_fits<detail::update_in<Algorithm>, B, Policy>();
  using Rollout = detail::rollout_in<Algorithm>;
  constexpr bool task = detail::reads_a_task<Rollout, E>();
  constexpr bool is_policy = detail::any_policy<Policy>, is_rollout = detail::rollout_of<Rollout, B, E, Policy>,
                 is_estimator = detail::estimator_on<decltype(at_progress(algorithm.advantage, 0.)), B>,
                 is_aggregation = detail::aggregation_on<std::remove_cvref_t<decltype(algorithm.aggregation)>, B>;
  if constexpr (task && !language_task<E>) {
    static_assert(language_task<E>,
                  "a task needs a type `row` and, all const, `row draw(random_stream&)`, `std::vector<std::int32_t> "
                  "prompt(row)`, `double score(row, std::span<std::int32_t const> tokens, bool stopped)` and "
                  "`std::int32_t stop()`");
    return {};
  } else if constexpr (detail::was_refused<Policy>) {
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
  } else if constexpr (!task && policy_parts<Policy, B>::missing != 0) {
#include <cohort/policy/requirements.inc>
    return {};
  } else if constexpr (!has_optimizers) {
    static_assert(has_optimizers,
                  "an optimizer needs `template <backend B> struct state`, start(B&, std::ptrdiff_t) and update(B&, "
                  "state&, double progress, view<T> parameters, view<T const> gradient, view<T const> scale, double "
                  "limit), the last two const");
    return {};
  } else if constexpr (!update_fits) {
    detail::update_in<Algorithm>::template require_policy<Policy>();
    return {};
  } else if constexpr (!is_objective || !are_hooks) {
    static_assert(is_objective,
                  "an objective needs `template <class S> constexpr S operator()(step_terms<S> const&) const` (or of "
                  "series_terms<S>, or of pair_terms<S>)");
    static_assert(
        are_hooks,
        "a hook of train needs at least one of on_start(report), on_update(report), on_update(report, "
        "policy), a template on_run(run), on_end(report), on_end(report, policy), or is a function of (report) or "
        "(report, policy)");
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
    constexpr unsigned missing = advantage_needs & ~detail::given_by<Rollout, Policy>();
    static_assert(!(missing & needs::probes),
                  "the advantage compares actions tried from one state: use it with the rollout probes");
    static_assert(
        !(missing & needs::groups),
        "the advantage compares series of one start, which this rollout does not make: use the rollout groups");
    static_assert((missing & needs::probes) || !(missing & needs::critic),
                  "the advantage reads the value function, and the policy has none: use actor_critic, or an advantage "
                  "without one (group_relative, monte_carlo)");
    static_assert(!task || !(advantage_needs & needs::anchor),
                  "gigpo compares equal observations of an environment, which completions do not have");
    static_assert(has_distributions || !(advantage_needs & needs::kl),
                  "the advantage reads an exact divergence, and the policy does not give its distributions: use k1 or "
                  "another estimator");
    if constexpr (requires { algorithm.rollout.group; } && (advantage_needs & needs::groups) != 0)
      detail::require(algorithm.rollout.group > 1 || detail::keeps_single(algorithm.advantage), "train",
                      "the rollout's group", double(algorithm.rollout.group),
                      "2 or more: the advantage compares the members of a group, and one alone teaches nothing");
    if constexpr (requires { detail::update_in<Algorithm>::trains_apart; })
      detail::update_in<Algorithm>::template require_terms<first_objective_type>();
    training run{backend, algorithm, environment_, policy, options, Optimized};
    return train_on(run, hooks...);
  }
}

}  // namespace COHORT_NAMESPACE
