#pragma once
#include <algorithm>
#include <cohort/backend/finite.hpp>
#include <cohort/environment/check.hpp>
#include <cohort/environment/lanes_together.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

[[gnu::cold]] inline std::string place_of(std::int64_t step, std::ptrdiff_t lane) {
  return "step " + std::to_string(step) + ", lane " + std::to_string(lane) + ": ";
}
/// Raises E for the first element that is not finite; name(row, column) says what it is.
template <class E = environment_error, backend B, class Name>
void require_finite(B& backend, in_view<B> numbers, Name name) {
  value_t<B> value{};
  std::ptrdiff_t i = first_not_finite(backend, numbers, &value);
  if (i >= 0)
    throw E(name(i / numbers.columns, i % numbers.columns) + " is " + detail::text(double(value)) +
            ", expected a finite number");
}

}  // namespace detail

/// N copies of an environment stepped together, in the backend's memory and by its primitives where the environment is
/// scalar-generic, on the host where it is not. It counts each lane's steps and cuts episodes at the environment's
/// limit. It resets nothing by itself: what is seen after a step is the true last observation, until `restart`. Box
/// actions are clipped to their bounds.
template <backend B, environment E>
class vector_environment {
 public:
  using T = value_t<B>;

  vector_environment(B& backend, E const& e, int N, std::uint64_t seed, draw_purpose resets = draw_purpose::reset,
                     draw_purpose noise = draw_purpose::step)
      : states_(backend, (detail::check_environment(e), e), N),
        lanes_(N),
        limit_(episode_limit(e)),
        observation_size_(detail::observation_count(e)),
        seed_(seed),
        resets_(resets),
        noise_(noise) {
    if (detail::is_masked(e)) {
      auto const choices = detail::choices_of(e.actions);
      choices_.assign(choices.begin(), choices.end());
    }
  }

  int lanes() const { return lanes_; }
  void persist(auto const& f) { f("states", states_), persist_time(f); }
  void persist_time(auto const& f) { f("time", time_); }
  std::int64_t steps() const { return time_; }

  /// A new episode in every lane; `together` lanes in a row start from the same state. The draws depend on the seed,
  /// the lane and the number of steps taken so far.
  void reset(B& backend, int together = 1) { states_.reset(backend, starts(), together); }

  /// All lanes go one step: N actions in, N rewards and flags out, and what is then observed (N x D). noise_group lanes
  /// in a row share their noise.
  template <class Action>
  void step(B& backend, view<Action const> actions, view<T> reward, view<std::uint8_t> terminated,
            view<std::uint8_t> truncated, view<T> next, int noise_group = 1) {
    states_.step(backend, actions, reward, terminated, truncated, next, limit_,
                 stream_id{seed_, noise_, std::uint32_t(time_)}, noise_group);
    ++time_;
  }

  /// Whether lanes can be stepped singly: those of a plain environment that does not step them together.
  static constexpr bool steps_single_lanes = requires { typename detail::lane_states<B, E>::steps_apart; };
  /// Steps of single lanes (detail::lane_states::steps_apart), of an environment with step_threads() above 1; and
  /// afterwards, once all have made as many, how many.
  auto steps_apart() {
    return typename detail::lane_states<B, E>::steps_apart(states_, limit_,
                                                           stream_id{seed_, noise_, std::uint32_t(time_)}, starts());
  }
  void stepped_apart(std::int64_t steps) { time_ += steps; }

  /// A new episode in each lane whose flags are set: its row of `seen` moves to `last`, and what the new episode shows
  /// takes its place. Where `together` lanes in a row have the same flags, they start from the same state.
  void restart(B& backend, view<std::uint8_t const> terminated, view<std::uint8_t const> truncated, view<T> seen,
               view<T> last, int together = 1) {
    states_.restart(backend, starts(), together, terminated, truncated, seen, last);
  }

  /// Which lanes only begin an episode by their next step, whatever their action is; none, and an empty span, but where
  /// an environment's lanes do so by themselves (autoreset::next_step): then `restart` leaves the rows of `seen`.
  std::span<std::uint8_t const> resetting() const {
    if constexpr (requires { states_.resetting(); }) return states_.resetting();
    else return {};
  }

  /// Lane n becomes a clone of lane from[n], its step count included; there are then as many lanes as from has rows.
  void copy(B& backend, view<std::int32_t const> from) {
    states_.copy(backend, from);
    lanes_ = int(from.rows);
  }
  /// Lane first + i becomes a clone of lane from[i] of other environments of this kind.
  void copy(B& backend, vector_environment& other, view<std::int32_t const> from, std::ptrdiff_t first) {
    states_.copy(backend, other.states_, from, first);
  }
  /// N lanes, whose states are to be copied there.
  void resize(B& backend, int N) {
    states_.resize(backend, N);
    lanes_ = N;
  }

  /// The state of a lane, in plain numbers.
  typename detail::state_of<E>::type state(B& backend, int lane) {
    if (lane < 0 || lane >= lanes_)
      throw value_error("vector_environment: lane is " + std::to_string(lane) + ", expected 0 to " +
                        std::to_string(lanes_ - 1));
    return states_.state(backend, lane);
  }

  /// What every `every`-th lane sees now, N / every x D.
  void observe(B& backend, view<T> out, int every = 1) { states_.observe(backend, out, every); }

  /// Raises environment_error with the step, the lane and the field for the first number of some steps in a row that is
  /// not finite: rewards and flags of the steps begin at first_step, observations one step later. For observations of
  /// fewer rows than lanes the lane is that of its group's first.
  void require_finite_rewards(B& backend, view<T const> reward, std::int64_t first_step, int per_step) {
    detail::require_finite(backend, reward, [&](std::ptrdiff_t i, std::ptrdiff_t) {
      return detail::place_of(first_step + 1 + i / per_step, i % per_step) + "the environment's reward";
    });
  }
  /// The same of the log-probabilities of actions, which are the policy's: not_finite_error.
  void require_finite_actions(B& backend, view<T const> logp, std::int64_t first_step, int per_step) {
    detail::require_finite<not_finite_error>(backend, logp, [&](std::ptrdiff_t i, std::ptrdiff_t) {
      return detail::place_of(first_step + i / per_step, i % per_step) + "the log-probability of the policy's action";
    });
  }
  void require_finite_observations(B& backend, view<T const> seen, std::int64_t first_step, int per_step) {
    detail::require_finite(backend, seen, [&](std::ptrdiff_t i, std::ptrdiff_t d) {
      return detail::place_of(first_step + i / per_step, i % per_step * (lanes_ / per_step)) +
             "the environment's observation[" + std::to_string(d) + "]";
    });
  }
  /// The same for the first state in which an action was asked for and the environment's mask allows none.
  void require_allowed_actions(B& backend, view<T const> seen, std::int64_t first_step, int per_step) {
    if (!choices_.empty()) {
      auto nothing = backend.template temporary<T>(seen.rows + 1);
      view<T> rows = nothing.all().part(0, seen.rows), sum = nothing.all().part(seen.rows, 1);
      int first = observation_size_;
      for (int n : choices_) {
        backend.map_rows(seen.rows, detail::allows_nothing{first, n, first == observation_size_}, seen, rows);
        first += n;
      }
      backend.reduce(sum, detail::same{}, view<T const>(rows));
      T count[1];
      backend.download(std::span<T>(count), view<T const>(sum));
      if (count[0] == 0) return;
      std::vector<T> all(std::size_t(seen.rows));
      backend.download(std::span<T>(all), view<T const>(rows));
      auto i = std::find(all.begin(), all.end(), T(1)) - all.begin();
      throw environment_error(detail::place_of(first_step + i / per_step, i % per_step * (lanes_ / per_step)) +
                              "the environment's action mask allows no action" +
                              (choices_.size() > 1 ? " (of one of its choices)" : "") + ", expected at least one");
    }
  }

 private:
  stream_id starts() const { return {seed_, resets_, std::uint32_t(time_)}; }

  detail::lane_states<B, E> states_;
  int lanes_, limit_, observation_size_;
  std::vector<int> choices_;  ///< of a mask
  std::uint64_t seed_;
  draw_purpose resets_, noise_;
  std::int64_t time_ = 0;
};

}  // namespace COHORT_NAMESPACE
