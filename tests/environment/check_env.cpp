#include <cohort/environment/check_env.hpp>
#include <cohort/environment/make.hpp>
#include <memory>

#include "../catch.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using support::refusal;

namespace {

enum class fault { none, start, step, shared, observation, reward, mask, closed, names, saved, wrong_bounds };

/// Walks between two ends, with one fault.
struct walk {
  struct state {
    std::shared_ptr<int> place;
    int old = 0;
  };
  fault with = fault::none;
  int max_episode_steps = 20;
  discrete actions{2};
  box<dynamic> observations{{-3}, {3}};
  std::vector<std::string> observation_names{"place"};
  static inline int calls = 0;  // what an environment must not depend on

  state reset(random_stream& draws) const {
    return {std::make_shared<int>(with == fault::start ? ++calls % 3 : int(draws.integer(3)))};
  }
  outcome step(state& s, int a) const {
    int const moved = *s.place + (a == 1 ? 1 : -1);
    if (with == fault::shared) *s.place = moved;
    else s.place = std::make_shared<int>(moved);
    if (with == fault::step) ++calls;
    double const reward = with == fault::step ? calls : with == fault::reward && moved > 1 ? NAN : moved;
    return {reward, moved <= -3 || moved >= 3};
  }
  std::vector<float> observe(state const& s) const {
    return {float(*s.place) * (with == fault::observation ? 2.f : 1.f)};
  }
  std::vector<bool> action_mask(state const& s) const {
    if (with == fault::mask) return {true};
    return {*s.place != -2 && !(with == fault::closed && *s.place == 2), with != fault::closed || *s.place != 2};
  }
  std::vector<std::byte> save(state const& s) const { return {std::byte(*s.place + 10)}; }
  state load(std::span<std::byte const> bytes) const {
    return {std::make_shared<int>(int(bytes[0]) - 10 + (with == fault::saved))};
  }
};

walk faulty(fault f) {
  walk e{.with = f};
  if (f == fault::names) e.observation_names.push_back("speed");
  if (f == fault::wrong_bounds) e.observations = {{3}, {-3}};
  return e;
}

}  // namespace

TEST_CASE("check_env: an environment without a fault passes, and each fault is said with its step") {
  CHECK(check_env(walk{}).empty());
  auto fault_of = [](fault f) { return refusal<environment_error>([&] { check_env(faulty(f)); }); };
  CHECK_THAT(fault_of(fault::start), ContainsSubstring("reset: two starts from the same draws differ"));
  CHECK_THAT(fault_of(fault::step), ContainsSubstring("step 0: a state and its copy, stepped with the same action"));
  CHECK_THAT(fault_of(fault::shared), ContainsSubstring("step 0: stepping a copy of the state changed the state"));
  CHECK_THAT(fault_of(fault::observation),
             ContainsSubstring("observation[0] (place) is ") && ContainsSubstring(", expected a number in [-3, 3]"));
  CHECK_THAT(fault_of(fault::reward), ContainsSubstring("the reward is nan, expected a finite number"));
  CHECK_THAT(fault_of(fault::mask), ContainsSubstring("`action_mask` gives 1 numbers, expected 2"));
  CHECK_THAT(fault_of(fault::closed), ContainsSubstring("the action mask allows no action, expected at least one"));
  CHECK_THAT(fault_of(fault::names), ContainsSubstring("there are 2 observation_names, expected 1"));
  CHECK_THAT(fault_of(fault::saved), ContainsSubstring("a state that was saved and loaded goes on differently"));
  CHECK_THAT(fault_of(fault::wrong_bounds), ContainsSubstring("`observations` have no value"));
}

TEST_CASE("check_env: every environment of the library passes, without its type too") {
  auto const known = known_environments();
  CHECK(known.names().size() == 11);
  for (std::string const& name : known.names()) {
    CAPTURE(name);
    auto const warnings = known.make(name).visit([](auto const& e) { return check_env(e); });
    for (auto const& w : warnings) CHECK(w == "every episode starts alike");
  }
  CHECK(check_env(classic_control::pendulum{}).empty());
  CHECK(check_env(time_limit{walk{}, 0}).empty());  // its ends end it
}

TEST_CASE("make: names and parameters that there are not are refused with the nearest") {
  CHECK(make("Acrobot-v1").spaces().actions.n == std::vector{3});
  CHECK(make("Acrobot-v1", {{"max_episode_steps", 7}}).max_episode_steps() == 7);
  CHECK_THROWS_WITH(make("Acrobt-v1"), ContainsSubstring("make: there is no environment named 'Acrobt-v1'; the nearest "
                                                         "are Acrobot-v1"));
  CHECK_THROWS_WITH(make("CartPole-v1", {{"max_episode_step", 7}}),
                    ContainsSubstring("CartPole-v1: there is no parameter named 'max_episode_step'; the nearest are "
                                      "max_episode_steps"));
  CHECK_THROWS_WITH(make("CartPole-v1", {{"max_episode_steps", .5}}),
                    "CartPole-v1: max_episode_steps is 0.5, expected a whole number");
  CHECK(make("recall", {{"delay", 3}}).max_episode_steps() == 4);
  CHECK(make("recall", {{"max_episode_steps", 9}, {"delay", 3}}).max_episode_steps() == 9);
  CHECK_THROWS_WITH(make("Acrobot-v1", {{"dynamics", "nip"}}),
                    "Acrobot-v1: dynamics is \"nip\", expected \"book\" or \"nips\"; the nearest is \"nips\"");
  CHECK_THROWS_WITH(make("Pendulum-v1", {{"mass", 0}}), ContainsSubstring("mass is 0, expected a finite number > 0"));
  auto first_reward = [](std::vector<setting> const& options) {
    environment_run run{make("Pendulum-v1", options), 1};
    return run.step(1).reward + run.step(std::vector{1.}).reward;
  };
  CHECK(first_reward({}) != first_reward({{"gravity", 9.81}}));
  environment_run run{make("CartPole-v1"), 3};
  environment_run same{classic_control::cart_pole{}, 3};
  while (!run.done()) CHECK(run.step(1).terminated == same.step(1).terminated);
  CHECK(run.steps_of_episode() == same.steps_of_episode());
  run.reset(3), same.reset();
  CHECK(run.observation() != std::vector<double>(4));
  CHECK(run.observation()[0] != same.observation()[0]);
  same.reset(3);
  CHECK(float(run.observation()[0]) == float(same.observation()[0]));
  CHECK_THROWS_WITH(run.step({1., 0.}), "environment_run: the action's size is 2, expected 1");
  CHECK_THROWS_WITH(run.step(2), "environment_run: the action is 2, expected an integer from 0 to 1");
  auto mine = known_environments();
  mine.add("walk", walk{});
  CHECK(mine.make("walk").max_episode_steps() == 20);
  CHECK_THROWS_WITH(mine.add("walk", walk{}), "environment_registry: there is an environment named 'walk' already");
}

TEST_CASE("spaces: values are drawn within them, and what is none of theirs is told") {
  random_stream draws(stream_id{1, draw_purpose::user, 0});
  box<3> const b{{-1, 0, -INFINITY}, {1, INFINITY, INFINITY}};
  double mean[3] = {};
  for (int i = 0; i < 4000; ++i) {
    auto const x = sample(b, draws);
    REQUIRE(contains(b, x));
    for (int d = 0; d < 3; ++d) mean[d] += x[std::size_t(d)] / 4000;
  }
  // five deviations of the mean of uniform (-1, 1), exponential and normal numbers
  CHECK(std::abs(mean[0]) < 5 * std::sqrt(1. / 3 / 4000));
  CHECK(std::abs(mean[1] - 1) < 5 / std::sqrt(4000.));
  CHECK(std::abs(mean[2]) < 5 / std::sqrt(4000.));
  CHECK(!contains(b, std::array{0., -1., 0.}));
  CHECK(!contains(b, std::array{0., std::nan(""), 0.}));
  CHECK(!contains(b, std::array{0., 1.}));
  multi_discrete<dynamic> const choices{{2, 3}};
  for (int i = 0; i < 100; ++i) REQUIRE(contains(choices, sample(choices, draws)));
  CHECK(!contains(choices, std::array{1, 3}));
  CHECK(!contains(choices, std::array{-1, 0}));
  CHECK(contains(discrete{3}, 2));
  CHECK(!contains(discrete{3}, 3));
  CHECK(contains(binary<2>{}, sample(binary<2>{}, draws)));
}
