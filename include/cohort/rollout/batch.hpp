#pragma once
#include <algorithm>
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/objective/step_terms.hpp>
#include <cohort/policy/policy_memory.hpp>
#include <cohort/rollout/completion_metrics.hpp>
#include <cohort/rollout/time_runs.hpp>
#include <cstdint>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE {

template <backend B, class Policy>
class decision_minibatches;

/// What steps leave, a row each, in the backend's memory.
template <backend B, class Action>
struct step_record {
  using T = value_t<B>;
  template <class U>
  using array = typename B::template array<U>;

  array<Action> action;                       ///< M x the action's width
  array<T> sampler_logp;                      ///< M
  array<T> reward;                            ///< K x M
  array<std::uint8_t> terminated, truncated;  ///< K x M

  /// Room for M steps, K rows of rewards and flags.
  void resize_steps(B& backend, std::ptrdiff_t M, std::ptrdiff_t width, std::ptrdiff_t K = 1) {
    backend.resize(action, M * width);
    backend.resize(sampler_logp, M);
    backend.resize(reward, K * M);
    for (auto* a : {&terminated, &truncated}) backend.resize(*a, K * M);
  }
};

/// What a rollout collected; the fields are those of batch_view, and the observations and actions to learn from.
template <backend B, class Action>
struct batch : step_record<B, Action> {
  using T = value_t<B>;
  template <class U>
  using array = typename B::template array<U>;
  using step_record<B, Action>::action, step_record<B, Action>::sampler_logp, step_record<B, Action>::reward,
      step_record<B, Action>::terminated, step_record<B, Action>::truncated;

  std::ptrdiff_t R = 0, G = 1, K = 1;  ///< decisions, actions at each, steps of a probe
  int observation_size = 0, action_width = 1, distribution_size = 0;
  int memory = 0;  ///< the last columns of an observation, which the policy has written
  partition series, groups;
  array<T> observation;        ///< R x D, with the policy's memory when it saw them
  array<T> ref_logp;           ///< R G
  array<std::int32_t> anchor;  ///< R: the number of a step's state, where an estimator reads it
  std::ptrdiff_t anchors = 0;
  array<T> kl;  ///< R: KL of the policy from the reference, where an estimator reads it
  /// R distributions as rows of distribution_size numbers, where an objective reads their divergences.
  array<T> reference_distribution, old_distribution;
  array<T> value, next_value, probe_value;     ///< R, R, R G; with a critic
  array<std::int32_t> executed;                ///< R
  array<std::int32_t> series_of;               ///< R: which series a decision belongs to
  array<std::int32_t> offsets, group_offsets;  ///< of packed series, and of groups over series
  array<T> advantage, target;                  ///< R G, written by the estimator
  array<std::int32_t> rows_packed;             ///< where the steps of packed series stood
  bool has_values = false, has_executed = false;
  bool goes_on = false;  ///< whether packed series are lanes, each of which goes on in the next rollout

  template <class Policy>
  using minibatches = decision_minibatches<B, Policy>;  ///< how a learner cuts it

  std::ptrdiff_t M() const { return R * G; }
  view<T const> observations() { return observation.matrix(R, observation_size); }

  /// f(term, array) for each constant term that a minibatch takes from here as it is, R G each: a term of a step is
  /// listed here where a rollout brings it. (old_logp is sampler_logp where there is no other.)
  void each_term(auto f) {
    using terms = step_views<T>;
    f(&terms::sampler_logp, sampler_logp), f(&terms::ref_logp, ref_logp), f(&terms::target, target);
  }

  /// Those of what the policy sees and does.
  template <class Policy>
  void set_extents(Policy const& policy) {
    observation_size = policy.observations();
    action_width = policy.distribution().action_width();
    memory = detail::memory_of(policy);
  }

  /// Room for the M steps of R decisions, and for what the estimator writes of them.
  void resize_decisions(B& backend) {
    this->resize_steps(backend, M(), action_width, K);
    for (auto* a : {&advantage, &target}) backend.resize(*a, M());
  }

  /// Becomes the steps of another batch (of single actions) in these rows, series n being rows[bounds[n]] up to
  /// rows[bounds[n + 1]].
  void pack(B& backend, batch& from, std::span<std::int32_t const> rows, std::span<std::int32_t const> bounds) {
    R = std::ssize(rows);
    std::vector<std::int32_t> number;
    std::int32_t longest = 0;
    for (std::size_t n = 0; n + 1 < bounds.size(); ++n) {
      number.resize(std::size_t(bounds[n + 1]), std::int32_t(n));
      longest = std::max(longest, bounds[n + 1] - bounds[n]);
    }
    backend.assign(rows_packed, rows);
    backend.assign(offsets, bounds);
    backend.assign(series_of, std::span<std::int32_t const>(number));
    series = partition::segments(offsets.all(), R, longest);
    resize_decisions(backend);
    auto take = [&]<class U>(array<U>& to, array<U>& whole, std::ptrdiff_t columns) {
      backend.resize(to, R * columns);
      backend.gather(to.matrix(R, columns), view<U const>(whole.data(), whole.size() / columns, columns),
                     view<std::int32_t const>(rows_packed.all()));
    };
    take(observation, from.observation, observation_size);
    take(action, from.action, action_width);
    for (auto of : {&batch::sampler_logp, &batch::reward}) take(this->*of, from.*of, 1);
    for (auto of : {&batch::terminated, &batch::truncated}) take(this->*of, from.*of, 1);
    has_values = from.has_values;
    if (has_values)
      for (auto of : {&batch::value, &batch::next_value}) take(this->*of, from.*of, 1);
  }

  /// Writes ref_logp, the log-probabilities under a frozen reference's parameters.
  template <class Policy>
  void evaluate_reference(B& backend, Policy& policy, view<T const> reference) {
    through_time<Policy>(backend, ref_logp, G, [&](auto seen, auto actions, auto out, auto... in_time) {
      policy.log_probability(backend, reference, seen, actions, int(G), out, in_time...);
    });
  }

  /// Writes the distributions of a policy under some parameters to `out`, reference_distribution or old_distribution.
  template <class Policy>
  void distribution_rows(B& backend, Policy& policy, view<T const> parameters, array<T>& out) {
    distribution_size = policy.distribution_size();
    through_time<Policy>(backend, out, distribution_size, [&](auto seen, auto, auto rows, auto... in_time) {
      policy.distribution_rows(backend, parameters, seen, rows, in_time...);
    });
  }
  /// Writes kl, that of the policy from itself under a frozen reference's parameters.
  template <class Policy>
  void evaluate_kl(B& backend, Policy& policy, view<T const> reference) {
    through_time<Policy>(backend, kl, 1, [&](auto seen, auto, auto out, auto... in_time) {
      policy.kl_to(backend, reference, seen, out, in_time...);
    });
  }

  /// Numbers the observations: equal ones of the same group have the same number. On the host.
  [[gnu::cold]] void write_state_index(B& backend) {
    auto D = std::size_t(observation_size), steps = std::size_t(R), ends = std::size_t(groups.count() + 1);
    std::vector<T> seen(steps * D);
    std::vector<std::int32_t> group_of(steps), first_of_group(ends), order(steps), numbers(steps);
    backend.download(seen, observation.all().part(0, R * observation_size));
    backend.download(group_of, series_of.all());  // the number of the series yet
    backend.download(first_of_group, group_offsets.all());
    for (std::size_t r = 0; r < steps; ++r) {
      order[r] = std::int32_t(r);
      auto above = std::upper_bound(first_of_group.begin(), first_of_group.end(), group_of[r]);
      group_of[r] = std::int32_t(above - first_of_group.begin());
    }
    auto row = [&](std::int32_t r) {
      return std::span<T const>(seen).subspan(std::size_t(r) * D, D - std::size_t(memory));
    };
    auto compared = [&](std::int32_t a, std::int32_t b) {
      if (group_of[std::size_t(a)] != group_of[std::size_t(b)])
        return group_of[std::size_t(a)] < group_of[std::size_t(b)];
      return std::lexicographical_compare(row(a).begin(), row(a).end(), row(b).begin(), row(b).end());
    };
    std::sort(order.begin(), order.end(), compared);
    anchors = 0;
    for (std::size_t k = 0; k < steps; ++k) {
      if (k == 0 || compared(order[k - 1], order[k])) ++anchors;
      numbers[std::size_t(order[k])] = std::int32_t(anchors - 1);
    }
    backend.assign(anchor, numbers);
  }

  batch_view<T> view_for_estimator() {
    batch_view<T> v;
    v.series = series;
    v.groups = groups;
    v.group = G;
    v.depth = K;
    v.goes_on = goes_on;
    v.reward = reward.all();
    v.terminated = terminated.all();
    v.truncated = truncated.all();
    if (has_values) {
      v.value = value.all().part(0, R);
      v.next_value = next_value.all();
    }
    if (kl.size() == R && R > 0) v.kl = kl.all();
    if (anchors > 0 && anchor.size() == R) v.anchor = anchor.all(), v.anchors = anchors;
    if (sampler_logp.size() == M()) v.sampler_logp = sampler_logp.all();
    if (ref_logp.size() == M()) v.ref_logp = ref_logp.all();
    if (has_executed) v.executed = executed.all();
    if (has_values && has_executed) v.probe_value = probe_value.all();
    return v;
  }

 private:
  /// f(observations, actions, out) of R rows and as many columns of `to`; of a policy that learns through time in its
  /// order, with the layout of rows, so that a reference remembers what it itself would have (of an episode that began
  /// before the batch, from what the policy remembered then).
  template <class Policy, class F>
  void through_time(B& backend, array<T>& to, std::ptrdiff_t columns, F const& f) {
    if constexpr (detail::learns_through_time<Policy, B>) {
      if (memory > 0)
        return pass_in_time(backend, to, columns, &f,
                            [](void const* g, view<T const> seen, view<Action const> taken, view<T> out,
                               time_layout const* layout) { (*static_cast<F const*>(g))(seen, taken, out, layout); });
    }
    backend.resize(to, R * columns);
    f(view<T const>(observations()), view<Action const>(action.matrix(R, G * action_width)), to.matrix(R, columns));
  }
  using pass = void (*)(void const* f, view<T const> seen, view<Action const> taken, view<T> out, time_layout const*);
  /// Without f's type, so that it is compiled once.
  void pass_in_time(B& backend, array<T>& to, std::ptrdiff_t columns, void const* f, pass run) {
    backend.resize(to, R * columns);
    view<Action const> const actions = action.matrix(R, G * action_width);
    view<T> const out = to.matrix(R, columns);
    runs_.plan(backend, *this, 0, 0);
    runs_.rows_of({}, in_time_);
    time_layout const* const layout = &in_time_.layout;
    if (runs_.in_order()) return run(f, observations(), actions, out, layout);
    backend.assign(rows_, std::span<std::int32_t const>(in_time_.rows));
    auto moved = backend.template temporary<T>(R * (observation_size + columns));
    auto moved_actions = backend.template temporary<Action>(actions.size());
    view<std::int32_t const> const rows = rows_.all();
    view<T> const seen(moved.all().data, R, observation_size),
        found(moved.all().data + R * observation_size, R, columns);
    view<Action> const taken = moved_actions.matrix(R, actions.columns);
    backend.gather(seen, observations(), rows);
    backend.gather(taken, actions, rows);
    run(f, seen, taken, found, layout);
    backend.scatter(out, view<T const>(found), rows);
  }

  detail::time_runs runs_;
  detail::time_runs::rows_in_time in_time_;
  array<std::int32_t> rows_;
};

/// The episodes that ended in a rollout, in order, and what it cost.
struct rollout_summary {
  std::int64_t steps = 0;               ///< simulator steps, every probe counted
  std::vector<double> episode_returns;  ///< undiscounted
  completion_metrics completions{};     ///< of a language model, or of groups
};

}  // namespace COHORT_NAMESPACE
