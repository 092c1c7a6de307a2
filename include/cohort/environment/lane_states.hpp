#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/environment/action_mask.hpp>
#include <vector>

namespace cohort::detail {

/// The action of a lane as an environment takes it, from a row of the batch: ints or S, or numbers clipped to their
/// bounds.
template <class E, class Number, class Row>
constexpr auto action_from(Row const& given) {
  auto integer = [&](int d) {
    if constexpr (std::is_same_v<Number, int>) return int(given[d].value);
    else return Number(given[d]);
  };
  if constexpr (discrete_actions<E>) {
    return integer(0);
  } else if constexpr (!is_box<actions_of<E>>) {
    typename action_of<E, Number>::type a{};
    for (int d = 0; d < int(a.size()); ++d) a[d] = integer(d);
    return a;
  } else {
    typename action_of<E, Number>::type a{};
    using S = typename Row::scalar;
    constexpr auto bounds = E::actions;  // a copy: a static member itself is in the host's memory alone
    for (int d = 0; d < int(a.size()); ++d) {
      S clipped = clamp(given[d], S(bounds.low[d]), S(bounds.high[d]));
      if constexpr (std::is_same_v<Number, int>) a[d] = float(clipped.value);
      else a[d] = clipped;
    }
    return a;
  }
}

/// A state of nothing but scalars, in a row of numbers and back.
template <class E, class S, class Row>
constexpr typename E::template state<S> state_from(Row const& row) {
  typename E::template state<S> s{};
  for (int f = 0; f < int(sizeof(s) / sizeof(S)); ++f) reinterpret_cast<S*>(&s)[f] = row[f];
  return s;
}
template <class E, class S, class Row>
constexpr void put_state(typename E::template state<S> const& s, Row const& row) {
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
  constexpr void operator()(X state, L elapsed, A action, R reward, M terminated, M truncated, O next) const {
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
  constexpr void write(State const& s, Result const& result, X state, L elapsed, R reward, M terminated, M truncated,
                       O next) const {
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

/// A new episode in lane n if its flags say so, or in any.
template <class E>
struct restart_lane {
  E environment;
  stream_id draws_from;
  int together;

  template <class X, class L>
  constexpr void operator()(std::ptrdiff_t n, X state, L elapsed) const {
    using S = typename X::scalar;
    random_stream draws(draws_from, std::uint32_t(n / together * together));
    put_state<E, S>(environment.template reset<S>(draws), state);
    elapsed.set(0, 0), elapsed.set(1, 0);
  }
  template <class X, class L, class M, class O>
  constexpr void operator()(std::ptrdiff_t n, X state, L elapsed, M terminated, M truncated, O seen, O last) const {
    if (!terminated[0].value && !truncated[0].value) return;
    (*this)(n, state, elapsed);
    using S = typename X::scalar;
    for (int d = 0; d < seen_columns<E>; ++d) last.set(d, seen[d]);
    put_seen<S>(environment, state_from<E, S>(state), seen);
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
};

/// The states of N lanes of a scalar-generic environment: a column for each number of the state, in the backend's
/// memory.
template <class B, class E>
class lane_states {
 public:
  using T = value_t<B>;
  using scalar = typename B::scalar;
  using single = typename E::template state<scalar>;
  static constexpr int F = sizeof(single) / sizeof(scalar);
  static_assert(std::is_trivially_copyable_v<single> && F * sizeof(scalar) == sizeof(single),
                "a state that is a template over the scalar may hold nothing but scalars");

  lane_states(B& backend, E const& e, int N) : environment_(e), lanes_(N) {
    std::vector<T> zeros(std::size_t(N * F));
    std::vector<std::int32_t> none(std::size_t(2 * N), 0);
    backend.assign(numbers_, std::span<T const>(zeros));
    backend.assign(spare_, std::span<T const>(zeros));
    backend.assign(elapsed_, std::span<std::int32_t const>(none));
    backend.assign(spare_elapsed_, std::span<std::int32_t const>(none));
  }
  void persist(auto const& f) { f("numbers", numbers_), f("elapsed", elapsed_); }
  void reset(B& backend, stream_id starts, int together) {
    backend.for_rows(lanes_, restart_lane<E>{environment_, starts, together}, states(), elapsed());
  }
  void restart(B& backend, stream_id starts, int together, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated, view<T> seen, view<T> last) {
    backend.for_rows(lanes_, restart_lane<E>{environment_, starts, together}, states(), elapsed(), terminated,
                     truncated, seen, last);
  }
  template <class Action>
  void step(B& backend, view<Action const> actions, view<T> reward, view<std::uint8_t> terminated,
            view<std::uint8_t> truncated, view<T> next, int limit, stream_id noise, int noise_group) {
    step_lane<E> f{environment_, limit, noise, noise_group};
    if constexpr (steps_with_noise<E, single>)
      backend.for_rows(lanes_, f, states(), elapsed(), actions, reward, terminated, truncated, next);
    else backend.map_rows(lanes_, f, states(), elapsed(), actions, reward, terminated, truncated, next);
  }
  void resize(B& backend, int N) {
    lanes_ = N;
    backend.resize(numbers_, N * F);
    backend.resize(elapsed_, 2 * N);
  }
  void copy(B& backend, view<std::int32_t const> from) {
    backend.resize(spare_, from.rows * F);
    backend.resize(spare_elapsed_, 2 * from.rows);
    backend.gather(view<T>(spare_.data(), from.rows, F, 1, from.rows), view<T const>(states()), from);
    backend.gather(view<std::int32_t>(spare_elapsed_.data(), from.rows, 2, 1, from.rows),
                   view<std::int32_t const>(elapsed()), from);
    std::swap(numbers_, spare_);
    std::swap(elapsed_, spare_elapsed_);
    lanes_ = from.rows;
  }
  void copy(B& backend, lane_states& other, view<std::int32_t const> from, std::ptrdiff_t first) {
    backend.gather(states().part(first, from.rows), view<T const>(other.states()), from);
    backend.gather(elapsed().part(first, from.rows), view<std::int32_t const>(other.elapsed()), from);
  }
  void observe(B& backend, view<T> out, int every) {
    view<T const> all = states();
    backend.map_rows(lanes_ / every, observe_lane<E>{environment_},
                     view<T const>(all.data, lanes_ / every, F, every, lanes_), out);
  }

 private:
  using array = typename B::template array<T>;
  view<T> states() { return {numbers_.data(), lanes_, F, 1, lanes_}; }
  view<std::int32_t> elapsed() { return {elapsed_.data(), lanes_, 2, 1, lanes_}; }

  E environment_;
  std::ptrdiff_t lanes_;
  array numbers_, spare_;
  typename B::template array<std::int32_t> elapsed_, spare_elapsed_;
};

/// The states of N lanes of a plain environment, stepped one by one on the host.
template <class B, class E>
  requires(!generic_state<E>)
class lane_states<B, E> {
 public:
  using T = value_t<B>;
  using state = typename E::state;
  static constexpr int D = seen_columns<E>;

  lane_states(B& backend, E const& e, int N) : environment_(e) { resize(backend, N); }
  void resize(B&, int N) {
    auto n = std::size_t(N);
    states_.resize(n), elapsed_.resize(n), reward_.resize(n), seen_.resize(n * D), flags_.resize(2 * n);
  }

  void persist(auto const& f) { f("states", states_), f("elapsed", elapsed_); }

  void reset(B&, stream_id starts, int together) {
    for (int n = 0; n < lanes(); ++n) reset(n, starts, together);
  }
  void restart(B& backend, stream_id starts, int together, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated, view<T> seen, view<T> last) {
    auto flags = std::span(flags_);
    backend.download(flags.first(std::size_t(lanes())), terminated);
    backend.download(flags.last(std::size_t(lanes())), truncated);
    for (int n = 0; n < lanes(); ++n) {
      if (!flags_[std::size_t(n)] && !flags_[std::size_t(lanes() + n)]) continue;
      auto row = std::span(seen_).subspan(std::size_t(n * D), D);
      backend.download(row, view<T const>(seen.part(n, 1)));
      backend.upload(last.part(n, 1), std::span<T const>(row));
      reset(n, starts, together);
      look(n, row);
      backend.upload(seen.part(n, 1), std::span<T const>(row));
    }
  }
  template <class Action>
  void step(B& backend, view<Action const> actions, view<T> reward, view<std::uint8_t> terminated,
            view<std::uint8_t> truncated, view<T> next, int limit, stream_id noise, int noise_group) {
    std::ptrdiff_t A = actions.columns;
    auto& given = [&]() -> auto& {
      if constexpr (std::is_same_v<Action, std::int32_t>) return integers_;
      else return numbers_;
    }();
    given.resize(std::size_t(lanes() * A));
    backend.download(std::span<Action>(given), actions);
    for (int n = 0; n < lanes(); ++n) {
      auto a = action_from<E, int>(matrix_row<real<T>, Action const>{given.data() + n * A, 1});
      auto& s = states_[std::size_t(n)];
      auto result = [&] {
        if constexpr (steps_with_noise<E, state>) {
          random_stream draws(noise, std::uint32_t(n / noise_group));
          return environment_.step(s, a, draws);
        } else {
          return environment_.step(s, a);
        }
      }();
      reward_[std::size_t(n)] = T(result.reward);
      flags_[std::size_t(n)] = result.terminated;
      flags_[std::size_t(lanes() + n)] = ++elapsed_[std::size_t(n)] >= limit && limit > 0 && !result.terminated;
      look(n, std::span(seen_).subspan(std::size_t(n * D), D));
    }
    backend.upload(reward, std::span<T const>(reward_));
    backend.upload(terminated, std::span<std::uint8_t const>(flags_).first(std::size_t(lanes())));
    backend.upload(truncated, std::span<std::uint8_t const>(flags_).last(std::size_t(lanes())));
    backend.upload(next, std::span<T const>(seen_));
  }
  void copy(B& backend, view<std::int32_t const> from) {
    auto before = *this;
    resize(backend, int(from.rows));
    copy(backend, before, from, 0);
  }
  void copy(B& backend, lane_states& other, view<std::int32_t const> from, std::ptrdiff_t first) {
    integers_.resize(std::size_t(from.rows));
    backend.download(std::span<std::int32_t>(integers_), from);
    for (std::size_t i = 0; i < integers_.size(); ++i) {
      states_[std::size_t(first) + i] = other.states_[std::size_t(integers_[i])];
      elapsed_[std::size_t(first) + i] = other.elapsed_[std::size_t(integers_[i])];
    }
  }
  void observe(B& backend, view<T> out, int every) {
    for (int n = 0; n < out.rows; ++n) look(n * every, std::span(seen_).subspan(std::size_t(n * D), D));
    backend.upload(out, std::span<T const>(seen_).first(std::size_t(out.size())));
  }

 private:
  int lanes() const { return int(states_.size()); }
  void reset(int n, stream_id starts, int together) {
    random_stream draws(starts, std::uint32_t(n / together * together));
    states_[std::size_t(n)] = environment_.reset(draws);
    elapsed_[std::size_t(n)] = 0;
  }
  void look(int n, std::span<T> to) const {
    put_seen<real<T>>(environment_, states_[std::size_t(n)], matrix_row<real<T>, T>{to.data(), 1});
  }

  E environment_;
  std::vector<state> states_;
  std::vector<int> elapsed_;
  std::vector<T> reward_, seen_, numbers_;
  std::vector<std::int32_t> integers_;
  std::vector<std::uint8_t> flags_;
};

}  // namespace cohort::detail
