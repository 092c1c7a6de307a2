#include <cohort/schedule/schedule.hpp>
#include "../catch.hpp"

using namespace cohort;

namespace {

struct part {
  double number = 0;
};
/// A part with parts: it makes itself for the progress.
template <class Rate>
struct whole {
  Rate rate{};
  constexpr auto at(double progress) const { return whole<double>{cohort::at_progress(rate, progress)}; }
};

}  // namespace

TEST_CASE("schedule: a constant stays what it is") {
  STATIC_REQUIRE(constant_schedule{.25}(0) == .25);
  STATIC_REQUIRE(at_progress(constant_schedule{.25}, .7) == .25);
}

TEST_CASE("schedule: linear goes from one number to the other in a straight line, exact at both ends") {
  constexpr linear falls{1e-3, 0}, rises{-1, 3};
  STATIC_REQUIRE(falls(0) == 1e-3);
  STATIC_REQUIRE(falls(1) == 0);
  STATIC_REQUIRE(rises(0) == -1);
  STATIC_REQUIRE(rises(.25) == 0);
  STATIC_REQUIRE(rises(1) == 3);
  for (double p : {.1, .35, .9}) REQUIRE(falls(p) == Approx(1e-3 * (1 - p)).epsilon(1e-15));
}

TEST_CASE("schedule: a plain number is a schedule that does not change") {
  STATIC_REQUIRE(at_progress(.3, 0) == .3);
  STATIC_REQUIRE(at_progress(.3, 1) == .3);
}

TEST_CASE("schedule: a callable of one's own is one, too") {
  auto halves = [](double progress) { return progress < .5 ? 1. : .5; };
  REQUIRE(at_progress(halves, .2) == 1);
  REQUIRE(at_progress(halves, .8) == .5);
}

TEST_CASE("schedule: scheduled makes a component with the number of the moment") {
  constexpr auto changing = scheduled{linear{1, 0}, [](double x) { return part{.number = x}; }};
  STATIC_REQUIRE(at_progress(changing, 0).number == 1);
  STATIC_REQUIRE(at_progress(changing, .75).number == .25);
}

TEST_CASE("schedule: a component with at(progress) is what that returns, any other one itself") {
  STATIC_REQUIRE(at_progress(whole<linear>{{2, 0}}, .5).rate == 1);
  STATIC_REQUIRE(at_progress(part{3}, .5).number == 3);
}
