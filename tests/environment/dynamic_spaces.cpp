#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include <ranges>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/goes_on.hpp"
#include "../support/spaces.hpp"

using namespace cohort;

namespace {

/// An environment whose spaces are known to the compiler, as one whose spaces are known when the program runs.
struct found_choices : spaces::point {
  spaces::masked_choices known{};
  multi_discrete<dynamic> actions{{3, 2}};
  box<dynamic> observations{{-1, -1}, {1, 1}};
  outcome step(state& s, std::span<int const> a, random_stream& draws) const {
    return known.step(s, std::array{a[0], a[1]}, draws);
  }
  std::vector<float> observe(state const& s) const { return {s.x, s.y}; }
  std::vector<bool> action_mask(state const& s) const {
    auto const mask = known.action_mask(s);
    return std::vector<bool>(mask.begin(), mask.end());
  }
};

auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 24},
                           .objective = clipped_ratio{} + value_loss{},
                           .update = update{.epochs = 2, .minibatch_size = 32}};

template <class E>
auto trained(E const& environment) {
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto const report = train(cpu, ppo, environment, policy, {.steps = 400, .seed = 2});
  CHECK(policy.spaces().actions.n == std::vector{3, 2});
  CHECK(evaluate(cpu, environment, policy, 3).size() == 3);
  return std::pair(report.mean_return, support::parameters_of(policy));
}

/// Shows what it is told to, of one number and of several actions.
struct told {
  struct state {};
  box<dynamic> actions{{-1, 0}, {1, 2}};
  box<dynamic> observations{{0}, {9}};
  std::vector<float> shown{1};
  int max_episode_steps = 5;
  state reset(random_stream&) const { return {}; }
  outcome step(state&, std::span<float const> a) const { return {double(a[0]) + 10 * double(a[1]), false}; }
  std::vector<float> observe(state const&) const { return shown; }
};

}  // namespace

TEST_CASE("dynamic spaces: extents known when the program runs, or no type at all, train to the same bits") {
  auto const known = trained(spaces::masked_choices{});
  CHECK(trained(found_choices{}) == known);
  CHECK(trained(environment_of<multi_discrete<dynamic>>(spaces::masked_choices{})) == known);
}

TEST_CASE("environment_of: what it shows, does and clips is what the environment shows, does and clips") {
  environment_of<box<dynamic>> const erased(classic_control::pendulum{});
  CHECK(erased.max_episode_steps == 200);
  CHECK(erased.observation_names == std::vector<std::string>{"cosine", "sine", "angular_velocity"});
  CHECK(erased.actions.high == std::vector{2.});
  environment_run known{classic_control::pendulum{}, 3};
  environment_run run{erased, 3};
  double total = 0;
  for (int t = 0; t < 200; ++t) {
    float const torque = float(std::sin(.3 * t) * 2);
    auto const a = known.step(torque);
    auto const b = run.step(std::array{torque});
    REQUIRE(a.reward == b.reward);
    REQUIRE(a.truncated == b.truncated);
    for (std::size_t d = 0; d < 3; ++d) REQUIRE(float(known.observation()[d]) == float(run.observation()[d]));
    total += b.reward;
  }
  CHECK(total < 0);
  CHECK(run.done());
  CHECK_THROWS_WITH(environment_run(erased, 1).step(std::vector{1., 2.}),
                    "environment_run: the action's size is 2, expected 1");

  eigen::basic_backend<double> cpu;
  vector_environment e(cpu, told{}, 2, 1);
  std::array<double, 4> const actions{-5, 1, .5, 7};
  std::array<double, 2> reward{}, seen{};
  std::array<std::uint8_t, 2> terminated{}, truncated{};
  e.reset(cpu);
  e.step(cpu, view(actions.data(), 2, 2), view(reward.data(), 2), view(terminated.data(), 2), view(truncated.data(), 2),
         view(seen.data(), 2, 1));
  CHECK(reward == std::array{9., 20.5});
}

TEST_CASE("environment_of: a copy of a state goes its own way, and a run with such states goes on bit by bit") {
  support::counting counting;
  environment_of<discrete> const erased(counting);
  random_stream draws(stream_id{1, draw_purpose::reset, 0});
  auto a = erased.reset(draws);
  auto b = a;
  erased.step(a, 0, draws);
  CHECK(erased.observe(a)[0] == 1);
  CHECK(erased.observe(b)[0] == 0);
  b = a;
  erased.step(b, 0, draws);
  CHECK(erased.observe(a)[0] == 1);
  CHECK(erased.observe(b)[0] == 2);
  CHECK(erased.observe(erased.load(erased.save(b)))[0] == 2);
  CHECK(erased.save({}).empty());  // of lanes before their first reset
  CHECK(erased.save(erased.load({})).empty());
  CHECK_THROWS_WITH(erased.load(std::vector<std::byte>(4)),
                    "the saved state of the environment has 3 bytes, expected 8");

  eigen::backend cpu;
  CHECK(support::goes_on_bit_by_bit(
            cpu, ppo, erased, [&] { return actor_critic{cpu, erased, {.hidden = {8}}, random_seed{3}}; }, 2) > 4);
}

TEST_CASE("dynamic spaces: without a value, or with other numbers than they say, they are refused by name") {
  eigen::backend cpu;
  told e;
  e.actions.high[0] = -2;
  std::string const wrong =
      "the environment's `actions` have no value: expected numbers low <= high of a box (equal or infinite ones are "
      "fine), one value or more of each choice";
  CHECK_THROWS_WITH((actor{cpu, e, {}, random_seed{1}}), wrong);
  CHECK_THROWS_WITH(environment_run(e), wrong);
  CHECK_THROWS_WITH((vector_environment{cpu, e, 2, 1}), wrong);
  CHECK_THROWS_WITH(environment_of<box<dynamic>>(e), wrong);
  e = {};
  e.observations = {};
  CHECK_THROWS_AS((actor{cpu, e, {}, random_seed{1}}), environment_error);
  e = {};
  e.shown = {1, 2};
  CHECK_THROWS_WITH(environment_run(e).observation(), "the environment's `observe` gives 2 numbers, expected 1");
  random_stream draws;
  CHECK_THROWS_WITH(environment_of<box<dynamic>>(e).reset(draws),
                    "the environment's `observe` gives 2 numbers, expected 1");
}

namespace {

/// Shows an image, each pixel a byte.
struct pixels {
  struct state {
    std::array<std::uint8_t, 6> image{};
    int steps = 0;
  };
  static constexpr discrete actions{2};
  box<dynamic> observations{std::vector<double>(6, 0.), std::vector<double>(6, 255.)};
  int max_episode_steps = 9;
  state reset(random_stream& draws) const {
    state s;
    for (auto& pixel : s.image) pixel = std::uint8_t(draws.integer(256));
    return s;
  }
  outcome step(state& s, int action) const {
    s.image[std::size_t(s.steps++ % 6)] = std::uint8_t(255 * action);
    return {.reward = double(action)};
  }
  std::span<std::uint8_t const> observe(state const& s) const { return s.image; }
};

}  // namespace

TEST_CASE("dynamic spaces: bytes of an image are numbers from 0 to 255") {
  environment_run run{pixels{}, 1};
  auto any = environment_run{environment_of<discrete>(pixels{}), 1};
  for (auto const& seen : {run.observation(), any.observation()}) CHECK(std::ranges::equal(seen, run.state().image));
  run.step(1);
  CHECK(run.observation()[0] == 255);
  eigen::backend cpu({.threads = 1});
  vector_environment<eigen::backend, pixels> lanes(cpu, pixels{}, 2, 1);
  lanes.reset(cpu);
  std::vector<float> seen(12);
  lanes.observe(cpu, view<float>(seen.data(), 2, 6));
  CHECK(std::ranges::equal(std::span(seen).first(6), lanes.state(cpu, 0).image));
}
