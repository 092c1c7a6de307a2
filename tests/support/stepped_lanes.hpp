#pragma once
#include <cmath>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <cohort/environment/wrappers.hpp>
#include <type_traits>

#include "arrays.hpp"

namespace support {

/// N lanes of an environment, and actions for them that depend on the step and the lane.
template <class E, class B = arrays::cpu>
struct stepped {
  using T = cohort::value_t<B>;
  using action = std::conditional_t<cohort::detail::is_box<cohort::detail::actions_of<E>>, T, std::int32_t>;
  B cpu{};
  E e;
  int N, A = cohort::detail::size_of(e.actions), D = cohort::detail::seen_count(e);
  cohort::vector_environment<B, E> lanes{cpu, e, N, 5};
  std::vector<action> actions = std::vector<action>(std::size_t(N * A));
  std::vector<T> reward = std::vector<T>(std::size_t(N)), seen = std::vector<T>(std::size_t(N * D));
  arrays::flags terminated = arrays::flags(std::size_t(N)), truncated = terminated;

  stepped(E const& environment, int n) : e(environment), N(n) { lanes.reset(cpu); }
  void step() {
    auto const t = int(lanes.steps());
    for (int i = 0; i < N * A; ++i) {
      if constexpr (cohort::detail::is_box<cohort::detail::actions_of<E>>)
        actions[std::size_t(i)] = T(float(.9 * std::sin(i + 3 * t)));
      else actions[std::size_t(i)] = (i * i + t) % 2;
    }
    lanes.step(cpu, cohort::view<action const>(actions.data(), N, A), arrays::all(reward), arrays::all(terminated),
               arrays::all(truncated), arrays::matrix(seen, N));
  }
  /// The action of a lane as the environment takes it.
  auto action_of(int lane) const {
    using S = cohort::real<double>;
    return cohort::detail::action_with<E, S>(e, [&](std::size_t d) { return S(actions[std::size_t(lane * A) + d]); });
  }
};

/// In lanes: the root of what goes below 0.
struct root {
  double unit = 1;
  template <class S>
  struct state {
    S x;
  };
  static constexpr cohort::discrete actions{2};
  static constexpr cohort::box<1> observations{{0}, {9}};
  template <class S>
  constexpr state<S> reset(cohort::random_stream& draws) const {
    return {S(draws.uniform(0, 9))};
  }
  template <class S>
  constexpr cohort::outcome_of<S> step(state<S>& s, S) const {
    s.x -= 1;
    return {s.x, s.x > 100};
  }
  template <class S>
  constexpr std::array<S, 1> observe(state<S> const& s) const {
    return {unit * sqrt(s.x)};
  }
};

inline auto const random_masses =
    cohort::domain_randomization{cohort::classic_control::cart_pole{},
                                 cohort::uniform_parameter{&cohort::classic_control::cart_pole::pole_mass, .05, .5},
                                 cohort::uniform_parameter{&cohort::classic_control::cart_pole::force, 5, 15}};

}  // namespace support
