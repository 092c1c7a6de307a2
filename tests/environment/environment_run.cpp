#include <cmath>
#include <cohort/environment/all.hpp>
#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <cstring>
#include <string>

#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/counting_environment.hpp"

using namespace cohort;
using arrays::cpu;

namespace {

/// An episode of an environment_run beside lane 0 of a vector_environment.
template <class E>
int require_same_episode(E const& environment) {
  constexpr int D = observation_size<E>;
  using given = std::conditional_t<detail::discrete_actions<E>, std::int32_t, double>;
  environment_run run{environment, 3};
  cpu backend;
  vector_environment<cpu, E> lanes(backend, environment, 1, 3);
  lanes.reset(backend);
  std::vector<double> seen(D), reward(1);
  std::vector<std::uint8_t> ended(1), cut(1);
  std::vector<given> action(1);
  lanes.observe(backend, view<double>(seen.data(), 1, D));
  for (int t = 0; !run.done(); ++t) {
    for (std::size_t d = 0; d < D; ++d) REQUIRE(run.observation()[d] == seen[d]);
    action[0] = t % 3 == 0;
    auto out = run.step(action[0]);
    lanes.step(backend, view<given const>(action.data(), 1, 1), arrays::all(reward), arrays::all(ended),
               arrays::all(cut), view<double>(seen.data(), 1, D));
    REQUIRE(out.reward == reward[0]);
    REQUIRE((out.terminated == bool(ended[0]) && out.truncated == bool(cut[0])));
  }
  CHECK_THROWS_WITH(run.step(action[0]), Catch::Matchers::ContainsSubstring("the episode is over, expected reset()"));
  int steps = run.steps_of_episode();
  run.reset();
  CHECK(!run.done());
  return steps;
}

}  // namespace

TEST_CASE("environment_run: an episode in plain numbers, that of lane 0 on a backend") {
  CHECK(require_same_episode(classic_control::cart_pole{}) > 5);
  CHECK(require_same_episode(time_limit{classic_control::continuous_mountain_car{}, 90}) == 90);
  for (double noise : {0., .5}) CHECK(require_same_episode(classic_control::acrobot{.torque_noise = noise}) == 500);
  CHECK(require_same_episode(diagnostic::frozen_lake<4>{}) > 2);
}

TEST_CASE("environment_run: an action that the environment does not have is refused") {
  auto said = [](std::string const& text) { return Catch::Matchers::Equals("environment_run: the action" + text); };
  environment_run pole{classic_control::cart_pole{}, 1};
  for (int action : {-1, 2})
    CHECK_THROWS_WITH(pole.step(action), said(" is " + std::to_string(action) + ", expected an integer from 0 to 1"));
  CHECK_THROWS_WITH(pole.step(.5), said(" is 0.5, expected an integer from 0 to 1"));
  CHECK(pole.steps_of_episode() == 0);
  environment_run pendulum{classic_control::pendulum{}, 1};
  CHECK_THROWS_WITH(pendulum.step(std::nan("")), said(" is nan, expected a number"));
  CHECK_THROWS_WITH(pendulum.step(std::vector<double>{1, 2}), said("'s size is 2, expected 1"));
  CHECK_NOTHROW(pendulum.step(1e9));
}

TEST_CASE("environment_run: boxes, plain environments and time limits") {
  environment_run pendulum{time_limit{classic_control::pendulum{}, 3}, 1};
  for (int t = 0; t < 2; ++t) CHECK(!pendulum.step(.5).truncated);
  CHECK(pendulum.step(std::array{-.5}).truncated);
  environment_run plain{support::counting{}, 1};
  CHECK(!plain.step(0).terminated);
}

TEST_CASE("vector_environment: steps beyond 2^24 are counted in float as well") {
  using single = eigen::basic_backend<float>;
  single backend;
  auto environment = time_limit{classic_control::pendulum{}, 20'000'000};
  vector_environment<single, decltype(environment)> lanes(backend, environment, 2, 1);
  lanes.reset(backend);
  auto state = copy_out(backend, lanes);
  auto name = std::find_if(state.begin(), state.end(), [](auto const& s) { return s.first.ends_with("elapsed"); });
  REQUIRE(name != state.end());
  // 20,000,000 is 19 blocks of 2^20 and 77,056: two steps before it, and two before a block is full.
  std::int32_t const counters[] = {77'054, (1 << 20) - 2, 19, 18};
  REQUIRE(name->second.bytes.size() == sizeof counters);
  std::memcpy(name->second.bytes.data(), counters, sizeof counters);
  copy_in(backend, lanes, state);
  std::vector<float> seen(6), reward(2), action(2);
  std::vector<std::uint8_t> ended(2), cut(2);
  auto all = [](auto& v) { return view(v.data(), std::ptrdiff_t(v.size())); };
  for (int t = 0; t < 3; ++t) {
    lanes.step(backend, view<float const>(action.data(), 2, 1), all(reward), all(ended), all(cut),
               view<float>(seen.data(), 2, 3));
    CHECK(int(cut[0]) == (t >= 1));
    CHECK(int(cut[1]) == 0);
  }
  auto now = copy_out(backend, lanes);
  std::int32_t after[4];
  std::memcpy(after, now.at(name->first).bytes.data(), sizeof after);
  CHECK((after[1] == 1 && after[3] == 19));
}
