#include <cmath>
#include <cohort/picture/known.hpp>
#include <cohort/picture/svg.hpp>
#include <cohort/picture/terminal.hpp>
#include <limits>
#include <numbers>
#include <span>

#include "../catch.hpp"
#include "../support/svg.hpp"

using namespace cohort;
using namespace cohort::picture;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

void check_at(point p, double x, double y) {
  CHECK(std::abs(p.x - x) < 1e-12);
  CHECK(std::abs(p.y - y) < 1e-12);
}
shapes drawn(scene const& s, std::vector<double> observation, std::vector<double> action = {}) {
  return s.draw({std::move(observation), std::move(action)}, 0);
}

}  // namespace

TEST_CASE("picture: the shapes of the five are where geometry says, at the rate of their environments") {
  SECTION("the cart at its position, the pole's tip by the sine and cosine of its angle") {
    scene const s = scene_of(classic_control::cart_pole{.half_length = .75, .time_step = .01});
    CHECK(s.rate == 100);
    CHECK(scene_of(classic_control::cart_pole{}).rate == 50);
    auto const all = drawn(s, {1.2, 9, .3, 9});
    check_at(all[1].points[0], 1.2 - .2, -.12);
    check_at(all[1].points[2], 1.2 + .2, .12);
    check_at(all[2].points[0], 1.2, .06);
    check_at(all[2].points[1], 1.2 + 1.5 * std::sin(.3), .06 + 1.5 * std::cos(.3));
    CHECK(s.seen.top > .06 + 1.5);
  }
  SECTION("the car on the hill, along its slope; the flag at the goal") {
    scene const s = scene_of(classic_control::mountain_car{.goal_position = .4});
    double const x = -.9, height = std::sin(3 * x) * .45 + .55, slope = std::cos(3 * x);
    auto const all = drawn(s, {x, .01});
    check_at(all[1].points[0], .4, std::sin(1.2) * .45 + .55);
    point const back = all[4].points[0], front = all[5].points[0];
    check_at({front.x - back.x, front.y - back.y}, .06 * std::cos(slope), .06 * std::sin(slope));
    check_at({(front.x + back.x) / 2, (front.y + back.y) / 2}, x - all[4].size * std::sin(slope),
             height + all[4].size * std::cos(slope));
    CHECK(drawn(scene_of(classic_control::continuous_mountain_car{}), {x, 0})[1].points[0].x == .45);
  }
  SECTION("Acrobot's joint and tip, and the line at 1 that it is to reach") {
    double const a = .7, b = -1.9;
    auto const all =
        drawn(scene_of(classic_control::acrobot{}), {std::cos(a), std::sin(a), std::cos(b), std::sin(b), 0, 0});
    check_at(all[1].points[1], std::sin(a), -std::cos(a));
    check_at(all[2].points[0], std::sin(a), -std::cos(a));
    check_at(all[2].points[1], std::sin(a) + std::sin(a + b), -std::cos(a) - std::cos(a + b));
    CHECK(all[0].points[0].y == 1);
  }
  SECTION("Pendulum's tip, turned counterclockwise by its angle, and the torque's arrow the same way") {
    scene const s = scene_of(classic_control::pendulum{});
    CHECK(s.rate == 20);
    for (double const torque : {-9., -1., 1.}) {
      auto const all = drawn(s, {std::cos(.5), std::sin(.5), 0}, {torque});
      check_at(all[0].points[1], -std::sin(.5), std::cos(.5));
      auto const& arc = all[2].points;
      CHECK(std::hypot(arc[3].x, arc[3].y) == Approx(torque < -2 ? .5 : .25));
      for (std::size_t i = 1; i < arc.size(); ++i)
        CHECK((arc[i - 1].x * arc[i].y - arc[i - 1].y * arc[i].x > 0) == (torque > 0));
    }
    auto const still = drawn(s, {1, 0, 0});
    for (point p : still[2].points) check_at(p, 0, 0);
  }
}

TEST_CASE("picture: FrozenLake from above, numbers where there is no drawing, by name and parameters") {
  std::vector<moment> moments(3);
  for (int i = 0; i < 3; ++i) moments[std::size_t(i)] = {.observation = {i == 1 ? 4. : 2., 7}, .step = i};
  std::vector<double> place(16);
  place[13] = 1;
  auto const lake = drawn(scene_of(make("FrozenLake-v1"), {}, moments), place);
  check_at(lake.back().points[0], 1.5, .5);  // the last row is below
  CHECK(std::ranges::count(lake, ink::hazard, &shape::color) == 4);
  check_at(lake[lake.size() - 2].points[0], 3.1, .1);

  std::vector<setting> const goal{{"goal_position", .3}};
  CHECK(drawn(scene_of(make("MountainCar-v0", goal), goal, moments), {0, 0})[1].points[0].x == .3);

  auto const s = scene_of(make("linear_quadratic"), {}, moments);
  auto const first = s.draw(moments[0], 0), second = s.draw(moments[1], 1);
  auto const mark = first.size() - 2;
  CHECK(second[mark].points[0].y - first[mark].points[0].y == Approx(.7));
  CHECK(second[mark + 1].points[0].y == first[mark + 1].points[0].y);
  CHECK(second[mark].points[0].x > first[mark].points[0].x);
  CHECK(first[0].points[1].y == second[mark].points[0].y);
  CHECK_THROWS_AS(scene_of_numbers({}, {}), value_error);
}

TEST_CASE("picture: an SVG is sound XML and has each picture and caption once") {
  environment_run<any_environment> run(make("CartPole-v1"), 3);
  std::vector<moment> moments{{.observation = run.observation()}};
  while (!run.done()) {
    double const total = moments.back().total + run.step(run.observation()[2] > 0 ? 1. : 0.).reward;
    moments.push_back({run.observation(), {}, total, 1, run.steps_of_episode()});
  }
  REQUIRE(moments.size() > 20);
  auto const f = filmed("<Cart & \"pole\">", scene_of(classic_control::cart_pole{}), moments);
  auto const text = svg(f, 480);  // 100 pixels a meter
  for (auto const* wrong :
       {"<a><b></a></b>", "<a>", "<a/><b/>", "<a>&</a>", "<a b=c/>", "<a b=\"<\"/>", "a", "<a b=\"c/>"})
    CHECK(svg_text::fault(wrong) != "");
  CHECK(svg_text::fault(text) == "");
  auto const values = svg_text::all_between(text, "values=\"", "\"");
  CHECK(values.size() == 4);  // captions, cart, pole, axle; the track stands still
  for (auto const& list : values) CHECK(svg_text::split(list, ';').size() == moments.size());
  CHECK(svg_text::all_between(text, "step ", ",").size() == moments.size());
  CHECK_THAT(text, ContainsSubstring("return " + std::to_string(moments.size() - 1) + "</text>"));
  CHECK_THAT(text, ContainsSubstring("dur=\"" + comparing::shortest(double(moments.size()) / 50) + "s\""));
  auto const axle = std::stod(svg_text::split(values[3], ';').back());
  CHECK(std::abs(axle - 100 * (moments.back().observation[0] + 2.4)) <= .051);
  CHECK_THAT(text, ContainsSubstring("cy=\"154\""));  // 0.06 m above the track, below a top at 1.6 m

  auto still = f;
  still.pictures.resize(1), still.captions.resize(1);
  CHECK(svg_text::fault(svg(still)) == "");
  CHECK(svg_text::all_between(svg(still), "<animate", ">").empty());
  auto wrong = f;
  wrong.pictures[4].pop_back();
  CHECK_THROWS_WITH(svg(wrong), StartsWith("svg_film: picture 4 is not of the shapes of the first"));
  wrong = f;
  wrong.pictures[5][3].points[0].x = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(svg(wrong), StartsWith("svg_film: picture 5 has a shape at a place that is not finite"));
  wrong = f;
  wrong.captions.pop_back();
  CHECK_THROWS_AS(svg(wrong), value_error);
}

TEST_CASE("picture: a long film leaves pictures out and keeps its last one and its length") {
  scene const dot{{}, 50, [](moment const& m, std::size_t) { return shapes{disc(ink::body, {double(m.step), 0}, 1)}; }};
  auto with = [&](int n) {
    std::vector<moment> all;
    for (int i = 0; i < n; ++i) all.push_back({.step = i});
    return filmed("", dot, all);
  };
  for (int const n : {1, 2, 501, 502, 1001, 1002, 9999}) {
    auto const f = with(n);
    INFO(n);
    CHECK(f.pictures.size() <= 501);
    CHECK(f.pictures.back()[0].points[0].x == n - 1);
    CHECK(double(f.pictures.size()) / f.rate == Approx(n / 50.).epsilon(.01));
    if (n <= 501) CHECK(f.pictures.size() == std::size_t(n));
  }
  CHECK_THROWS_AS(with(0), value_error);
}

TEST_CASE("picture: each dot of a character of braille, areas, words, and colors where asked for") {
  braille one({0, 2, 0, 4}, 1, 1);
  char const* const expected[4][2] = {{"⠁", "⠈"}, {"⠂", "⠐"}, {"⠄", "⠠"}, {"⡀", "⢀"}};
  for (int row = 0; row < 4; ++row)
    for (int column = 0; column < 2; ++column)
      CHECK(one.lines({disc(ink::body, {column + .5, 3.5 - row}, 0)}) == std::string(expected[row][column]) + "\n");
  CHECK(one.lines({}) == " \n");
  CHECK(one.lines({area(ink::goal, {{-9, -9}, {-9, 9}, {9, 9}, {9, -9}})}) == "⣿\n");
  CHECK(one.lines({line(ink::body, 0, {{.5, .5}, {.5, 3.5}})}) == "⡇\n");
  CHECK(one.lines({disc(ink::body, {99, 99}, 1), disc(ink::body, {-99, -99}, 1)}) == " \n");
  CHECK(one.lines({disc(ink::goal, {.5, .5}, 0)}, true) == "\x1b[32m⡀\x1b[0m\n");
  braille three({0, 6, 0, 4}, 3, 1);
  CHECK(three.lines({words(ink::scenery, {3, 2}, 1, "äb")}) == " äb\n");
  CHECK(three.lines({words(ink::scenery, {3, 2}, 1, "abcde")}) == "bcd\n");
}
