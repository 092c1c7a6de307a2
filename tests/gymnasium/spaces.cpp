#include <cmath>
#include <cohort/environment/check_env.hpp>
#include <cohort/environment/observation_parts.hpp>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>
#include "odd.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("gymnasium: observations are flattened in Gymnasium's order") {
  auto const e = odd("Parts").of<discrete>();
  REQUIRE(e.observations.low.size() == 10);  // both: 2 bits, 3 bytes; kind: 3; where: 2
  CHECK(e.observations.high == std::vector<double>{1, 1, 255, 255, 255, 1, 1, 1, 1000, 1000});
  auto s = e.start(4);
  float const place = e.observe(s)[8];
  observation_parts const parts{{"where", box<2>{{-1000, -1000}, {1000, 1000}}},
                                {"kind", discrete{3}},
                                {"both/0", binary<2>{}},
                                {"both/1", box<3>{{0, 0, 0}, {255, 255, 255}}}};
  CHECK(parts.space().low == e.observations.low);
  CHECK(parts.space().high == e.observations.high);
  for (int step = 1; step <= 4; ++step) {
    e.step(s, 1);
    auto const seen = e.observe(s);
    std::vector<float> expected{1, float(step % 2), 7, float(step), 255, 0, 0, 0, place + float(step), float(step)};
    expected[std::size_t(5 + step % 3)] = 1;
    CHECK(std::vector(seen.begin(), seen.end()) == expected);
    std::vector<float> whole(parts.size());
    parts.put("where", {double(place) + step, double(step)}, whole), parts.put("kind", {double(step % 3)}, whole);
    parts.put("both/0", {1, double(step % 2)}, whole), parts.put("both/1", {7, double(step), 255}, whole);
    CHECK(whole == expected);
  }
}

TEST_CASE("gymnasium: check_env plays an environment of Python's as any other") {
  auto const checked = [](gymnasium::any_environment const& e) {
    return e.visit([](auto const& known) { return check_env(known); });
  };
  for (char const* name : {"CartPole-v1", "Pendulum-v1", "HalfCheetah-v5"})
    CHECK(checked(gymnasium::make(name)) == std::vector<std::string>{});
  CHECK(checked(odd("Walk")) == std::vector<std::string>{});
  CHECK_THAT(raised([&] { checked(odd("StartsAnywhere")); }),
             ContainsSubstring("two starts from the same draws differ"));
  CHECK_THAT(raised([&] { checked(odd("Unrepeatable")); }), ContainsSubstring("cannot be copied in mid-episode"));
  CHECK_THAT(raised([&] { checked(odd("Strays")); }),
             ContainsSubstring("check_env: step 6: observation[1] is 7, expected a number in [-6, 6]"));
}

TEST_CASE("gymnasium: a choice is shown as zeros and a one") {
  auto const e = odd("Choices").of<discrete>();
  CHECK(e.observations.high == std::vector<double>(5, 1));
  auto s = e.start(1);
  for (int step = 0; step < 7; ++step) {
    if (step > 0) e.step(s, 1);
    std::vector<float> expected(5, 0);
    expected[std::size_t(step % 5)] = 1;
    CHECK(std::vector(e.observe(s).begin(), e.observe(s).end()) == expected);
  }
  CHECK_THAT(raised([&] { e.step(s, 1); }),
             ContainsSubstring("step 7 of the episode of seed 1: the observation is 9 of type int"));
}

TEST_CASE("gymnasium: every kind of actions arrives as Gymnasium has it") {
  auto shown = [](auto const& e, auto const& action) {
    auto s = e.start(1);
    e.step(s, action);
    auto const seen = e.observe(s);
    return std::vector(seen.begin(), seen.end());
  };
  auto const start = odd("Acts", {{"kind", "start"}}).of<discrete>();
  CHECK(start.actions.n == 3);
  CHECK(shown(start, 0) == std::vector<float>(4, -1));
  CHECK(shown(start, 2) == std::vector<float>(4, 1));
  auto const many = odd("Acts", {{"kind", "many"}}).of<multi_discrete<dynamic>>();
  CHECK(many.actions.n == std::vector{3, 5});
  CHECK(shown(many, std::vector{2, 4}) == std::vector<float>{12, 24, 12, 24});
  auto const bits = odd("Acts", {{"kind", "bits"}}).of<binary<dynamic>>();
  CHECK(bits.actions.bits == 4);
  CHECK(shown(bits, std::vector{0, 1, 1, 0}) == std::vector<float>{0, 1, 1, 0});
  auto const numbers = odd("Acts", {{"kind", "box"}}).of<box<dynamic>>();
  CHECK(numbers.actions.low == std::vector<double>(4, -1));
  CHECK(shown(numbers, std::vector<float>{.25f, -.5f, 1, 0}) == std::vector<float>{.25f, -.5f, 1, 0});

  auto s = numbers.start(1);
  auto two = bits.start(1);
  CHECK_THAT(raised<value_error>([&] { numbers.step(s, std::vector<float>(3)); }),
             ContainsSubstring("size is 3, expected 4"));
  CHECK_THAT(raised<value_error>([&] { numbers.step(s, std::vector<float>(4, NAN)); }), ContainsSubstring("is nan"));
  CHECK_THAT(raised<value_error>([&] { bits.step(two, std::vector{0, 0, 2, 0}); }), ContainsSubstring("from 0 to 1"));
  decltype(s) never;
  CHECK_THAT(raised<value_error>([&] { numbers.step(never, std::vector<float>(4)); }), ContainsSubstring("no reset"));
}

TEST_CASE("gymnasium: of a space that is not supported the part is named, of a name the nearest") {
  CHECK_THAT(raised([] { odd("Words"); }), ContainsSubstring("the observation['deep'][0] is Sequence"));
  CHECK_THAT(raised([] { odd("Acts", {{"kind", "dict"}}); }), ContainsSubstring("the action space is Dict"));
  CHECK_THAT(raised([] { gymnasium::make("CartPol-v1"); }), ContainsSubstring("CartPole"));
  CHECK_THAT(raised([] { gymnasium::make("no_such_module:Name-v0"); }), ContainsSubstring("ModuleNotFoundError"));
  CHECK_THAT(raised<value_error>([] { odd("Walk").of<box<dynamic>>(); }), ContainsSubstring("of another kind"));
  CHECK_THAT(raised<value_error>([] { gymnasium::start_python("/"); }), ContainsSubstring("Python runs already"));
}

TEST_CASE("gymnasium: what is no virtual environment, or one of another Python, is refused") {
  auto const folder = std::filesystem::path("another_python");
  auto const given = [&] { gymnasium::detail::require_environment(folder); };
  std::filesystem::remove_all(folder);
  CHECK_THAT(raised<value_error>(given), ContainsSubstring("there is no bin/python in another_python"));
  std::filesystem::create_directories(folder / "bin");
  std::ofstream(folder / "bin" / "python");
  std::ofstream(folder / "pyvenv.cfg") << "home = /usr/bin\nversion = 3.4.10\n";
  CHECK_THAT(raised<value_error>(given), ContainsSubstring("is of Python 3.4.10, and this program has Python 3."));
  std::ofstream(folder / "pyvenv.cfg") << "version = " << PY_VERSION << "\n";
  CHECK_NOTHROW(given());
}

TEST_CASE("gymnasium: what Python raises or returns wrongly names the environment, its seed and the step") {
  auto play = [](std::string const& how, int at) {
    return raised([&] {
      auto const e = odd("Breaks", {{"how", how}, {"at", at}}).of<discrete>();
      for (auto s = e.start(7);;) e.step(s, 1);
    });
  };
  auto const text = play("raises", 1000);
  CHECK_THAT(
      text, ContainsSubstring("Breaks-v0, step 1000 of the episode of seed 7: ArithmeticError: the simulator gave up"));
  CHECK_THAT(text, ContainsSubstring("odd_environments.py"));
  for (auto [how, expected] : {std::pair{"nan", "expected finite numbers"},
                               {"shape", "expected the shape of Box(-1000.0, 1000.0, (2,), float32)"},
                               {"list", "of type list, expected a numpy array"},
                               {"words", "expected numbers"},
                               {"reward", "the reward is None of type NoneType, expected a number"},
                               {"infinite", "the reward is inf of type float, expected a finite number"},
                               {"terminated", "terminated is 1 of type int, expected True or False"},
                               {"four", "expected (observation, reward, terminated, truncated, info)"}}) {
    CAPTURE(how);
    auto const told = play(how, 300);
    CHECK_THAT(told, ContainsSubstring(expected));
    CHECK_THAT(told, ContainsSubstring("Breaks-v0, step 300 of the episode of seed 7"));
  }
}
