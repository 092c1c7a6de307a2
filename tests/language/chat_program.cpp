// The programs that read and write texts, as a user meets them: a random model with a tokenizer of its own.
#ifdef COHORT_CHAT
#include <algorithm>
#include <cohort/language/tokenizer/regular_expression.hpp>
#include <sstream>

#include "../catch.hpp"
#include "../support/talking_model.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using support::encode_how;
using support::talking_model;

TEST_CASE("chat: answers are the model's to the conversation so far, by lines and by JSON") {
  talking_model model;
  std::string const open = "<|im_start|>user\n", close = "<|im_end|>\n<|im_start|>assistant\n";
  std::string const first = open + "Hi!" + close;
  auto const stop = language::read_text(model.folder).stop;
  auto const one = model.said(first, stop, 9, encode_how::chat, stored_type::f16);
  auto const two =
      model.said(first + one + "<|im_end|>\n" + open + "And?" + close, stop, 9, encode_how::chat, stored_type::f16);
  REQUIRE_FALSE(one.empty());

  auto const lines = model.run("cohort-chat", "--greedy --tokens 9", "Hi!\n\nAnd?\n");
  CAPTURE(lines.err);
  CHECK(lines.status == 0);
  CHECK(lines.out == one + "\n" + two + "\n");
  CHECK_THAT(lines.err, ContainsSubstring(" tokens read, "));

  auto const objects = model.run("cohort-chat", "--greedy --tokens 9 --json",
                                 R"({"content": "Hi!"})"
                                 "\n"
                                 R"({"content": "And?"})"
                                 "\n");
  std::istringstream out(objects.out);
  for (auto const& want : {one, two}) {
    std::string line;
    REQUIRE(std::getline(out, line));
    CHECK(json::parse(line) == json{{"role", "assistant"}, {"content", want}});
  }
}

TEST_CASE("chat: a conversation that is too long forgets its oldest turns, and what is wrong is one line") {
  talking_model model;
  std::string many;
  for (int k = 0; k < 8; ++k) many += "Tell me more!\n";
  auto const r = model.run("cohort-chat", "--greedy --tokens 5 --context 60", many);
  CHECK(r.status == 0);
  CHECK_THAT(r.err, ContainsSubstring("[the context is full: the oldest turns are forgotten]"));
  auto refused = [&](std::string const& arguments, std::string const& in, int status, std::string const& what) {
    auto const no = model.run("cohort-chat", arguments, in);
    CAPTURE(no.err);
    CHECK(no.status == status);
    CHECK(no.err.starts_with("cohort chat: "));
    CHECK_THAT(no.err, ContainsSubstring(what));
  };
  refused("--format klingon", "", 2, "--format is 'klingon', expected chatml, llama2");
  refused("--type q3", "", 2, "--type is 'q3', expected f32, f16, bf16 or q8_0");
  refused("--cache q8_0", "", 2, "--cache is 'q8_0', expected f32, f16 or bf16");
  refused("--cache f16 --double", "", 2, "--cache is 'f16' with --double");
  refused("--json", "Hi!\n", 1, "stdin, line 1");
  refused("--context 4", "Hi!\n", 1, "expected fewer than the context's 4");
  files::put(std::filesystem::path(model.folder) / "tokenizer_config.json", R"({"chat_template": "unheard of"})");
  refused("", "Hi!\n", 2, "--format chooses one");
}

TEST_CASE("generate, score: texts in the place of tokens") {
  talking_model model;
  std::string const text = "The quick brown fox";
  auto const want = model.said(text, language::read_text(model.folder).stop, 7, encode_how::text);
  CHECK(model.run("cohort-generate", "--prompt '" + text + "' --greedy --tokens 7").out == want + "\n");
  auto const lines = model.run("cohort-generate", "--lines --greedy --tokens 7 --json",
                               json{{"prompt", text}}.dump() + "\n" + json{{"ids", {1, 2, 3}}}.dump() + "\n");
  CAPTURE(lines.err);
  CHECK(json::parse(lines.out.substr(0, lines.out.find('\n'))).at("text") == want);
  CHECK(std::count(lines.out.begin(), lines.out.end(), '\n') == 2);
  auto const wrong = model.run("cohort-generate", "--lines", "{\"prompt\": 3}\n");
  CHECK(wrong.status == 1);
  CHECK_THAT(wrong.err, ContainsSubstring("stdin, line 1: has prompt 3, expected a text"));

  auto const matching =
      model.run("cohort-generate", "--prompt '" + text + "' --tokens 30 --samples 6 --regex '(yes|no){1,2}'");
  std::istringstream answers(matching.out);
  int count = 0;
  for (std::string line; std::getline(answers, line); ++count)
    CHECK(language::regular_expression("(yes|no){1,2}").matches(line));
  CHECK(count == 6);
  auto const unknown = model.run("cohort-generate", "--prompt a --regex 'a(?=b)'");
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.err, ContainsSubstring("--regex: the regular expression 'a(?=b)' has a look-ahead at byte 1"));

  auto const ids = language::read_text(model.folder).words.encode(text);
  auto const of_text = json::parse(model.run("cohort-score", "--stats", json{{"text", text}}.dump() + "\n").out),
             of_ids = json::parse(model.run("cohort-score", "", json{{"ids", ids}}.dump() + "\n").out);
  CHECK(of_text.at("ids").get<std::vector<std::int32_t>>() == ids);
  CHECK(of_text.at("logp") == of_ids.at("logp"));
}
#endif
