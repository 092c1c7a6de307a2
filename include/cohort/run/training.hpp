#pragma once
#include <algorithm>
#include <cohort/advantage/explained_variance.hpp>
#include <cohort/policy/policy_numbers.hpp>
#include <cohort/rollout/groups.hpp>
#include <cohort/rollout/probes.hpp>
#include <cohort/run/any_algorithm.hpp>
#include <cohort/run/recent_returns.hpp>
#include <cohort/run/stopwatch.hpp>
#include <cohort/run/train_options.hpp>
#include <cohort/run/train_report.hpp>
#include <cohort/update/learner.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// A run: all that lives from one update to the next. `step` collects once and updates once, `report` is what there is
/// to say at any time; `train` is a loop over it.
///
///     training run{cpu, algorithm, environment, policy, {.steps = 100'000, .seed = 1}};
///     while (run.step())
///       if (run.report().mean_return > 475) break;
///
/// A run may be left and gone on with: two halves give the bits of one whole. `limits` may be raised meanwhile;
/// schedules go by the new ones from then on. The backend and the policy must outlive it; the policy's parameters are
/// the run's as long as it goes on. The arguments are those of `train`, which says what is raised.
template <backend B, class Rollout, class Update, class E, class Policy>
class training {
 public:  // in what is no environment
  template <class A>
  training(B&, A const&, E const&, Policy&, train_options const&, bool = true) {
    if constexpr (!detail::was_refused<Policy>) {
#include <cohort/environment/requirements.inc>
    }
  }
  train_options limits{};
  bool step() { return false; }
  step_state step_for(double) { return {}; }
  train_report report() const { return {}; }
};
template <backend B, class Rollout, class Update, class E, class Policy>
  requires(detail::reads_a_task<Rollout, E>() || environment<E>)
class training<B, Rollout, Update, E, Policy> {
  using T = value_t<B>;
  using Algorithm = any_algorithm<B, Rollout, Update>;
  using Collector = typename Rollout::template collector<B, E, Policy>;
  using Batch = typename Collector::batch_type;
  using Learner = typename detail::learner_for<B, Update, Policy, Batch>::type;
  static constexpr bool has_distributions = requires(Policy& p) { p.distribution_size(); };

 public:
  train_options limits;  ///< `steps` and `updates` may be raised; the seed stays

  template <class A>
  training(B& backend, A const& a, E const& environment, Policy& policy, train_options const& o,
           bool optimized = detail::is_optimized)
      : training(backend, erased<B>(a), environment, policy, o, optimized) {}
  training(B& backend, Algorithm a, E const& environment, Policy& policy, train_options const& o,
           bool optimized = detail::is_optimized)
      : limits(o),
        started_(checked(a, o, policy)),
        backend_(backend),
        algorithm_(std::move(a)),
        policy_(policy),
        collector_(backend, algorithm_.rollout, environment, policy, o.seed),
        learner_(backend, algorithm_.update, algorithm_.aggregation, policy, o.seed),
        reads_(algorithm_.objective.reads()),
        advantage_reads_(algorithm_.advantage.reads()),
        has_reference_(reads_ & needs::reference || advantage_reads_ & needs::ref_logp) {
    algorithm_.reward.start(backend);
    if (has_reference_) detail::keep_numbers(backend, reference_, policy);
    report_.parameter_bytes = std::size_t(policy.parameters().rows) * sizeof(T) * (has_reference_ ? 2 : 1);
    report_.optimizer_bytes = learner_.optimizer_bytes();
    report_.total_steps = o.steps, report_.total_updates = o.updates;
    if (Policy::has_critic && !(reads_ & needs::value) && !(advantage_reads_ & needs::critic))
      report_.warnings.push_back("the policy has a critic that nothing trains or reads: use actor, or add value_loss");
    if (!optimized)
      report_.warnings.push_back(
          "compiled without optimization, which is a hundred times slower: add -O3, in CMake "
          "-DCMAKE_BUILD_TYPE=Release");
    standing_warnings_ = report_.warnings.size();
    report_.seconds = detail::seconds_now() - started_;
  }

  template <class A>
  training(B&, A const&, E const&, Policy&, ...) = delete;  // the options are .steps, .updates and .seed

  training(training&&) = delete;  // a step that is under way knows where its run is

  train_report const& report() const { return report_; }

  /// All of it by name, for copy_out and copy_in (backend/saved_state.hpp): a run that is made like this one and is
  /// given this one's state goes on as this one would, bit by bit.
  void persist(auto const& f) {
    detail::persist_policy(policy_, f);
    f("collector", collector_), f("learner", learner_), f("reward", algorithm_.reward), f("recent returns", recent_);
    if (auto reference = reference_.all(); has_reference_) f("reference", reference);
    f("objective", algorithm_.objective), f("advantage", algorithm_.advantage);
    f("steps", report_.steps), f("episodes", report_.episodes), f("updates", report_.updates);
    f("skipped", report_.skipped_steps), f("learned", learned_);
    f("seconds", report_.seconds), f("mean return", report_.mean_return);
  }

  /// What it is made of, part by part: what a file of its state is told from others by.
  std::vector<std::pair<std::string, std::string>> composition() const {
    std::vector<std::pair<std::string, std::string>> all{{"environment", detail::type_name<E>()},
                                                         {"rollout", detail::component_text(algorithm_.rollout)},
                                                         {"reward", algorithm_.reward.name()},
                                                         {"advantage", algorithm_.advantage.name()},
                                                         {"objective", algorithm_.objective.name()},
                                                         {"aggregation", algorithm_.aggregation.name()},
                                                         {"update", detail::update_name(algorithm_.update)}};
    all.emplace_back("seed", std::to_string(limits.seed));
    return all;
  }
  Policy& policy() { return policy_; }
  B& backend() { return backend_; }
  /// What the last update learned from, until the next step. Raises value_error before the first.
  Batch& batch() {
    if (!batch_) throw value_error("training: there is no batch yet, expected a step() before");
    return *batch_;
  }

  /// Collects once and updates once. False, with nothing done, where the limits are reached, or are too near for a
  /// rollout (whose steps count).
  bool step() {
    return go_on([] { return false; }) == step_state::updated;
  }

  /// As much of a step as fits in that time, at least a piece: a step of the environments or a minibatch (a language
  /// model's rollout is one piece). It returns when the time is over or the update complete; called again, it goes on.
  /// The bits are those of `step`. Between calls the policy may be asked what to do, its parameters may not be changed.
  step_state step_for(double milliseconds) {
    detail::require(milliseconds >= 0, "training", "step_for's milliseconds", milliseconds, "0 or a positive number");
    double const end = detail::seconds_now() + milliseconds / 1000;
    return go_on([end] { return detail::seconds_now() >= end; });
  }
  /// Completes a step that is under way, or drops it.
  void complete_step() {
    if (under_way_) step();
  }
  void drop_step() { under_way_ = {}; }

 private:
  template <class F>
  step_state go_on(F time_is_over) {
    started_ = detail::seconds_now();
    if (!under_way_) {
      report_.total_steps = limits.steps, report_.total_updates = limits.updates;
      if (report_.steps >= limits.steps || report_.updates >= limits.updates) return at_the_end();
      report_.warnings.resize(standing_warnings_);  // the limits may have been raised
      under_way_ = stepping();
    }
    do {
      try {
        if (under_way_.next()) continue;
      } catch (...) {
        under_way_ = {};
        throw;
      }
      under_way_ = {};
      if (batch_->R == 0) return at_the_end();
      lap(nullptr);
      return step_state::updated;
    } while (!time_is_over());
    lap(phase_);
    return step_state::under_way;
  }
  /// The time since the last lap was the phase's; from now on it is another one's.
  void lap(double* next_phase) {
    double const now = detail::seconds_now();
    *phase_ += now - started_, report_.seconds += now - started_;
    started_ = now;
    phase_ = next_phase;
  }

  detail::pieces stepping() {
    double progress =
        std::max(double(report_.steps) / double(limits.steps), double(report_.updates) / double(limits.updates));
    summary_.steps = 0;
    summary_.episode_returns.clear();
    report_.collect_seconds = report_.estimate_seconds = report_.learn_seconds = 0;
    phase_ = &report_.collect_seconds;
    auto collecting =
        detail::collect_in_pieces(collector_, backend_, policy_, limits.steps - report_.steps, summary_, batch_);
    while (collecting.next()) co_await detail::pause;
    Batch& batch = *batch_;
    report_.steps += summary_.steps;
    report_.episodes += std::int64_t(summary_.episode_returns.size());
    for (double r : summary_.episode_returns) recent_.add(r);
    report_.mean_return = recent_.mean();
    report_.completions = summary_.completions;
    if (batch.R == 0) co_return;
    lap(&report_.estimate_seconds);

    complete(batch);
    estimates<T> out{batch.advantage.all(), Policy::has_critic ? batch.target.all() : view<T>{}};
    algorithm_.reward(backend_, batch.view_for_estimator(), batch.reward.all());
    algorithm_.advantage(backend_, batch.view_for_estimator(), out, progress);
    if constexpr (Policy::has_critic)
      if (auto const value = batch.view_for_estimator().value)
        report_.explained_variance =
            explained_variance(backend_, value, view<T const>(out.target.reshaped(batch.R, batch.G)));
    algorithm_.objective.set_progress(progress);
    lap(&report_.learn_seconds);
    update_metrics metrics;
    learner_.begin(backend_, algorithm_.objective, policy_, batch);
    while (learn_more(progress, metrics)) co_await detail::pause;
    report_.metrics = metrics;
    report_.skipped_steps += std::int64_t(report_.metrics.skipped);
    ++report_.updates;
    learned_ = learned_ || report_.metrics.gradient_norm != 0;
    algorithm_.objective.adapt(report_.metrics);
    algorithm_.advantage.adapt(report_.metrics);
    auto const& refresh = algorithm_.reference;
    if (has_reference_ && refresh.every > 0 && report_.updates % refresh.every == 0)
      backend_.map(outputs{reference_.all()}, detail::blend{refresh.share}, view<T const>(reference_.all()),
                   view<T const>(detail::all_numbers(policy_)));
    if constexpr (requires { policy_.observe(backend_, batch.observations()); })
      policy_.observe(backend_, batch.observations());
  }

  bool learn_more(double progress, update_metrics& metrics) {
    try {
      return learner_.next(backend_, algorithm_.objective, policy_, *batch_, progress, metrics);
    } catch (not_finite_error const& e) {
      throw not_finite_error("update " + std::to_string(report_.updates + 1) + ": " + e.what());
    }
  }

  static double checked(Algorithm const& a, train_options const& o, Policy const& policy) {
    double started = detail::seconds_now();
    constexpr bool carries = requires { requires Rollout::carries_memory; };
    if (!carries && detail::memory_of(policy) > 0)
      throw value_error("train: the policy has a memory, and the rollout " + detail::component_text(a.rollout) +
                        " does not carry it from step to step: use lanes, groups, probes or vine");
    detail::require(o.updates > 0, "train", "updates", double(o.updates), "a positive number");
    detail::require(o.steps > 0, "train", "steps", double(o.steps), "a positive number");
    a.rollout.check();
    a.reference.check();
    a.objective.check();
    return started;
  }

  /// Says what a run without a result was about.
  step_state at_the_end() {
    report_.warnings.resize(standing_warnings_);
    if (report_.updates == 0)
      report_.warnings.push_back("no update was made: " + std::to_string(limits.steps) +
                                 " steps end before the first rollout does");
    else if (!learned_)
      report_.warnings.push_back("nothing was learned: the gradient was 0 in all of " +
                                 std::to_string(report_.updates) +
                                 " updates (are the returns within each group equal, or all advantages 0?)");
    return step_state::ended;
  }

  /// What the objective and the advantage read beside what was collected.
  void complete(Batch& batch) {
    if (has_reference_) batch.evaluate_reference(backend_, policy_, view<T const>(reference_.all()));
    if constexpr (has_distributions) {
      if (advantage_reads_ & needs::kl) batch.evaluate_kl(backend_, policy_, view<T const>(reference_.all()));
      if (reads_ & needs::kl)
        batch.distribution_rows(backend_, policy_, view<T const>(reference_.all()), batch.reference_distribution);
      if (reads_ & needs::old_kl)
        batch.distribution_rows(backend_, policy_, view<T const>(policy_.parameters()), batch.old_distribution);
    }
    if constexpr (requires { batch.write_state_index(backend_); })
      if (advantage_reads_ & needs::anchor) batch.write_state_index(backend_);
  }

  double started_;
  double* phase_ = nullptr;  // of a step that is under way: where its time goes
  B& backend_;
  Algorithm algorithm_;  // of its own, since controllers in it change
  Policy& policy_;
  Collector collector_;
  Learner learner_;
  unsigned reads_, advantage_reads_;
  bool has_reference_, learned_ = false;
  std::size_t standing_warnings_ = 0;  // those of what the run is made of
  typename B::template array<T> reference_;
  train_report report_;
  detail::recent_returns recent_;
  rollout_summary summary_;
  Batch* batch_ = nullptr;  // the last rollout
  detail::pieces under_way_;
};
template <backend B, class A, class E, class Policy>
training(B&, A const&, E const&, Policy&, train_options const&, bool = true)
    -> training<B, detail::rollout_in<A>, detail::erased_update_t<B, detail::update_in<A>>, E, Policy>;
template <backend B, class A, class E, class Policy>
training(B&, A const&, E const&, Policy&, ...)
    -> training<B, detail::rollout_in<A>, detail::erased_update_t<B, detail::update_in<A>>, E, Policy>;

}  // namespace COHORT_NAMESPACE
