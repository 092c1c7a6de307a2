#pragma once
#include <array>
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/environment/action_mask.hpp>
#include <cohort/error.hpp>
#include <cohort/policy/policy_memory.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace COHORT_NAMESPACE {

/// A trained policy in plain numbers, one observation at a time: for the program that it is trained for.
///
///     controller control{cpu, environment, policy};
///     int push = control.best(run.observation());   // the most probable action; act(...) draws
///
/// An observation is anything with as many numbers as the environment's have, [0] to [n - 1]; where the environment has
/// an action mask, it is the second argument. An action is an int (discrete), or an array of ints (multi_discrete,
/// binary) or of the backend's numbers (box); where its extent is dynamic, a span of them that lasts until the next
/// call. It goes by the policy's parameters as they are then, and allocates nothing after the first call. A policy with
/// a memory remembers what it was asked for before; begin_episode() forgets it. Raises not_finite_error for an
/// observation that is not finite, value_error for one of another size.
template <backend B, environment E, class Policy>
class controller {
  using T = value_t<B>;
  static constexpr bool is_discrete = detail::discrete_actions<E>, masked = detail::has_action_mask<E>;

  static constexpr int D = detail::action_numbers<E>();
  using number = std::conditional_t<detail::is_box<detail::actions_of<E>>, T, int>;
  using numbers = detail::as_many<number, D>;

 public:
  using action =
      std::conditional_t<is_discrete, int, std::conditional_t<D == dynamic, std::span<number const>, numbers>>;
  struct unmasked {};

  /// The seed is that of the draws of act().
  controller(B& backend, E const& e, Policy& policy, random_seed seed = {})
      : backend_(backend),
        policy_(policy),
        seed_(seed.value),
        seen_(std::size_t(detail::observation_count(e))),
        row_(std::size_t(detail::seen_count(e))),
        memory_(policy) {
    int const reads = policy.observations() - memory_.columns();
    if (reads != int(row_.size()))
      throw value_error("controller: the policy reads " + std::to_string(reads) +
                        " numbers, and an observation of this environment has " + std::to_string(row_.size()));
    std::size_t const width = std::size_t(policy.distribution().action_width());
    backend.resize(observation_, policy.observations());
    backend.resize(action_, std::ptrdiff_t(width));
    backend.resize(logp_, 1);
    taken_.resize(width);
    if constexpr (D == dynamic) numbers_.resize(std::size_t(detail::size_of(e.actions)));
    begin_episode();
  }

  /// What it is asked next is of a new episode.
  void begin_episode() { memory_.forget(backend_, row()); }

  /// The most probable action (the mean of a Gaussian).
  template <class Observation, class Mask = unmasked>
  action best(Observation const& observation, Mask const& mask = {}) {
    look(observation, mask);
    policy_.act_deterministic(backend_, view<T const>(row()), action_row());
    return taken();
  }
  /// A draw; the k-th of a seed is always the same.
  template <class Observation, class Mask = unmasked>
  action act(Observation const& observation, Mask const& mask = {}) {
    look(observation, mask);
    policy_.act(backend_, view<T const>(row()), stream_id{seed_, draw_purpose::action, std::uint32_t(draws_++)}, 1,
                action_row(), logp_.matrix(1, 1));
    return taken();
  }

 private:
  using stored = typename Policy::action;

  template <class Observation, class Mask>
  void look(Observation const& observation, Mask const& mask) {
    static_assert(masked != std::is_same_v<Mask, unmasked>,
                  "an observation goes with an action mask where the environment has one, and with none elsewhere");
    if constexpr (requires { observation.size(); })
      if (std::size_t(observation.size()) != seen_)
        throw value_error("controller: the observation has " + std::to_string(observation.size()) +
                          " numbers, expected " + std::to_string(seen_));
    for (std::size_t d = 0; d < seen_; ++d) {
      row_[d] = T(observation[d]);
      if (!std::isfinite(row_[d]))
        throw not_finite_error("controller: observation[" + std::to_string(d) + "] is " +
                               detail::text(double(row_[d])) + ", expected a finite number");
    }
    if constexpr (masked)
      for (std::size_t k = 0; seen_ + k < row_.size(); ++k) row_[seen_ + k] = mask[k] ? T(1) : T(0);
    backend_.upload(memory_.seen(row()), std::span<T const>(row_));
  }
  view<T> row() { return observation_.matrix(1, observation_.size()); }
  view<stored> action_row() { return action_.matrix(1, std::ptrdiff_t(taken_.size())); }
  action taken() {
    memory_.remember(backend_, policy_, view<T const>(row()), row());
    backend_.download(std::span<stored>(taken_), view<stored const>(action_.all()));
    if constexpr (is_discrete) return int(taken_[0]);
    else {
      for (std::size_t d = 0; d < numbers_.size(); ++d) numbers_[d] = number(taken_[d]);
      return action(numbers_);
    }
  }

  B& backend_;
  Policy& policy_;
  std::uint64_t seed_;
  std::int64_t draws_ = 0;
  std::size_t seen_;
  std::vector<T> row_;
  detail::policy_memory<B, Policy> memory_;
  std::vector<stored> taken_;
  numbers numbers_{};
  typename B::template array<T> observation_, logp_;
  typename B::template array<stored> action_;
};

}  // namespace COHORT_NAMESPACE
