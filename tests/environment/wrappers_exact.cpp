// Built with -ffp-contract=off, as exact.cpp is.
#include <algorithm>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/wrappers.hpp>
#include <cstddef>

#include "../catch.hpp"
#include "../support/golden.hpp"

using namespace cohort;

namespace {

/// An environment all of whose episodes start from one state.
template <class E>
struct from_start : E {
  std::array<double, 4> start{};
  template <class S>
  constexpr typename E::template state<S> reset(random_stream&) const {
    typename E::template state<S> s{};
    for (std::size_t f = 0; f < sizeof s / sizeof(S); ++f) reinterpret_cast<S*>(&s)[f] = start[f];
    return s;
  }
};

/// Shows the action that it was given, of two numbers with uneven bounds.
struct echo {
  template <class S>
  struct state {
    S first, second;
  };
  static constexpr box<2> actions{{-.3, .1}, {.7, 3}};
  static constexpr box<2> observations{{-10, -10}, {10, 10}};
  template <class S>
  constexpr state<S> reset(random_stream&) const {
    return {0, 0};
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, std::array<S, 2> const& action) const {
    s = {round_to_float(action[0]), round_to_float(action[1])};
    return {s.first - s.second, s.first != s.first};
  }
  template <class S>
  constexpr std::array<S, 2> observe(state<S> const& s) const {
    return {s.first, s.second};
  }
};

golden::table const& recorded() {
  static auto const all = golden::read("gymnasium/wrappers.txt");
  return all;
}
template <class E>
from_start<E> started(std::string const& name, E e) {
  from_start<E> environment{e};
  auto const& start = golden::row(recorded(), name + ".start");
  std::copy(start.begin(), start.end(), environment.start.begin());
  return environment;
}

/// Steps with the recorded actions; observations are compared in single precision, in which Gymnasium has them.
template <class E>
void compare(std::string const& name, E const& environment) {
  CAPTURE(name);
  auto row = [&](char const* what) -> auto& { return golden::row(recorded(), name + what); };
  auto const &actions = row(".actions"), &observations = row(".observations"), &rewards = row(".rewards");
  environment_run run{environment};
  std::size_t const D = run.observation().size(), A = actions.size() / rewards.size();
  REQUIRE(observations.size() == D * (rewards.size() + 1));
  auto seen = [&](std::size_t t) {
    for (std::size_t d = 0; d < D; ++d) REQUIRE(float(run.observation()[d]) == float(observations[t * D + d]));
  };
  seen(0);
  for (std::size_t t = 0; t < rewards.size(); ++t) {
    CAPTURE(t);
    auto step = [&] {
      auto number = [&](std::size_t d) { return float(actions[t * A + d]); };
      if constexpr (detail::action_numbers<E>() == 2) return run.step(std::array{number(0), number(1)});
      else return run.step(number(0));
    };
    auto const [reward, terminated, truncated] = step();
    REQUIRE(reward == rewards[t]);
    REQUIRE(terminated == (row(".terminated")[t] != 0));
    REQUIRE(truncated == (row(".truncated")[t] != 0));
    seen(t + 1);
  }
}

}  // namespace

TEST_CASE("wrappers: episodes under Gymnasium's come out bit for bit", "[golden]") {
  auto cart_pole = [](auto name) { return started(name, classic_control::cart_pole{}); };
  auto pendulum = [](auto name) { return started(name, classic_control::pendulum{}); };
  std::string name = "cart_pole_frames";
  compare(name, frame_stack{reward_scale{cart_pole(name), .1}, frames<4>});
  compare(name, frame_stack{reward_scale{cart_pole(name), .1}, 4});
  name = "cart_pole_repeat";
  compare(name, action_repeat{reward_clip{cart_pole(name), 0, .5}, 3});
  name = "pendulum_rescale";
  compare(name, reward_clip{action_rescale{observation_clip{pendulum(name), -.5, .5}}, -6, -2});
  name = "pendulum_repeat";
  compare(name, action_repeat{discretized_actions{time_limit{pendulum(name), 100}, 7}, 3});
  compare("echo_clip", action_clip{echo{}});
  compare("echo_rescale", action_rescale{echo{}});
  compare("echo_discretize", discretized_actions{echo{}, 7});
}
