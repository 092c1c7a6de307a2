#ifdef COHORT_PROGRAM
#include <array>
#include <cmath>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "../support/gif.hpp"
#include "../support/running_program.hpp"
#include "../support/svg.hpp"
#include "a_user.hpp"

using namespace a_user;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;
using files::get;

namespace {

/// The pole's joint and its tip in each picture, in pixels: x, y, x, y.
std::vector<std::array<double, 4>> ends_of_poles(std::string const& svg) {
  std::vector<std::array<double, 4>> all;
  auto const limb = svg.substr(svg.find("class=\"line limb\""));
  for (auto const& ends : svg_text::split(svg_text::all_between(limb, "values=\"", "\"")[0], ';')) {
    auto const from = svg_text::split(ends, ' ');
    auto number = [&](std::size_t end, std::size_t k) { return std::stod(svg_text::split(from[end], ',')[k]); };
    all.push_back({number(0, 0), number(0, 1), number(1, 0), number(1, 1)});
  }
  return all;
}
/// Its way from its joint to its tip, in meters to the right and up.
std::vector<std::pair<double, double>> poles(std::string const& svg) {
  std::vector<std::pair<double, double>> all;
  for (auto const& [x, y, tip_x, tip_y] : ends_of_poles(svg)) all.push_back({(tip_x - x) / 125, (y - tip_y) / 125});
  return all;
}

}  // namespace

TEST_CASE("cohort watch: an episode of a run as an SVG, with its environment's parameters; the pole falls at its end") {
  scratch here;
  REQUIRE(here.run(quick + "--out a --updates 1 --with.half_length .6").status == 0);
  auto const o = here.run("watch a --out a.svg");
  INFO(o.err);
  REQUIRE(o.status == 0);
  auto const svg = get(here.in("a.svg"));
  CHECK(svg.size() < 300'000);
  CHECK(svg_text::fault(svg) == "");
  auto const pole = poles(svg);
  auto const steps = pole.size() - 1;
  REQUIRE(steps > 5);
  CHECK_THAT(o.out, StartsWith("a.svg: " + std::to_string(pole.size()) + " pictures of a"));
  CHECK_THAT(svg, ContainsSubstring("step " + std::to_string(steps) + ", return " + std::to_string(steps) + "</text>"));
  if (steps < 500)
    for (std::size_t i = 0; i <= steps; ++i) {
      auto const [right, up] = pole[i];
      CHECK(std::abs(std::hypot(right, up) - 1.2) < .002);
      double const degrees = std::abs(std::atan2(right, up)) * 180 / 3.14159265;
      CHECK((i < steps ? degrees < 12.1 : degrees > 11.9));
    }
  REQUIRE(here.run("watch a/policy.cohort --environment CartPole-v1 --out b.svg").status == 0);
  CHECK(std::hypot(poles(get(here.in("b.svg")))[0].first, poles(get(here.in("b.svg")))[0].second) < 1.01);
  REQUIRE(here.run("watch a --out a2.svg --seed 0 --episodes 1").status == 0);
  CHECK(get(here.in("a2.svg")) == svg);
  REQUIRE(here.run("watch a --out a2.svg --seed 1 --episodes 2").status == 0);
  CHECK(get(here.in("a2.svg")) != svg);
  CHECK_THAT(get(here.in("a2.svg")), ContainsSubstring("episode 2, step 0, return 0</text>"));

  auto const says = [&](std::string const& arguments, int status, std::string const& what) {
    CHECK_THAT(here.refusal("watch " + arguments, status), ContainsSubstring(what));
    CHECK_FALSE(fs::exists(here.in("no.svg")));
  };
  says("a --environment Pendulum-v1 --out no.svg", 1, "a/policy.cohort is not of Pendulum-v1");
  says("a/policy.cohort --environment Acrobot-v1 --out no.svg", 1, "policy.actions.n is [2], expected [3]");
  says("a --environment CartPole --out no.svg", 2, "--environment: there is no environment named 'CartPole'");
  files::put(here.in("none.cohort"), "nothing of ours");
  says("none.cohort --out no.svg", 1, "none.cohort");
  says("missing --out no.svg", 1, "missing cannot be opened");
  for (char const* name : {"a.png", "svg", "a.gif.txt", "a.GIF"})
    says(std::string("a --out ") + name, 2,
         "--out is '" + std::string(name) + "', expected a name that ends in .svg or .gif");
  fs::create_directory(here.in("folder.gif"));
  for (char const* name : {"none/no.svg", "none/no.gif", "a.svg/no.gif", "folder.gif"})
    says(std::string("a --out ") + name, 1, std::string(name) + " cannot be made");
  CHECK(fs::is_empty(here.in("folder.gif")));
  says("a", 2, "watch needs --out FILE.svg or FILE.gif, or --terminal where stdout is no terminal");
  says("a --out no.svg --episodes 0", 2, "--episodes is '0', expected a whole number from 1 to 100");
}

TEST_CASE("cohort watch: a GIF shows the pole where the SVG has it, at the environment's speed") {
  scratch here;
  REQUIRE(here.run(quick + "--out a --updates 1").status == 0);
  files::put(here.in("a.gif"), "what was there");
  REQUIRE(here.run("watch a --out a.svg").status == 0);
  auto const o = here.run("watch a --out a.gif");
  INFO(o.err);
  REQUIRE(o.status == 0);
  auto const pole = ends_of_poles(get(here.in("a.svg")));
  CHECK_THAT(o.out, StartsWith("a.gif: " + std::to_string(pole.size()) + " pictures of a"));
  auto const film = gif_file::read(get(here.in("a.gif")));
  CHECK(film.width == 600);
  CHECK(film.height == 250 + 36);
  CHECK(film.again);
  CHECK(film.duration() == int(2 * pole.size()) + 100);
  REQUIRE(film.frames.size() == pole.size());
  for (std::size_t i = 0; i < pole.size(); ++i) {
    auto const [x, y, tip_x, tip_y] = pole[i];
    auto const& seen = film.frames[i].seen;
    auto of_pole = [&](double along, double aside) {  // in pixels, from the tip to the joint, and to a side
      double const length = std::hypot(tip_x - x, tip_y - y), to_x = (x - tip_x) / length, to_y = (y - tip_y) / length;
      return seen.at(int(tip_x + along * to_x - aside * to_y), int(tip_y + along * to_y + aside * to_x)) ==
             cohort::picture::rgb{0xb5, 0x76, 0x2f};
    };
    INFO(i);  // it is 10 wide, and round at its tip
    for (double const along : {0., 10., 60., 110.})
      CHECK((of_pole(along, 0) && of_pole(along, 3) && of_pole(along, -3)));
    for (double const along : {0., 10., 60., 95.}) CHECK_FALSE((of_pole(along, 7) || of_pole(along, -7)));
    CHECK((of_pole(-3, 0) && !of_pole(-7, 0)));
  }
}

TEST_CASE("cohort watch: in the terminal picture after picture over the last; Ctrl-C gives the cursor back") {
  scratch here;
  REQUIRE(here.run(quick + "--out a --environment MountainCar-v0 --updates 1 --evaluation.every 0").status == 0);
  running_program program(here.path, paths::program("cohort"), {"watch", "a", "--terminal"});
  REQUIRE(program.reaches([&] { return get(here.in("stdout")).find("step 3,") != std::string::npos; }));
  program.send(SIGINT);
  CHECK(program.end() == 130);
  auto const all = get(here.in("stdout"));
  CHECK_THAT(all, StartsWith("\x1b[?25l\x1b[2J\x1b[H") && EndsWith("\x1b[?25h"));
  auto const pictures = svg_text::all_between(all, "\x1b[H", "\x1b[K");
  REQUIRE(pictures.size() > 3);
  CHECK(std::count(pictures[3].begin(), pictures[3].end(), '\n') == 20);
  CHECK_THAT(pictures[3], EndsWith("MountainCar-v0   step 3, return -3"));
}
#endif
