#pragma once
#include <array>
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>

namespace COHORT_NAMESPACE::diagnostic {

/// A long chain with one reward, at its far end: whether an algorithm explores.
///
/// An episode begins at place 0; 0 goes back (at place 0 stays), 1 goes on. Reaching the last place gives 1 and ends
/// the episode; nothing else gives anything. Right away that takes length - 1 steps, by coin tosses on average
/// (length - 1) length.
struct chain {
  int length = 50;  ///< places; at least 2
  int max_episode_steps = 4 * length;

  static constexpr discrete actions{2};
  static constexpr box<1> observations{{0}, {1}};  ///< the share of the way
  static constexpr std::array observation_names{"progress"};
  static constexpr std::array action_names{"back", "on"};

  template <class S>
  struct state {
    S place;
  };

  constexpr void parameters(auto f) const { f("length", length); }
  void check() const {
    detail::require(length >= 2, "chain", "length", length, "at least 2");
    // so that a float tells the places apart
    detail::require(length <= 1 << 24, "chain", "length", length, "at most 16777216");
  }

  template <class S>
  constexpr state<S> reset(random_stream&) const {
    return {S(0)};
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action) const {
    s.place = max(s.place + select(action == 1, S(1), S(-1)), S(0));
    mask_t<S> arrived = s.place >= length - 1;
    return {select(arrived, S(1), S(0)), arrived};
  }
  template <class S>
  constexpr std::array<S, 1> observe(state<S> const& s) const {
    return {s.place / (length - 1)};
  }
};

}  // namespace COHORT_NAMESPACE::diagnostic
