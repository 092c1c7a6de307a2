#pragma once
#include <algorithm>
#include <cohort/rollout/groups.hpp>

namespace COHORT_NAMESPACE {

template <backend B, environment E, class Policy>
class vine_collector;

/// The rollout of VinePPO: lanes as PPO's, and from each state s_t of a lane `rollouts` copies of it that the policy
/// plays to their end, so that
///
///     value_t = (1/K) sum_k sum_j gamma^j r^(k)_{t+j},
///     next_value_t = value_{t+1}, or 0 where the episode ended in step t
///
/// estimate V(s_t) without bias and without a critic: gae{.gamma = the same, .lambda = 0} on them is r_t + gamma
/// V(s_{t+1}) - V(s_t), the paper's advantage. The policy may be an actor; of one with a critic, its values are not
/// used (value_loss still trains it, towards the estimator's target).
///
/// Copies keep the step count of their state, so the environment's time limit is the end of what they are worth: after
/// a truncation nothing is left to come, and a state's value depends on the time that is left. Every step of every copy
/// is a simulator step and counts: K times the mean rest of an episode for each decision. A rollout that the run's
/// remaining steps cannot finish is dropped, its steps counted. Raises value_error for an environment without
/// max_episode_steps.
///
/// Source: Kazemnejad et al. 2024, arXiv:2410.01679, eqs. 9 and 10, where states are prefixes of an answer.
struct vine {
  int lanes = 8;       ///< N
  int horizon = 32;    ///< T, decisions of each lane
  int rollouts = 4;    ///< K, copies of each state
  double gamma = .99;  ///< discount, in [0, 1]; the estimator's should be the same
  cohort::action_noise noise = cohort::action_noise::independent;  ///< of the copies of one state

  constexpr void parameters(auto f) const {
    f("lanes", lanes), f("horizon", horizon), f("rollouts", rollouts), f("gamma", gamma);
    f("noise", noise, noise != cohort::action_noise::independent);
  }

  static constexpr bool carries_memory = true;  ///< of a policy that has one
  /// What its batches give an estimator.
  template <class Policy>
  static constexpr unsigned gives = needs::critic;
  template <backend B, environment E, class Policy>
  using collector = vine_collector<B, E, Policy>;
  void check() const {
    detail::require(lanes > 0, "vine", "lanes", lanes, "a positive number");
    detail::require(horizon > 0, "vine", "horizon", horizon, "a positive number");
    detail::require(rollouts > 0, "vine", "rollouts", rollouts, "a positive number");
    detail::require_numbered("vine", "lanes x horizon x rollouts", double(lanes) * horizon * rollouts);
    detail::require(gamma >= 0 && gamma <= 1, "vine", "gamma", gamma, "a number in [0, 1]");
  }
};

template <backend B, environment E, class Policy>
class vine_collector {
  using T = value_t<B>;
  using action = typename Policy::action;

 public:
  using batch_type = batch<B, action>;

  vine_collector(B& backend, vine const& o, E const& e, Policy const& policy, std::uint64_t seed)
      : options_(o),
        lanes_(backend, lanes{.count = o.lanes, .horizon = o.horizon}, e, policy, seed),
        states_(backend, e, (o.horizon + 1) * o.lanes, seed),
        copies_(backend, e, policy, 1, seed, draw_purpose::copy_action, draw_purpose::copy_step,
                draw_purpose::copy_step) {
    if (episode_limit(e) <= 0)
      throw value_error(
          "vine: the environment has no max_episode_steps, so a copy might never end: give it one, "
          "time_limit{environment, n}");
    detail::require_copies(e);
    std::ptrdiff_t most = std::ptrdiff_t(o.horizon + 1) * o.lanes * o.rollouts;
    for (auto* a : {&seen_, &last_}) backend.resize(*a, most * policy.observations());
    step_.resize_steps(backend, most, policy.distribution().action_width());
    std::vector<std::int32_t> every(std::size_t(o.lanes));
    for (std::size_t n = 0; n < every.size(); ++n) every[n] = std::int32_t(n);
    backend.assign(every_lane_, std::span<std::int32_t const>(every));
  }

  void persist(auto const& f) { f("lanes", lanes_), copies_.environment().persist_time(f.inside("copies")); }

  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    collecting(backend, policy, budget, summary).finish();
    return collected();
  }
  /// The same in pieces: a step of all lanes, or of all copies.
  detail::pieces collecting(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    std::int64_t before = summary.steps, N = options_.lanes;
    auto playing =
        lanes_.play(backend, policy, budget, summary, [&](std::ptrdiff_t t, vector_environment<B, E>& environment) {
          states_.copy(backend, environment, every_lane_.all(), t * N);
        });
    while (playing.next()) co_await detail::pause;
    auto& batch = collected();
    if (batch.R == 0) co_return;
    budget -= summary.steps - before;
    start_copies(backend, batch.R);
    bool ended = false;
    playing = play_copies(backend, policy, budget, summary, ended);
    while (playing.next()) co_await detail::pause;
    if (!ended) {
      batch.R = 0;
      co_return;
    }
    auto R = std::size_t(batch.R);
    value_.resize(R + std::size_t(N)), next_.resize(R);
    for (std::size_t i = 0; i < value_.size(); ++i) value_[i] = T(total_[i] / options_.rollouts);
    for (std::size_t i = 0; i < R; ++i) next_[i] = lanes_.record().done(i) ? T(0) : value_[i + std::size_t(N)];
    backend.assign(batch.value, std::span<T const>(value_));
    backend.assign(batch.next_value, std::span<T const>(next_));
    batch.has_values = true;
  }
  batch_type& collected() { return lanes_.collected(); }

 private:
  /// K copies of each state that a value is wanted of: of all decisions, and of the states after the last in lanes that
  /// go on.
  void start_copies(B& backend, std::ptrdiff_t R) {
    auto K = std::size_t(options_.rollouts), N = std::size_t(options_.lanes), all = std::size_t(R) + N;
    total_.assign(all, 0.);
    state_of_.clear(), from_.clear();
    for (std::size_t i = 0; i < all; ++i) {
      if (i >= std::size_t(R) && lanes_.record().done(i - N)) continue;
      state_of_.push_back(std::int32_t(i));
      from_.insert(from_.end(), K, std::int32_t(i));
    }
    episodes_.start(from_.size());
    backend.assign(index_, std::span<std::int32_t const>(from_));
    copies_.environment().resize(backend, int(from_.size()));
    copies_.environment().copy(backend, states_, index_.all(), 0);
    auto& batch = collected();
    std::ptrdiff_t const D = batch.observation_size;
    view<T> const seen = seen_.matrix(copies_.lanes(), D);
    copies_.observe_new(backend, seen);
    copies_.memory().gather(backend, view<T const>(batch.observation.matrix(std::ptrdiff_t(all), D)), seen,
                            index_.all());
  }

  /// All copies side by side; when a quarter of the states have none left, the others move together. They have not
  /// `ended` if the budget did before.
  detail::pieces play_copies(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary, bool& ended) {
    int K = options_.rollouts, group = options_.noise == action_noise::common ? K : 1;
    std::ptrdiff_t D = policy.observations();
    std::int64_t used = 0;
    double weight = 1;
    for (; episodes_.alive > 0; weight *= options_.gamma) {
      co_await detail::pause;
      used += std::int64_t(episodes_.alive);
      if (used > budget) {
        summary.steps += budget;
        co_return;
      }
      view<T> seen = seen_.matrix(copies_.lanes(), D);
      copies_.require_usable(backend, seen);
      copies_.step(backend, policy, seen, step_, 0, seen, 1, group);
      copies_.require_finite_steps(backend, step_, 0);
      copies_.read(backend, step_, 0, record_);
      bool any_ended = episodes_.count(record_, [&](std::size_t c, double reward, bool) {
        total_[std::size_t(state_of_[c / std::size_t(K)])] += weight * reward;
      });
      if (!any_ended) continue;
      // An ended copy whose state has others left goes on with a new episode, unread: an environment need not bear
      // steps after its end.
      copies_.restart(backend, step_, 0, seen, last_.matrix(copies_.lanes(), D));
      if (episodes_.alive > 0) move_together(backend, D);
    }
    summary.steps += used;
    ended = true;
  }

  void move_together(B& backend, std::ptrdiff_t D) {
    auto K = std::size_t(options_.rollouts), left = std::size_t(0);
    auto& running = episodes_.running;
    auto lives = [&](std::size_t s) {
      return std::any_of(&running[s * K], &running[s * K] + K, [](char runs) { return runs; });
    };
    for (std::size_t s = 0; s < state_of_.size(); ++s) left += lives(s);
    if (4 * left > 3 * state_of_.size()) return;
    from_.clear();
    left = 0;
    for (std::size_t s = 0; s < state_of_.size(); ++s) {
      if (!lives(s)) continue;
      for (std::size_t c = s * K; c < (s + 1) * K; ++c) {
        running[from_.size()] = running[c];
        from_.push_back(std::int32_t(c));
      }
      state_of_[left++] = state_of_[s];
    }
    state_of_.resize(left), running.resize(from_.size());
    backend.assign(index_, std::span<std::int32_t const>(from_));
    view<T const> const before = seen_.matrix(copies_.lanes(), D);
    copies_.environment().copy(backend, index_.all());
    view<T> const seen = seen_.matrix(copies_.lanes(), D), moved = last_.matrix(copies_.lanes(), D);
    copies_.memory().gather(backend, before, moved, index_.all());
    copies_.observe_new(backend, seen);
    copies_.memory().copy(backend, view<T const>(moved), seen);
  }

  vine options_;
  lanes_collector<B, E, Policy> lanes_;
  vector_environment<B, E> states_;
  detail::stepper<B, E, Policy> copies_;
  detail::first_episodes episodes_;
  std::vector<double> total_;  // of each state: the discounted rewards of its copies
  std::vector<std::int32_t> state_of_, from_;
  std::vector<T> value_, next_;
  detail::rollout_record<T> record_;
  typename B::template array<T> seen_, last_;
  typename decltype(copies_)::record step_;
  typename B::template array<std::int32_t> every_lane_, index_;
};

}  // namespace COHORT_NAMESPACE
