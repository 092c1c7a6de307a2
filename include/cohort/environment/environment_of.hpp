#pragma once
#include <cohort/environment/check.hpp>
#include <cohort/environment/lane_threads.hpp>
#include <cohort/environment/packed_states.hpp>
#include <cohort/environment/plain_steps.hpp>
#include <cohort/environment/spaces.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

namespace detail {

/// A state without its type. Number: float of a box of actions, int of the rest.
template <class Number>
struct any_state {
  virtual ~any_state() = default;
  virtual std::unique_ptr<any_state> clone() const = 0;
  virtual bool assign(any_state const& other) = 0;  ///< false of another type
  virtual outcome step(std::span<Number const> action, random_stream&) = 0;
  virtual std::vector<std::byte> bytes() const = 0;
  virtual std::vector<std::pair<std::string, double>> info() const = 0;
  std::vector<float> seen;
  std::vector<std::uint8_t> mask;
};
template <class Number>
struct any_environment_steps {
  virtual ~any_environment_steps() = default;
  virtual std::unique_ptr<any_state<Number>> reset(random_stream&) const = 0;
  virtual std::unique_ptr<any_state<Number>> from(std::span<std::byte const>) const = 0;
  virtual void require_copies() const = 0;
};

/// The extent of a space that the compiler knows, forgotten.
inline discrete forget(discrete const& a) { return a; }
template <int D>
box<dynamic> forget(box<D> const& b) {
  return {{b.low.begin(), b.low.end()}, {b.high.begin(), b.high.end()}};
}
template <int K>
multi_discrete<dynamic> forget(multi_discrete<K> const& a) {
  return {{a.n.begin(), a.n.end()}};
}
template <int N>
binary<dynamic> forget(binary<N> const& a) {
  return {size_of(a)};
}

template <environment E>
struct steps_of : any_environment_steps<plain_number<E>> {
  using Number = plain_number<E>;
  using state_type = typename state_of<E>::type;
  E environment;
  explicit steps_of(E const& e) : environment(e) {}

  struct state : any_state<Number> {
    steps_of const* from;
    state_type held;
    state(steps_of const* f, state_type const& s) : from(f), held(s) { look(); }

    std::unique_ptr<any_state<Number>> clone() const override { return std::make_unique<state>(*this); }
    bool assign(any_state<Number> const& other) override {
      auto same = dynamic_cast<state const*>(&other);
      if (same) *this = *same;
      return same;
    }
    outcome step(std::span<Number const> action, random_stream& draws) override {
      outcome const result = plain_step(from->environment, held, action_of_numbers<E>(action), draws);
      look();
      return result;
    }
    std::vector<std::byte> bytes() const override { return bytes_of_state(from->environment, held); }
    std::vector<std::pair<std::string, double>> info() const override { return plain_info(from->environment, held); }
    void look() {
      this->seen.resize(std::size_t(observation_count(from->environment)));
      put_observation(from->environment, held, std::span<float>(this->seen));
      if constexpr (has_action_mask<E>) {
        auto const& allowed = from->environment.action_mask(held);
        this->mask.resize(allowed.size());
        for (std::size_t k = 0; k < allowed.size(); ++k) this->mask[k] = plain(allowed[k]) != 0;
      }
    }
  };

  void require_copies() const override { detail::require_copies(environment); }
  std::unique_ptr<any_state<Number>> reset(random_stream& draws) const override {
    return std::make_unique<state>(this, fresh_state(environment, draws));
  }
  std::unique_ptr<any_state<Number>> from(std::span<std::byte const> bytes) const override {
    return std::make_unique<state>(this, state_of_bytes(environment, bytes));
  }
};

}  // namespace detail

/// An environment of which the program knows the kind of actions alone: Actions is discrete, box<dynamic>,
/// multi_discrete<dynamic> or binary<dynamic>. It is made of any environment with such actions, is stepped on the host
/// in plain numbers, and has what that one has: mask, limit, names, and its states are saved as that one saves them.
///
///     environment_of<discrete> e(corridor{});
template <class Actions>
class environment_of {
  using Number = detail::plain_number_of<Actions>;

 public:
  /// A value: copying it clones the environment that it is of.
  class state {
   public:
    state() = default;
    state(state const& other) : held_(other.held_ ? other.held_->clone() : nullptr) {}
    state(state&&) = default;
    state& operator=(state const& other) {
      if (!other.held_) held_.reset();
      else if (!held_ || !held_->assign(*other.held_)) held_ = other.held_->clone();
      return *this;
    }
    state& operator=(state&&) = default;

   private:
    friend class environment_of;
    explicit state(std::unique_ptr<detail::any_state<Number>> held) : held_(std::move(held)) {}
    std::unique_ptr<detail::any_state<Number>> held_;
  };

  template <environment E>
    requires(!std::is_same_v<E, environment_of>) &&
                std::is_same_v<decltype(detail::forget(std::declval<E const&>().actions)), Actions>
  explicit environment_of(E const& e)
      : actions(detail::forget(e.actions)),
        observations(detail::forget(e.observations)),
        masked(detail::has_action_mask<E> && detail::mask_count(e) > 0),
        max_episode_steps(episode_limit(e)),
        threads_(detail::step_threads_of(e)),
        asynchronous_(detail::steps_asynchronously(e)),
        steps_((detail::check_environment(e), std::make_shared<detail::steps_of<E>>(e))) {
    auto const spaces = detail::spaces_of(e);
    observation_names = spaces.observations.names, observation_units = spaces.observations.units;
    action_names = spaces.actions.names, action_units = spaces.actions.units;
  }

  Actions actions;
  box<dynamic> observations;
  bool masked = false;
  int max_episode_steps = 0;
  std::vector<std::string> observation_names, observation_units, action_names, action_units;

  state reset(random_stream& draws) const { return state(steps_->reset(draws)); }
  template <class Action>
  outcome step(state& s, Action const& action, random_stream& draws) const {
    if constexpr (std::is_same_v<Actions, discrete>) return s.held_->step(std::span(&action, 1), draws);
    else return s.held_->step(action, draws);
  }
  std::span<float const> observe(state const& s) const { return s.held_->seen; }
  std::span<std::uint8_t const> action_mask(state const& s) const
    requires(!detail::is_box<Actions>)
  {
    return s.held_->mask;
  }
  std::vector<std::pair<std::string, double>> info(state const& s) const { return s.held_->info(); }
  void require_copies() const { steps_->require_copies(); }
  int step_threads() const { return threads_; }
  bool asynchronous_steps() const { return asynchronous_; }
  /// Of a state that no reset gave, as those of lanes before the first rollout, there are no bytes.
  std::vector<std::byte> save(state const& s) const {
    if (!s.held_) return {};
    auto bytes = s.held_->bytes();
    bytes.push_back(std::byte{1});
    return bytes;
  }
  state load(std::span<std::byte const> bytes) const {
    return bytes.empty() ? state() : state(steps_->from(bytes.first(bytes.size() - 1)));
  }

 private:
  int threads_ = 1;
  bool asynchronous_ = false;
  std::shared_ptr<detail::any_environment_steps<Number> const> steps_;
};

}  // namespace COHORT_NAMESPACE
