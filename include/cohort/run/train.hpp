#pragma once
#include <cohort/language/task/language_task.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/rollout/groups.hpp>
#include <cohort/rollout/probes.hpp>
#include <cohort/run/stopwatch.hpp>
#include <cohort/update/learner.hpp>

namespace cohort {

struct train_options {
  std::int64_t steps = 100'000;  ///< simulator steps, probes included; a run never takes more
  std::int64_t updates = std::numeric_limits<std::int64_t>::max();  ///< at most so many
  std::uint64_t seed = 0;  ///< of actions, resets and minibatches; the policy's own seed sets its parameters
};

/// What hooks see after each update, and what train returns.
struct train_report {
  std::int64_t steps = 0, total_steps = 0;
  std::int64_t episodes = 0, updates = 0, total_updates = 0;
  double seconds = 0;      ///< of collecting and learning; hooks do not count
  double mean_return = 0;  ///< of the last 100 episodes (fewer at the beginning); NaN before the first has ended
  update_metrics metrics{};
  completion_metrics completions{};  ///< of the last rollout of a language model
  std::size_t parameter_bytes = 0;   ///< of the policy, and of the reference where there is one
  std::size_t optimizer_bytes = 0;
  bool stopped = false;  ///< by a hook
};

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

template <class Update, class B, class Policy>
constexpr bool update_fits() {
  if constexpr (requires { Update::template fits<B, Policy>; }) return Update::template fits<B, Policy>;
  else return true;
}

class recent_returns {
 public:
  void add(double r) { values_[count_++ % values_.size()] = r; }
  double mean() const {
    std::size_t n = std::min(count_, values_.size());
    double total = 0;
    for (std::size_t i = 0; i < n; ++i) total += values_[i];
    return n ? total / double(n) : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  std::array<double, 100> values_{};
  std::size_t count_ = 0;
};

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
  if constexpr (task && !language_task<E>) {
    static_assert(language_task<E>,
                  "a task needs a type `row` and, all const, `row draw(random_stream&)`, `std::vector<std::int32_t> "
                  "prompt(row)`, `double score(row, std::span<std::int32_t const> tokens, bool stopped)` and "
                  "`std::int32_t stop()`");
    return {};
  } else if constexpr (!task && !environment<E>) {
#include <cohort/environment/requirements.inc>
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
    using T = value_t<B>;
    using Rollout = std::remove_cvref_t<decltype(algorithm.rollout)>;
    auto first_objective = at_progress(algorithm.objective, 0.);
    constexpr unsigned bits = detail::terms_read_by_type<first_objective_type>();
    if constexpr (detail::known_at_compile_time<first_objective_type> && !Policy::has_critic)
      static_assert(!(bits & (needs::value | needs::target)),
                    "the objective reads the value function, and the policy has none: use actor_critic");
    constexpr bool has_distributions = requires { policy.distribution_size(); };
    if constexpr (detail::known_at_compile_time<first_objective_type> && !has_distributions)
      static_assert(!(bits & (needs::kl | needs::old_kl)),
                    "the objective reads an exact divergence, and the policy does not give its distributions: use "
                    "kl_penalty with an estimator");
    detail::require(options.updates > 0, "train", "updates", double(options.updates), "a positive number");
    detail::require(options.steps > 0, "train", "steps", double(options.steps), "a positive number");
    algorithm.rollout.check();
    algorithm.reference.check();
    for (double progress : {0., .25, .5, .75, .999})
      detail::check_objective(at_progress(algorithm.objective, progress));  // no update begins at 1

    double started = detail::seconds_now();
    typename Rollout::template collector<B, E, Policy> collector(backend, algorithm.rollout, environment_, policy,
                                                                 options.seed);
    using Batch = typename decltype(collector)::batch_type;
    using Update = std::remove_cvref_t<decltype(algorithm.update)>;
    using Aggregation = std::remove_cvref_t<decltype(algorithm.aggregation)>;
    typename detail::learner_for<B, Update, Aggregation, Policy, Batch>::type learner(
        backend, algorithm.update, algorithm.aggregation, policy, options.seed);
    auto objective_now = algorithm.objective;  // of their own, since controllers in them change
    auto advantage_now = algorithm.advantage;
    auto reward = algorithm.reward.template start<B>(backend);
    typename B::template array<T> reference;
    unsigned read = terms_read_by(first_objective);
    bool has_reference = read & needs::reference;
    using advantage_type = decltype(at_progress(algorithm.advantage, 0.));
    constexpr unsigned advantage_needs = detail::needs_of<advantage_type>();
    has_reference |= (advantage_needs & needs::ref_logp) != 0;
    static_assert(!task || !(advantage_needs & needs::anchor),
                  "gigpo compares equal observations of an environment, which completions do not have");
    static_assert(has_distributions || !(advantage_needs & needs::kl),
                  "the advantage reads an exact divergence, and the policy does not give its distributions: use k1 or "
                  "another estimator");
    if (has_reference) {
      backend.resize(reference, policy.parameters().rows);
      backend.map(outputs{reference.all()}, detail::same{}, view<T const>(policy.parameters()));
    }

    train_report report;
    report.total_steps = options.steps;
    report.total_updates = options.updates;
    report.parameter_bytes = std::size_t(policy.parameters().rows) * sizeof(T) * (has_reference ? 2 : 1);
    report.optimizer_bytes = learner.optimizer_bytes();
    detail::recent_returns recent;
    rollout_summary summary;
    report.seconds = detail::seconds_now() - started;
    (detail::at_start(hooks, report, policy), ...);

    while (report.steps < options.steps && report.updates < options.updates && !report.stopped) {
      started = detail::seconds_now();
      double progress =
          std::max(double(report.steps) / double(options.steps), double(report.updates) / double(options.updates));
      summary.steps = 0;
      summary.episode_returns.clear();
      auto& batch = collector.collect(backend, policy, options.steps - report.steps, summary);
      report.steps += summary.steps;
      report.episodes += std::int64_t(summary.episode_returns.size());
      for (double r : summary.episode_returns) recent.add(r);
      report.mean_return = recent.mean();
      report.completions = summary.completions;
      if (batch.R == 0) break;  // what is left of the budget is too little for a rollout

      if (has_reference) batch.evaluate_reference(backend, policy, view<T const>(reference.all()));
      if constexpr (has_distributions) {
        if constexpr (advantage_needs & needs::kl) {
          backend.resize(batch.kl, batch.R);
          policy.kl_to(backend, view<T const>(reference.all()),
                       view<T const>(batch.observation.matrix(batch.R, batch.observation_size)), batch.kl.all());
        }
        if (read & needs::kl)
          batch.distribution_rows(backend, policy, view<T const>(reference.all()), batch.reference_distribution);
        if (read & needs::old_kl)
          batch.distribution_rows(backend, policy, view<T const>(policy.parameters()), batch.old_distribution);
      }
      estimates<T> out{batch.advantage.all(), Policy::has_critic ? batch.target.all() : view<T>{}};
      if constexpr (advantage_needs & needs::anchor) batch.write_state_index(backend);
      algorithm.reward(backend, reward, batch.view_for_estimator(), batch.reward.all());
      at_progress(advantage_now, progress)(backend, batch.view_for_estimator(), out);
      report.metrics = learner.learn(backend, at_progress(objective_now, progress), policy, batch, progress);
      ++report.updates;
      detail::adapt(objective_now, report.metrics);
      detail::adapt(advantage_now, report.metrics);
      if (has_reference && algorithm.reference.every > 0 && report.updates % algorithm.reference.every == 0)
        backend.map(outputs{reference.all()}, detail::blend{algorithm.reference.share}, view<T const>(reference.all()),
                    view<T const>(policy.parameters()));
      report.seconds += detail::seconds_now() - started;
      report.stopped = (detail::after_update(hooks, report, policy) | ... | false);
    }
    (detail::at_end(hooks, report), ...);
    return report;
  }
}

}  // namespace cohort
