#pragma once
#include <array>
#include <cmath>
#include <cohort/environment/check.hpp>
#include <cohort/environment/plain_steps.hpp>
#include <cohort/error.hpp>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// One environment, stepped in plain numbers: to look at it, to test it, or to play a policy outside of training.
///
///     environment_run run{classic_control::cart_pole{}, 1};
///     while (!run.done()) total += run.step(1).reward;
///     run.reset();                     // or reset(seed)
///
/// The starts and the noise are those of lane 0 of a vector_environment on a backend of doubles with this seed. An
/// episode is cut at the environment's max_episode_steps, if it has one. Actions are an int (discrete), or an array.
template <class E>
class environment_run {
 public:  // of what is no environment
  explicit environment_run(E const&, std::uint64_t = 0) {
#include <cohort/environment/requirements.inc>
  }
};
template <environment E>
class environment_run<E> {
  using state_type = typename detail::state_of<E>::type;

 public:
  using outcome = cohort::outcome;  ///< `truncated` where a limit of steps was reached, too

  explicit environment_run(E const& e, std::uint64_t seed = 0) : environment_(e), seed_(seed) {
    detail::check_environment(e);
    reset();
  }

  /// A new episode, of another seed: the same as that of a new environment_run with it.
  void reset(std::uint64_t seed) {
    seed_ = seed, steps_ = 0;
    reset();
  }
  /// A new episode.
  void reset() {
    random_stream draws(stream_id{seed_, draw_purpose::reset, std::uint32_t(steps_)}, 0);
    state_ = detail::fresh_state(environment_, draws);
    in_episode_ = 0;
    last_ = {};
  }
  /// Raises value_error where the episode is over, and for an action that the environment does not have.
  template <class Action>
  outcome step(Action const& action) {
    if (done()) throw value_error("environment_run: the episode is over, expected reset() before another step");
    random_stream draws(stream_id{seed_, draw_purpose::step, std::uint32_t(steps_)}, 0);
    last_ = detail::plain_step(environment_, state_, taken(action), draws);
    ++steps_, ++in_episode_;
    bool const at_limit = episode_limit(environment_) > 0 && in_episode_ >= episode_limit(environment_);
    last_.truncated = !last_.terminated && (at_limit || last_.truncated);
    return last_;
  }
  bool done() const { return last_.terminated || last_.truncated; }
  int steps_of_episode() const { return in_episode_; }
  state_type const& state() const { return state_; }
  /// What the environment says beside its observation, if it has `info(state const&) const`.
  std::vector<std::pair<std::string, double>> info() const { return detail::plain_info(environment_, state_); }
  /// What the environment shows now, as doubles: an array, or a vector where the extent is dynamic.
  auto observation() const {
    constexpr int D = observation_size<E>;
    detail::as_many<double, D> numbers{};
    if constexpr (D == dynamic) numbers.resize(std::size_t(detail::observation_count(environment_)));
    detail::put_observation(environment_, state_, std::span<double>(numbers));
    return numbers;
  }

 private:
  template <class Action>
  auto taken(Action const& action) {
    detail::step_action<E> a{};
    if constexpr (detail::action_numbers<E>() == dynamic) {
      kept_.resize(std::size_t(detail::size_of(environment_.actions)));
      require_size(action, kept_.size());
      for (std::size_t d = 0; d < kept_.size(); ++d) kept_[d] = detail::plain_number<E>(possible(action[d], d));
      return detail::step_action<E>(kept_);
    } else if constexpr (requires { action[0]; }) {
      static_assert(requires { a[0]; }, "this environment's actions are single numbers");
      require_size(action, a.size());
      for (std::size_t d = 0; d < a.size(); ++d) a[d] = std::remove_cvref_t<decltype(a[0])>(possible(action[d], d));
    } else if constexpr (requires { a[0]; }) {
      static_assert(std::tuple_size_v<decltype(a)> == 1,
                    "an action of this environment is an array of several numbers");
      a[0] = std::remove_cvref_t<decltype(a[0])>(possible(action, 0));
    } else {
      a = detail::step_action<E>(possible(action, 0));
    }
    return a;
  }
  template <class Action>
  static void require_size(Action const& action, std::size_t expected) {
    if constexpr (requires { action.size(); })
      detail::require(action.size() == expected, "environment_run", "the action's size", double(action.size()),
                      detail::text(double(expected)).c_str());
  }
  /// A box may be left, and the environment does with it what it does; a choice that there is not, or NaN, is refused.
  template <class X>
  X possible(X x, std::size_t d) const {
    double given = detail::plain(x);
    if constexpr (detail::is_box<detail::actions_of<E>>) {
      detail::require(given == given, "environment_run", "the action", given, "a number");
    } else {
      int last = detail::choices_of(environment_.actions)[d] - 1;
      if (!(given >= 0 && given <= last && given == std::floor(given)))
        detail::require(false, "environment_run", "the action", given,
                        ("an integer from 0 to " + std::to_string(last)).c_str());
    }
    return x;
  }

  E environment_;
  std::vector<detail::plain_number<E>> kept_;  ///< an action of dynamic extent
  std::uint64_t seed_;
  state_type state_{};
  std::int64_t steps_ = 0;
  int in_episode_ = 0;
  outcome last_{};
};

}  // namespace COHORT_NAMESPACE
