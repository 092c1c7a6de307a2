#pragma once
#include <cohort/environment/plain_steps.hpp>
#include <cohort/gymnasium/processes.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
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
class environment {
  using Number = cohort::detail::plain_number_of<Actions>;
  using episode = detail::episode<Number>;

 public:
  /// A value. Copies share an instance of Python's until one of them is stepped, which then gets one of its own.
  class state {
    friend class environment;
    std::shared_ptr<episode> held_;
  };

  environment(std::shared_ptr<detail::bridge> b, make_options const& options)
      : bridge_(std::move(b)), asynchronous_(options.asynchronous) {
    if (options.processes > 0)
      processes_ = std::make_shared<detail::processes<Number>>(bridge_, options.processes, options.timeout);
    auto const place = [&] { return "gymnasium: " + bridge_->name; };
    detail::in_python(place, [&] {
      observations = {bridge_->numbers<double>("low"), bridge_->numbers<double>("high")};
      max_episode_steps = pybind11::cast<int>(bridge_->self().attr("limit"));
      if constexpr (cohort::detail::is_box<Actions>)
        actions = {bridge_->numbers<double>("action_low"), bridge_->numbers<double>("action_high")};
      else choices_ = bridge_->numbers<int>("choices");
      if constexpr (std::is_same_v<Actions, discrete>) actions.n = choices_[0];
      else if constexpr (cohort::detail::is_binary<Actions>) actions.bits = int(choices_.size());
      else if constexpr (!cohort::detail::is_box<Actions>) actions.n = choices_;
    });
  }

  Actions actions;
  box<dynamic> observations;
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
    std::span<Number const> numbers;
    if constexpr (std::is_same_v<Actions, discrete>) numbers = {&action, 1};
    else numbers = action;
    require_action(numbers);
    if (!s.held_) throw value_error(bridge_->name + ": a step of a state that no reset gave");
    if (s.held_.use_count() > 1) s.held_ = s.held_->copy();
    return s.held_->step(numbers);
  }
  std::span<float const> observe(state const& s) const { return s.held_->observation(); }

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
  /// On how many threads lanes are stepped: as many as there are processes that step them.
  int step_threads() const { return processes_ ? processes_->count() : 1; }
  bool asynchronous_steps() const { return asynchronous_; }

 private:
  void require_action(std::span<Number const> numbers) const {
    auto require = [&](bool ok, char const* name, double given, std::string const& expected) {
      if (!ok) cohort::detail::require(false, bridge_->name.c_str(), name, given, expected.c_str());
    };
    require(numbers.size() == bridge_->action_size, "the action's size", double(numbers.size()),
            std::to_string(bridge_->action_size));
    for (std::size_t d = 0; d < numbers.size(); ++d)
      if constexpr (std::is_same_v<Number, float>)
        require(numbers[d] == numbers[d], "the action", double(numbers[d]), "a number");
      else
        require(numbers[d] >= 0 && numbers[d] < choices_[d], "the action", numbers[d],
                "an integer from 0 to " + std::to_string(choices_[d] - 1));
  }

  std::vector<int> choices_;
  std::shared_ptr<detail::bridge> bridge_;
  std::shared_ptr<detail::processes<Number>> processes_;
  bool asynchronous_;
};

}  // namespace COHORT_NAMESPACE::gymnasium
