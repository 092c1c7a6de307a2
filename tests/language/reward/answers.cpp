#include <cohort/language/reward/accuracy.hpp>
#include <utility>
#include <vector>
#include "../../catch.hpp"
#include "completions.hpp"

using namespace cohort;
using reward_cases::of_text;

namespace {

void all_same(auto const& same, std::vector<char const*> const& texts) {
  for (auto const* x : texts)
    for (auto const* y : texts) {
      CAPTURE(x, y);
      CHECK(same(x, y));
    }
}
void all_other(auto const& same, std::vector<char const*> const& texts) {
  for (std::size_t i = 0; i < texts.size(); ++i)
    for (std::size_t j = 0; j < texts.size(); ++j) {
      CAPTURE(texts[i], texts[j]);
      CHECK(same(texts[i], texts[j]) == (i == j));
    }
}

}  // namespace

TEST_CASE("same_number: a number is the same however it is written") {
  same_number const same;
  all_same(same, {"0.75", "3/4", " 3 / 4 ", "\\frac{3}{4}", "\\dfrac34", "\\tfrac{ 3 } {4}", "75%", "75\\%", "$3/4$",
                  "\\(\\frac{-3}{-4}\\)", "-\\frac{-3}{4}", "-3/-4", "7.5e-1", "\\text{0.75}", "$$ .750 $$", "0.75000",
                  "\\frac{1.5}{2}", "6/8", "$\\mathrm{3/4}$"});
  all_same(same, {"1.75", "1 3/4", "1\\frac{3}{4}", "7/4", "+1 \\dfrac{3}{4}", "175%", "\\[1.75\\]"});
  all_same(same, {"-1.75", "-1 3/4", "-1\\frac34", "-7/4", "7/-4", "-\\frac{7}{4}", "\\frac{-7}{4}", "\\frac{7}{-4}"});
  all_same(same,
           {"1000", "1,000", "1{,}000", "1\\,000", "1\\!000", "\\$1,000.00", "$1000", "1e3", "100000%", "2000/2"});
  all_same(same, {"0", "-0", "0/7", "\\frac{0}{3}", "0%", "-0.00", "0 0/5"});
  all_other(same, {"3/4",
                   "4/3",
                   "-3/4",
                   "3",
                   "34",
                   "3.4",
                   "0.7500000000000000000000000001",
                   "75",
                   "3/0",
                   "\\frac{3}{}",
                   "\\frac{3",
                   "1 3/4",
                   "13/4",
                   "3/4/1",
                   "\\sqrt{4}",
                   "x=3",
                   "%",
                   "",
                   "1/3",
                   "0.333333333333333333"});
  CHECK_FALSE(same("1.5 1/2", "2"));
  CHECK_FALSE(same("-1 -3/4", "-1.75"));
  CHECK(same("x + 1", "\\(x + 1\\)"));
  CHECK_FALSE(same_number{.percent = false}("50%", "0.5"));
  CHECK_FALSE(same_number{.thousands_commas = false}("1,000", "1000"));
}

TEST_CASE("same_number: it is exact with hundreds of digits, and what is longer than a thousand characters is a text") {
  same_number const same;
  std::string const nines(300, '9'), one = "1" + std::string(300, '0');
  CHECK(same(nines + "/" + one, "0." + nines));
  CHECK_FALSE(same(nines + "/" + one, "1"));
  CHECK(same("1 1/" + nines, one + "/" + nines));  // (10^300 - 1 + 1) / (10^300 - 1)
  std::string const long_one = "1." + std::string(2000, '0');
  CHECK(same(long_one, long_one));
  CHECK_FALSE(same(long_one, "1"));
}

TEST_CASE("same_choice: a choice is its letter") {
  same_choice const same;
  all_same(same, {"B", "b", "(B)", "b)", "[B]", "B.", "B: Paris", "**B**", "\\text{(B)}", "(b) Paris", " B ", "$B$",
                  "**(B)** Paris", "B, Paris"});
  for (char const* none : {"", "A dog", "Paris", "7", "(", "**", "Ba", "B Paris"}) {
    CAPTURE(none);
    CHECK(same.letter(none) == std::nullopt);
    CHECK_FALSE(same(none, none));
  }
  CHECK_FALSE(same("A", "B"));
  CHECK(same_choice{.last = 'D'}.letter("D") == 'D');
  CHECK(same_choice{.last = 'D'}.letter("E") == std::nullopt);
}

TEST_CASE("boxed: what is in the last box whose braces are closed, braces within it included") {
  using pair = std::pair<char const*, std::optional<std::string_view>>;
  for (auto const& [text, inside] : {pair{"so \\boxed{7}.", "7"},
                                     {"\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"},
                                     {"\\boxed{8} no \\boxed{7}", "7"},
                                     {"\\boxed{7} and \\boxed{8", "7"},
                                     {"\\fbox{7}", "7"},
                                     {"\\boxed {7}", "7"},
                                     {"\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"},
                                     {"\\boxed{\\boxed{7}}", "7"},
                                     {"\\boxed{}", ""},
                                     {"\\boxed 7", std::nullopt},
                                     {"boxed{7}", std::nullopt},
                                     {"\\boxed", std::nullopt},
                                     {"\\", std::nullopt},
                                     {"", std::nullopt}}) {
    CAPTURE(text);
    CHECK(boxed{}(text) == inside);
  }
}

TEST_CASE("last_number, after_marker and first_found: where an answer may be") {
  using pair = std::pair<char const*, std::optional<std::string_view>>;
  for (auto const& [text, number] : {pair{"3 and 4 are 7.", "7"},
                                     {"it costs $1,234.50, all in all", "1,234.50"},
                                     {"so -5", "-5"},
                                     {"7-3", "3"},
                                     {"f(x)-3", "3"},
                                     {"about .5", ".5"},
                                     {"1, 2", "2"},
                                     {"none", std::nullopt},
                                     {"", std::nullopt}}) {
    CAPTURE(text);
    CHECK(last_number{}(text) == number);
  }
  CHECK(after_marker{}("#### 6\n#### 7 \nmore") == " 7 ");
  CHECK(after_marker{}("7") == std::nullopt);
  CHECK(after_marker{""}("7") == std::nullopt);
  first_found const any{boxed{}, after_marker{}, last_number{}};
  CHECK(any("1 #### 2 \\boxed{3} 4") == "3");
  CHECK(any("1 #### 2\n4") == " 2");
  CHECK(any("1 4") == "4");
  CHECK(any("none") == std::nullopt);
}

TEST_CASE("accuracy: extraction and comparison are parts of it") {
  struct row {
    std::optional<std::string> answer;
  };
  accuracy const reward{.expected = [](row const& r) { return r.answer; }, .extract = boxed{}, .same = same_number{}};
  CHECK(of_text(reward, "It is \\boxed{\\frac{3}{4}}.", row{"0.75"}) == 1.);
  CHECK(of_text(reward, "It is \\boxed{\\frac{3}{5}}.", row{"0.75"}) == 0.);
  CHECK(of_text(reward, "It is 0.75.", row{"0.75"}) == 0.);
  CHECK(of_text(reward, "It is 0.75.", row{}) == std::nullopt);
  accuracy const of_numbers{
      .expected = [](row const&) { return .75; }, .extract = last_number{}, .same = same_number{}};
  CHECK(of_text(of_numbers, "0.750", row{}) == 1.);
}
