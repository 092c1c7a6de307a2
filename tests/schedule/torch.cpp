#include <cohort/optimizer/adam.hpp>
#include <cohort/schedule/curves.hpp>
#include <cohort/schedule/piecewise.hpp>
#include <cohort/schedule/warm_up.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"

using namespace cohort;

namespace {

/// Whether a schedule at 0, .02, ... 1 gives the rates that were recorded, to 1e-12.
template <class Schedule>
bool as_torch(char const* name, Schedule const& schedule, int first = 0) {
  auto const table = golden::read("optimizer/schedules.txt");
  auto const& rates = golden::row(table, name);
  REQUIRE(rates.size() == 51);
  for (int k = first; k <= 50; ++k)
    if (!(std::abs(at_progress(schedule, k / 50.) - rates[std::size_t(k)]) <= 1e-12 * rates[std::size_t(k)]))
      return false;
  return true;
}

}  // namespace

TEST_CASE(
    "schedules: linear, cosine, exponential, piecewise and warm_up are torch's schedulers over 50 steps, to 1e-12",
    "[golden]") {
  CHECK(as_torch("linear", linear{3e-3, 3e-4}));
  CHECK(as_torch("cosine", cosine{3e-3, 3e-4}));
  CHECK(as_torch("exponential", exponential{3e-3, 3e-5}));
  CHECK(as_torch("multi_step", piecewise{{{.2, 3e-3}, {.2, 3e-4}, {.8, 3e-4}, {.8, 3e-5}}}));
  CHECK(as_torch("warm_up_cosine", warm_up{.share = .2, .first = .25, .then = cosine{3e-3, 3e-4}}));
  CHECK_FALSE(as_torch("warm_up_cosine", warm_up{.share = .2, .first = .26, .then = cosine{3e-3, 3e-4}}));
}

TEST_CASE(
    "schedules: cosine and exponential are exact at both ends, in the middle the mean, the arithmetic and the "
    "geometric one") {
  CHECK(cosine{2, .5}(0) == 2);
  CHECK(cosine{2, .5}(1) == .5);
  CHECK(std::abs(cosine{2, .5}(.5) - 1.25) < 1e-15);
  CHECK(exponential{4, 1}(0) == 4);
  CHECK(exponential{4, 1}(1) == 1);
  CHECK(exponential{4, 1}(.5) == 2);
}

TEST_CASE("piecewise: straight lines between points, constant outside, and a jump where two have the same progress") {
  piecewise s{{{.25, 1}, {.5, 3}, {.5, -1}, {.75, -2}}};
  CHECK(s(0) == 1);
  CHECK(s(.25) == 1);
  CHECK(s(.375) == 2);
  CHECK(s(.5) == -1);
  CHECK(s(.625) == -1.5);
  CHECK(s(1) == -2);
  CHECK(piecewise{{{.3, 7}}}(.1) == 7);
}

TEST_CASE("warm_up: around a number, around another warm-up, of no length, and from 0") {
  CHECK(warm_up{.share = .5, .first = .5, .then = 8.}(.25) == 6);
  CHECK(warm_up{.share = .5, .first = 0, .then = 8.}(0) == 0);
  CHECK(warm_up{.share = .5, .then = 8.}(.5) == 8);
  CHECK(warm_up{.share = 0, .then = linear{1, 0}}(.25) == .75);
  CHECK(warm_up{.share = .5, .first = 1, .then = warm_up{.share = .5, .first = .5, .then = 4.}}(.625) == 3);
}

TEST_CASE("schedules: parameters out of their range are refused by name, with what was given") {
  CHECK_THROWS_WITH((warm_up{.share = 1, .then = 1.}(0)), "warm_up: share is 1, expected a number in [0, 1)");
  CHECK_THROWS_WITH((warm_up{.first = 1.5, .then = 1.}(0)), "warm_up: first is 1.5, expected a number in [0, 1]");
  CHECK_THROWS_WITH((cosine{1, std::nan("")}(0)), "cosine: to is nan, expected a finite number");
  CHECK_THROWS_WITH((linear{1 / 0., 1}(0)), "linear: from is inf, expected a finite number");
  CHECK_THROWS_WITH((linear{1, -1 / 0.}(1)), "linear: to is -inf, expected a finite number");
  CHECK_THROWS_WITH((piecewise{{{0, 1}, {1, 1 / 0.}}}(0)),
                    "piecewise: the value of a point is inf, expected a finite number");
  CHECK_THROWS_WITH((exponential{1, 0}(0)), "exponential: to is 0, expected a positive number");
  CHECK_THROWS_WITH((exponential{-1, 1}(0)), "exponential: from is -1, expected a positive number");
  CHECK_THROWS_WITH(piecewise{}(0), "piecewise: the number of points is 0, expected 1 or more");
  CHECK_THROWS_WITH(
      (piecewise{{{.5, 1}, {.4, 1}}}(0)),
      "piecewise: the progress of a point is 0.4, expected a number in [0, 1], not less than the one before");
  CHECK_THROWS_AS((piecewise{{{1.5, 1}}}(0)), value_error);
}

TEST_CASE(
    "schedules: an optimizer takes any of them as its rate, also one that begins with 0, but none that is negative or "
    "always 0") {
  CHECK_NOTHROW(optimizer_rate(warm_up{.first = 0, .then = cosine{1e-3, 0}}).check("here"));
  CHECK_NOTHROW(optimizer_rate(linear{0, 1e-3}).check("here"));
  CHECK_THROWS_WITH(optimizer_rate(linear{0, 0}).check("here"), "here: rate is 0, expected a positive number");
  CHECK_THROWS_WITH(optimizer_rate(linear{1, -1}).check("here"), "here: rate is -0.125, expected a positive number");
  CHECK_THROWS_WITH(optimizer_rate(std::numeric_limits<double>::infinity()).check("here"),
                    "here: rate is inf, expected a positive number");
  CHECK_THROWS_AS(optimizer_rate(exponential{1e-3, 0}).check("here"), value_error);
  CHECK(optimizer_rate(1)(.5) == 1);
  CHECK(optimizer_rate(warm_up{.share = .5, .then = linear{2, 0}})(.75) == 1);
  CHECK(optimizer_rate([](double p) { return 1 - p; })(.25) == .75);
  CHECK_THROWS_AS(optimizer_rate([](double p) { return -p; }).check("here"), value_error);
}
