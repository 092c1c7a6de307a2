#include <cohort/language/reward/accuracy.hpp>
#include <utility>
#include "../../catch.hpp"
#include "completions.hpp"

using namespace cohort;
using reward_cases::of_text;

namespace {

struct question {
  std::string answer;
};
auto const expected = [](question const& q) { return q.answer; };

bool right(std::string const& given, std::string const& wanted, bool thousands_commas = false) {
  accuracy reward{.expected = expected, .same = same_decimal{thousands_commas}};
  auto value = of_text(reward, "<answer>" + given + "</answer>", question{wanted});
  REQUIRE((value == 0. || value == 1.));
  return *value == 1;
}

}  // namespace

TEST_CASE("accuracy: numbers are compared as numbers") {
  using pair = std::pair<char const*, char const*>;
  for (auto [x, y] : {pair{"7", "7"},
                      {"007", "7"},
                      {"3.0", "3"},
                      {" 3.\n", "3"},
                      {".50", "0.5"},
                      {"+7", "7"},
                      {"-0", "0"},
                      {"0.00", "-000"},
                      {"-1.20", "-01.2"},
                      {"1e3", "1000"},
                      {"1.5E-1", "0.15"},
                      {"120e-1", "12"},
                      {"0e99", "0"},
                      {"100", "1e+2"}}) {
    CAPTURE(x, y);
    REQUIRE((right(x, y) && right(y, x)));
  }
  for (auto [x, y] : {pair{"7", "8"},
                      {"7", "70"},
                      {"0.7", "7"},
                      {"-7", "7"},
                      {"1e3", "1e4"},
                      {"100", "1"},
                      {"10", "1e2"},
                      {"0", "1"}}) {
    CAPTURE(x, y);
    REQUIRE((!right(x, y) && !right(y, x)));
  }
}

TEST_CASE("accuracy: the comparison is exact, also where doubles are not") {
  REQUIRE(!right("12345678901234567890123", "12345678901234567890124"));
  REQUIRE(right("12345678901234567890123", "0012345678901234567890123.000"));
  REQUIRE(!right("0.1", "0.1000000000000000055511151231257827"));
  REQUIRE(!right("1e400", "2e400"));
}

TEST_CASE("accuracy: what is no number is compared as text, without the white space around it") {
  REQUIRE(right(" Paris\n", "Paris"));
  REQUIRE(!right("paris", "Paris"));
  REQUIRE(!right("New  York", "New York"));
  REQUIRE(right("1/2", "1/2"));
  REQUIRE(right("", " "));
  for (char const* text :
       {"7 apples", "7 8", "7..0", ".", "+", "--7", "7e", "7e+", "0x7", "7,", "1e9999999999", "nan", "e7", "- 7"}) {
    CAPTURE(text);
    REQUIRE(right(text, text));
    REQUIRE(!right(text, "7"));
  }
}

TEST_CASE("accuracy: commas between thousands are read where that is asked for, and only between thousands") {
  REQUIRE(!right("1,000", "1000"));
  REQUIRE(right("1,000", "1000", true));
  REQUIRE(right("1000", "1,000.0", true));
  REQUIRE(right("-12,345,678.90", "-12345678.9", true));
  REQUIRE(right("1,000", "1,000"));
  for (char const* text : {"1,00", "1,0000", "1000,000", ",000", "10,00,000", "1,000,", "1.000,000"}) {
    CAPTURE(text);
    REQUIRE(!right(text, "1000", true));
    REQUIRE(!right(text, "1000000", true));
    REQUIRE(!right(text, "100", true));
  }
}

TEST_CASE("accuracy: the answer is between the last pair of tags, and without a pair there is none") {
  accuracy reward{.expected = expected};
  auto value = [&](std::string_view text) { return of_text(reward, text, question{"7"}); };
  REQUIRE(value("<reasoning>1+6</reasoning><answer>7</answer>") == 1.);
  REQUIRE(value("<answer>8</answer> no, <answer>7</answer>") == 1.);
  REQUIRE(value("<answer>7</answer> no, <answer>8</answer>") == 0.);
  REQUIRE(value("<answer>7</answer> or <answer>8") == 1.);
  REQUIRE(value("<answer>7</answer> or</answer>") == 1.);
  REQUIRE(value("<answer>8<answer>7</answer>") == 1.);
  for (char const* text : {"", "7", "<answer>7", "7</answer>", "</answer>7<answer>", "<Answer>7</Answer>"})
    REQUIRE(value(text) == 0.);
}

TEST_CASE("accuracy: without a pair of tags even an empty expectation is missed") {
  REQUIRE(of_text(accuracy{.expected = expected}, "", question{""}) == 0.);
}

TEST_CASE("accuracy: the tag and the way to find the answer are parameters") {
  REQUIRE(of_text(accuracy{.expected = expected, .extract = between_tags{.tag = "result"}}, "<result>7</result>",
                  question{"7"}) == 1.);
  auto after_hashes = [](std::string_view text) -> std::optional<std::string_view> {
    auto at = text.rfind("####");
    return at == text.npos ? std::nullopt : std::optional{text.substr(at + 4)};
  };
  accuracy reward{.expected = expected, .extract = after_hashes};
  REQUIRE(of_text(reward, "3 and 4 are #### 7", question{"7"}) == 1.);
  REQUIRE(of_text(reward, "7", question{"7"}) == 0.);
}

TEST_CASE("accuracy: the expected answer may be an integer, a floating-point number or a text") {
  struct row {};
  row r;
  auto value = [&](auto answer, char const* given) {
    return of_text(accuracy{.expected = [=](row const&) { return answer; }}, given, r) == 1.;
  };
  REQUIRE(value(7, "<answer>07</answer>"));
  REQUIRE(value(std::int64_t{-9007199254740993}, "<answer>-9007199254740993</answer>"));
  REQUIRE(!value(std::int64_t{-9007199254740993}, "<answer>-9007199254740992</answer>"));
  REQUIRE(value(.1, "<answer>0.10</answer>"));
  REQUIRE(value(.1f, "<answer>0.1</answer>"));
  REQUIRE(value(1e22, "<answer>10000000000000000000000</answer>"));
  REQUIRE(value("seven", "<answer>seven</answer>"));
  REQUIRE(value(std::string_view("7.0"), "<answer>7</answer>"));
}

TEST_CASE("accuracy: where a row expects nothing it says nothing") {
  accuracy reward{
      .expected = [](reward_cases::row const& r) { return r.answer ? std::optional(r.answer) : std::nullopt; }};
  REQUIRE(of_text(reward, "<answer>7</answer>", reward_cases::row{0}) == std::nullopt);
  REQUIRE(of_text(reward, "<answer>7</answer>", reward_cases::row{7}) == 1.);
  REQUIRE(of_text(reward, "<answer>7</answer>", reward_cases::row{8}) == 0.);
}

TEST_CASE("accuracy: it is a reward of the rows that its expectation takes, and of no others") {
  accuracy reward{.expected = expected};
  static_assert(reward_for<decltype(reward), question> && !reward_for<decltype(reward), int>);
  REQUIRE(of_text(reward, "<answer>7</answer>", question{"7"}) == 1.);
}
