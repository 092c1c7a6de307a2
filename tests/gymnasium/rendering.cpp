#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>
#include "odd.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

auto painted(std::string const& how, std::string const& mode = "rgb_array") {
  return odd("Painted", {{"how", how}, {"render_mode", mode}}).of<discrete>();
}

}  // namespace

TEST_CASE("gymnasium: a picture arrives pixel by pixel, however numpy has it in memory") {
  for (char const* how : {"whole", "turned", "columns"}) {
    INFO(how);
    auto const e = painted(how);
    CHECK(e.render_rate() == 8);
    auto s = e.start(1);
    for (int step = 0; step < 3; ++step) {
      if (step > 0) e.step(s, 1);
      auto const seen = e.render(s);
      REQUIRE(seen.width == 3);
      REQUIRE(seen.height == 2);
      for (int y = 0; y < 2; ++y)
        for (int x = 0; x < 3; ++x)
          CHECK(seen.at(x, y) == picture::rgb{std::uint8_t(y), std::uint8_t(x), std::uint8_t(step)});
    }
  }
}

TEST_CASE("gymnasium: LunarLander's pictures are those that Python renders of the same seed and actions") {
  namespace py = pybind11;
  auto const e = cohort::gymnasium::make("LunarLander-v3", {.arguments = {{"render_mode", std::string("rgb_array")}}})
                     .of<discrete>();
  CHECK(e.render_rate() == 50);
  auto s = e.start(5);
  for (int step = 0; step < 20; ++step) e.step(s, step % 4);
  auto const seen = e.render(s);
  std::string expected;
  std::pair<int, int> size;
  cohort::gymnasium::detail::in_python([] { return std::string("the test"); },
                                       [&] {
                                         py::dict here;
                                         py::exec(R"(
import gymnasium
env = gymnasium.make("LunarLander-v3", render_mode="rgb_array")
env.reset(seed=5)
for step in range(20):
    env.step(step % 4)
picture = env.render()
size, text = (picture.shape[1], picture.shape[0]), picture.tobytes()
)",
                                                  here);
                                         expected = py::cast<std::string>(here["text"]),
                                         size = py::cast<std::pair<int, int>>(here["size"]);
                                       });
  CHECK(std::pair(seen.width, seen.height) == size);
  REQUIRE(3 * seen.colors.size() == expected.size());
  bool same = true;
  for (std::size_t i = 0; i < expected.size(); ++i)
    same = same && seen.colors[i / 3][i % 3] == std::uint8_t(expected[i]);
  CHECK(same);
}

TEST_CASE("gymnasium: what is no picture is refused, and where there is none to be had") {
  struct fault {
    std::string how, mode, given;
  };
  for (auto const& [how, mode, given] : std::vector<fault>{{"whole", "human", "None"},
                                                           {"numbers", "rgb_array", "array([[["},
                                                           {"gray", "rgb_array", "array([["},
                                                           {"list", "rgb_array", "[array("},
                                                           {"empty", "rgb_array", "array([]"}}) {
    auto const e = painted(how, mode);
    auto const text = raised([&] { e.render(e.start(2)); });
    CHECK_THAT(text, ContainsSubstring("Painted-v0, step 0 of the episode of seed 2: render() gives " + given));
    CHECK_THAT(text, ContainsSubstring("expected an array of uint8 of the shape (height, width, 3)"));
  }
  auto const none = odd("Walk").of<discrete>();
  CHECK_THAT(raised<value_error>([&] { none.render_rate(); }),
             ContainsSubstring("Walk-v0: its render modes are [], expected \"rgb_array\" among them"));
  CHECK_THAT(raised<value_error>([&] { none.render({}); }),
             ContainsSubstring("a picture of a state that no reset gave"));
}
