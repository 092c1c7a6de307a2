#pragma once
#include <cohort/advantage/normalize.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/rollout/pieces.hpp>
#include <cohort/rollout/stepper.hpp>

namespace COHORT_NAMESPACE {

template <backend B, environment E, class Policy>
class lanes_collector;

/// The rollout of PPO: N environments side by side, T steps of each, episodes following one another in a lane and going
/// on from one rollout to the next. Steps by which an environment's lanes only begin an episode (autoreset::next_step)
/// are no steps of the batch, which then has a series for each lane of those that are left, nor are they counted.
struct lanes {
  int count = 8;      ///< N
  int horizon = 128;  ///< T

  constexpr void parameters(auto f) const { f("count", count), f("horizon", horizon); }

  static constexpr bool carries_memory = true;  ///< of a policy that has one
  /// What its batches give an estimator.
  template <class Policy>
  static constexpr unsigned gives = Policy::has_critic ? needs::critic : 0;
  template <backend B, environment E, class Policy>
  using collector = lanes_collector<B, E, Policy>;
  void check() const {
    detail::require(count > 0, "lanes", "count", count, "a positive number");
    detail::require(horizon > 0, "lanes", "horizon", horizon, "a positive number");
    detail::require_numbered("lanes", "count x horizon", double(count) * horizon);
  }
};

template <backend B, environment E, class Policy>
class lanes_collector {
  using T = value_t<B>;

 public:
  using batch_type = batch<B, typename Policy::action>;

  lanes_collector(B& backend, lanes const& o, E const& e, Policy const& policy, std::uint64_t seed)
      : options_(o),
        asynchronous_(vector_environment<B, E>::steps_single_lanes && detail::steps_asynchronously(e)),
        stepper_(backend, e, policy, o.count, seed),
        returns_(o.count) {
    for (auto* b : {&batch_, &packed_}) b->set_extents(policy);
    packed_.goes_on = true;
    stepper_.environment().reset(backend);
  }

  /// The next rollout of no more than `budget` simulator steps; R = 0 if not one step of every lane fits.
  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    collecting(backend, policy, budget, summary).finish();
    return collected();
  }
  /// The same in pieces: a step of all lanes.
  detail::pieces collecting(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    do {
      auto playing =
          play(backend, policy, budget, summary, [](std::ptrdiff_t, vector_environment<B, E>&) {}, asynchronous_);
      while (playing.next()) co_await detail::pause;
    } while (batch_.R > 0 && resets_ == batch_.R);  // of which nothing is left
    if constexpr (Policy::has_critic)
      if (batch_.R > 0) write_values(backend, policy);
    if (resets_ > 0) leave_out_resets(backend);
  }
  batch_type& collected() { return resets_ > 0 ? packed_ : batch_; }

  /// Without the critic's values; at_state(t, environment) is called before step t of the lanes, and after the last
  /// one; not where lanes go on without waiting for the others, which is one piece.
  template <class F>
  detail::pieces play(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary, F at_state,
                      bool asynchronous = false) {
    int N = options_.count, D = batch_.observation_size;
    std::ptrdiff_t steps = std::min<std::int64_t>(options_.horizon, budget / N), M = steps * N;
    batch_.R = M, resets_ = 0;
    is_reset_.clear();
    if (M == 0) co_return;
    batch_.series = partition::lanes(steps, N);
    backend.resize(batch_.observation, (steps + 1) * N * D);
    batch_.resize_decisions(backend);
    backend.resize(last_, M * D);
    detail::write_lane_index(backend, batch_.series_of, steps, N);

    auto seen = batch_.observation.matrix((steps + 1) * N, D), last = last_.matrix(M, D);
    stepper_.observe(backend, seen.part(0, N));
    if constexpr (vector_environment<B, E>::steps_single_lanes)
      if (asynchronous) stepper_.step_apart(backend, policy, batch_, seen, last, steps);
    for (std::ptrdiff_t t = 0; t < steps && !asynchronous; ++t) {
      auto next = seen.part((t + 1) * N, N);
      at_state(t, stepper_.environment());
      auto const resetting = stepper_.environment().resetting();
      is_reset_.insert(is_reset_.end(), resetting.begin(), resetting.end());
      stepper_.step(backend, policy, seen.part(t * N, N), batch_, t * N, next);
      stepper_.restart(backend, batch_, t * N, next, last.part(t * N, N));
      if (stepper_.memory() && !is_reset_.empty())
        for (int n = 0; n < N; ++n)
          if (is_reset_[std::size_t(t * N + n)]) stepper_.memory().forget(backend, next.part(n, 1));
      co_await detail::pause;
    }
    stepper_.require_finite_rollout(backend, batch_, 0, seen);
    stepper_.leave(backend, view<T const>(seen.part(steps * N, N)));
    count_episodes(backend, steps, summary);
    resets_ = std::count(is_reset_.begin(), is_reset_.end(), 1);
    summary.steps += M - resets_;
    at_state(steps, stepper_.environment());
  }

  void persist(auto const& f) { f("environment", stepper_), f("returns", returns_); }

  /// Rewards and flags of the last rollout, on the host.
  detail::rollout_record<T> const& record() const { return record_; }

 private:
  void write_values(B& backend, Policy& policy) {
    std::ptrdiff_t M = batch_.R, N = options_.count, D = batch_.observation_size;
    backend.resize(batch_.value, M + N);
    backend.resize(batch_.next_value, M);
    policy.value(backend, view<T const>(batch_.observation.matrix(M + N, D)), batch_.value.all());
    detail::copy_to(backend, batch_.next_value.all(), batch_.value.all().part(N, M));
    final_.write(backend, policy, last_.matrix(M, D), batch_.truncated.all(), batch_.next_value.all());
    batch_.has_values = true;
  }

  void leave_out_resets(B& backend) {
    std::vector<std::int32_t> rows, ends{0};
    for (std::ptrdiff_t n = 0; n < options_.count; ++n) {
      for (std::ptrdiff_t i = n; i < batch_.R; i += options_.count)
        if (!is_reset_[std::size_t(i)]) rows.push_back(std::int32_t(i));
      ends.push_back(std::int32_t(rows.size()));
    }
    packed_.pack(backend, batch_, rows, ends);
  }

  void count_episodes(B& backend, std::ptrdiff_t steps, rollout_summary& summary) {
    record_.read(backend, batch_.reward.all(), batch_.terminated.all(), batch_.truncated.all());
    final_.clear();
    std::size_t i = 0;
    for (std::ptrdiff_t t = 0; t < steps; ++t)
      for (int n = 0; n < options_.count; ++n, ++i) {
        returns_.add(n, double(record_.reward[i]));
        if (record_.truncated[i]) final_.add(std::ptrdiff_t(i));
        if (record_.done(i)) returns_.end(n, summary);
      }
  }

  lanes options_;
  bool asynchronous_;
  detail::stepper<B, E, Policy> stepper_;
  detail::return_counter returns_;
  detail::rollout_record<T> record_;
  detail::final_values<B> final_;
  batch_type batch_, packed_;           // all steps, and those without resets
  std::vector<std::uint8_t> is_reset_;  // each step of a rollout, where lanes begin episodes by steps
  std::ptrdiff_t resets_ = 0;
  typename B::template array<T> last_;  // the true last observations of the steps that ended an episode
};

}  // namespace COHORT_NAMESPACE
