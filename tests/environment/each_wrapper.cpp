#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include <cohort/environment/wrappers.hpp>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/spaces.hpp"
#include "../support/stepped_lanes.hpp"

using namespace cohort;
using classic_control::cart_pole, classic_control::pendulum;
using support::random_masses, support::root, support::stepped;

namespace {

/// A plain environment that shows what it is told: NaN at its third step, and a reward that is none at its fifth.
struct breaking : support::counting {
  outcome step(state& s, int a) const {
    auto result = support::counting::step(s, a);
    if (s.count == 5) result.reward = std::numeric_limits<double>::infinity();
    return result;
  }
  std::array<float, 2> observe(state const& s) const {
    return {s.count == 3 && s.start < .5f ? std::numeric_limits<float>::quiet_NaN() : float(s.count), s.start};
  }
};

}  // namespace

TEST_CASE("wrappers: what the environment has beside its steps is kept, or said anew where it is another") {
  auto names = [](auto const& e) { return detail::spaces_of(e); };
  CHECK(names(frame_stack{cart_pole{}, 2}).observations.names ==
        std::vector<std::string>{"position_1_ago", "velocity_1_ago", "angle_1_ago", "angular_velocity_1_ago",
                                 "position", "velocity", "angle", "angular_velocity"});
  CHECK(names(frame_stack{pendulum{}, frames<2>}).observations.units ==
        std::vector<std::string>{"", "", "rad/s", "", "", "rad/s"});
  CHECK(names(reward_scale{cart_pole{}, 2}).actions.names == std::vector<std::string>{"left", "right"});
  CHECK(names(action_clip{pendulum{}}).actions.units == std::vector<std::string>{"N m"});
  CHECK(names(action_rescale{pendulum{}}).actions.units.empty());
  CHECK(names(discretized_actions{pendulum{}, 3}).actions.names.empty());
  CHECK(names(discretized_actions{pendulum{}, 3}).actions.n == std::vector{3});
  CHECK(names(observation_clip{pendulum{}, -.5, 4}).observations.high == std::vector{1., 1., 4.});
  CHECK(episode_limit(reward_scale{cart_pole{}, 2}) == 500);
  CHECK(episode_limit(action_repeat{cart_pole{}, 3}) == 167);
  CHECK(episode_limit(time_limit{action_repeat{cart_pole{}, 3}, 20}) == 20);
  environment_of<box<dynamic>> const erased(pendulum{});
  CHECK(action_rescale{erased}.actions.high == std::vector{1.});
  CHECK(discretized_actions{erased, 4}.actions.n == std::vector{4});
  auto const masked = frame_stack{reward_scale{spaces::doors{}, 2}, 2};
  CHECK(detail::mask_count(masked) == 4);
  auto const hosted = frame_stack{spaces::lane_doors{}, 2};
  random_stream draws;
  auto const state = hosted.reset(draws);
  CHECK(hosted.action_mask(state) == std::array{state.x.value <= 0, state.x.value <= 0, state.x.value > 0});
}

TEST_CASE("sticky_actions: the last action is taken again where the environment's draw says so, not at the start") {
  sticky_actions const e{pendulum{}, .25};
  random_stream none;
  real<double> last = 0;
  int stuck = 0;
  for (int t = 0; t < 2000; ++t) {
    auto s = e.reset<real<double>>(none);
    pendulum::state<real<double>> by_hand = s;
    for (int k = 0; k < 2; ++k) {
      random_stream draws(stream_id{1, draw_purpose::step, std::uint32_t(2 * t + k)}), same = draws;
      std::array<real<double>, 1> const given{double(float(std::sin(2 * t + k)))};
      bool const again = k > 0 && same.uniform() < .25;
      stuck += again;
      if (!again) last = given[0];
      e.step(s, given, draws);
      pendulum{}.step(by_hand, {last});
      REQUIRE(arrays::close(s.speed.value, by_hand.speed.value, 1e-14));
    }
  }
  CHECK((stuck > 420 && stuck < 580));  // 500 expected, four deviations
}

TEST_CASE("episode_statistics: return and length of the episode, of one environment and of each lane") {
  environment_run run{reward_scale{episode_statistics{pendulum{}}, .5}, 1};
  double total = 0;
  for (int t = 0; t < 7; ++t) total += 2 * run.step(.5).reward;
  CHECK(run.state().episode_return.value == total);
  CHECK(run.state().episode_length.value == 7);
  run.reset();
  CHECK(run.state().episode_length.value == 0);
  stepped lanes(episode_statistics{support::counting{}}, 3);
  for (int t = 0; t < 4; ++t) lanes.step();
  CHECK(lanes.lanes.state(lanes.cpu, 2).episode_return == 4);
  CHECK_THROWS_WITH(lanes.lanes.state(lanes.cpu, 3), "vector_environment: lane is 3, expected 0 to 2");
}

TEST_CASE("domain_randomization: parameters within their bounds, of the episode and its copies, in the formulas") {
  stepped lanes(random_masses, 9);
  arrays::integers const from{4, 4, 0};
  auto parameters = [&](int n) { return lanes.lanes.state(lanes.cpu, n).parameters; };
  auto const fifth = parameters(4);
  for (int n = 0; n < 9; ++n) {
    auto const [mass, force] = parameters(n);
    CHECK((mass.value > .05 && mass.value < .5 && force.value > 5 && force.value < 15));
    CHECK((n == 0 || mass.value != parameters(n - 1)[0].value));
    cart_pole same;
    same.pole_mass = mass.value, same.force = force.value;
    auto s = lanes.lanes.state(lanes.cpu, n), t = s;
    same.step(s, real<double>(1));
    random_stream draws;
    random_masses.step(t, real<double>(1), draws);
    CHECK(arrays::close(s.velocity.value, t.velocity.value, 1e-14));
    CHECK(t.parameters[0].value == mass.value);
  }
  stepped shown(domain_randomization{root{}, uniform_parameter{&root::unit, 1, 9}}, 5);
  shown.lanes.observe(shown.cpu, arrays::matrix(shown.seen, 5));
  for (int n = 0; n < 5; ++n) {
    auto const s = shown.lanes.state(shown.cpu, n);
    CHECK(shown.seen[std::size_t(n)] == s.parameters[0].value * std::sqrt(s.x.value));
  }
  lanes.lanes.copy(lanes.cpu, arrays::all(from));
  CHECK((parameters(0)[0].value == fifth[0].value && parameters(1)[1].value == fifth[1].value));
}

TEST_CASE("nan_guard: a step that gives no finite number is undone and ends the episode, which the state says") {
  environment_run run{nan_guard{breaking{}, -7}, 3};
  bool reward_broke = false, observation_broke = false;
  for (int episode = 0; episode < 8; ++episode, run.reset()) {
    double last = 0;
    while (!run.done()) {
      auto const before = run.state().count;
      last = run.step(0).reward;
      if (run.done()) CHECK(run.state().count == before);
    }
    CHECK((last == -7 && run.state().not_finite == 1));
    (run.state().count == 2 ? observation_broke : reward_broke) = true;
  }
  CHECK((reward_broke && observation_broke));

  stepped lanes(observation_clip{nan_guard{root{}}, 0, 2}, 9);
  for (int t = 0; t < 5; ++t) lanes.step();
  int ended = 0;
  for (int n = 0; n < 9; ++n) {
    CHECK(std::isfinite(lanes.seen[std::size_t(n)]));
    CHECK((lanes.lanes.state(lanes.cpu, n).not_finite.value != 0) == (lanes.terminated[std::size_t(n)] != 0));
    ended += lanes.terminated[std::size_t(n)];
  }
  CHECK((ended > 0 && ended < 9));
}

TEST_CASE("wrappers: parameters, and environments known when the program runs, that make no sense are refused") {
  environment_of<discrete> const some(cart_pole{}), masked(spaces::doors{});
  CHECK_THROWS_WITH(reward_scale(some, 1 / 0.), "reward_scale: factor is inf, expected a finite number");
  CHECK_THROWS_WITH(reward_clip(some, 1, 0), "reward_clip: low is 1, expected a number no higher than high");
  CHECK_THROWS_WITH(frame_stack(some, 0), "frame_stack: count is 0, expected a positive number of frames");
  CHECK_THROWS_WITH(action_repeat(some, 0), "action_repeat: times is 0, expected a positive number");
  CHECK_THROWS_WITH(sticky_actions(some, 1.), "sticky_actions: probability is 1, expected a number in [0, 1)");
  CHECK_THROWS_WITH(discretized_actions(pendulum{}, 0), "discretized_actions: bins is 0, expected a positive number");
  CHECK_THROWS_WITH(observation_clip(some, 0, -1), "observation_clip: low is 0, expected a number no higher than high");
  CHECK_THROWS_WITH(nan_guard(some, NAN), "nan_guard: reward is nan, expected a finite number");
  CHECK_THROWS_WITH((domain_randomization{cart_pole{}, uniform_parameter{&cart_pole::force, 2, 1}}),
                    "domain_randomization: low is 2, expected a finite number no higher than high");
  for (auto refused : {+[](environment_of<discrete> const& e) { action_repeat{e, 2}; },
                       +[](environment_of<discrete> const& e) { sticky_actions{e, .1}; }})
    CHECK_THROWS_WITH(refused(masked),
                      Catch::Matchers::ContainsSubstring("the environment has an action mask, which may forbid"));
  environment_of<box<dynamic>> const boundless(action_clip{pendulum{}});
  CHECK_THROWS_WITH(action_rescale(boundless),
                    "action_rescale: the environment's actions are without a bound, expected a box of finite `low` and "
                    "`high`");
  auto changed = time_limit{frame_stack{reward_scale{cart_pole{}, 2}, 2}, 5};
  changed.formula.factor = NAN;
  CHECK_THROWS_WITH(changed.check(), "reward_scale: factor is nan, expected a finite number");
}
