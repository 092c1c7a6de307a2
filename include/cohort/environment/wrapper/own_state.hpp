#pragma once
#include <cohort/environment/packed_states.hpp>
#include <cohort/environment/wrapper/wrapper.hpp>
#include <span>

namespace COHORT_NAMESPACE::detail {

template <class Like, class T>
using as_const_as = std::conditional_t<std::is_const_v<Like>, T const, T>;

/// The base of a wrapper whose episodes have numbers of their own, Own<E, S>, beside the state of E: its state derives
/// from both, and what is observed, asked and stepped of E takes it as it is. Own holds nothing but scalars; of a plain
/// environment S is double, and what is not trivially copyable is one std::vector<double> `kept`, of `kept_count`
/// numbers.
template <class E, template <class, class> class Own, bool = generic_state<E>>
class with_own : public wrapper<E> {
 public:
  using wrapper<E>::wrapper;
  template <class S>
  struct state : E::template state<S>, Own<E, S> {
    using scalar = S;
  };
  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    return {E::template reset<S>(draws), {}};
  }

 protected:
  /// Of a state that of E, and the wrapper's own.
  template <class State>
  static constexpr auto& inner(State& s) {
    return static_cast<as_const_as<State, typename E::template state<typename State::scalar>>&>(s);
  }
  template <class State>
  static constexpr auto& own(State& s) {
    return static_cast<as_const_as<State, Own<E, typename State::scalar>>&>(s);
  }
};

template <class E, template <class, class> class Own>
class with_own<E, Own, false> : public wrapper<E> {
  static_assert(std::is_class_v<typename E::state> && !std::is_final_v<typename E::state>,
                "a wrapper that adds to an environment's state derives from it: expected a struct that is not final");

 public:
  using wrapper<E>::wrapper;
  struct state : E::state, Own<E, double> {
    using scalar = double;
  };
  state reset(random_stream& draws) const { return with_room({E::reset(draws), {}}); }

  /// The state of E and how many bytes it has, then the wrapper's own.
  std::vector<std::byte> save(state const& s) const
    requires keeps_states<E>
  {
    std::vector<std::byte> all;
    put_sized(all, bytes_of_state<E>(*this, s));
    auto const mine = std::as_bytes(own_numbers(s));
    all.insert(all.end(), mine.begin(), mine.end());
    return all;
  }
  state load(std::span<std::byte const> bytes) const
    requires keeps_states<E>
  {
    auto const wrapped =
        take_sized(bytes, "the saved state of a wrapped environment ends within the state that it wraps");
    state s = with_room({state_of_bytes<E>(*this, wrapped), {}});
    auto const to = std::as_writable_bytes(own_numbers(s));
    if (bytes.size() != to.size())
      throw value_error("the saved state of a wrapped environment has " + std::to_string(bytes.size()) +
                        " bytes of the wrapper, expected " + std::to_string(to.size()));
    std::memcpy(to.data(), bytes.data(), bytes.size());
    return s;
  }

 protected:
  template <class State>
  static auto& inner(State& s) {
    return static_cast<as_const_as<State, typename E::state>&>(s);
  }
  template <class State>
  static auto& own(State& s) {
    return static_cast<as_const_as<State, Own<E, double>>&>(s);
  }
  std::size_t kept_count = 0;

 private:
  static constexpr bool in_vector = requires(Own<E, double>& own) { own.kept.resize(1); };
  state with_room(state s) const {
    if constexpr (in_vector) own(s).kept.resize(kept_count);
    return s;
  }
  /// A wrapper's own numbers, to read or to write.
  template <class State>
  static auto own_numbers(State& s) {
    if constexpr (in_vector) return std::span(own(s).kept);
    else return std::span(&own(s), 1);
  }
};

/// What a state was before, wherever the mask is set: every number of it.
template <class E, class S, class State>
constexpr void undo_where(mask_t<S> const& mask, State& s, State const& before) {
  if constexpr (generic_state<E>) {
    for (std::size_t f = 0; f < sizeof(State) / sizeof(S); ++f) {
      S& now = reinterpret_cast<S*>(&s)[f];
      now = select(mask, reinterpret_cast<S const*>(&before)[f], now);
    }
  } else if (mask.value) {
    s = before;
  }
}

}  // namespace COHORT_NAMESPACE::detail
