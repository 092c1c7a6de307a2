#pragma once
#include <array>
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <cstddef>

namespace COHORT_NAMESPACE::diagnostic {

/// A bandit of K arms: an episode is one step, and arm k pays 1 with the probability chances[k], else 0. What a policy
/// returns on average is the mean of the chances under its probabilities; nothing is to be seen.
template <int K>
struct bandit {
  std::array<double, std::size_t(K)> chances{};
  int max_episode_steps = 1;

  static constexpr discrete actions{K};
  static constexpr box<1> observations{{0}, {0}};

  template <class S>
  struct state {
    S nothing;
  };

  void check() const {
    for (double chance : chances)
      detail::require(chance >= 0 && chance <= 1, "bandit", "a chance", chance, "a number in [0, 1]");
  }

  template <class S>
  constexpr state<S> reset(random_stream&) const {
    return {S(0)};
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>&, S action, random_stream& draws) const {
    S chance = 0;
    for (int k = 0; k < K; ++k) chance = select(action == k, S(chances[std::size_t(k)]), chance);
    return {select(S(draws.uniform()) < chance, S(1), S(0)), S(0) == S(0)};
  }
  template <class S>
  constexpr std::array<S, 1> observe(state<S> const& s) const {
    return {s.nothing};
  }
};

}  // namespace COHORT_NAMESPACE::diagnostic
