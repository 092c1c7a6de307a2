// A server as the sampler of a rollout: the program serve with the policy's own weights, and servers that do wrong.
#if defined(COHORT_SERVE) && defined(COHORT_HTTP)
#include <cohort/language.hpp>
#include <cohort/language/http/http_sampler.hpp>

#include "../catch.hpp"
#include "../support/http_server.hpp"
#include "../support/refusal.hpp"
#include "../support/served_port.hpp"
#include "../support/talking_model.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;

namespace {

struct short_words {
  struct row {
    std::int32_t first;
  };
  std::vector<std::int32_t> stops;
  row draw(random_stream& draws) const { return {std::int32_t(5 + draws.integer(20))}; }
  std::vector<std::int32_t> prompt(row const& r) const { return {r.first, 3}; }
  std::int32_t stop() const { return stops.at(0); }
  double score(row const&, std::span<std::int32_t const> tokens, bool, sample_place) const { return tokens[0] % 5; }
};

}  // namespace

TEST_CASE(
    "http_sampler: a rollout of a server with the policy's weights has the policy's log-probabilities, and trains") {
  support::talking_model s;
  running_program program(s.here.path, paths::program("cohort-serve"), {"--model", s.folder, "--port", "0"});
  int const port = support::served_port(program, s.here.path);
  auto const options = language::read_config(s.folder);
  language_model policy(s.cpu, options);
  language::read_parameters<float>(s.folder, options,
                                   {policy.parameters().data, std::size_t(policy.parameters().size())});
  short_words const task{language::read_text(s.folder).stop};
  completions const how{.prompts = 4, .group = 3, .max_tokens = 6, .outside = language::http_sampler{.port = port}};
  completions_collector<eigen::backend, short_words, language_model<eigen::backend>> collector(s.cpu, how, task, policy,
                                                                                               5);
  rollout_summary summary;
  auto& batch = collector.collect(s.cpu, policy, 1000, summary);
  auto const old_logp = batch.old_logp.all(), sampler = batch.sampler_logp.all();
  REQUIRE(old_logp.rows > 30);
  for (std::ptrdiff_t t = 0; t < old_logp.rows; ++t) CHECK(std::abs(old_logp[t] - sampler[t]) < 1e-4);
  CHECK(batch.completion.size() == 12);

  algorithm const grpo{
      .rollout = how,
      .advantage = group_relative{},
      .objective = clipped_ratio{},
      .update =
          update{.epochs = 1, .minibatches = 1, .normalize = normalization::none, .optimizer = adam{.rate = 1e-3}}};
  std::vector<float> const before(policy.parameters().data, policy.parameters().data + policy.parameters().size());
  auto const report = train(s.cpu, grpo, task, policy, {.steps = 1000, .updates = 2, .seed = 1});
  CHECK(report.updates == 2);
  CHECK_FALSE(std::equal(before.begin(), before.end(), policy.parameters().data));
}

TEST_CASE("http_sampler: a server that is not there, dies, stalls or answers wrongly is named with what is wrong") {
  language::http_sampler ask{.seconds = .3, .at_once = 2};
  generation_options const how{.group = 2, .max_tokens = 3, .stop = 9};
  auto refused = [&](std::string const& what) {
    auto const said = support::message_of<io_error>([&] { ask({{1, 2}, {3}}, how, 1); });
    CAPTURE(said);
    CHECK(said.starts_with("http://127.0.0.1:" + std::to_string(ask.port) + "/v1/completions"));
    CHECK_THAT(said, ContainsSubstring(what));
  };
  ask.port = 1;
  refused("gives no answer");
  {
    support::http_server stalls("/v1/completions", [](auto const&, auto& answer) {
      std::this_thread::sleep_for(std::chrono::milliseconds(700));
      answer.set_content("{}", "application/json");
    });
    ask.port = stalls.port;
    refused("gives no answer");
  }
  auto answers = [&](int status, std::string const& body, std::string const& what) {
    support::http_server server("/v1/completions", [&](auto const&, auto& answer) {
      answer.status = status;
      answer.set_content(body, "application/json");
    });
    ask.port = server.port;
    refused(what);
  };
  auto choice = [](json const& one) { return json{{"choices", json::array({one})}}.dump(); };
  answers(500, "out of order", "answers 500: out of order");
  answers(200, "<html>", "is not JSON");
  answers(200, "{}", "has no choices");
  answers(200, choice({{"text", "a"}}), "has no logprobs");
  answers(200, choice({{"logprobs", {{"token_logprobs", {-1}}}}}), "has no tokens");
  answers(200, choice({{"logprobs", {{"token_ids", {1, 2}}, {"token_logprobs", {-1}}}}}),
          "has 2 tokens and 1 log-probabilities");
  answers(200, choice({{"logprobs", {{"token_ids", {-1}}, {"token_logprobs", {-1}}}}}), "has the token -1");

  auto entry = [](int id, double logp) { return json{{"id", id}, {"token", "a"}, {"logprob", logp}}; };
  answers(
      200,
      json{{"choices", {{{"logprobs", {{"content", {entry(4, -.5)}}}}}}}, {"usage", {{"completion_tokens", 2}}}}.dump(),
      "tells of 1 of its 2 tokens");
  answers(200, json{{"tokens", {4, 6}}, {"completion_probabilities", {entry(6, -1), entry(4, -1)}}}.dump(),
          "has log-probabilities of tokens that it does not have");
  answers(200, json{{"completion_probabilities", json::array()}}.dump(), "has no tokens");
  answers(200, json{{"tokens", {4}}, {"completion_probabilities", {4}}}.dump(),
          "has 4 for a token, expected an object");
  {
    // llama.cpp's own answer: what is told of 6 may be of either one; and what comes after a stop token is cut off.
    support::http_server server("/v1/completions", [&](auto const&, auto& answer) {
      json const all = {entry(4, -.5), entry(6, -1), entry(5, -2), entry(9, -3), entry(7, -4)};
      answer.set_content(
          json{{"tokens", {4, 8, 6, 6, 5, 9, 7}}, {"completion_probabilities", all}, {"stop_type", "limit"}}.dump(),
          "application/json");
    });
    ask.port = server.port;
    auto const all = ask({{1}}, {.max_tokens = 7, .stop = {3, 9}}, 1);
    CHECK(all[0].tokens == std::vector<std::int32_t>{4, 8, 6, 6, 5, 9});
    REQUIRE(all[0].sampler_logp.size() == 6);
    double const told[] = {-.5, 0, 0, 0, -2, -3};
    for (std::size_t t = 0; t < 6; ++t)
      if (told[t] != 0) CHECK(all[0].sampler_logp[t] == told[t]);
      else CHECK(std::isnan(all[0].sampler_logp[t]));
    CHECK(all[0].stopped);
  }

  // What llama.cpp and vLLM answer, the stop token left out.
  json const llama = {{"finish_reason", "stop"},
                      {"logprobs", {{"content", {{{"id", 4}, {"token", "a"}, {"logprob", -.5}}}}}}};
  json const vllm = {
      {"finish_reason", "length"}, {"token_ids", {4, 6}}, {"logprobs", {{"token_logprobs", {-.5, -.25}}}}};
  for (auto const& one : {llama, vllm}) {
    support::http_server server(
        "/v1/completions", [&](auto const&, auto& answer) { answer.set_content(choice(one), "application/json"); });
    ask.port = server.port;
    auto const all = ask({{1}}, {.max_tokens = 3, .stop = 9}, 1);
    REQUIRE(all.size() == 1);
    bool const stopped = one == llama;
    CHECK(all[0].stopped == stopped);
    CHECK(all[0].tokens == (stopped ? std::vector<std::int32_t>{4, 9} : std::vector<std::int32_t>{4, 6}));
    CHECK(all[0].sampler_logp[0] == -.5);
    CHECK(std::isnan(all[0].sampler_logp[1]) == stopped);
  }
  CHECK_THAT(support::message_of<value_error>([&] { ask({{1}}, {.sampler = {.temperature = .5}}, 1); }),
             ContainsSubstring("is not that of the whole softmax at temperature 1"));
  CHECK_THAT(support::message_of<value_error>([&] { ask({{1}}, {.allowed = {.always = {1, 0}}}, 1); }),
             ContainsSubstring("cannot be told which tokens are allowed"));
}
#endif
