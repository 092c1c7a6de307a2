#include <cohort/statistics/power.hpp>
#include <cohort/statistics/t_test.hpp>

#include "../catch.hpp"
#include "../support/golden.hpp"

using namespace cohort;

namespace {

golden::table const& recorded() {
  static golden::table const all = golden::read("statistics/tests.txt");
  return all;
}

template <class F>
void each_four(std::string const& name, F f) {
  auto const& row = golden::row(recorded(), name);
  REQUIRE(row.size() % 4 == 0);
  for (std::size_t i = 0; i < row.size(); i += 4) {
    INFO(name << " " << row[i] << " " << row[i + 1] << " " << row[i + 2] << " " << row[i + 3]);
    f(row[i], row[i + 1], row[i + 2], row[i + 3]);
  }
}

}  // namespace

TEST_CASE("two_sided_tail: is scipy's of Student's distribution, far out too") {
  each_four("tail", [](double t, double freedom, double noncentrality, double p) {
    CHECK(statistics::detail::two_sided_tail(t, freedom, noncentrality) == Approx(p).epsilon(1e-12));
  });
}

TEST_CASE("two_sided_tail: has closed forms with one and two degrees of freedom") {
  for (double t : {0., .01, 1., 3., 1e3, 1e6}) {
    CHECK(statistics::detail::two_sided_tail(t, 1) == Approx(2 / std::numbers::pi * std::atan2(1, t)).epsilon(1e-13));
    double const root = std::sqrt(2 + t * t);
    CHECK(statistics::detail::two_sided_tail(t, 2) == Approx(2 / (root * (root + t))).epsilon(1e-13));
  }
}

TEST_CASE("welch: t, degrees of freedom and p are scipy's") {
  for (int i = 0; i < 5; ++i) {
    auto const of = [&](char const* name) { return golden::row(recorded(), name + std::to_string(i)); };
    auto const expected = of("welch_");
    auto const found = statistics::welch(of("a_"), of("b_"));
    INFO(i);
    CHECK(found.t == Approx(expected[0]).epsilon(1e-12));
    CHECK(found.freedom == Approx(expected[1]).epsilon(1e-12));
    CHECK(found.p == Approx(expected[2]).epsilon(1e-11));
    auto const other = statistics::welch(of("b_"), of("a_"));
    CHECK(other.t == -found.t);
    CHECK(other.p == Approx(found.p).epsilon(1e-14));
  }
}

TEST_CASE("power_of_runs: is statsmodels'") {
  each_four("power", [](double effect, double runs, double alpha, double power) {
    statistics::difference const asked{.size = -3 * effect, .deviation = 3, .alpha = alpha, .power = .999};
    CHECK(statistics::power_of_runs(asked, std::int64_t(runs)) == Approx(power).epsilon(1e-9));
  });
}

TEST_CASE("seeds_needed: is what statsmodels finds, rounded up") {
  each_four("seeds", [](double effect, double alpha, double power, double runs) {
    CHECK(statistics::seeds_needed({.size = 20 * effect, .deviation = 20, .alpha = alpha, .power = power}) == runs);
  });
  CHECK(statistics::seeds_needed({.size = 1000, .deviation = 1}) == 2);
}
