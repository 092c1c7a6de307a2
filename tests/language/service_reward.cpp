// A reward that a service gives: servers that do right and wrong.
#if defined(COHORT_HTTP)
#include <chrono>
#include <cohort/language/http/service_reward.hpp>
#include <functional>
#include <thread>

#include "../catch.hpp"
#include "../support/http_server.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using said_values = std::vector<std::optional<double>>;

namespace {

auto asked(language::service_reward<> const& judge, std::vector<int> const& rows) {
  std::vector<completion<int>> all;
  for (int const& row : rows) all.push_back({"p", "t", {}, false, row});
  return judge.batch(std::span<completion<int> const>(all));
}

}  // namespace

TEST_CASE("service_reward: the service reads completions in JSON and answers with their rewards") {
  support::http_server server("/reward", [](auto const& request, auto& answer) {
    json rewards = json::array();
    auto const asked = json::parse(request.body);
    for (auto const& c : asked.at("completions"))
      rewards.push_back(c.at("row") == 0 ? json() : json(c.at("row").template get<double>() / 2));
    if (request.get_header_value("Authorization") != "Bearer secret") answer.status = 401;
    answer.set_content(json{{"rewards", rewards}}.dump(), "application/json");
  });
  language::service_reward<> judge{.port = server.port, .key = "secret", .at_once = 3, .at_a_time = 2};
  CHECK(asked(judge, {1, 2, 0, 4, 5}) == said_values{.5, 1., std::nullopt, 2., 2.5});
  int const row = 3;
  CHECK(judge(completion<int>{"", "", {}, false, row}) == 1.5);
  judge.key = "";
  CHECK_THAT(support::refusal<reward_failure>([&] { asked(judge, {1}); }), ContainsSubstring("it answered 401: "));
}

TEST_CASE("service_reward: a service that is not there, stalls or answers wrongly is named, or makes values absent") {
  language::service_reward<> judge{.at_once = 1, .at_a_time = 2, .most_bytes = 1000};
  auto refused = [&](std::string const& what) {
    judge.failing = when_failing::stop;
    std::string const said = support::refusal<reward_failure>([&] { asked(judge, {1, 2}); });
    CHECK_THAT(said, ContainsSubstring("service_reward http://127.0.0.1:" + std::to_string(judge.port) +
                                       "/reward, completion") &&
                         ContainsSubstring(what));
    judge.failing = when_failing::absent;
    CHECK(asked(judge, {1, 2}).at(1) == std::nullopt);
  };
  judge.port = 1;
  refused("gave no answer");
  auto answers = [&](int status, std::string const& body, std::string const& what) {
    support::http_server server("/reward", [&](auto const&, auto& answer) {
      answer.status = status;
      answer.set_content(body, "application/json");
    });
    judge.port = server.port;
    refused(what);
  };
  {
    support::http_server stalls(
        "/reward", [](auto const&, auto&) { std::this_thread::sleep_for(std::chrono::milliseconds(300)); });
    judge.port = stalls.port, judge.seconds = .1;
    refused("gave no answer");
    judge.seconds = 60;
  }
  answers(500, "out of order", "answered 500: out of order");
  answers(200, "<html>", "is not JSON");
  answers(200, "{\"rewards\":[1]}", "answers with 1 rewards, expected 2");
  answers(200, "{\"rewards\":[1,NaN]}", "completion 1 of the batch: its reward is \"NaN\"");
  answers(200, std::string(5000, ' ') + "{\"rewards\":[1,2]}", "answered with more than 1000 bytes");
  CHECK_THAT(support::refusal([&] { asked({.at_once = 0}, {1}); }), ContainsSubstring("at_once is 0"));
}
#endif
