#include <cohort/statistics/improvement.hpp>
#include <cohort/statistics/profile.hpp>

#include "../catch.hpp"
#include "../support/golden.hpp"

using namespace cohort;

namespace {

golden::table const& recorded() {
  static golden::table const all = golden::read("statistics/rliable.txt");
  return all;
}

statistics::scores scores_of(std::string const& name, std::size_t runs) {
  auto const& values = golden::row(recorded(), name);
  std::vector<std::vector<double>> tasks;
  for (std::size_t i = 0; i < values.size(); i += runs) tasks.emplace_back(&values[i], &values[i] + runs);
  return statistics::scores::of_tasks(tasks);
}

void check_equal(std::vector<double> const& found, std::string const& name) {
  auto const& expected = golden::row(recorded(), name);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(name << ", " << i);
    CHECK(found[i] == Approx(expected[i]).epsilon(1e-12).margin(1e-15));
  }
}

/// What rliable drew, one number after the other.
struct replay {
  std::vector<double> const& drawn;
  std::size_t& next;
  std::uint32_t integer(std::uint32_t n) {
    auto const one = std::uint32_t(drawn.at(next++));
    REQUIRE(one < n);
    return one;
  }
};

constexpr int replicates = 60;

/// The intervals of a statistic, with what rliable drew, are those that rliable found.
template <class Statistic, class... Scores>
auto replayed(std::string const& name, Statistic statistic, bool tasks, Scores const&... samples) {
  auto const& drawn = golden::row(recorded(), name + "/drawn");
  std::size_t next = 0;
  auto const found = statistics::detail::bootstrap_with(
      statistic, {.replicates = replicates, .tasks = tasks}, [&](std::uint32_t) { return replay{drawn, next}; },
      samples...);
  CHECK(next == drawn.size());
  return found;
}
template <class Statistic, class... Scores>
void check_interval(std::string const& name, Statistic statistic, bool tasks, Scores const&... samples) {
  auto const [low, high] = replayed(name, statistic, tasks, samples...);
  check_equal({low, high}, name + "/interval");
}

}  // namespace

TEST_CASE("statistics: means, median of tasks, interquartile mean, optimality gap and profiles are rliable's") {
  auto const& taus = golden::row(recorded(), "taus");
  for (auto const& [name, runs] : {std::pair{"x", 5}, {"y", 4}}) {
    auto const all = scores_of(name, std::size_t(runs));
    auto const row = [&](char const* what) { return std::string(name) + "/" + what; };
    check_equal({statistics::mean(all)}, row("mean"));
    check_equal({statistics::median_of_tasks(all)}, row("median"));
    check_equal({statistics::interquartile_mean(all)}, row("iqm"));
    check_equal({statistics::optimality_gap(all)}, row("gap"));
    check_equal({statistics::optimality_gap(all, .5)}, row("gap_half"));
    check_equal(statistics::score_distribution(all, taus, {.replicates = 1}).shares, row("profile"));
    check_equal(statistics::average_score_distribution(all, taus, {.replicates = 1}).shares, row("average_profile"));
  }
  auto const x = scores_of("x", 5);
  statistics::scores const alone = x.task(0);
  check_equal({statistics::median_of_tasks(alone)}, "alone/median");
  check_equal({statistics::interquartile_mean(alone)}, "alone/iqm");
  check_equal({statistics::optimality_gap(alone)}, "alone/gap");
}

TEST_CASE("probability_of_improvement: over several tasks and unequal numbers of runs it is rliable's") {
  auto const x = scores_of("x", 5), y = scores_of("y", 4);
  check_equal({statistics::probability_of_improvement(x, y, {.replicates = 1}).probability}, "x_over_y");
  check_equal({statistics::probability_of_improvement(y, x, {.replicates = 1}).probability}, "y_over_x");
  check_equal({statistics::probability_of_improvement(x, x, {.replicates = 1}).probability}, "x_over_x");
}

TEST_CASE("bootstrap: with what rliable drew, intervals are rliable's: runs, tasks and runs, two samples, profiles") {
  auto const x = scores_of("x", 5), y = scores_of("y", 4);
  check_interval("iqm", [](auto& s) { return statistics::interquartile_mean(s); }, false, x);
  check_interval("gap", [](auto& s) { return statistics::optimality_gap(s); }, false, x);
  check_interval("tasks", [](auto& s) { return statistics::median_of_tasks(s); }, true, x);
  auto const found = statistics::detail::improvement_with(
      [](auto const& pairs, auto const& a, auto const& b) { return replayed("improvement", pairs, false, a, b); }, x,
      y);
  check_equal({found.between.low, found.between.high}, "improvement/interval");
  auto const& taus = golden::row(recorded(), "taus");
  std::vector<double> ends;
  for (auto const [low, high] :
       replayed("profile", [&](auto const& s) { return statistics::detail::shares_above(s.values(), taus); }, false, x))
    ends.insert(ends.end(), {low, high});
  check_equal(ends, "profile/interval");
}

TEST_CASE("profile: its bands hold its shares, fall with the threshold, and are those of a bootstrap by itself") {
  auto const x = scores_of("x", 5);
  auto const found = statistics::score_distribution(x, {0, .5, 1});
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(found.bands[i].low <= found.shares[i]);
    CHECK(found.shares[i] <= found.bands[i].high);
    if (i > 0) CHECK(found.bands[i].high <= found.bands[i - 1].high);
  }
  auto const share = [](statistics::scores& s) { return statistics::detail::shares_above(s.values(), {.5})[0]; };
  auto const alone = statistics::bootstrap(share, {.replicates = 2000}, x);
  CHECK(alone.low == found.bands[1].low);
  CHECK(alone.high == found.bands[1].high);
}
