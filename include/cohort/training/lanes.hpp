#pragma once
#include <cohort/environment/lanes.hpp>
#include <cohort/training/batch.hpp>

namespace cohort {

namespace detail {

/// The true last observations of truncated steps, collected during a rollout so that the critic sees them all at once afterwards.
template <class T>
struct final_observations {
  std::vector<T> rows;
  std::vector<std::int32_t> steps;

  void clear() {
    rows.clear();
    steps.clear();
  }
  void add(view<T const> row, std::int32_t step) {
    for (std::ptrdiff_t d = 0; d < row.columns; ++d) rows.push_back(row(0, d));
    steps.push_back(step);
  }
  /// values[step] = the critic's value of that step's last observation.
  template <backend B, class Policy>
  void write_values(B& backend, Policy& policy, view<T> values) {
    if (steps.empty()) return;
    std::ptrdiff_t n = std::ptrdiff_t(steps.size()), D = std::ptrdiff_t(rows.size()) / n;
    auto found = backend.template temporary<T>(n);
    policy.value(backend, view<T const>(rows.data(), n, D), found.all());
    for (std::ptrdiff_t i = 0; i < n; ++i) values[steps[i]] = found.all()[i];
  }
};

/// The running return of each lane's episode.
class return_counter {
 public:
  explicit return_counter(int lanes) : running_(lanes, 0.) {}
  void add(int lane, double reward) { running_[lane] += reward; }
  void end(int lane, rollout_summary& summary) {
    summary.episode_returns.push_back(running_[lane]);
    running_[lane] = 0;
  }

 private:
  std::vector<double> running_;
};

template <class T>
T const* zero_of() {
  static constexpr T zero = 0;
  return &zero;
}

}  // namespace detail

template <backend B, environment E, class Policy>
class lanes_collector;

/// The rollout of PPO: N environments side by side, T steps of each, episodes following one another in a lane and going on from one rollout to the
/// next.
struct lanes {
  int count = 8;    ///< N
  int steps = 128;  ///< T

  template <backend B, environment E, class Policy>
  using collector = lanes_collector<B, E, Policy>;
  void check() const {
    detail::require(count > 0, "lanes", "count", count, "a positive number");
    detail::require(steps > 0, "lanes", "steps", steps, "a positive number");
  }
};

template <backend B, environment E, class Policy>
class lanes_collector {
  using T = value_t<B>;

 public:
  using batch_type = batch<B, typename Policy::action>;

  lanes_collector(B&, lanes const& o, E const& e, Policy const& policy, std::uint64_t seed)
      : options_(o), environment_(e, o.count, seed), returns_(o.count), seed_(seed) {
    batch_.observation_size = policy.observations();
    batch_.action_width = policy.distribution().action_width();
    for (int n = 0; n < o.count; ++n) environment_.reset(n);
  }

  /// The next rollout of no more than `budget` simulator steps; R = 0 if not one step of every lane fits.
  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    int N = options_.count, D = batch_.observation_size, A = batch_.action_width;
    std::ptrdiff_t steps = std::min<std::int64_t>(options_.steps, budget / N), M = steps * N;
    batch_.R = M;
    if (M == 0) return batch_;
    batch_.decisions = series::lanes(steps, N);
    batch_.observation.resize((steps + 1) * N * D);
    batch_.action.resize(M * A);
    for (auto* a : {&batch_.sampler_logp, &batch_.reward, &batch_.advantage, &batch_.target}) a->resize(M);
    batch_.terminated.resize(M);
    batch_.truncated.resize(M);
    batch_.series_of.resize(M);
    final_.clear();

    auto seen = batch_.observation.matrix((steps + 1) * N, D);
    environment_.observe(seen.part(0, N));
    for (std::ptrdiff_t t = 0; t < steps; ++t) {
      auto at = [&](auto& array) { return array.all().part(t * N, N); };
      auto action = batch_.action.matrix(M, A).part(t * N, N);
      auto next = seen.part((t + 1) * N, N);
      policy.act(backend, view<T const>(seen.part(t * N, N)), stream{seed_, purpose::action, std::uint32_t(environment_.steps())}, 1, action,
                 at(batch_.sampler_logp));
      environment_.step(view<typename Policy::action const>(action), at(batch_.reward), at(batch_.terminated), at(batch_.truncated), next);
      for (int n = 0; n < N; ++n) {
        batch_.series_of.data()[t * N + n] = n;
        returns_.add(n, at(batch_.reward)[n]);
        bool truncated = at(batch_.truncated)[n];
        if (!truncated && !at(batch_.terminated)[n]) continue;
        if (truncated && Policy::has_critic) final_.add(view<T const>(next.part(n, 1)), std::int32_t(t * N + n));
        returns_.end(n, summary);
        environment_.reset(n);
        environment_.observe(n, &next(n, 0));
      }
    }
    summary.steps += M;
    if constexpr (Policy::has_critic) {
      batch_.value.resize(M + N);
      batch_.next_value.resize(M);
      policy.value(backend, view<T const>(seen), batch_.value.all());
      std::copy_n(batch_.value.data() + N, M, batch_.next_value.data());
      final_.write_values(backend, policy, batch_.next_value.all());
      batch_.has_values = true;
    }
    return batch_;
  }

 private:
  lanes options_;
  vector_environment<B, E> environment_;
  detail::return_counter returns_;
  detail::final_observations<T> final_;
  batch_type batch_;
  std::uint64_t seed_;
};

}  // namespace cohort
