// The program serve, asked as OpenAI's clients ask.
#ifdef COHORT_SERVE
#include <cohort/language/tokenizer/regular_expression.hpp>

#include "../catch.hpp"
#include "../support/http.hpp"
#include "../support/served_port.hpp"
#include "../support/talking_model.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using support::encode_how;
using support::talking_model;

namespace {

/// The talking model, served on a port that was free.
struct served : talking_model {
  running_program program{here.path,
                          paths::program("cohort-serve"),
                          {"--model", folder, "--port", "0", "--name", "talker", "--most-tokens", "40"}};
  int port = support::served_port(program, here.path);
  support::http_answer post(std::string const& path, json const& body) const {
    return support::ask(port, "POST", path, body.dump());
  }
  json good(std::string const& path, json const& body) const {
    auto const answer = post(path, body);
    CAPTURE(answer.body);
    REQUIRE(answer.status == 200);
    return json::parse(answer.body);
  }
  void refused(std::string const& path, json const& body, std::string const& what) const {
    auto const answer = post(path, body);
    CAPTURE(answer.body, body.dump());
    REQUIRE(answer.status == 400);
    CHECK_THAT(json::parse(answer.body).at("error").at("message").get<std::string>(), ContainsSubstring(what));
  }
};

}  // namespace

TEST_CASE("serve: completions, with log-probabilities, of texts and of tokens") {
  served s;
  std::string const text = "The quick brown fox";
  auto const ids = language::read_text(s.folder).words.encode(text);
  auto const want = s.said(text, language::read_text(s.folder).stop, 7, encode_how::text);
  auto const one =
      s.good("/v1/completions", {{"prompt", text}, {"temperature", 0}, {"max_tokens", 7}, {"logprobs", 3}});
  CHECK(one.at("object") == "text_completion");
  CHECK(one.at("model") == "talker");
  auto const& choice = one.at("choices").at(0);
  CHECK(choice.at("text") == want);
  auto const& scores = choice.at("logprobs");
  auto const tokens = scores.at("token_ids").get<std::vector<std::int32_t>>();
  CHECK(one.at("usage") == json{{"prompt_tokens", ids.size()},
                                {"completion_tokens", tokens.size()},
                                {"total_tokens", ids.size() + tokens.size()}});
  for (auto const& best : scores.at("top_logprobs")) CHECK(best.size() <= 3);  // two tokens may be one text

  // The greedy token is the most probable one, and what score says of prompt and completion is what echo says.
  auto series = ids;
  series.insert(series.end(), tokens.begin(), tokens.end());
  auto const scored = json::parse(s.run("cohort-score", "", json{{"ids", series}}.dump() + "\n").out).at("logp");
  auto const echo = s.good("/v1/completions", {{"prompt", series}, {"max_tokens", 0}, {"echo", true}, {"logprobs", 1}});
  auto const& of_echo = echo.at("choices").at(0).at("logprobs").at("token_logprobs");
  REQUIRE(of_echo.size() == series.size());
  CHECK(of_echo.at(0).is_null());
  for (std::size_t t = 1; t < series.size(); ++t)
    CHECK(std::abs(of_echo.at(t).get<double>() - scored.at(t - 1).get<double>()) < 1e-4);
  for (std::size_t t = 0; t < tokens.size(); ++t)
    CHECK(std::abs(scores.at("token_logprobs").at(t).get<double>() - scored.at(ids.size() - 1 + t).get<double>()) <
          1e-4);

  auto const several = s.good(
      "/v1/completions", {{"prompt", {text, "And"}}, {"n", 2}, {"max_tokens", 5}, {"seed", 3}, {"temperature", 1.5}});
  CHECK(several.at("choices").size() == 4);
  CHECK(several.at("choices") ==
        s.good("/v1/completions",
               {{"prompt", {text, "And"}}, {"n", 2}, {"max_tokens", 5}, {"seed", 3}, {"temperature", 1.5}})
            .at("choices"));
}

TEST_CASE("serve: a stop text ends a completion, also between tokens and in a stream") {
  served s;
  std::string const text = "The quick brown fox";
  auto const all = s.said(text, language::read_text(s.folder).stop, 12, encode_how::text);
  REQUIRE(all.size() > 6);
  std::string const stop = all.substr(3, 2);
  auto const at = all.find(stop);
  json const asked = {{"prompt", text}, {"temperature", 0}, {"max_tokens", 12}, {"stop", {stop}}};
  auto const choice = s.good("/v1/completions", asked).at("choices").at(0);
  CHECK(choice.at("text") == all.substr(0, at));
  CHECK(choice.at("finish_reason") == "stop");
  json streamed = asked;
  streamed["stream"] = true;
  auto const answer = s.post("/v1/completions", streamed);
  CHECK(answer.status == 200);
  CHECK_THAT(answer.head, ContainsSubstring("text/event-stream"));
  std::string pieces;
  for (std::size_t from = 0; (from = answer.body.find("data: {", from)) != std::string::npos; ++from) {
    auto const line = answer.body.substr(from + 6, answer.body.find('\n', from) - from - 6);
    pieces += json::parse(line).at("choices").at(0).at("text").get<std::string>();
  }
  CHECK(pieces == all.substr(0, at));
  CHECK_THAT(answer.body, ContainsSubstring("data: [DONE]"));
}

TEST_CASE("serve: guided_regex is what the text matches") {
  served s;
  json const asked = {{"prompt", "Is it?"}, {"n", 6}, {"max_tokens", 30}, {"guided_regex", "(yes|no){1,2}"}};
  auto const answer = s.good("/v1/completions", asked);
  for (auto const& choice : answer.at("choices")) {
    CHECK(language::regular_expression("(yes|no){1,2}").matches(choice.at("text").get<std::string>()));
    CHECK(choice.at("finish_reason") == "stop");
  }
  s.refused("/v1/completions", {{"prompt", "a"}, {"guided_regex", "a(?=b)"}}, "has a look-ahead at byte 1");
}

TEST_CASE("serve: chats, models, health; what is wrong is said, and a signal ends it") {
  served s;
  std::string const first = "<|im_start|>user\nHi!<|im_end|>\n<|im_start|>assistant\n";
  auto const want = s.said(first, language::read_text(s.folder).stop, 9, encode_how::chat);
  json const turns = json::array({{{"role", "user"}, {"content", {{{"type", "text"}, {"text", "Hi!"}}}}}});
  auto const one =
      s.good("/v1/chat/completions",
             {{"messages", turns}, {"temperature", 0}, {"max_tokens", 9}, {"logprobs", true}, {"top_logprobs", 2}});
  auto const& choice = one.at("choices").at(0);
  CHECK(choice.at("message") == json{{"role", "assistant"}, {"content", want}});
  for (auto const& token : choice.at("logprobs").at("content")) CHECK(token.at("top_logprobs").size() == 2);

  CHECK(json::parse(support::ask(s.port, "GET", "/v1/models").body).at("data").at(0).at("id") == "talker");
  CHECK(support::ask(s.port, "GET", "/health").status == 200);
  CHECK(support::ask(s.port, "GET", "/nowhere").status == 404);
  CHECK(support::ask(s.port, "POST", "/v1/completions", std::string(2 << 20, 'x')).status == 413);
  CHECK(support::ask(s.port, "POST", "/v1/completions", "{").status == 400);
  std::string const ask = "/v1/completions", chat = "/v1/chat/completions";
  s.refused(ask, {{"prompt", 3}}, "has prompt 3, expected a text, a list of tokens, or a list of these");
  s.refused(ask, {{"prompt", {1, 1'000'000}}}, "expected tokens of the vocabulary's");
  s.refused(ask, {{"prompt", "a"}, {"temperature", -1}}, "has temperature -1, expected a number from 0 to 100");
  s.refused(ask, {{"prompt", "a"}, {"n", 1000}}, "has n 1000, expected a whole number from 1 to 64");
  s.refused(ask, {{"prompt", "a"}, {"logit_bias", {{"x", 1}}}}, "expected an object of the vocabulary's tokens");
  s.refused(ask, {{"prompt", "a"}, {"stream", true}, {"n", 2}}, "expected one completion");
  s.refused(ask, {{"prompt", std::string(2000, 'a')}}, "expected fewer than the context's 120");
  s.refused(chat, {{"messages", json::array()}}, "expected a list of one message or more");
  s.refused(chat, {{"messages", {{{"role", "user"}}}}}, "messages[0]: has no content");
  s.refused(chat, {{"messages", {{{"role", "wizard"}, {"content", "Hi!"}}}}}, "is of \"wizard\"");
  s.program.send(SIGINT);
  CHECK(s.program.end() == 130);
}
#endif
