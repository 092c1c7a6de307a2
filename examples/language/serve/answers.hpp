#pragma once
#include <ctime>

#include "../lines.hpp"
#include "endpoint.hpp"

namespace serve {

/// Answers as OpenAI's interface has them.
class answers {
 public:
  answers(language::tokenizer const& words, std::string model, std::uint64_t number, bool chat)
      : words_(words),
        model_(std::move(model)),
        id_((chat ? "chatcmpl-" : "cmpl-") + std::to_string(number)),
        created_(std::time(nullptr)),
        chat_(chat) {}

  std::string whole(wish const& w, std::vector<completed> const& all) const {
    json choices = json::array();
    std::size_t read = 0, written = 0;
    for (auto const& p : w.prompts) read += p.size();
    for (std::size_t n = 0; n < all.size(); ++n) {
      auto const& c = all[n];
      auto const& prompt = w.prompts[n / std::size_t(w.how.group)];
      written += c.tokens.size();
      json one = {{"index", n}, {"finish_reason", reason(c)}, {"logprobs", nullptr}};
      std::string const before = w.echo ? words_.decode(prompt) : "";
      if (chat_) one["message"] = {{"role", "assistant"}, {"content", c.text}};
      else one["text"] = before + c.text;
      if (w.top >= 0) one["logprobs"] = chat_ ? json{{"content", scored_chat(c)}} : scored(w, prompt, c);
      choices.push_back(std::move(one));
    }
    json answer = head(chat_ ? "chat.completion" : "text_completion");
    answer["choices"] = std::move(choices);
    answer["usage"] = {{"prompt_tokens", read}, {"completion_tokens", written}, {"total_tokens", read + written}};
    return program::json_text(answer);
  }

  /// A server-sent event with a piece of the text.
  std::string piece(std::string const& text) const {
    json const delta = chat_ ? json{{"delta", {{"content", text}}}} : json{{"text", text}};
    return event(delta, nullptr);
  }
  std::string first() const {
    return chat_ ? event({{"delta", {{"role", "assistant"}, {"content", ""}}}}, nullptr) : "";
  }
  std::string last(completed const& c) const {
    return event(chat_ ? json{{"delta", json::object()}} : json{{"text", ""}}, reason(c)) + "data: [DONE]\n\n";
  }

  static std::string error(std::string const& message, char const* type = "invalid_request_error") {
    return program::json_text(
        {{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}});
  }

 private:
  static json reason(completed const& c) { return c.stopped ? "stop" : "length"; }
  json head(char const* kind) const {
    return {{"id", id_}, {"object", kind}, {"created", created_}, {"model", model_}};
  }
  std::string event(json const& what, json const& why) const {
    json chunk = head(chat_ ? "chat.completion.chunk" : "text_completion"), choice = what;
    choice["index"] = 0, choice["finish_reason"] = why;
    chunk["choices"] = json::array({choice});
    return "data: " + program::json_text(chunk) + "\n\n";
  }
  std::string token_text(std::int32_t id) const { return words_.decode(std::vector{id}, {.skip_special = false}); }

  json scored(wish const& w, std::vector<std::int32_t> const& prompt, completed const& c) const {
    auto series = c.tokens;
    std::size_t unscored = 0;
    if (w.echo) series.insert(series.begin(), prompt.begin(), prompt.end()), unscored = 1;
    json tokens = json::array(), logps = json::array(), top = json::array(), offsets = json::array(),
         ids = json::array();
    std::size_t offset = w.echo ? 0 : words_.decode(prompt).size();
    for (std::size_t t = 0; t < series.size(); ++t) {
      auto const text = token_text(series[t]);
      tokens.push_back(text), ids.push_back(series[t]), offsets.push_back(offset);
      offset += text.size();
      if (t < unscored) {
        logps.push_back(nullptr), top.push_back(nullptr);
        continue;
      }
      logps.push_back(c.scores.logp[t - unscored]);
      json best = json::object();
      for (auto const& [token, logp] : c.scores.top[t - unscored]) best[token_text(token)] = logp;
      top.push_back(best);
    }
    return {{"tokens", tokens},
            {"token_ids", ids},
            {"token_logprobs", logps},
            {"top_logprobs", top},
            {"text_offset", offsets}};
  }
  json scored_chat(completed const& c) const {
    json all = json::array();
    auto const entry = [&](std::int32_t token, float logp) {
      auto const text = token_text(token);
      return json{{"token", text},
                  {"id", token},
                  {"logprob", logp},
                  {"bytes", std::vector<std::uint8_t>(text.begin(), text.end())}};
    };
    for (std::size_t t = 0; t < c.tokens.size(); ++t) {
      json one = entry(c.tokens[t], c.scores.logp[t]), top = json::array();
      for (auto const& [token, logp] : c.scores.top[t]) top.push_back(entry(token, logp));
      one["top_logprobs"] = top;
      all.push_back(one);
    }
    return all;
  }

  language::tokenizer const& words_;
  std::string model_, id_;
  std::time_t created_;
  bool chat_;
};

}  // namespace serve
