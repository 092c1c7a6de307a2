#pragma once
#include <array>
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>

namespace COHORT_NAMESPACE::diagnostic {

/// A memory task: the first observation shows a cue, -1 or 1, and `delay` steps later the action has to name it, 0 for
/// -1 and 1 for 1. That step gives 1 or -1 and ends the episode; the actions before it have no effect.
///
/// An observation is (the cue, then 0; 1 where the action counts, else 0). A policy that remembers returns 1, one that
/// sees only the present observation 0 on average; with a delay of 0 there is nothing to remember.
struct recall {
  int delay = 10;  ///< steps between the cue and the answer; at least 0
  int max_episode_steps = delay + 1;

  static constexpr discrete actions{2};
  static constexpr box<2> observations{{-1, 0}, {1, 1}};
  static constexpr std::array observation_names{"cue", "answer_now"};

  template <class S>
  struct state {
    S cue, elapsed;
  };

  constexpr void parameters(auto f) const { f("delay", delay); }
  void check() const {
    detail::require(delay >= 0, "recall", "delay", delay, "at least 0");
    detail::require(delay <= 1 << 24, "recall", "delay", delay, "at most 16777216");  // so that a float counts it
  }

  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    return {S(draws.integer(2) ? 1 : -1), S(0)};
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action) const {
    mask_t<S> answered = s.elapsed >= delay;
    S right = select(action == 1, s.cue, -s.cue);
    s.elapsed = s.elapsed + 1;
    return {select(answered, right, S(0)), answered};
  }
  template <class S>
  constexpr std::array<S, 2> observe(state<S> const& s) const {
    return {select(s.elapsed == 0, s.cue, S(0)), select(s.elapsed == delay, S(1), S(0))};
  }
};

}  // namespace COHORT_NAMESPACE::diagnostic
