#pragma once
#include <cmath>
#include <cohort/environment/check.hpp>
#include <cohort/environment/packed_states.hpp>
#include <cohort/environment/plain_steps.hpp>
#include <cohort/environment/space_values.hpp>
#include <cohort/environment/spaces.hpp>
#include <optional>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

struct check_env_options {
  std::uint64_t seed = 1;
  int steps = 1000;  ///< that are played with random actions, in as many episodes as it takes
};

namespace detail {

template <environment E>
class environment_check {
  using state = typename state_of<E>::type;
  struct seen_step {
    outcome result;
    std::vector<float> observation;
  };

 public:
  environment_check(E const& e, check_env_options const& o) : environment_(e), options_(o), spaces_(spaces_of(e)) {}

  std::vector<std::string> run() {
    check_environment(environment_);
    names("observation", spaces_.observations, spaces_.observations.size());
    bool const one_choice = spaces_.actions.kind == "discrete";
    names("action", spaces_.actions, one_choice ? std::size_t(spaces_.actions.n[0]) : spaces_.actions.size());
    bounds();
    starts();
    play();
    return warnings_;
  }

 private:
  [[noreturn]] void fault(std::string const& what) const { throw environment_error("check_env: " + where_ + what); }
  void warn(std::string what) {
    for (auto const& w : warnings_)
      if (w == what) return;
    warnings_.push_back(std::move(what));
  }

  void names(std::string const& of, space_values const& space, std::size_t count) const {
    auto check = [&](char const* kind, std::vector<std::string> const& list, std::size_t expected) {
      if (!list.empty() && list.size() != expected)
        fault("there are " + std::to_string(list.size()) + " " + of + "_" + kind + ", expected " +
              std::to_string(expected));
    };
    check("names", space.names, count), check("units", space.units, space.size());
  }
  void bounds() {
    for (std::size_t d = 0; d < spaces_.actions.low.size(); ++d) {
      double const low = spaces_.actions.low[d], high = spaces_.actions.high[d];
      if (!std::isfinite(high - low)) warn("the actions have no bounds: a policy begins with numbers around 0");
      else if (low == high) warn("a number of the actions has but one value");
      else if (low > 0 || high < 0)
        warn("0 is no action: a policy begins with numbers around 0, which are clipped to a bound");
    }
  }

  random_stream stream(draw_purpose use, std::int64_t step) const {
    return random_stream(stream_id{options_.seed, use, std::uint32_t(step)}, 0);
  }
  std::vector<float> observed(state const& s) const {
    std::vector<float> seen(std::size_t(observation_count(environment_)));
    put_observation(environment_, s, std::span<float>(seen));
    return seen;
  }
  std::vector<float> checked(state const& s) const {
    auto seen = observed(s);
    auto const& space = spaces_.observations;
    for (std::size_t d = 0; d < seen.size(); ++d) {
      double const x = seen[d], slack = 1e-6 * (1 + std::abs(x));
      if (!std::isfinite(x) || x < space.low[d] - slack || x > space.high[d] + slack)
        fault("observation[" + std::to_string(d) + "]" +
              (space.names.empty() ? std::string() : " (" + space.names[d] + ")") + " is " + text(x) +
              ", expected a number in [" + text(space.low[d]) + ", " + text(space.high[d]) + "]");
    }
    return seen;
  }
  state start(std::int64_t step) const {
    auto draws = stream(draw_purpose::reset, step);
    return fresh_state(environment_, draws);
  }
  void starts() {
    bool all_alike = true;
    where_ = "reset: ";
    auto const first = checked(start(0));
    for (int k = 1; k < 10; ++k) {
      auto const seen = checked(start(k));
      if (seen != observed(start(k)))
        fault("two starts from the same draws differ; every random number has to come from the random_stream");
      all_alike = all_alike && seen == first;
    }
    if (all_alike) warn("every episode starts alike");
  }

  /// A random action that the mask allows, as plain numbers.
  std::vector<plain_number<E>> drawn_action(state const& s, random_stream& draws) const {
    std::vector<plain_number<E>> action;
    if constexpr (is_box<actions_of<E>>) {
      for (double x : sample(environment_.actions, draws)) action.push_back(float(x));
    } else {
      std::vector<char> allowed(std::size_t(values_of_actions(environment_)), 1);
      if constexpr (has_action_mask<E>) {
        auto const& mask = environment_.action_mask(s);
        if (is_masked(environment_)) {
          require_count("action_mask", mask.size(), int(allowed.size()));
          for (std::size_t k = 0; k < allowed.size(); ++k) allowed[k] = plain(mask[k]) != 0;
        }
      }
      std::size_t first = 0;
      for (int n : choices_of(environment_.actions)) {
        std::vector<int> possible;
        for (int k = 0; k < n; ++k)
          if (allowed[first + std::size_t(k)]) possible.push_back(k);
        if (possible.empty()) fault("the action mask allows no action, expected at least one");
        action.push_back(possible[draws.integer(std::uint32_t(possible.size()))]);
        first += std::size_t(n);
      }
    }
    return action;
  }
  seen_step stepped(state& s, std::vector<plain_number<E>> const& action, std::int64_t step) const {
    auto draws = stream(draw_purpose::step, step);
    auto const result = plain_step(environment_, s, action_of_numbers<E>(action), draws);
    return {result, observed(s)};
  }
  void require_same(seen_step const& a, seen_step const& b, char const* what) const {
    if (a.result.reward != b.result.reward || a.result.terminated != b.result.terminated ||
        a.result.truncated != b.result.truncated || a.observation != b.observation)
      fault(what);
  }

  void play() {
    auto actions = stream(draw_purpose::action, 0);
    state s = start(0);
    int in_episode = 0, ended = 0;
    int const limit = episode_limit(environment_);
    for (int t = 0; t < options_.steps; ++t) {
      where_ = "step " + std::to_string(t) + ": ";
      auto const action = drawn_action(s, actions);
      auto const before = observed(s);
      state copy = s;
      auto const of_copy = stepped(copy, action, t);
      if (observed(s) != before)
        fault("stepping a copy of the state changed the state that it was copied from; a copy has to share nothing");
      // Not each time: there are environments that play the whole episode again to load its state.
      std::optional<state> saved;
      if (in_episode < 10 || in_episode % 50 == 0) saved = reloaded(s);
      auto const here = stepped(s, action, t);
      if (!std::isfinite(here.result.reward))
        fault("the reward is " + text(here.result.reward) + ", expected a finite number");
      checked(s);
      require_same(here, of_copy, "a state and its copy, stepped with the same action and draws, differ");
      if (saved)
        require_same(here, stepped(*saved, action, t), "a state that was saved and loaded goes on differently");
      if (here.result.terminated || here.result.truncated || ++in_episode == limit)
        s = start(t + 1), in_episode = 0, ++ended;
    }
    if (!ended && limit <= 0)
      warn("no episode ended within " + std::to_string(options_.steps) +
           " steps, and there is no max_episode_steps: rollouts in groups and evaluate need one");
  }
  state reloaded(state const& s) const {
    if constexpr (saves_states<E>) {
      try {
        return environment_.load(environment_.save(s));
      } catch (value_error const&) {
        return s;  // an environment_of says that its states cannot be saved when it is asked to
      }
    } else {
      return s;
    }
  }

  E const& environment_;
  check_env_options options_;
  environment_spaces spaces_;
  std::string where_;
  std::vector<std::string> warnings_;
};

}  // namespace detail

/// Looks for what is wrong with an environment by playing it with random actions, as Gymnasium's check_env does: spaces
/// without a value, names that do not fit them, an observation outside its bounds or not finite, a reward that is not
/// finite, a mask that allows nothing or has another size; starts and steps that differ though their draws are the
/// same; a copy that is no copy, in that it changes what it was copied from or goes on differently; a saved state that
/// goes on differently. Raises environment_error for the first such fault, with the step; returns warnings of what is
/// legal and seldom meant.
template <environment E>
std::vector<std::string> check_env(E const& e, check_env_options const& o = {}) {
  return detail::environment_check<E>(e, o).run();
}

}  // namespace COHORT_NAMESPACE
