#pragma once
#include <cohort/training/lanes.hpp>

namespace cohort {

/// Whether copies of one state meet the same random numbers in the environment's steps.
enum class noise { independent, common };

template <backend B, environment E, class Policy>
class groups_collector;

/// The rollout of GRPO: in each of `count` groups, `group` whole episodes that start from one and the same state, which was copied. Without a
/// critic there is nothing to bootstrap from, so episodes are played to their end or the environment's time limit.
///
/// A rollout that the run's remaining steps cannot finish is dropped, its steps counted.
struct groups {
  int count = 2;  ///< groups in a rollout
  int group = 8;  ///< G, episodes in a group
  cohort::noise noise = cohort::noise::independent;

  template <backend B, environment E, class Policy>
  using collector = groups_collector<B, E, Policy>;
  void check() const {
    detail::require(count > 0, "groups", "count", count, "a positive number");
    detail::require(group > 0, "groups", "group", group, "a positive number");
  }
};

template <backend B, environment E, class Policy>
class groups_collector {
  using T = value_t<B>;
  using action = typename Policy::action;
  template <class U>
  using array = typename B::template array<U>;

 public:
  using batch_type = batch<B, action>;

  groups_collector(B& backend, groups const& o, E const& e, Policy const& policy, std::uint64_t seed)
      : options_(o), N_(o.count * o.group), limit_(episode_limit(e)), environment_(backend, e, N_, seed), length_(std::size_t(N_)), seed_(seed) {
    if (limit_ <= 0)
      throw value_error("groups: the environment has no max_episode_steps, so an episode might never end: give it one, time_limit{environment, n}");
    batch_.observation_size = policy.observations();
    batch_.action_width = policy.distribution().action_width();
    std::vector<std::int32_t> offsets(std::size_t(o.count + 1));
    for (int g = 0; g <= o.count; ++g) offsets[std::size_t(g)] = g * o.group;
    backend.assign(batch_.group_offsets, std::span<std::int32_t const>(offsets));
    batch_.groups = series::segments(batch_.group_offsets.all(), N_, o.group);
    std::ptrdiff_t most = std::ptrdiff_t(limit_) * N_;
    backend.resize(raw_.observation, (most + N_) * batch_.observation_size);
    backend.resize(last_, most * batch_.observation_size);
    backend.resize(raw_.action, most * batch_.action_width);
    for (auto* a : {&raw_.sampler_logp, &raw_.reward}) backend.resize(*a, most);
    backend.resize(raw_.terminated, most);
    backend.resize(raw_.truncated, most);
  }

  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    int D = batch_.observation_size, A = batch_.action_width, G = options_.group;
    std::fill(length_.begin(), length_.end(), 0);
    detail::return_counter returns(N_);
    final_.clear();
    environment_.reset(backend, G);
    batch_.R = 0;
    std::int64_t first_step = environment_.steps(), used = 0;
    auto seen = raw_.observation.matrix(std::ptrdiff_t(limit_ + 1) * N_, D);
    environment_.observe(backend, seen.part(0, N_));
    std::ptrdiff_t t = 0;
    for (int alive = N_; alive > 0; ++t) {
      used += alive;
      if (used > budget) {
        summary.steps += budget;
        return batch_;
      }
      auto at = [&](auto& array) { return array.all().part(t * N_, N_); };
      auto act = raw_.action.matrix(std::ptrdiff_t(limit_) * N_, A).part(t * N_, N_);
      auto next = seen.part((t + 1) * N_, N_);
      policy.act(backend, view<T const>(seen.part(t * N_, N_)), stream{seed_, purpose::action, std::uint32_t(environment_.steps())}, 1, act,
                 at(raw_.sampler_logp));
      environment_.step(backend, view<action const>(act), at(raw_.reward), at(raw_.terminated), at(raw_.truncated), next,
                        options_.noise == noise::common ? G : 1);
      // Who is still alive decides how many steps were used, so the host must know after each.
      record_.read(backend, at(raw_.reward), at(raw_.terminated), at(raw_.truncated));
      bool any_ended = false;
      for (int n = 0; n < N_; ++n) {
        auto lane = std::size_t(n);
        any_ended = any_ended || record_.done(lane);
        if (length_[lane] > 0) continue;  // ended: the lane goes on, unread
        returns.add(n, record_.reward[lane]);
        if (!record_.done(lane)) continue;
        if (record_.truncated[lane]) final_.add(t * N_ + n);
        length_[lane] = t + 1;
        --alive;
        returns.end(n, summary);
      }
      if (any_ended) environment_.restart(backend, at(raw_.terminated), at(raw_.truncated), next, last_.matrix(std::ptrdiff_t(limit_) * N_, D).part(t * N_, N_));
    }
    environment_.require_finite_rewards(backend, raw_.reward.all().part(0, t * N_), first_step, N_);
    environment_.require_finite_observations(backend, seen.part(0, (t + 1) * N_), first_step, N_);
    summary.steps += used;
    pack(backend, policy, t, used);
    return batch_;
  }

 private:
  /// Time-major lanes with holes become packed series: nothing is padded, so nothing is diluted.
  void pack(B& backend, Policy& policy, std::ptrdiff_t longest, std::ptrdiff_t R) {
    int D = batch_.observation_size, A = batch_.action_width;
    std::vector<std::int32_t> offsets{0}, order, series_of;
    for (int n = 0; n < N_; ++n) {
      for (std::ptrdiff_t t = 0; t < length_[std::size_t(n)]; ++t) {
        order.push_back(std::int32_t(t * N_ + n));
        series_of.push_back(n);
      }
      offsets.push_back(std::int32_t(order.size()));
    }
    backend.assign(order_, std::span<std::int32_t const>(order));
    backend.assign(batch_.series_of, std::span<std::int32_t const>(series_of));
    backend.assign(batch_.offsets, std::span<std::int32_t const>(offsets));
    batch_.R = R;
    batch_.decisions = series::segments(batch_.offsets.all(), R, longest);
    auto take = [&]<class U>(array<U>& to, array<U>& from, std::ptrdiff_t columns) {
      backend.resize(to, R * columns);
      backend.gather(to.matrix(R, columns), view<U const>(from.data(), from.size() / columns, columns), view<std::int32_t const>(order_.all()));
    };
    take(batch_.observation, raw_.observation, D);
    take(batch_.action, raw_.action, A);
    take(batch_.sampler_logp, raw_.sampler_logp, 1);
    take(batch_.reward, raw_.reward, 1);
    take(batch_.terminated, raw_.terminated, 1);
    take(batch_.truncated, raw_.truncated, 1);
    backend.resize(batch_.advantage, R);
    backend.resize(batch_.target, R);
    if constexpr (Policy::has_critic) {
      std::ptrdiff_t M = longest * N_;
      backend.resize(raw_.value, M + N_);
      backend.resize(raw_.next_value, M);
      policy.value(backend, view<T const>(raw_.observation.matrix(M + N_, D)), raw_.value.all());
      backend.map(outputs{raw_.next_value.all()}, detail::same{}, view<T const>(raw_.value.all().part(N_, M)));
      final_.write(backend, policy, view<T const>(last_.matrix(M, D)), raw_.truncated.all().part(0, M), raw_.next_value.all());
      take(batch_.value, raw_.value, 1);
      take(batch_.next_value, raw_.next_value, 1);
      batch_.has_values = true;
    }
  }

  groups options_;
  int N_, limit_;
  vector_environment<B, E> environment_;
  std::vector<std::ptrdiff_t> length_;  // of each lane's episode, 0 while it lasts
  detail::rollout_record<T> record_;
  detail::final_values<B> final_;
  batch_type raw_, batch_;
  array<std::int32_t> order_;
  array<T> last_;
  std::uint64_t seed_;
};

}  // namespace cohort
