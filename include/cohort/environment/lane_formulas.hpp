#pragma once
#include <cohort/backend/view.hpp>
#include <cohort/environment/action_mask.hpp>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <type_traits>

namespace COHORT_NAMESPACE::detail {

/// The action of a lane as a scalar-generic environment takes it, from a row of the batch; numbers of a box clipped to
/// their bounds.
template <class E, class S, class Row>
[[gnu::always_inline]] constexpr typename action_of<E, S>::type action_from(Row const& given) {
  if constexpr (discrete_actions<E>) {
    return S(given[0]);
  } else {
    typename action_of<E, S>::type a{};
    for (std::size_t d = 0; d < a.size(); ++d) a[d] = S(given[std::ptrdiff_t(d)]);
    if constexpr (is_box<actions_of<E>>) {
      constexpr auto bounds = E::actions;  // a copy: a static member itself is in the host's memory alone
      for (std::size_t d = 0; d < a.size(); ++d) a[d] = clamp(a[d], S(bounds.low[d]), S(bounds.high[d]));
    }
    return a;
  }
}

/// A state of nothing but scalars, in a row of numbers and back.
template <class E, class S, class Row>
[[gnu::always_inline]] constexpr typename E::template state<S> state_from(Row const& row) {
  typename E::template state<S> s{};
  for (int f = 0; f < int(sizeof(s) / sizeof(S)); ++f) reinterpret_cast<S*>(&s)[f] = row[f];
  return s;
}
template <class E, class S, class Row>
[[gnu::always_inline]] constexpr void put_state(typename E::template state<S> const& s, Row const& row) {
  for (int f = 0; f < int(sizeof(s) / sizeof(S)); ++f) row.set(f, reinterpret_cast<S const*>(&s)[f]);
}

/// A lane counts its steps in whole blocks, and the rest.
inline constexpr int steps_in_a_block = 1 << 20;

/// One step of a lane, or of as many as the scalar is wide.
template <class E>
struct step_lane {
  E environment;
  int limit;
  stream_id noise{};
  int noise_group = 1;

  template <class X, class L, class A, class R, class M, class O>
  [[gnu::always_inline, gnu::flatten]] constexpr void operator()(X state, L elapsed, A action, R reward, M terminated,
                                                                 M truncated, O next) const {
    using S = typename X::scalar;
    auto s = state_from<E, S>(state);
    auto result = environment.step(s, action_from<E, S>(action));
    write(s, result, state, elapsed, reward, terminated, truncated, next);
  }
  /// The same where the environment draws random numbers: lane by lane, each from a stream of its own.
  template <class X, class L, class A, class R, class M, class O>
  constexpr void operator()(std::ptrdiff_t n, X state, L elapsed, A action, R reward, M terminated, M truncated,
                            O next) const {
    using S = typename X::scalar;
    auto s = state_from<E, S>(state);
    random_stream draws(noise, std::uint32_t(n / noise_group));
    auto result = environment.step(s, action_from<E, S>(action), draws);
    write(s, result, state, elapsed, reward, terminated, truncated, next);
  }

 private:
  template <class State, class Result, class X, class L, class R, class M, class O>
  [[gnu::always_inline]] constexpr void write(State const& s, Result const& result, X state, L elapsed, R reward,
                                              M terminated, M truncated, O next) const {
    using S = typename X::scalar;
    put_state<E, S>(s, state);
    S steps = elapsed[0] + 1;
    auto over = steps >= S(limit);
    if (limit < steps_in_a_block) {
      steps = min(steps, S(steps_in_a_block));  // without a limit nobody reads it
    } else {                                    // so that a float counts them exactly
      auto full = steps >= steps_in_a_block;
      S blocks = elapsed[1], whole = limit / steps_in_a_block;
      blocks = select(full, blocks + 1, blocks);
      steps = select(full, S(0), steps);
      elapsed.set(1, blocks);
      over = (blocks > whole) | ((blocks >= whole) & (steps >= S(limit % steps_in_a_block)));
    }
    elapsed.set(0, steps);
    reward.set(0, result.reward);
    terminated.set(0, select(result.terminated, S(1), S(0)));
    truncated.set(0, limit > 0 ? select(over & !result.terminated, S(1), S(0)) : S(0));
    put_seen<S>(environment, s, next);
  }
};

/// A new episode in lane n.
template <class E>
struct start_lane {
  E environment;
  stream_id draws_from;
  int together;

  template <class X, class L>
  constexpr void operator()(std::ptrdiff_t n, X state, L elapsed) const {
    using S = typename X::scalar;
    random_stream draws(draws_from, std::uint32_t(together == 1 ? n : n / together * together));
    put_state<E, S>(environment.template reset<S>(draws), state);
    elapsed.set(0, 0), elapsed.set(1, 0);
  }
};

/// The same where the lane's flags say so: mostly nowhere, so the flags are looked at before anything else.
template <class E>
struct restart_lane {
  start_lane<E> start;
  view<std::uint8_t const> terminated, truncated;

  constexpr bool skips(std::ptrdiff_t n) const { return !(terminated(n, 0) | truncated(n, 0)); }
  template <class X, class L, class O>
  constexpr void operator()(std::ptrdiff_t n, X state, L elapsed, O seen, O last) const {
    start(n, state, elapsed);
    using S = typename X::scalar;
    for (int d = 0; d < seen_columns<E>; ++d) last.set(d, seen[d]);
    put_seen<S>(start.environment, state_from<E, S>(state), seen);
  }
};

template <class E>
struct observe_lane {
  E environment;
  template <class X, class O>
  constexpr void operator()(X state, O out) const {
    using S = typename X::scalar;
    put_seen<S>(environment, state_from<E, S>(state), out);
  }
  template <class X, class O>
  constexpr void operator()(std::ptrdiff_t, X state, O out) const {
    (*this)(state, out);
  }
};

}  // namespace COHORT_NAMESPACE::detail
