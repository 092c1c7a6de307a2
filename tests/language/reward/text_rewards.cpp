#include <cohort/file/json.hpp>
#include <cohort/language/reward/accuracy.hpp>
#include <cohort/language/reward/language_share.hpp>
#include <cohort/language/reward/pattern.hpp>
#include <cohort/language/reward/same_text.hpp>
#include <cohort/language/reward/tag_count.hpp>
#include "../../catch.hpp"
#include "../../support/files.hpp"
#include "../../support/paths.hpp"
#include "../../support/refusal.hpp"
#include "completions.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using reward_cases::of_text;

TEST_CASE("same_text: normalizes as the original does", "[golden]") {
  auto const record = file::json::parse(files::get(paths::golden("reward/texts.json")));
  REQUIRE(record.at("normalized").size() > 10);
  for (auto const& one : record.at("normalized")) {
    CAPTURE(one[0].get<std::string>());
    CHECK(squad_normalized(one[0].get<std::string>()) == one[1].get<std::string>());
  }
  CHECK(same_text{}("The Eiffel Tower.", "eiffel  tower"));
  CHECK_FALSE(same_text{}("Eiffel", "eiffel tower"));
  CHECK(squad_normalized("\xff The \xc3") == "\xff \xc3");
}

TEST_CASE("tag_count: counts as the original does", "[golden]") {
  auto const record = file::json::parse(files::get(paths::golden("reward/texts.json")));
  REQUIRE(record.at("tags").size() > 50);
  for (auto const& one : record.at("tags")) {
    CAPTURE(one[0].get<std::string>());
    CHECK(of_text(tag_count{}, one[0].get<std::string>()).value() == Approx(one[1].get<double>()).margin(1e-12));
  }
  CHECK(tag_count{.tags = {.reasoning = "think"}}.count("<think>\nx\n</think>\n") == .25);
}

TEST_CASE("matches_pattern: all of the text or a part of it, as the pattern says") {
  CHECK(of_text(matches_pattern("a+"), "aaa") == 1.);
  CHECK(of_text(matches_pattern("a+"), "aab") == 0.);
  CHECK(of_text(matches_pattern("a+", match_where::part), "xaab") == 1.);
  CHECK(of_text(matches_pattern("a+", match_where::part), "xyz") == 0.);
  CHECK(of_text(matches_pattern("a.b"), "a\nb") == 0.);
  CHECK(of_text(matches_pattern("(?s)a.b"), "a\nb") == 1.);
  CHECK(of_text(matches_pattern("\\p{Han}+"), "\xe4\xb8\xad\xe6\x96\x87") == 1.);
  CHECK(of_text(matches_pattern("(?s).*"), "\xff") == 0.);
  CHECK_THAT(support::refusal([] { matches_pattern("a("); }),
             ContainsSubstring("matches_pattern: the pattern a( is none: "));
}

TEST_CASE("matched: what a pattern's first group has matched, first or last") {
  CHECK(matched("is ([a-z]+)")("it is b or is c") == "b");
  CHECK(matched("is ([a-z]+)", true)("it is b or is c") == "c");
  CHECK(matched("is ([a-z]+)")("none") == std::nullopt);
  CHECK(matched("(x*)", true)("xay") == "");
  CHECK(matched("a|(b)")("ab") == "b");
  CHECK_THAT(support::refusal([] { matched("a"); }), ContainsSubstring("has no group"));
  accuracy const reward{.expected = [](reward_cases::row const& r) { return r.answer; },
                        .extract = matched("answer is ([0-9]+)", true)};
  CHECK(of_text(reward, "The answer is 7.", reward_cases::row{7}) == 1.);
}

TEST_CASE("language_share: the share of the words, or letters, in the script") {
  language_share const latin;
  CHECK(latin.of("Two words, 7 digits and \xe4\xb8\xad\xe6\x96\x87!") == 4. / 5);
  CHECK(latin.of("caf\xc3\xa9 cafe\xcc\x81") == 1.);  // composed, and with a mark of its own
  CHECK(latin.of("mixed\xd0\xb6") == 0.);
  CHECK(latin.of("7 + 8 = 15 \\{\\}") == std::nullopt);
  CHECK(latin.of("") == std::nullopt);
  CHECK(latin.of("a\xff"
                 "b \xd0\xb6") == 2. / 3);
  language_share const han({"Han"}, share_of::letters);
  CHECK(han.of("\xe4\xb8\xad\xe6\x96\x87 ab c") == 2. / 5);
  // Katakana's sign of a long vowel is of the script Common, and so of none.
  CHECK(language_share({"Katakana"}, share_of::letters).of("\xe3\x82\xb3\xe3\x83\xbc\xe3\x83\x92\xe3\x83\xbc") == 1.);
  CHECK(language_share({"Hiragana", "Han"}, share_of::letters)
            .of("\xe6\x97\xa5\xe3\x81\xae"
                "x") == 2. / 3);
  language_share const thought({"Latin"}, share_of::words, between_tags{"think"});
  CHECK(of_text(thought, "<think>yes \xd0\xb4\xd0\xb0</think> \xd0\xb4\xd0\xb0") == .5);
  CHECK(of_text(thought, "yes") == std::nullopt);
  CHECK_THAT(support::refusal([] { language_share({"Klingon"}); }), ContainsSubstring("Klingon"));
  CHECK_THAT(support::refusal([] { language_share({"Latin}|x"}); }), ContainsSubstring("is no name of a script"));
  CHECK_THAT(support::refusal([] { language_share(std::vector<std::string>{}); }), ContainsSubstring("no script"));
}
