#pragma once
#include <chrono>
#include <cohort/language/http/httplib.hpp>
#include <cohort/language/reward/outside/protocol.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::language {

/// The reward that a service gives, by HTTP, in the words of program_reward: the request is the body of a POST, the
/// answer the body of its answer with status 200.
///
///     language::service_reward judge{.host = "127.0.0.1", .port = 8000, .path = "/reward"};
///
/// A service that is not there, stalls, answers with another status, too much, or something else is a reward_failure (a
/// value_error) that names it and the completion, or makes the request's completions absent; a value that is no finite
/// number does so for its completion alone. Each request has a connection of its own. Safe from several threads.
template <class ToJson = row_as_json>
struct service_reward {
  std::string host = "127.0.0.1";
  int port = 8000;
  std::string path = "/reward";
  std::string key{};                          ///< sent as "Authorization: Bearer ..."
  double seconds = 60;                        ///< that an answer may take; > 0
  int at_once = 4;                            ///< requests; > 0
  int at_a_time = 8;                          ///< completions in a request; > 0
  std::size_t most_bytes = 1 << 20;           ///< of an answer
  when_failing failing = when_failing::stop;  ///< or the completions of the request have no value
  ToJson to_json{};

  template <class Row>
  std::optional<double> operator()(completion<Row> const& c) const {
    return batch(std::span<completion<Row> const>(&c, 1))[0];
  }
  template <class Row>
  std::vector<std::optional<double>> batch(std::span<completion<Row> const> all) const {
    detail::require(seconds > 0, "service_reward", "seconds", seconds, "a positive number");
    detail::require(at_once > 0, "service_reward", "at_once", at_once, "a positive number");
    detail::require(at_a_time > 0, "service_reward", "at_a_time", at_a_time, "a positive number");
    auto const ask = [&](std::size_t first, std::span<std::optional<double>> values) {
      request(detail::reward_request(all.subspan(first, values.size()), to_json), first, values);
    };
    return detail::in_pieces(all.size(), std::size_t(at_a_time), at_once, failing, ask);
  }

 private:
  void request(std::string const& body, std::size_t first, std::span<std::optional<double>> values) const {
    std::string const who = "service_reward http://" + host + ":" + std::to_string(port) + path;
    auto const fail = [&](std::string const& what) {
      throw reward_failure(who + ", completion " + std::to_string(first) + " of the batch: it " + what, first);
    };
    httplib::Client client(host, port);
    detail::set_times(client, seconds);
    std::string answer;
    bool too_much = false, too_late = false;
    auto const begin = std::chrono::steady_clock::now();
    httplib::Request request;
    request.method = "POST";
    request.path = path;
    request.headers = detail::authorization(key);
    request.set_header("Content-Type", "application/json");
    request.body = body;
    request.content_receiver = [&](char const* data, std::size_t size, auto...) {
      too_much = answer.size() + size > most_bytes;
      too_late = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() > seconds;
      if (!too_much) answer.append(data, size);
      return !too_much && !too_late;
    };
    auto const got = client.send(request);
    if (too_much) fail("answered with more than " + std::to_string(most_bytes) + " bytes");
    if (too_late) fail("gave no whole answer in " + detail::text(seconds) + " s");
    if (!got) fail("gave no answer: " + httplib::to_string(got.error()));
    if (got->status != 200) fail("answered " + std::to_string(got->status) + ": " + answer.substr(0, 200));
    detail::read_rewards(std::move(answer), values, who, first, failing);
  }
};

}  // namespace COHORT_NAMESPACE::language
