#pragma once
#include <algorithm>
#include <cohort/environment/lane_states.hpp>
#include <cohort/environment/lane_threads.hpp>
#include <cohort/environment/packed_states.hpp>
#include <cohort/environment/plain_steps.hpp>
#include <cohort/error.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// f(); what an environment raises there is raised with the lane in front, and nested in it.
template <class F>
auto in_lane(int n, F f) {
  try {
    return f();
  } catch (environment_error const& e) {
    std::throw_with_nested(environment_error("lane " + std::to_string(n) + ": " + e.what()));
  }
}

/// An action of the batch in plain numbers, those of a box clipped to their bounds.
template <class T, class E, class Action>
void plain_action(E const& environment, Action const* given, std::span<plain_number<E>> action) {
  for (std::size_t d = 0; d < action.size(); ++d) {
    if constexpr (is_box<actions_of<E>>) {
      auto const& bounds = environment.actions;
      action[d] = float(clamp(real<T>(given[d]), real<T>(bounds.low[d]), real<T>(bounds.high[d])).value);
    } else {
      action[d] = int(given[d]);
    }
  }
}

/// The states of N lanes of a plain environment, stepped on the host, one by one or on the threads that it asks for.
template <class B, class E>
  requires(!generic_state<E> && !steps_together<E>)
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
      if (ended(n)) ended_.push_back(n);
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
    auto const width = actions.columns;  // of a distribution that keeps more than the action's numbers, more
    given.resize(std::size_t(lanes() * width));
    backend.download(std::span<Action>(given), actions);
    for (int n = 0; n < lanes(); ++n) plain_action<T>(environment_, given.data() + n * width, action(n));
    each(lanes(), [&](int n) {
      move(n, limit, random_stream(noise, std::uint32_t(n / noise_group)));
      look(n, row(n));
    });
    backend.upload(reward, std::span<T const>(reward_));
    backend.upload(terminated, std::span<std::uint8_t const>(flags_).first(std::size_t(lanes())));
    backend.upload(truncated, std::span<std::uint8_t const>(flags_).last(std::size_t(lanes())));
    backend.upload(next, std::span<T const>(seen_));
  }

  /// Single lanes' steps, any number of them under way at once; while this lives nothing else is done with the lanes. A
  /// lane whose episode ends is started again at once.
  class steps_apart {
   public:
    steps_apart(lane_states& of, int limit, stream_id noise, stream_id starts)
        : of_(of),
          limit_(limit),
          noise_(noise),
          starts_(starts),
          steps_(std::size_t(of.lanes()), 0),
          work_([this](int n) { go(n); }),
          use_(*of.threads_, work_) {
      of_.last_.resize(of_.seen_.size());
    }
    template <class Action>
    void begin(B& backend, int n, view<Action const> action) {
      auto given = std::vector<Action>(std::size_t(action.columns));
      backend.download(std::span<Action>(given), action);
      plain_action<T>(of_.environment_, given.data(), of_.action(n));
      use_.begin(n);
    }
    /// The lane whose step is done next.
    int next() const { return use_.next(); }
    void read(B& backend, int n, view<T> reward, view<std::uint8_t> terminated, view<std::uint8_t> truncated,
              view<T> last, view<T> seen) {
      auto one = [&]<class X>(view<X> to, X const* from) { backend.upload(to, std::span<X const>(from, 1)); };
      one(reward, &of_.reward_[std::size_t(n)]);
      one(terminated, &of_.flags_[std::size_t(n)]);
      one(truncated, &of_.flags_[std::size_t(of_.lanes() + n)]);
      if (of_.ended(n)) backend.upload(last, std::span<T const>(of_.last_row(n)));
      backend.upload(seen, std::span<T const>(of_.row(n)));
    }

   private:
    void go(int n) {
      auto const t = steps_[std::size_t(n)]++;
      auto const at = [&](stream_id s, std::uint32_t step) { return stream_id{s.seed, s.use, s.step + step}; };
      of_.move(n, limit_, random_stream(at(noise_, t), std::uint32_t(n)));
      of_.look(n, of_.row(n));
      if (!of_.ended(n)) return;
      auto const seen = of_.row(n);
      std::copy(seen.begin(), seen.end(), of_.last_row(n).begin());
      of_.reset(n, at(starts_, t + 1), 1);
      of_.look(n, of_.row(n));
    }

    lane_states& of_;
    int limit_;
    stream_id noise_, starts_;
    std::vector<std::uint32_t> steps_;
    std::function<void(int)> work_;
    lane_threads::in_use use_;  // last, so that it waits before the rest goes
  };

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
  std::span<T> last_row(int n) { return std::span(last_).subspan(std::size_t(n * D), std::size_t(D)); }
  std::span<plain_number<E>> action(int n) { return std::span(action_).subspan(std::size_t(n * A), std::size_t(A)); }
  bool ended(int n) const { return flags_[std::size_t(n)] || flags_[std::size_t(lanes() + n)]; }
  template <class F>
  void each(int count, F const& f) {
    if (threads_ && count > 1) return threads_->each(count, f);
    for (int i = 0; i < count; ++i) f(i);
  }
  /// One step with the lane's action.
  void move(int n, int limit, random_stream draws) {
    auto const result = in_lane(
        n, [&] { return plain_step(environment_, states_[std::size_t(n)], action_of_numbers<E>(action(n)), draws); });
    reward_[std::size_t(n)] = T(result.reward);
    flags_[std::size_t(n)] = result.terminated;
    bool const at_limit = ++elapsed_[std::size_t(n)] >= limit && limit > 0;
    flags_[std::size_t(lanes() + n)] = !result.terminated && (at_limit || result.truncated);
  }
  void reset(int n, stream_id starts, int together) {
    random_stream draws(starts, std::uint32_t(n / together * together));
    states_[std::size_t(n)] = in_lane(n, [&] { return environment_.reset(draws); });
    elapsed_[std::size_t(n)] = 0;
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
  std::vector<T> reward_, seen_, last_, numbers_;
  std::vector<std::int32_t> integers_;
  std::vector<std::uint8_t> flags_;
};

}  // namespace COHORT_NAMESPACE::detail
