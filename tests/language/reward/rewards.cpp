#include <cohort/language/reward/rewards.hpp>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>
#include "../../catch.hpp"
#include "completions.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using reward_cases::row;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

auto always(std::optional<double> x) {
  return [x](completion<row> const&) { return x; };
}
struct answer_of_row {  // any row that has an answer
  template <class Row>
  int operator()(completion<Row> const& c) const {
    return c.row.answer;
  }
};
bool truncated(completion<row> const& c) { return c.truncated; }

template <class Set>
auto run(Set const& set, row const& r = {}, std::ptrdiff_t index = 0, std::ptrdiff_t number = 0) {
  return set(completion<row>{"1+1=", "2", {}, false, r}, index, number);
}

}  // namespace

TEST_CASE("rewards: the total is the sum of the weighted values, and each part is there without its weight") {
  rewards set{named_reward{"half", always(.5), 2.}, named_reward{"row", answer_of_row{}, -.25},
              named_reward{"plain", always(3)}};
  auto s = run(set, {.answer = 8});
  REQUIRE(s.parts == std::array{.5, 8., 3.});
  REQUIRE(s.total == 2 * .5 - .25 * 8 + 3);
  REQUIRE(set.names() == std::array<std::string, 3>{"half", "row", "plain"});
  REQUIRE(s.parts[set.index("row")] == 8);
}

TEST_CASE("rewards: what is absent is in no sum, and its part is NaN") {
  rewards set{named_reward{"first", always(.5), 2.}, named_reward{"absent", always(std::nullopt), 100.},
              named_reward{"zero", always(0)}};
  auto s = run(set);
  REQUIRE(s.total == 1);
  REQUIRE(s.parts[0] == .5);
  REQUIRE(std::isnan(s.parts[1]));
  REQUIRE(s.parts[2] == 0);
}

TEST_CASE("rewards: where all are absent so is the total, which is not 0") {
  REQUIRE(
      std::isnan(run(rewards{named_reward{"a", always(std::nullopt)}, named_reward{"b", always(std::nullopt)}}).total));
  REQUIRE(run(rewards{named_reward{"a", always(std::nullopt)}, named_reward{"b", always(0)}}).total == 0);
}

TEST_CASE(
    "rewards: a lambda, a function, a std::function and a template are rewards; of numbers of any kind, or optional "
    "ones") {
  std::function<double(completion<row> const&)> length = [](completion<row> const& c) { return double(c.text.size()); };
  rewards set{named_reward{"function", &truncated}, named_reward{"std::function", length},
              named_reward{"template", answer_of_row{}},
              named_reward{"lambda", [](auto const& c) -> std::optional<int> { return int(c.prompt.size()); }}};
  REQUIRE(run(set, {.answer = 7}).parts == std::array{0., 1., 7., 4.});
  static_assert(reward_for<answer_of_row, row> && reward_for<bool (*)(completion<row> const&), row>);
  static_assert(!reward_for<decltype(length), int>);
  static_assert(!reward_for<std::string (*)(completion<row> const&), row> &&
                !reward_for<char const* (*)(completion<row> const&), row>);
}

TEST_CASE("rewards: a reward that throws is a value_error that names it, the row and the completion") {
  auto throws = [](completion<row> const& c) -> double {
    throw std::runtime_error("no judge for " + std::string(c.prompt));
  };
  rewards set{named_reward{"fine", always(1)}, named_reward{"judge", throws}};
  REQUIRE_THROWS_AS(run(set, {}, 17, 3), value_error);
  REQUIRE_THROWS_WITH(run(set, {}, 17, 3), ContainsSubstring("\"judge\"") && ContainsSubstring("row 17") &&
                                               ContainsSubstring("completion 3 of its group") &&
                                               ContainsSubstring("no judge for 1+1="));
  auto throws_an_int = [](completion<row> const&) -> double { throw 5; };
  rewards other{named_reward{"judge", throws_an_int}};
  REQUIRE_THROWS_AS(run(other), value_error);
}

TEST_CASE(
    "rewards: a value that is NaN or infinite is a value_error that names the reward, the row and the completion, "
    "whatever its weight") {
  for (double x : {not_a_number, infinity, -infinity})
    for (double weight : {1., 0.}) {
      rewards set{named_reward{"fine", always(1)}, named_reward{"broken", always(x), weight}};
      REQUIRE_THROWS_AS(run(set, {}, 4, 2), value_error);
      REQUIRE_THROWS_WITH(run(set, {}, 4, 2), ContainsSubstring("\"broken\"") && ContainsSubstring("row 4") &&
                                                  ContainsSubstring("completion 2 of its group") &&
                                                  ContainsSubstring(std::isnan(x) ? "nan" : "inf"));
    }
}

TEST_CASE("rewards: a total too large for a double is a value_error, not an absent total") {
  rewards set{named_reward{"a", always(1e308), 10.}, named_reward{"b", always(-1e308), 10.}};
  REQUIRE_THROWS_WITH(run(set, {}, 4, 2), ContainsSubstring("total") && ContainsSubstring("row 4"));
}

TEST_CASE("rewards: names are there, and once each; weights are finite; and an unknown name is said to be unknown") {
  REQUIRE_THROWS_WITH(
      (rewards{named_reward{"a", always(1)}, named_reward{"b", always(1)}, named_reward{"a", always(1)}}),
      ContainsSubstring("two rewards are named \"a\""));
  REQUIRE_THROWS_WITH((rewards{named_reward{"a", always(1)}, named_reward{"", always(1)}}),
                      ContainsSubstring("reward 1 has no name"));
  REQUIRE_THROWS_WITH((rewards{named_reward{"a", always(1), not_a_number}}),
                      ContainsSubstring("the weight of \"a\" is nan"));
  REQUIRE_THROWS_WITH((rewards{named_reward{"a", always(1), infinity}}),
                      ContainsSubstring("the weight of \"a\" is inf"));
  REQUIRE_THROWS_WITH((rewards{named_reward{"a", always(1)}}.index("b")),
                      ContainsSubstring("no reward is named \"b\""));
}

TEST_CASE("rewards: a batch has the scores of its completions, and rewards that take a batch are given it whole") {
  struct at_once {
    int fails_at = -1;
    std::vector<std::optional<double>> batch(std::span<completion<row> const> all) const {
      if (fails_at >= 0) throw reward_failure("the judge left", std::size_t(fails_at));
      std::vector<std::optional<double>> values(all.size(), double(all.size()));
      values.back().reset();
      return values;
    }
    double operator()(completion<row> const&) const { return 1; }
  };
  row const a{.answer = 4}, b{.answer = 8};
  std::vector<completion<row>> const all{{"", "x", {}, false, a}, {"", "y", {}, true, b}, {"", "z", {}, false, b}};
  std::vector<sample_place> const where{{7, 0}, {7, 1}, {8, 0}};
  rewards set{named_reward{"row", answer_of_row{}, .5}, named_reward{"batch", at_once{}}};
  auto const scores = set.batch(std::span(all), where);
  REQUIRE(scores.size() == 3);
  CHECK(scores[0].parts == std::array{4., 3.});
  CHECK(scores[1].total == 7.);
  CHECK((scores[2].total == 4. && std::isnan(scores[2].parts[1])));
  CHECK(set(all[0], 7, 0).parts == std::array{4., 1.});
  CHECK(set.batch(std::span(all).first(0), {}).empty());

  rewards fails{named_reward{"row", answer_of_row{}}, named_reward{"judge", at_once{2}}};
  REQUIRE_THROWS_WITH(fails.batch(std::span(all), where),
                      ContainsSubstring("\"judge\"") && ContainsSubstring("row 8") &&
                          ContainsSubstring("completion 0 of its group") && ContainsSubstring("the judge left"));
  rewards broken{named_reward{"nan", always(not_a_number)}};
  REQUIRE_THROWS_WITH(broken.batch(std::span(all), where), ContainsSubstring("\"nan\" in row 7, completion 0"));
  REQUIRE_THROWS_WITH(set.batch(std::span(all), std::span(where).first(2)),
                      ContainsSubstring("3 completions have 2 places"));
}
