#include <cohort/compare/text.hpp>
#include <cohort/compare/ticks.hpp>

#include "../../examples/program/exit_status.hpp"
#include "../../examples/program/memory.hpp"
#include "../catch.hpp"

using namespace cohort;

namespace {

std::vector<std::string> labels(comparing::axis const& axis) {
  std::vector<std::string> words;
  for (double const tick : axis.ticks()) words.push_back(axis.label(tick));
  return words;
}

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("text: numbers are written as people write them") {
  CHECK(comparing::thousands(0) == "0");
  CHECK(comparing::thousands(999) == "999");
  CHECK(comparing::thousands(1000) == "1,000");
  CHECK(comparing::thousands(1234567) == "1,234,567");
  CHECK(comparing::thousands(-123) == "-123");
  CHECK(comparing::thousands(-123456) == "-123,456");
  CHECK(comparing::fixed(-.01, 1) == "0.0");
  CHECK(comparing::fixed(-12.35, 1) == "-12.3");
  CHECK(program::binary_size(900) == "900 bytes");
  CHECK(program::binary_size(36'620) == "35.8 KiB");
  CHECK(program::binary_size(3. * (1ull << 40)) == "3.0 TiB");
  CHECK(comparing::duration(.02134) == "0.0213");
  CHECK(comparing::duration(4.618) == "4.62");
  CHECK(comparing::duration(128.4) == "128");
  CHECK(comparing::duration(0) == "0");
  CHECK(comparing::clock(65.4) == "1:05");
  CHECK(comparing::clock(7265) == "2:01:05");
}

TEST_CASE("text: an algorithm's name is shown as the field writes it") {
  CHECK(comparing::display_name("ppo") == "PPO");
  CHECK(comparing::display_name("hybrid_grpo") == "Hybrid GRPO");
}

TEST_CASE("text: HTML and line ends are made harmless") {
  CHECK(comparing::escape_html("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;");
  CHECK(program::one_line("first\nsecond\r\n") == "first second");
}

TEST_CASE("axis: ticks are 1, 2 or 5 times a power of ten, with just the digits that they need") {
  CHECK(labels({0, 100'000, 6}) == words{"0", "20k", "40k", "60k", "80k", "100k"});
  CHECK(labels({0, 3'000'000, 6}) == words{"0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M", "3.0M"});
  CHECK(labels({0, 5'000, 6}) == words{"0", "1k", "2k", "3k", "4k", "5k"});
  CHECK(labels({0, .105, 6}) == words{"0", "0.02", "0.04", "0.06", "0.08", "0.10"});
  CHECK(labels({-1580, 0, 4}) == words{"-1500", "-1000", "-500", "0"});
  CHECK(labels({0, 14.5, 6}) == words{"0", "2", "4", "6", "8", "10", "12", "14"});
}

TEST_CASE("axis: a range without extent still has ticks") {
  CHECK_FALSE(comparing::axis(0, 0, 6).ticks().empty());
  CHECK_FALSE(comparing::return_axis(475, 475).ticks().empty());
  CHECK_FALSE(comparing::return_axis(0, 0).ticks().empty());
}

TEST_CASE("return_axis: shows 0 where it is near, and holds all data") {
  CHECK(comparing::return_axis(9, 500).low == 0);
  CHECK(comparing::return_axis(9, 500).high > 500);
  CHECK(comparing::return_axis(-1500, -120).high == 0);
  CHECK(comparing::return_axis(-1500, -120).low < -1500);
  CHECK(comparing::return_axis(450, 500).low > 400);
  CHECK(comparing::return_axis(-20, 30).low < -20);
}

TEST_CASE("shown_range: one early dive to -2000 does not take the axis from the rest, and what must be shown is") {
  // Three curves of 21 evaluations, from -1250 to -150; one band dives at its second evaluation.
  std::vector<double> lows, highs;
  for (int curve = 0; curve < 3; ++curve)
    for (int k = 0; k <= 20; ++k) {
      double const median = -1250 + 55. * k;
      lows.push_back(median - 20), highs.push_back(median + 20);
    }
  std::vector<double> const always{-200, -1250, -150};
  auto const before = comparing::shown_range(lows, highs, always);
  CHECK(before[0] == -1270);
  CHECK(before[1] == -130);
  lows[1] = -2000;
  auto const after = comparing::shown_range(lows, highs, always);
  CHECK(after[0] >= -1270);
  CHECK(after[0] <= -1250);
  CHECK(after[1] == -130);
}

TEST_CASE("shown_range: a dive that lasts, or that is small, is shown") {
  std::vector<double> lows(40, -100), highs(40, 0);
  for (int k = 0; k < 4; ++k) lows[k] = -2000;
  CHECK(comparing::shown_range(lows, highs, {-50})[0] == -2000);
  std::vector<double> small(40, -100);
  small[0] = -115;
  CHECK(comparing::shown_range(small, highs, {-50})[0] == -115);
  CHECK(comparing::shown_range(std::vector<double>(40, -100), highs, {-500})[0] == -500);
}
