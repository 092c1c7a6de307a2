#include <cmath>
#include <cohort/picture/film_gif.hpp>
#include <cstdint>
#include <limits>
#include <numbers>
#include <set>
#include <string>
#include <vector>

#include "../catch.hpp"
#include "../support/gif.hpp"
#include "../support/golden.hpp"

using namespace cohort;
using namespace cohort::picture;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Pictures of so many colors in no order.
struct noise {
  std::uint32_t state = 1;
  pixels picture(int width, int height, std::uint32_t colors) {
    pixels all{width, height, std::vector<rgb>(std::size_t(width * height))};
    for (auto& color : all.colors) {
      state = state * 1664525 + 1013904223;
      std::uint32_t const which = (state >> 8) % colors;
      color = {std::uint8_t(which), std::uint8_t(which * 7), std::uint8_t(which >> 8)};
    }
    return all;
  }
};
gif_file::film written(double rate, std::vector<pixels> const& pictures) {
  gif_film film(pictures[0].width, pictures[0].height, rate);
  for (auto const& p : pictures) film.add(p);
  CHECK(film.pictures() == pictures.size());
  return gif_file::read(film.finish());
}
/// How much ink of an area: 1 for each pixel that is covered whole.
double inked(pixels const& p, std::uint32_t color) {
  double sum = 0;
  for (auto const& c : p.colors) sum += (255 - c[0]) / double(255 - (color >> 16));
  return sum;
}

}  // namespace

TEST_CASE("gif: the reader of these tests reads what Pillow wrote, as Pillow reads it", "[golden]") {
  auto const recorded = golden::read("picture/gif.txt");
  std::string file;
  for (double const byte : golden::row(recorded, "bytes")) file += char(int(byte));
  auto const film = gif_file::read(file);
  CHECK(film.width == golden::row(recorded, "size")[0]);
  CHECK(film.height == golden::row(recorded, "size")[1]);
  CHECK(film.again);
  REQUIRE(film.frames.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(film.frames[k].delay == golden::row(recorded, "delays")[k]);
    auto const& gray = golden::row(recorded, "gray" + std::to_string(k));
    REQUIRE(film.frames[k].seen.colors.size() == gray.size());
    bool same = true;
    for (std::size_t i = 0; i < gray.size(); ++i) same = same && film.frames[k].seen.colors[i][0] == gray[i];
    CHECK(same);
  }
}

TEST_CASE("gif: up to 255 colors a picture comes back exactly, over and over, and only what changes is written") {
  noise draws;
  std::vector<pixels> pictures;
  for (std::uint32_t const colors : {255, 1, 2, 3, 4, 5, 127, 128, 129}) {
    pictures.push_back(draws.picture(90, 60, colors));
    pictures.push_back(pictures.back());
    pictures.back().at(89, 59) = {1, 2, 3}, pictures.back().at(87, 58) = {9, 9, 9};
  }
  auto const film = written(10, pictures);
  CHECK(film.width == 90);
  CHECK(film.height == 60);
  CHECK(film.again);
  REQUIRE(film.frames.size() == pictures.size());
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    INFO(k);
    auto const& f = film.frames[k];
    CHECK(f.seen.colors == pictures[k].colors);
    CHECK(f.delay == (k + 1 < pictures.size() ? 10 : 110));
    if (k % 2 == 1) CHECK(std::vector{f.left, f.top, f.width, f.height} == std::vector{87, 58, 3, 2});
  }
  for (int width = 1; width <= 40; ++width) {  // the last code is the first of more bits for some
    auto const row = draws.picture(width, 1, 3);
    CHECK(written(10, {row}).frames[0].seen.colors == row.colors);
  }
  // What stays is one picture that is seen longer.
  auto const still = written(10, {pictures[0], pictures[0], pictures[0], pictures[1]});
  REQUIRE(still.frames.size() == 2);
  CHECK(still.frames[0].delay == 30);
  CHECK(written(10, {pictures[0]}).frames.size() == 1);
}

TEST_CASE("gif: more than 255 colors are shown by near ones, each part by its mean, and what stays stays as it was") {
  pixels sky{80, 64, std::vector<rgb>(80 * 64)};
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 80; ++x) sky.at(x, y) = {std::uint8_t(3 * x), std::uint8_t(4 * y), 200};
  auto changed = sky;
  for (int y = 10; y < 30; ++y)
    for (int x = 10; x < 40; x += 2)
      changed.at(x, y) = {std::uint8_t(x * y), std::uint8_t(y * 11), std::uint8_t(x * 5)};
  auto const film = written(30, {sky, changed});
  auto const &first = film.frames[0].seen, &second = film.frames[1].seen;
  std::set<rgb> colors(first.colors.begin(), first.colors.end());
  CHECK(colors.size() > 200);
  CHECK(colors.size() <= 255);
  double given = 0, shown = 0, worst = 0;
  for (std::size_t i = 0; i < sky.colors.size(); ++i) {
    given += sky.colors[i][0], shown += first.colors[i][0];
    for (std::size_t c = 0; c < 3; ++c)
      worst = std::max(worst, std::abs(double(sky.colors[i][c]) - double(first.colors[i][c])));
    if (sky.colors[i] == changed.colors[i]) REQUIRE(second.colors[i] == first.colors[i]);
  }
  CHECK(worst <= 16);  // of 255 boxes of a square of 240 x 256, which halving makes 16 wide, one 32: half of that
  CHECK(std::abs(given - shown) < .5 * double(sky.colors.size()));
}

TEST_CASE("gif: a film takes its time at every rate; faster than 50 a second, pictures are left out, never the last") {
  std::vector<pixels> pictures;
  for (int i = 0; i < 100; ++i) pictures.push_back({1, 1, {rgb{std::uint8_t(i), 0, 0}}});
  for (double const rate : {4., 15., 30., 49.9, 50., 50.1, 67., 125., 1000.}) {
    auto const film = written(rate, pictures);
    INFO(rate);
    CHECK(film.duration() == std::lround(100 * 100 / rate) + 100);
    CHECK(film.frames.back().seen.colors[0][0] == 99);
    std::size_t const every = std::size_t(std::ceil(rate / 50)), shown = (99 + every - 1) / every + 1;
    CHECK(film.frames.size() == shown);
    for (std::size_t k = 0; k + 1 < shown; ++k) {
      CHECK(std::size_t(film.frames[k].seen.colors[0][0]) == k * every);
      CHECK((film.frames[k].delay >= 2 || k + 2 == shown));
      CHECK(std::abs(film.frames[k].delay - 100 * double(every) / rate) <= (k + 2 == shown ? 100 : 1));
    }
  }
}

TEST_CASE("gif: no pictures, pictures of another size, sides and rates that GIF cannot have are refused") {
  gif_film film(2, 1, 10);
  CHECK_THROWS_WITH(film.add({1, 2, std::vector<rgb>(2)}),
                    ContainsSubstring("picture 0 has 1 x 2 pixels, expected 2 x 1, as the first has"));
  CHECK_THROWS_WITH(film.finish(), ContainsSubstring("there are no pictures"));
  CHECK_THROWS_AS(gif_film(0, 1, 10), value_error);
  CHECK_THROWS_AS(gif_film(1, 65536, 10), value_error);
  for (double const rate : {0., -1., std::nan(""), std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(gif_film(1, 1, rate), value_error);
  CHECK_THROWS_WITH(canvas({0, 1, 0, 1}, 0),
                    ContainsSubstring("the picture's height is 0, expected 1 to 65499 pixels"));
  CHECK_THROWS_AS(canvas({1, 1, 0, 1}), value_error);
  CHECK_THROWS_AS(canvas({0, 1, 1, 0}), value_error);
  CHECK_THROWS_AS(canvas({0, 1, 0, std::nan("")}), value_error);
  CHECK_THROWS_WITH(gif({.pictures = {{}}}), ContainsSubstring("1 pictures and 0 captions"));
  CHECK_THROWS_AS(gif({.pictures = {{disc(ink::body, {std::nan(""), 0}, 1)}}, .captions = {""}}), value_error);
}

TEST_CASE("canvas: shapes cover as many pixels as their areas, where they are, with smooth edges") {
  canvas draws({-3, 3, -2, 2}, 300);  // 50 pixels a unit
  CHECK(draws.height() == 200 + canvas::strip);
  auto const color = inks[std::size_t(ink::body)].light;
  rgb const full{std::uint8_t(color >> 16), std::uint8_t(color >> 8), std::uint8_t(color)}, white{255, 255, 255};
  auto area_of = [&](shape const& s) { return inked(draws.drawn({s}), color) / 2500; };
  double const pi = std::numbers::pi;
  CHECK(area_of(disc(ink::body, {.3, .1}, 1.03)) == Approx(pi * 1.03 * 1.03).epsilon(.003));
  CHECK(area_of(line(ink::body, .4, {{-1, -1}, {1.2, .3}})) ==
        Approx(.4 * std::hypot(2.2, 1.3) + pi * .04).epsilon(.005));
  CHECK(area_of(area(ink::body, {{-1, -1}, {1.11, -1}, {-1, 1.2}})) == Approx(2.11 * 2.2 / 2).epsilon(.01));
  CHECK(area_of(line(ink::body, 0, {{-1, 0}, {1, .1}})) == Approx(2 * 1.5 / 50).epsilon(.05));  // a hairline
  CHECK(area_of(disc(ink::body, {0, -2}, 1)) == Approx(pi / 2).epsilon(.01));                   // not in the strip
  CHECK(area_of(disc(ink::body, {99, 99}, 1)) == 0);
  auto const picture =
      draws.drawn({area(ink::goal, {{-3, -2}, {-3, 2}, {0, 2}, {0, -2}}), disc(ink::body, {1, 1}, .5)});
  CHECK(picture.at(200, 50) == full);
  CHECK(picture.at(149, 199)[1] == (inks[std::size_t(ink::goal)].light >> 8 & 255));
  CHECK(picture.at(150, 199) == white);
  CHECK(picture.at(149, 200) == white);
  // A line has no darker places where its pieces meet, and what comes later is over what came before.
  CHECK(area_of(line(ink::body, .4, {{-1, 0}, {0, 0}, {1, 0}})) == area_of(line(ink::body, .4, {{-1, 0}, {1, 0}})));
  CHECK(draws.drawn({disc(ink::goal, {0, 0}, 1), disc(ink::body, {0, 0}, .5)}).at(150, 100) == full);
}

TEST_CASE("canvas: words are centered on their base line, captions are below the picture") {
  canvas draws({0, 4, 0, 2}, 400);
  auto bounds = [](pixels const& p) {  // left, right, top, bottom
    std::vector<int> all{9999, -1, 9999, -1};
    for (int y = 0; y < p.height; ++y)
      for (int x = 0; x < p.width; ++x)
        if (p.at(x, y)[0] < 200)
          all = {std::min(all[0], x), std::max(all[1], x), std::min(all[2], y), std::max(all[3], y)};
    return all;
  };
  auto const middle = bounds(draws.drawn({words(ink::scenery, {2, 1}, 1, "HIH")}));
  CHECK(std::abs(middle[0] + middle[1] - 400) < 30);
  CHECK(std::abs(middle[3] - 100) <= 6);
  CHECK(std::abs(middle[3] - middle[2] - 80) <= 2);  // capitals, and the width of their strokes
  auto const left = bounds(draws.drawn({}, "CartPole-v1")), right = bounds(draws.drawn({}, "", "step 7"));
  CHECK(left[0] < 16);
  CHECK(std::abs(right[0] - 200) < 5);
  for (auto const& below : {left, right}) CHECK(below[2] >= 200);
  CHECK(lettered("ab").width > lettered("i").width);
  CHECK(lettered("\xc3\xbc").width == lettered("?").width);
  CHECK(lettered(" ").strokes.empty());
  for (char c = '!'; c <= '~'; ++c)
    for (auto const& stroke : lettered(std::string(1, c)).strokes)
      for (point const p : stroke) CHECK((p.x >= 0 && p.x <= 4 / 6. && p.y >= -2 / 6. && p.y <= 7 / 6.));
}
