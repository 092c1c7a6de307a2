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
      : options_(o), N_(o.count * o.group), limit_(episode_limit(e)), environment_(e, N_, seed), length_(N_), seed_(seed) {
    if (limit_ <= 0)
      throw value_error("groups: the environment has no max_episode_steps, so an episode might never end: give it one, time_limit{environment, n}");
    batch_.observation_size = policy.observations();
    batch_.action_width = policy.distribution().action_width();
    std::vector<std::int32_t> offsets(o.count + 1);
    for (int g = 0; g <= o.count; ++g) offsets[g] = g * o.group;
    backend.upload(batch_.group_offsets, std::span<std::int32_t const>(offsets));
    batch_.groups = series::segments(batch_.group_offsets.all(), N_, o.group);
    std::ptrdiff_t most = std::ptrdiff_t(limit_) * N_;
    raw_.observation.resize((most + N_) * batch_.observation_size);
    raw_.action.resize(most * batch_.action_width);
    raw_.sampler_logp.resize(most);
    raw_.reward.resize(most);
    raw_.terminated.resize(most);
    raw_.truncated.resize(most);
  }

  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    int D = batch_.observation_size, A = batch_.action_width, G = options_.group;
    std::fill(length_.begin(), length_.end(), 0);
    detail::return_counter returns(N_);
    final_.clear();
    for (int g = 0; g < options_.count; ++g) {
      environment_.reset(g * G);
      for (int k = 1; k < G; ++k) environment_.copy(g * G, g * G + k);
    }
    batch_.R = 0;
    auto seen = raw_.observation.matrix(std::ptrdiff_t(limit_ + 1) * N_, D);
    environment_.observe(seen.part(0, N_));
    std::int64_t used = 0;
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
      environment_.step(view<action const>(act), at(raw_.reward), at(raw_.terminated), at(raw_.truncated), next,
                        options_.noise == noise::common ? G : 1);
      for (int n = 0; n < N_; ++n) {
        if (length_[n] > 0) continue;  // ended: the lane goes on, unread
        returns.add(n, at(raw_.reward)[n]);
        bool truncated = at(raw_.truncated)[n];
        if (!truncated && !at(raw_.terminated)[n]) continue;
        if (truncated && Policy::has_critic) final_.add(view<T const>(next.part(n, 1)), std::int32_t(t * N_ + n));
        length_[n] = t + 1;
        --alive;
        returns.end(n, summary);
        environment_.reset(n);
        environment_.observe(n, &next(n, 0));
      }
    }
    summary.steps += used;
    pack(backend, policy, t, used);
    return batch_;
  }

 private:
  /// Time-major lanes with holes become packed series: nothing is padded, so nothing is diluted.
  void pack(B& backend, Policy& policy, std::ptrdiff_t longest, std::ptrdiff_t R) {
    int D = batch_.observation_size, A = batch_.action_width;
    order_.resize(R);
    batch_.series_of.resize(R);
    batch_.offsets.resize(N_ + 1);
    std::ptrdiff_t i = 0;
    for (int n = 0; n < N_; ++n) {
      batch_.offsets.data()[n] = std::int32_t(i);
      for (std::ptrdiff_t t = 0; t < length_[n]; ++t, ++i) {
        order_.data()[i] = std::int32_t(t * N_ + n);
        batch_.series_of.data()[i] = n;
      }
    }
    batch_.offsets.data()[N_] = std::int32_t(i);
    batch_.R = R;
    batch_.decisions = series::segments(batch_.offsets.all(), R, longest);
    auto take = [&]<class U>(array<U>& to, array<U>& from, std::ptrdiff_t columns) {
      to.resize(R * columns);
      backend.gather(to.matrix(R, columns), view<U const>(from.data(), from.size() / columns, columns), view<std::int32_t const>(order_.all()));
    };
    take(batch_.observation, raw_.observation, D);
    take(batch_.action, raw_.action, A);
    take(batch_.sampler_logp, raw_.sampler_logp, 1);
    take(batch_.reward, raw_.reward, 1);
    take(batch_.terminated, raw_.terminated, 1);
    take(batch_.truncated, raw_.truncated, 1);
    batch_.advantage.resize(R);
    batch_.target.resize(R);
    if constexpr (Policy::has_critic) {
      raw_.value.resize((longest + 1) * N_);
      raw_.next_value.resize(longest * N_);
      policy.value(backend, view<T const>(raw_.observation.matrix((longest + 1) * N_, D)), raw_.value.all());
      std::copy_n(raw_.value.data() + N_, longest * N_, raw_.next_value.data());
      final_.write_values(backend, policy, raw_.next_value.all());
      take(batch_.value, raw_.value, 1);
      take(batch_.next_value, raw_.next_value, 1);
      batch_.has_values = true;
    }
  }

  groups options_;
  int N_, limit_;
  vector_environment<B, E> environment_;
  std::vector<std::ptrdiff_t> length_;  // of each lane's episode, 0 while it lasts
  detail::final_observations<T> final_;
  batch_type raw_, batch_;
  array<std::int32_t> order_;
  std::uint64_t seed_;
};

}  // namespace cohort
