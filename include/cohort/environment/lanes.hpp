#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/environment/concept.hpp>
#include <cstring>
#include <vector>

namespace cohort {

namespace detail {

/// The states of N lanes of a plain environment, one by one.
template <class B, class E>
class lane_states {
 public:
  using T = value_t<B>;
  using state = typename E::state;
  static constexpr int D = observation_size<E>;

  lane_states(E const& e, int N) : environment_(e), states_(N) {}
  void reset(int lane, random_stream& draws) { states_[lane] = environment_.reset(draws); }
  void copy(int from, int to) { states_[to] = states_[from]; }

  template <class Action>
  void step(view<Action const> actions, view<T> reward, view<std::uint8_t> terminated, stream noise, int noise_group) {
    for (int n = 0; n < int(states_.size()); ++n) {
      auto result = [&] {
        auto a = action(actions, n);
        if constexpr (steps_with_noise<E, state>) {
          random_stream draws(noise, std::uint32_t(n / noise_group));
          return environment_.step(states_[n], a, draws);
        } else {
          return environment_.step(states_[n], a);
        }
      }();
      reward[n] = T(result.reward);
      terminated[n] = result.terminated;
    }
  }
  void observe(int n, T* out) const {
    auto seen = environment_.observe(states_[n]);
    for (int d = 0; d < D; ++d) out[d] = T(seen[d]);
  }
  void observe(view<T> out) const {
    for (int n = 0; n < int(states_.size()); ++n) observe(n, &out(n, 0));
  }

 private:
  template <class Action>
  static auto action(view<Action const> actions, int n) {
    if constexpr (discrete_actions<E>) {
      return int(actions(n, 0));
    } else {
      step_action<E> a;
      for (std::size_t d = 0; d < a.size(); ++d) a[d] = std::clamp(float(actions(n, d)), float(E::actions.low[d]), float(E::actions.high[d]));
      return a;
    }
  }
  E environment_;
  std::vector<state> states_;
};

/// The states of N lanes of a scalar-generic environment, as many at once as the backend's scalar is wide.
template <class B, class E>
  requires generic_state<E>
class lane_states<B, E> {
 public:
  using T = value_t<B>;
  using S = typename B::wide;
  using state = typename E::template state<S>;
  using single = typename E::template state<typename B::scalar>;
  static constexpr int W = S::width, D = observation_size<E>;
  static_assert(std::is_trivially_copyable_v<state> && sizeof(state) == W * sizeof(single),
                "a state that is a template over the scalar may hold nothing but scalars");

  lane_states(E const& e, int N) : environment_(e), lanes_(N), blocks_((N + W - 1) / W) {
    for (auto& b : blocks_) std::memset(static_cast<void*>(&b), 0, sizeof b);
  }
  void reset(int lane, random_stream& draws) { put(lane, environment_.template reset<typename B::scalar>(draws)); }
  void copy(int from, int to) { put(to, get(from)); }

  template <class Action>
  void step(view<Action const> actions, view<T> reward, view<std::uint8_t> terminated, stream noise, int noise_group) {
    for (int b = 0; b < int(blocks_.size()); ++b) {
      int first = b * W, count = std::min(W, lanes_ - first);
      auto result = [&] {
        auto a = action(actions, first, count);
        if constexpr (steps_with_noise<E, state>) {
          random_stream draws(noise, std::uint32_t(first / noise_group));
          return environment_.step(blocks_[b], a, draws);
        } else {
          return environment_.step(blocks_[b], a);
        }
      }();
      alignas(64) T line[W];
      S flags = select(result.terminated, S(1), S(0));
      std::memcpy(line, &result.reward, sizeof line);
      for (int w = 0; w < count; ++w) reward[first + w] = line[w];
      std::memcpy(line, &flags, sizeof line);
      for (int w = 0; w < count; ++w) terminated[first + w] = line[w] != 0;
    }
  }
  void observe(view<T> out) const {
    for (int b = 0; b < int(blocks_.size()); ++b) {
      auto seen = environment_.observe(blocks_[b]);
      alignas(64) T line[D][W];
      for (int d = 0; d < D; ++d) std::memcpy(line[d], &seen[d], sizeof line[d]);
      for (int w = 0; w < std::min(W, lanes_ - b * W); ++w)
        for (int d = 0; d < D; ++d) out(b * W + w, d) = line[d][w];
    }
  }
  void observe(int n, T* out) const {
    auto seen = environment_.observe(get(n));
    for (int d = 0; d < D; ++d) out[d] = seen[d].value;
  }

 private:
  static constexpr int fields = sizeof(single) / sizeof(T);
  single get(int lane) const {
    single s;
    auto* from = reinterpret_cast<char const*>(&blocks_[lane / W]) + lane % W * sizeof(T);
    for (int f = 0; f < fields; ++f) std::memcpy(reinterpret_cast<char*>(&s) + f * sizeof(T), from + f * sizeof(S), sizeof(T));
    return s;
  }
  void put(int lane, single const& s) {
    auto* to = reinterpret_cast<char*>(&blocks_[lane / W]) + lane % W * sizeof(T);
    for (int f = 0; f < fields; ++f) std::memcpy(to + f * sizeof(S), reinterpret_cast<char const*>(&s) + f * sizeof(T), sizeof(T));
  }
  template <class Action>
  static auto action(view<Action const> actions, int first, int count) {
    auto one = [&](int d) {
      alignas(64) T line[W];
      for (int w = 0; w < W; ++w) line[w] = T(actions(first + std::min(w, count - 1), d));
      S s;
      std::memcpy(&s, line, sizeof s);
      return s;
    };
    if constexpr (discrete_actions<E>) {
      return one(0);
    } else {
      typename action_of<E, S>::type a;
      for (int d = 0; d < int(a.size()); ++d) a[d] = clamp(one(d), S(E::actions.low[d]), S(E::actions.high[d]));
      return a;
    }
  }
  E environment_;
  int lanes_;
  std::vector<state> blocks_;
};

}  // namespace detail

/// N copies of an environment stepped together: scalar-generic ones in the backend's wide scalar, others lane by lane. It counts each lane's steps
/// and cuts episodes at the environment's limit; it never resets by itself, so what `observe` gives after a step is the true last observation.
/// Box actions are clipped to their bounds.
///
/// Raises environment_error with the step, the lane and the field if a reward or an observation is not finite.
template <backend B, environment E>
class vector_environment {
 public:
  using T = value_t<B>;
  static constexpr int D = observation_size<E>;

  vector_environment(E const& e, int N, std::uint64_t seed, purpose resets = purpose::reset)
      : states_(e, N), elapsed_(N, 0), limit_(episode_limit(e)), seed_(seed), resets_(resets) {}

  int lanes() const { return int(elapsed_.size()); }
  int elapsed(int lane) const { return elapsed_[lane]; }
  std::int64_t steps() const { return time_; }

  /// A new episode in this lane; its draws depend on the seed, the lane and the number of steps taken so far.
  void reset(int lane) {
    random_stream draws(stream{seed_, resets_, std::uint32_t(time_)}, std::uint32_t(lane));
    states_.reset(lane, draws);
    elapsed_[lane] = 0;
  }
  /// Lane `to` becomes a clone of lane `from`, its step count included.
  void copy(int from, int to) {
    if (from == to) return;
    states_.copy(from, to);
    elapsed_[to] = elapsed_[from];
  }

  /// All lanes go one step: N actions in, N rewards and flags out, and what is then observed (N x D). noise_group lanes in a row share their
  /// noise.
  template <class Action>
  void step(view<Action const> actions, view<T> reward, view<std::uint8_t> terminated, view<std::uint8_t> truncated, view<T> next, int noise_group = 1) {
    states_.step(actions, reward, terminated, stream{seed_, purpose::step, std::uint32_t(time_)}, noise_group);
    ++time_;
    for (int n = 0; n < lanes(); ++n) truncated[n] = ++elapsed_[n] >= limit_ && limit_ > 0 && !terminated[n];
    check(reward, [&](int n) { return "lane " + std::to_string(n) + ": the environment's reward"; });
    observe(next);
  }
  /// What all lanes see now, N x D, and what one of them does.
  void observe(view<T> out) const {
    states_.observe(out);
    check(out.reshaped(out.size()), [](int i) { return "lane " + std::to_string(i / D) + ": the environment's observation[" + std::to_string(i % D) + "]"; });
  }
  void observe(int lane, T* out) const {
    states_.observe(lane, out);
    check(view<T>(out, D), [&](int d) { return "lane " + std::to_string(lane) + ": the environment's observation[" + std::to_string(d) + "]"; });
  }

 private:
  template <class Name>
  void check(view<T const> numbers, Name name) const {
    T poison = 0;  // stays 0 unless something is infinite or no number
    for (std::ptrdiff_t i = 0; i < numbers.rows; ++i) poison += numbers.data[i] * 0;
    if (poison == 0) return;
    for (int i = 0; i < numbers.rows; ++i)
      if (!std::isfinite(numbers.data[i]))
        throw environment_error("step " + std::to_string(time_) + ", " + name(i) + " is " + detail::text(numbers.data[i]) + ", expected a finite number");
  }

  detail::lane_states<B, E> states_;
  std::vector<int> elapsed_;
  int limit_;
  std::uint64_t seed_;
  purpose resets_;
  std::int64_t time_ = 0;
};

}  // namespace cohort
