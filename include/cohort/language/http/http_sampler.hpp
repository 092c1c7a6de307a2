#pragma once
#include <algorithm>
#include <cohort/file/json.hpp>
#include <cohort/language/http/httplib.hpp>
#include <cohort/language/rollout/outside_sampler.hpp>
#include <cohort/language/task/each_on_threads.hpp>
#include <limits>
#include <vector>

namespace COHORT_NAMESPACE::language {

/// Completions of a server with OpenAI's interface (cohort serve, llama.cpp's, vLLM's) for training:
///
///     completions{.prompts = 8, .group = 8, .outside = language::http_sampler{.host = "127.0.0.1", .port = 8080}}
///
/// Prompts are sent as tokens, and answers read as tokens: as logprobs.token_ids, token_ids or logprobs.content[].id. A
/// completion ends at the first of options.stop, whether or not the server stops there; where the server stops and
/// leaves the stop token out it is options.stop's first, with an unknown probability.
///
/// llama.cpp tells of no token that ends inside a character of UTF-8, on /v1/completions not even that it was drawn,
/// which is refused. Of its own .path = "/completion" all tokens are read; the log-probability of one it doesn't tell
/// of, or of one where that could be told of another, is unknown (NaN, for which the policy's is taken).
///
/// Raises io_error naming the server where it is not there, stalls, dies, or answers something else, and value_error
/// for `allowed`, `bias` or a sampler other than that of the whole softmax at temperature 1, of which alone servers
/// give the log-probabilities.
struct http_sampler {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string path = "/v1/completions";
  std::string model{};   ///< its name there; empty: not sent
  std::string key{};     ///< sent as "Authorization: Bearer ..."
  double seconds = 600;  ///< that an answer may take
  int at_once = 4;       ///< requests

  std::vector<generated<double>> operator()(std::vector<std::vector<std::int32_t>> const& prompts,
                                            generation_options const& o, std::uint64_t draws) const {
    auto const& s = o.sampler;
    if (s.temperature != 1 || s.cuts() || s.repetition_penalty != 1 || s.presence_penalty != 0 ||
        s.frequency_penalty != 0 || !o.bias.empty())
      throw value_error("http_sampler: the sampler is not that of the whole softmax at temperature 1, as it has to be");
    if (o.allowed) throw value_error("http_sampler: a server cannot be told which tokens are allowed");
    std::vector<generated<double>> all(prompts.size() * std::size_t(o.group));
    detail::each_on_threads(all.size(), at_once, [&](std::size_t n) {
      all[n] = one(prompts[n / std::size_t(o.group)], o, draws * 1000003 + n);
    });
    return all;
  }

 private:
  std::string where() const { return "http://" + host + ":" + std::to_string(port) + path; }

  generated<double> one(std::vector<std::int32_t> const& prompt, generation_options const& o,
                        std::uint64_t seed) const {
    file::json request = {{"prompt", prompt},
                          {"max_tokens", o.max_tokens},
                          {"temperature", 1},
                          {"logprobs", 1},
                          {"seed", seed % 2147483647},
                          {"return_token_ids", true},
                          {"return_tokens", true},
                          {"n_probs", 1},
                          {"stop_token_ids", static_cast<std::vector<std::int32_t> const&>(o.stop)},
                          {"presence_penalty", 0},
                          {"frequency_penalty", 0},
                          {"top_p", 1},
                          {"top_k", 0},
                          {"min_p", 0}};
    if (!model.empty()) request["model"] = model;
    httplib::Client client(host, port);
    detail::set_times(client, seconds);
    auto const answer = client.Post(path, detail::authorization(key), request.dump(), "application/json");
    if (!answer) detail::refuse_file(where(), "gives no answer: " + httplib::to_string(answer.error()));
    if (answer->status != 200)
      detail::refuse_file(where(), "answers " + std::to_string(answer->status) + ": " + answer->body.substr(0, 200));
    return read(file::parse_object(answer->body, where()), o);
  }

  generated<double> read(file::json const& answer, generation_options const& o) const {
    file::json_fields const f(answer, where());
    auto g = f.find("completion_probabilities") ? read_native(f) : read_choice(f);
    auto const end = std::find_if(g.tokens.begin(), g.tokens.end(), [&](auto t) { return o.stop.contains(t); });
    if (end != g.tokens.end()) {
      g.tokens.erase(end + 1, g.tokens.end());
      g.sampler_logp.resize(g.tokens.size());
      g.stopped = true;
    } else if (g.stopped && !o.stop.empty()) {
      g.tokens.push_back(o.stop.front());
      g.sampler_logp.push_back(unknown);
    }
    return g;
  }

  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  static std::int32_t token(file::json_fields const& of, file::json const& id) {
    auto const number = file::token_in(id);
    if (!number) of.refuse("has the token " + detail::shown(id) + ", expected a number");
    return *number;
  }
  static double logp(file::json_fields const& of, file::json const& x) {
    if (!x.is_number()) of.refuse("has the log-probability " + detail::shown(x) + ", expected a number");
    return std::min(x.get<double>(), 0.);
  }
  /// llama.cpp's list of {"id", "logprob"}.
  static generated<double> told(file::json_fields const& of, file::json const& list) {
    generated<double> g;
    for (auto const& one : list) {
      if (!one.is_object()) of.refuse("has " + detail::shown(one) + " for a token, expected an object");
      g.tokens.push_back(token(of, one.value("id", file::json())));
      g.sampler_logp.push_back(logp(of, one.value("logprob", file::json())));
    }
    return g;
  }

  generated<double> read_choice(file::json_fields const& f) const {
    auto const& choices = f.at("choices");
    if (!choices.is_array() || choices.size() != 1 || !choices[0].is_object())
      f.wrong("choices", "a list of one choice");
    file::json_fields const choice(choices[0], where() + ", choices[0]");
    auto const& scores = choice.at("logprobs");
    if (!scores.is_object()) choice.wrong("logprobs", "an object");
    generated<double> g;
    if (scores.contains("content")) {
      g = told(choice, scores["content"]);
      if (auto const* usage = f.find("usage"); usage && usage->is_object()) {
        auto const drawn = usage->value("completion_tokens", file::json());
        if (drawn.is_number_unsigned() && drawn.get<std::uint64_t>() != g.tokens.size())
          choice.refuse("tells of " + std::to_string(g.tokens.size()) + " of its " + drawn.dump() +
                        " tokens; of llama.cpp's server, .path = \"/completion\" has all");
      }
    } else {
      file::json_fields const of(scores, where() + ", logprobs");
      auto const* ids = of.find("token_ids") ? of.find("token_ids") : choice.find("token_ids");
      if (!ids || !ids->is_array())
        choice.refuse("has no tokens: neither logprobs.token_ids, token_ids nor logprobs.content");
      for (auto const& id : *ids) g.tokens.push_back(token(choice, id));
      for (auto const& x : of.at("token_logprobs")) g.sampler_logp.push_back(logp(choice, x));
    }
    if (g.sampler_logp.size() != g.tokens.size())
      choice.refuse("has " + std::to_string(g.tokens.size()) + " tokens and " + std::to_string(g.sampler_logp.size()) +
                    " log-probabilities");
    g.stopped = choice.find("finish_reason") && choice.at("finish_reason") == "stop";
    return g;
  }

  /// What llama.cpp's /completion answers: all tokens, and the log-probabilities of some of them, in their order.
  generated<double> read_native(file::json_fields const& f) const {
    auto const& ids = f.at("tokens");
    if (!ids.is_array()) f.wrong("tokens", "a list of tokens");
    auto const some = told(f, f.at("completion_probabilities"));
    generated<double> g;
    std::vector<std::size_t> earliest;
    for (auto const& id : ids) {
      g.tokens.push_back(token(f, id));
      if (earliest.size() < some.tokens.size() && g.tokens.back() == some.tokens[earliest.size()])
        earliest.push_back(g.tokens.size() - 1);
    }
    if (earliest.size() != some.tokens.size()) f.refuse("has log-probabilities of tokens that it does not have");
    g.sampler_logp.assign(g.tokens.size(), unknown);
    auto latest = g.tokens.size();
    for (auto n = some.tokens.size(); n-- > 0;) {
      while (g.tokens[--latest] != some.tokens[n]);
      if (latest == earliest[n]) g.sampler_logp[latest] = some.sampler_logp[n];
    }
    g.stopped = f.find("stop_type") && (f.at("stop_type") == "eos" || f.at("stop_type") == "word");
    return g;
  }
};

}  // namespace COHORT_NAMESPACE::language
