#include "../../examples/language/addition_task.hpp"
#include <cohort/error.hpp>
#include <map>
#include <set>
#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

using operands = std::pair<int, int>;
operands ordered(addition::sum const& s) { return std::minmax(s.a, s.b); }

random_stream draws_of(std::uint64_t seed) { return random_stream(stream_id{seed, draw_purpose::user}); }

reward_scores<2> reward_of(addition::sum const& s, std::string const& text) {
  auto tokens = addition::vocabulary().encode(text);
  return addition::rewards()(completion<addition::sum>{addition::prompt(s), text, tokens, false, s}, 0, 0);
}

int length(int n) { return int(std::to_string(n).size()); }

}  // namespace

TEST_CASE("addition: a prompt is the sum, a solution its digits from the ones on and then the answer") {
  REQUIRE(addition::prompt({123, 45}) == "123+45=");
  REQUIRE(addition::solution({123, 45}) == "<reasoning>861</reasoning><answer>168</answer>");
  REQUIRE(addition::solution({95, 5}) == "<reasoning>001</reasoning><answer>100</answer>");
  REQUIRE(addition::solution({0, 0}) == "<reasoning>0</reasoning><answer>0</answer>");
}

TEST_CASE(
    "addition: 1,000 sums of two or three digits are held out, a fifth of those of one digit; all of them different, "
    "operands swapped or not") {
  for (int digits : {1, 2, 3}) {
    addition::task task(digits);
    std::set<operands> different;
    for (auto const& s : task.held_out()) {
      different.insert(ordered(s));
      REQUIRE((s.a >= 0 && s.b >= 0 && length(s.a) <= digits && length(s.b) <= digits));
      REQUIRE(task.is_held_out(s));
      REQUIRE(task.is_held_out({s.b, s.a}));
    }
    REQUIRE(different.size() == (digits == 1 ? 11 : 1000));
    REQUIRE(task.held_out().size() == different.size());
  }
}

TEST_CASE("addition: besides the held-out sums, and those with their operands swapped, none counts as held out") {
  addition::task task(2);
  std::set<operands> held_out;
  for (auto const& s : task.held_out()) held_out.insert(ordered(s));
  for (int a = 0; a < 100; ++a)
    for (int b = 0; b < 100; ++b) REQUIRE(task.is_held_out({a, b}) == held_out.contains(ordered({a, b})));
}

// Philox and the choice, written a second time in Python.
TEST_CASE("addition: the held-out sums are these") {
  auto first = addition::task(1).held_out(), second = addition::task(2).held_out(),
       third = addition::task(3).held_out();
  REQUIRE(
      (first.front() == addition::sum{7, 7} && first[1] == addition::sum{3, 7} && first.back() == addition::sum{1, 5}));
  REQUIRE((second.front() == addition::sum{99, 18} && second[1] == addition::sum{65, 75} &&
           second.back() == addition::sum{84, 17}));
  REQUIRE((third.front() == addition::sum{264, 41} && third[1] == addition::sum{105, 313} &&
           third.back() == addition::sum{698, 791}));
}

TEST_CASE("addition: no sum of the training is held out, with its operands swapped or not") {
  for (int digits : {1, 2, 3}) {
    addition::task task(digits);
    std::set<operands> held_out;
    for (auto const& s : task.held_out()) held_out.insert(ordered(s));
    for (std::uint64_t seed : {1, 2, 3}) {
      auto draws = draws_of(seed);
      for (int i = 0; i < 20'000; ++i) REQUIRE(!held_out.contains(ordered(task.draw(draws))));
    }
  }
}

TEST_CASE("addition: one digit is drawn in all its sums but the held-out ones") {
  addition::task task(1);
  auto draws = draws_of(1);
  std::set<operands> drawn;
  for (int i = 0; i < 5000; ++i) {
    auto s = task.draw(draws);
    drawn.insert({s.a, s.b});
  }
  std::size_t held_out = 0;
  for (auto const& s : task.held_out()) held_out += s.a == s.b ? 1 : 2;
  REQUIRE(drawn.size() == 100 - held_out);  // one of them is missed once in e^45
}

TEST_CASE("addition: an operand's length is drawn as often as it is long, so all pairs of lengths occur") {
  addition::task task(3);
  auto draws = draws_of(1);
  std::map<operands, int> counts;
  constexpr int n = 90'000;
  for (int i = 0; i < n; ++i) {
    auto s = task.draw(draws);
    ++counts[{length(s.a), length(s.b)}];
  }
  REQUIRE(counts.size() == 9);
  // Five standard errors, 130 each at most, and 2 in a hundred of a pair's sums that may be held out.
  for (auto const& [lengths, count] : counts) {
    int const expected = n * lengths.first * lengths.second / 36;
    REQUIRE(std::abs(count - expected) < 5 * 130 + expected / 50);
  }
}

TEST_CASE("addition: the worked solution of every held-out sum is worth all that there is, and no other answer is") {
  addition::task task(3);
  for (auto const& s : task.held_out()) {
    auto found = reward_of(s, addition::solution(s));
    REQUIRE(found.parts == std::array{1., 1.});
    REQUIRE(found.total == 1.5);
  }
  addition::sum s{123, 45};
  REQUIRE(reward_of(s, "<reasoning>861</reasoning><answer>169</answer>").parts == std::array{1., 0.});
  REQUIRE(reward_of(s, "<reasoning></reasoning><answer>168</answer>").parts == std::array{1., 1.});
  REQUIRE(reward_of(s, "861<answer>168</answer>").parts == std::array{0., 1.});
  REQUIRE(reward_of(s, "<reasoning>861</reasoning><answer>168").parts == std::array{0., 0.});
}

TEST_CASE(
    "addition: every prompt and solution is tokens of the vocabulary, a tag one of them, within the lengths that the "
    "task names") {
  auto words = addition::vocabulary();
  for (int digits : {1, 2, 3}) {
    addition::task task(digits);
    std::size_t longest_prompt = 0, longest_solution = 0;
    auto draws = draws_of(digits);
    auto check = [&](addition::sum const& s) {
      auto prompt = words.encode(addition::prompt(s)), solution = words.encode(addition::solution(s));
      REQUIRE(words.decode(prompt) == addition::prompt(s));
      REQUIRE(words.decode(solution) == addition::solution(s));
      REQUIRE(solution.size() == 4 + 2 * std::size_t(length(s.a + s.b)));
      REQUIRE(solution.back() == words.stop());
      REQUIRE(std::count(solution.begin(), solution.end(), *words.stop()) == 1);
      longest_prompt = std::max(longest_prompt, prompt.size());
      longest_solution = std::max(longest_solution, solution.size());
    };
    for (auto const& s : task.held_out()) check(s);
    for (int i = 0; i < 5000; ++i) check(task.draw(draws));
    REQUIRE(int(longest_prompt) == task.longest_prompt());
    REQUIRE(int(longest_solution) == task.longest_solution());
  }
}

TEST_CASE("addition: numbers have one, two or three digits") {
  REQUIRE_THROWS_WITH(addition::task(0), ContainsSubstring("digits is 0"));
  REQUIRE_THROWS_AS(addition::task(4), value_error);
}
