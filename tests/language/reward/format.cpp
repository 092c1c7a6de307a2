#include <cohort/language/reward/format.hpp>
#include "../../catch.hpp"
#include "completions.hpp"

using namespace cohort;
using namespace reward_cases;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("strict_format: the published format is worth 1, with a line break at the end and without") {
  for (std::string text : {"<reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer>",
                           "<reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer>\n",
                           "<reasoning>\nso,\n\nby lines\n</reasoning>\n<answer>\n7 <b>\n</answer>\n",
                           "<reasoning>\n\n</reasoning>\n<answer>\n\n</answer>"})
    REQUIRE(of_text(strict_format{}, text) == 1.);
}

TEST_CASE("strict_format: other white space, text before or after, a missing, repeated or misplaced tag are worth 0") {
  for (std::string text :
       {"", "7", "<reasoning>so</reasoning><answer>7</answer>",
        "<reasoning>\nso\n</reasoning>\n\n<answer>\n7\n</answer>",
        "<reasoning>\nso\n</reasoning> <answer>\n7\n</answer>", "<reasoning> so\n</reasoning>\n<answer>\n7\n</answer>",
        "<reasoning>\nso\n</reasoning>\n<answer>7</answer>", " <reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer>",
        "<reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer>\n\n",
        "<reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer> so there",
        "<reasoning>\nso\n</reasoning>\n<answer>\n7\n", "so\n</reasoning>\n<answer>\n7\n</answer>",
        "<reasoning>\nso\n<reasoning>\n</reasoning>\n<answer>\n7\n</answer>",
        "<reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer>\n<answer>\n8\n</answer>",
        "<reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer>\n</answer>",
        "<answer>\n7\n</answer>\n<reasoning>\nso\n</reasoning>",
        "<Reasoning>\nso\n</Reasoning>\n<answer>\n7\n</answer>",
        "<reasoning>\nso\n</reasoning>\n<answer>\n</answer>"}) {
    CAPTURE(text);
    REQUIRE(of_text(strict_format{}, text) == 0.);
  }
}

TEST_CASE(
    "strict_format: with tag_space::none no white space stands around a tag but what is a part of the text between "
    "tags") {
  strict_format format{{.space = tag_space::none}};
  REQUIRE(of_text(format, "<reasoning>861</reasoning><answer>168</answer>") == 1.);
  REQUIRE(of_text(format, "<reasoning></reasoning><answer></answer>") == 1.);
  REQUIRE(of_text(format, "<reasoning>\n861\n</reasoning><answer>\n168\n</answer>") == 1.);
  REQUIRE(of_text(format, "<reasoning>861</reasoning>\n<answer>168</answer>") == 0.);
  REQUIRE(of_text(format, "<reasoning>861</reasoning><answer>168</answer>\n") == 0.);
  REQUIRE(of_text(format, "<reasoning>861</reasoning><answer>168</answer></answer>") == 0.);
}

TEST_CASE("strict_format: with tag_space::any any white space may stand around tags, but nothing else") {
  strict_format format{{.space = tag_space::any}};
  REQUIRE(of_text(format, "<reasoning>\nso\n</reasoning>\n<answer>\n7\n</answer>\n") == 1.);
  REQUIRE(of_text(format, " <reasoning> so </reasoning>\r\n\t<answer>7</answer> \n\n") == 1.);
  REQUIRE(of_text(format, "<reasoning>so</reasoning>, thus <answer>7</answer>") == 0.);
  REQUIRE(of_text(format, "<reasoning>so</reasoning><answer>7</answer>.") == 0.);
}

TEST_CASE("soft_format: the tags in their order are worth 1, whatever stands around them") {
  REQUIRE(of_text(soft_format{}, "<reasoning>so</reasoning><answer>7</answer>") == 1.);
  REQUIRE(of_text(soft_format{}, "Well:\n<reasoning>\nso\n</reasoning>,\nthus\n<answer>\n7\n</answer>\nI hope.") == 1.);
  REQUIRE(of_text(soft_format{}, "<answer><reasoning>so</reasoning><answer>7</answer>") == 1.);
}

TEST_CASE("soft_format: tags in another order, or one missing, are worth 0") {
  for (std::string text : {"", "<answer>7</answer><reasoning>so</reasoning>", "<reasoning>so</reasoning><answer>7",
                           "<reasoning>so<answer>7</answer></reasoning>", "reasoning so /reasoning answer 7 /answer"}) {
    CAPTURE(text);
    REQUIRE(of_text(soft_format{}, text) == 0.);
  }
}

TEST_CASE("formats: the names of the tags are parameters, and mean themselves, not patterns") {
  format_tags tags{.reasoning = "th.nk", .answer = "r\xC3\xA9ponse"};
  REQUIRE(of_text(strict_format{tags}, "<th.nk>\nso\n</th.nk>\n<r\xC3\xA9ponse>\n7\n</r\xC3\xA9ponse>") == 1.);
  REQUIRE(of_text(strict_format{tags}, "<think>\nso\n</think>\n<r\xC3\xA9ponse>\n7\n</r\xC3\xA9ponse>") == 0.);
  REQUIRE(of_text(soft_format{tags}, "<th.nk>so</th.nk> <r\xC3\xA9ponse>7</r\xC3\xA9ponse>") == 1.);
  REQUIRE(of_text(soft_format{tags}, "<think>so</think> <r\xC3\xA9ponse>7</r\xC3\xA9ponse>") == 0.);
}

TEST_CASE("formats: between the tags any bytes are text, zeros and malformed UTF-8 too") {
  using namespace std::string_literals;
  REQUIRE(of_text(strict_format{}, "<reasoning>\n\0\xFF\xC3\n</reasoning>\n<answer>\n\x80\n</answer>"s) == 1.);
  REQUIRE(of_text(soft_format{}, "\xFF<reasoning>\0</reasoning>\0<answer>\xC3</answer>"s) == 1.);
}

TEST_CASE("formats: a copy matches as its original does, after that is gone") {
  auto original = std::make_unique<strict_format>(format_tags{.space = tag_space::none});
  strict_format copy = *original;
  original.reset();
  REQUIRE(copy.matches("<reasoning></reasoning><answer></answer>"));
}

TEST_CASE("formats: a tag without a name, with brackets in it, or named as the other one is a value_error") {
  REQUIRE_THROWS_WITH(strict_format({.reasoning = ""}), ContainsSubstring("strict_format: a tag is named \"\""));
  REQUIRE_THROWS_WITH(soft_format({.answer = "<answer>"}),
                      ContainsSubstring("soft_format: a tag is named \"<answer>\""));
  REQUIRE_THROWS_WITH(soft_format({.answer = "/answer"}), ContainsSubstring("named \"/answer\""));
  REQUIRE_THROWS_AS(strict_format({.reasoning = "answer"}), value_error);
  // A pattern that RE2 does not take would fit no text.
  REQUIRE_THROWS_WITH(strict_format({.reasoning = std::string(400'000, 'r')}),
                      ContainsSubstring("strict_format: tags of 400000 and 6 letters make no pattern"));
}
