#include <cmath>
#include <cohort/language/reward/repetition.hpp>
#include <set>
#include "../../catch.hpp"
#include "completions.hpp"

using namespace cohort;
using namespace reward_cases;
using Catch::Matchers::ContainsSubstring;

using tokens = std::vector<std::int32_t>;

TEST_CASE("repetition: the penalty is scaled by the share of n-grams that were there before") {
  REQUIRE(of_tokens(repetition{.n = 1}, {1, 2, 1, 3}) == -.25);              // 1 2 3 of 4
  REQUIRE(of_tokens(repetition{.n = 2}, {1, 2, 1, 2, 1}) == -.5);            // 12 21 of 4
  REQUIRE(of_tokens(repetition{.n = 3}, {1, 2, 3, 1, 2, 3}) == -.25);        // 123 231 312 of 4
  REQUIRE(of_tokens(repetition{.n = 2, .penalty = -3}, {7, 7, 7}) == -1.5);  // 77 of 2
}

// The two examples of TRL's documentation.
TEST_CASE("repetition: the numbers of TRL's get_repetition_penalty_reward") {
  REQUIRE(of_tokens(repetition{.n = 2}, {1, 2, 3, 4}) == 0);
  REQUIRE(of_tokens(repetition{.n = 2}, {5, 5, 5, 5, 5}) == -.75);
  REQUIRE(repetition{}.n == 3);
  REQUIRE(repetition{}.penalty == -1);
}

TEST_CASE("repetition: without a repeated n-gram, and with fewer tokens than n, it is 0 and not -0") {
  for (auto const& text : {tokens{}, tokens{1}, tokens{1, 1}, tokens{1, 1, 1}, tokens{1, 2, 1, 2}}) {
    REQUIRE(of_tokens(repetition{.n = 3}, text) == 0);
    REQUIRE(!std::signbit(of_tokens(repetition{.n = 3}, text)));
  }
}

TEST_CASE("repetition: on texts of a few tokens, with every n, it is what a set of n-grams counts") {
  unsigned state = 1;
  for (int n = 1; n <= 5; ++n)
    for (int length : {1, 4, 5, 17, 60}) {
      tokens text(length);
      for (auto& token : text) token = int((state = state * 1103515245 + 12345) >> 16) % 3 - 1;
      std::set<tokens> grams;
      for (int i = 0; i + n <= length; ++i) grams.insert(tokens(text.begin() + i, text.begin() + i + n));
      int all = std::max(0, length - n + 1);
      double expected = all ? -.5 * (1 - double(grams.size()) / all) : 0;
      REQUIRE(of_tokens(repetition{.n = n, .penalty = -.5}, text) == Approx(expected).margin(1e-15));
    }
}

TEST_CASE("repetition: an n below 1 and a penalty that rewards are value_errors") {
  REQUIRE_THROWS_WITH(of_tokens(repetition{.n = 0}, {1, 2}), ContainsSubstring("n is 0"));
  REQUIRE_THROWS_WITH(of_tokens(repetition{.penalty = .5}, {1, 2}), ContainsSubstring("penalty is 0.5"));
  REQUIRE_THROWS_AS(of_tokens(repetition{.penalty = -INFINITY}, {1, 2}), value_error);
}
