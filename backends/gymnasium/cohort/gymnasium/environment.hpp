#pragma once
#include <cohort/environment/plain_steps.hpp>
#include <cohort/gymnasium/processes.hpp>
#include <cohort/gymnasium/spaces.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium {

/// An environment of Gymnasium's, of which the program knows the kind of actions: discrete, box<dynamic>,
/// multi_discrete<dynamic> or binary<dynamic>. `make` (gymnasium/make.hpp) gives it for a name.
///
/// Observations are flattened as Gymnasium's FlattenObservation does it, and are float32. Episodes are cut by
/// `max_episode_steps`, which is what Gymnasium registered: its TimeLimit and its checks (OrderEnforcing,
/// PassiveEnvChecker) are taken off; what else truncates an episode is the outcome's `truncated`. A step after the end
/// of an episode changes nothing. Seeds of episodes are drawn from the run's.
template <class Actions>
class environment : public detail::spaces<Actions> {
  using Number = cohort::detail::plain_number_of<Actions>;
  using episode = detail::episode<Number>;

 public:
  /// A value. Copies share an instance of Python's until one of them is stepped, which then gets one of its own.
  class state {
    friend class environment;
    std::shared_ptr<episode> held_;
  };

  environment(std::shared_ptr<detail::bridge> b, make_options const& options)
      : detail::spaces<Actions>(*b),
        max_episode_steps(b->limit()),
        bridge_(std::move(b)),
        asynchronous_(options.asynchronous) {
    if (options.processes > 0)
      processes_ = std::make_shared<detail::processes<Number>>(bridge_, options.processes, options.timeout);
  }

  using detail::spaces<Actions>::actions, detail::spaces<Actions>::observations;
  int max_episode_steps = 0;

  state reset(random_stream& draws) const { return start(draws.word() >> 1); }  // of 31 bits, which all of them take
  /// The episode of a seed of Gymnasium's.
  state start(std::uint32_t seed) const {
    state s;
    if (processes_) s.held_ = processes_->start(seed);
    else s.held_ = std::make_shared<detail::instance<Number>>(bridge_, seed);
    return s;
  }
  template <class Action>
  outcome step(state& s, Action const& action) const {
    auto const numbers = this->checked(*bridge_, action);
    if (!s.held_) throw value_error(bridge_->name + ": a step of a state that no reset gave");
    if (s.held_.use_count() > 1) s.held_ = s.held_->copy();
    return s.held_->step(numbers);
  }
  std::span<float const> observe(state const& s) const { return s.held_->observation(); }

  /// What Gymnasium renders, where the environment was made with {"render_mode", "rgb_array"}.
  picture::pixels render(state const& s) const {
    if (!s.held_) throw value_error(bridge_->name + ": a picture of a state that no reset gave");
    return s.held_->render();
  }
  /// How many such pictures make a second of it: Gymnasium's render_fps, 30 where there is none. Raises value_error
  /// where the environment does not have that render mode, however it was made.
  double render_rate() const { return detail::render_rate(*bridge_); }

  /// Of an environment whose episodes are fixed by their seed and their actions: these, which `load` plays again. Of a
  /// state that no reset gave, nothing.
  std::vector<std::byte> save(state const& s) const { return s.held_ ? s.held_->bytes() : std::vector<std::byte>{}; }
  state load(std::span<std::byte const> bytes) const {
    state s;
    if (bytes.empty()) return s;
    if (processes_) s.held_ = processes_->load(bytes, observations.low.size());
    else s.held_ = detail::instance<Number>::from(bridge_, bytes, observations.low.size());
    return s;
  }

  /// How states are copied: "mujoco", "ale", "deepcopy", "replay" or "functions". Raises environment_error where none
  /// of them gives copies that step as their originals.
  std::string copies() const { return bridge_->way(); }
  void require_copies() const { copies(); }
  /// Steps that were taken to come to a state again, so far; those of a run are not among them.
  std::int64_t replayed_steps() const { return bridge_->replayed; }
  std::string const& name() const { return bridge_->name; }
  /// The mean return from which on Gymnasium counts it as solved, where it has one.
  std::optional<double> reward_threshold() const { return bridge_->reward_threshold(); }
  /// On how many threads lanes are stepped: as many as there are processes that step them.
  int step_threads() const { return processes_ ? processes_->count() : 1; }
  bool asynchronous_steps() const { return asynchronous_; }

 private:
  std::shared_ptr<detail::bridge> bridge_;
  std::shared_ptr<detail::processes<Number>> processes_;
  bool asynchronous_;
};

}  // namespace COHORT_NAMESPACE::gymnasium
