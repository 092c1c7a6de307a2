#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/environment/lane_formulas.hpp>
#include <cohort/environment/lane_threads.hpp>
#include <cohort/environment/packed_states.hpp>
#include <cohort/environment/plain_steps.hpp>
#include <cohort/error.hpp>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// The states of N lanes of a scalar-generic environment: a column for each number of the state, in the backend's
/// memory.
template <class B, class E>
class lane_states {
 public:
  using T = value_t<B>;
  using scalar = typename B::scalar;
  using single = typename E::template state<scalar>;
  static constexpr int F = sizeof(single) / sizeof(scalar);
  static constexpr bool may_draw = steps_with_noise<E>, may_not = !may_draw || steps_either_way<E>;
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
  void persist(auto const& f) {
    auto numbers = numbers_.all();
    auto elapsed = elapsed_.all();
    f("numbers", numbers), f("elapsed", elapsed);
  }
  void reset(B& backend, stream_id starts, int together) {
    backend.for_rows(lanes_, start_lane<E>{environment_, starts, together}, states(), elapsed());
  }
  void restart(B& backend, stream_id starts, int together, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated, view<T> seen, view<T> last) {
    backend.for_rows(lanes_, restart_lane<E>{{environment_, starts, together}, terminated, truncated}, states(),
                     elapsed(), seen, last);
  }
  template <class Action>
  void step(B& backend, view<Action const> actions, view<T> reward, view<std::uint8_t> terminated,
            view<std::uint8_t> truncated, view<T> next, int limit, stream_id noise, int noise_group) {
    step_lane<E> f{environment_, limit, noise, noise_group};
    bool draws = may_draw;
    if constexpr (may_draw && may_not) draws = environment_.draws_in_step();
    if constexpr (may_draw)
      if (draws) backend.for_rows(lanes_, f, states(), elapsed(), actions, reward, terminated, truncated, next);
    if constexpr (may_not)
      if (!draws) backend.map_rows(lanes_, f, states(), elapsed(), actions, reward, terminated, truncated, next);
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
    observe_lane<E> const f{environment_};
    std::ptrdiff_t const rows = lanes_ / every;
    view<T const> const seen(numbers_.data(), rows, F, every, lanes_);
    if constexpr (may_not) backend.map_rows(rows, f, seen, out);
    else backend.for_rows(rows, f, seen, out);
  }
  typename state_of<E>::type state(B& backend, int lane) {
    typename state_of<E>::type s{};
    T row[F];
    backend.download(std::span<T>(row), view<T const>(states().part(lane, 1)));
    for (int f = 0; f < F; ++f) reinterpret_cast<real<double>*>(&s)[f] = row[f];
    return s;
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

/// f(); what an environment raises there is raised with the lane in front, and nested in it.
template <class F>
auto in_lane(int n, F f) {
  try {
    return f();
  } catch (environment_error const& e) {
    std::throw_with_nested(environment_error("lane " + std::to_string(n) + ": " + e.what()));
  }
}

/// The states of N lanes of a plain environment, stepped on the host, one by one or on the threads that it asks for.
template <class B, class E>
  requires(!generic_state<E>)
class lane_states<B, E> {
 public:
  using T = value_t<B>;

  lane_states(B& backend, E const& e, int N) : environment_(e), D(seen_count(e)), A(size_of(e.actions)) {
    if (int const threads = step_threads_of(e); threads > 1) threads_ = std::make_shared<lane_threads>(threads);
    resize(backend, N);
  }
  void resize(B&, int N) {
    auto n = std::size_t(N);
    states_.resize(n), elapsed_.resize(n), reward_.resize(n), seen_.resize(n * std::size_t(D)), flags_.resize(2 * n);
    action_.resize(n * std::size_t(A));
  }

  void persist(auto const& f) {
    std::span elapsed(elapsed_);
    static_assert(keeps_states<E>,
                  "a run that is saved keeps its environments in mid-episode: a state that is not trivially copyable "
                  "needs `std::vector<std::byte> save(state const&) const` and `state load(std::span<std::byte const>) "
                  "const`, both, in the environment (docs/environments.md)");
    if constexpr (saves_states<E>)
      f.packed(
          "states", [&] { return pack_states(environment_, states_); },
          [&](std::vector<std::byte> const& bytes) { states_ = unpack_states(environment_, bytes, states_.size()); });
    else if constexpr (keeps_states<E>) {
      std::span states(states_);
      f("states", states);
    }
    f("elapsed", elapsed);
  }

  void reset(B&, stream_id starts, int together) {
    each(lanes(), [&](int n) { reset(n, starts, together); });
  }
  void restart(B& backend, stream_id starts, int together, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated, view<T> seen, view<T> last) {
    auto flags = std::span(flags_);
    backend.download(flags.first(std::size_t(lanes())), terminated);
    backend.download(flags.last(std::size_t(lanes())), truncated);
    ended_.clear();
    for (int n = 0; n < lanes(); ++n)
      if (flags_[std::size_t(n)] || flags_[std::size_t(lanes() + n)]) ended_.push_back(n);
    for (int n : ended_) {
      backend.download(row(n), view<T const>(seen.part(n, 1)));
      backend.upload(last.part(n, 1), std::span<T const>(row(n)));
    }
    each(int(ended_.size()), [&](int i) {
      int const n = ended_[std::size_t(i)];
      reset(n, starts, together);
      look(n, row(n));
    });
    for (int n : ended_) backend.upload(seen.part(n, 1), std::span<T const>(row(n)));
  }
  template <class Action>
  void step(B& backend, view<Action const> actions, view<T> reward, view<std::uint8_t> terminated,
            view<std::uint8_t> truncated, view<T> next, int limit, stream_id noise, int noise_group) {
    auto& given = [&]() -> auto& {
      if constexpr (std::is_same_v<Action, std::int32_t>) return integers_;
      else return numbers_;
    }();
    given.resize(std::size_t(lanes() * A));
    backend.download(std::span<Action>(given), actions);
    each(lanes(), [&](int n) {
      auto const action = std::span(action_).subspan(std::size_t(n * A), std::size_t(A));
      take(given.data() + n * A, action);
      auto const result = in_lane(n, [&] {
        random_stream draws(noise, std::uint32_t(n / noise_group));
        return plain_step(environment_, states_[std::size_t(n)], action_of_numbers<E>(action), draws);
      });
      reward_[std::size_t(n)] = T(result.reward);
      flags_[std::size_t(n)] = result.terminated;
      bool const at_limit = ++elapsed_[std::size_t(n)] >= limit && limit > 0;
      flags_[std::size_t(lanes() + n)] = !result.terminated && (at_limit || result.truncated);
      look(n, row(n));
    });
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
    for (int n = 0; n < out.rows; ++n) look(n * every, row(n));
    backend.upload(out, std::span<T const>(seen_).first(std::size_t(out.size())));
  }
  typename E::state const& state(B&, int lane) const { return states_[std::size_t(lane)]; }

 private:
  int lanes() const { return int(states_.size()); }
  std::span<T> row(int n) { return std::span(seen_).subspan(std::size_t(n * D), std::size_t(D)); }
  template <class F>
  void each(int count, F const& f) {
    if (threads_ && count > 1) return threads_->each(count, f);
    for (int i = 0; i < count; ++i) f(i);
  }
  void reset(int n, stream_id starts, int together) {
    random_stream draws(starts, std::uint32_t(n / together * together));
    states_[std::size_t(n)] = in_lane(n, [&] { return environment_.reset(draws); });
    elapsed_[std::size_t(n)] = 0;
  }
  /// An action of the batch in plain numbers, those of a box clipped to their bounds.
  template <class Action>
  void take(Action const* given, std::span<plain_number<E>> action) const {
    for (std::size_t d = 0; d < action.size(); ++d) {
      if constexpr (is_box<actions_of<E>>) {
        auto const& bounds = environment_.actions;
        action[d] = float(clamp(real<T>(given[d]), real<T>(bounds.low[d]), real<T>(bounds.high[d])).value);
      } else {
        action[d] = int(given[d]);
      }
    }
  }
  void look(int n, std::span<T> to) const {
    put_seen<real<T>>(environment_, states_[std::size_t(n)], matrix_row<real<T>, T>{to.data(), 1});
  }

  E environment_;
  int D, A;  ///< columns of what is observed, and of actions
  std::shared_ptr<lane_threads> threads_;
  std::vector<plain_number<E>> action_;
  std::vector<typename E::state> states_;
  std::vector<int> elapsed_, ended_;
  std::vector<T> reward_, seen_, numbers_;
  std::vector<std::int32_t> integers_;
  std::vector<std::uint8_t> flags_;
};

}  // namespace COHORT_NAMESPACE::detail
