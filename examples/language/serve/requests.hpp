#pragma once
#include <cohort/language/files/model_text.hpp>
#include <cohort/language/model/generation_options.hpp>
#include <cohort/language/tokenizer/expression_mask.hpp>
#include <string>
#include <vector>

namespace serve {

using namespace cohort;
using file::json;
using file::json_fields;

/// What is wrong with a request, for its sender.
struct bad_request : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What a request asks for, of completions and of chats alike.
struct wish {
  std::vector<std::vector<std::int32_t>> prompts;
  generation_options how;
  std::vector<std::string> stops;
  std::uint64_t seed = 0;
  int top = -1;  ///< the most probable tokens to be named beside each; -1: no log-probabilities at all
  bool echo = false, stream = false, chat = false;
};

struct limits {
  int context = 0, most_tokens = 0, most_samples = 64;
};

namespace detail {

inline double number(json_fields const& f, char const* name, double otherwise, double least, double most) {
  if (!f.find(name)) return otherwise;
  double const x = f.number(name);
  if (!(x >= least && x <= most))
    f.wrong(name, "a number from " + cohort::detail::text(least) + " to " + cohort::detail::text(most));
  return x;
}
inline int whole(json_fields const& f, char const* name, int otherwise, int least, int most) {
  auto const* value = f.find(name);
  if (!value) return otherwise;
  if (!value->is_number_integer() || *value < least || *value > most)
    f.wrong(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value->get<int>();
}
inline std::vector<std::string> texts(json_fields const& f, char const* name) {
  auto const* value = f.find(name);
  if (!value) return {};
  json const list = value->is_array() ? *value : json::array({*value});
  std::vector<std::string> all;
  for (auto const& one : list) {
    if (!one.is_string() || one.get<std::string>().empty()) f.wrong(name, "a text or a list of texts");
    all.push_back(one.get<std::string>());
  }
  return all;
}

inline std::vector<std::int32_t> tokens(json const& list, json_fields const& f, int vocabulary) {
  std::vector<std::int32_t> all;
  for (auto const& id : list) {
    auto const token = cohort::file::token_in(id, std::uint64_t(vocabulary));
    if (!token) f.wrong("prompt", "tokens of the vocabulary's " + std::to_string(vocabulary) + ", counted from 0");
    all.push_back(*token);
  }
  return all;
}

/// A text, tokens, or a list of either.
inline void read_prompts(json_fields const& f, language::model_text const& text, int vocabulary, wish& w) {
  json const& given = f.at("prompt");
  auto const add = [&](json const& one) {
    if (one.is_string()) w.prompts.push_back(text.words.encode(one.get<std::string>()));
    else if (one.is_array()) w.prompts.push_back(tokens(one, f, vocabulary));
    else f.wrong("prompt", "a text, a list of tokens, or a list of these");
  };
  bool const several = given.is_array() && !given.empty() && !given[0].is_number();
  if (several)
    for (auto const& one : given) add(one);
  else add(given);
}

/// Turns whose content is a text, or a list of parts that are texts.
inline std::vector<language::chat_turn> read_messages(json_fields const& f) {
  json const& list = f.at("messages");
  if (!list.is_array() || list.empty()) f.wrong("messages", "a list of one message or more");
  std::vector<language::chat_turn> turns;
  for (auto const& m : list) {
    if (!m.is_object()) f.wrong("messages", "a list of objects");
    json_fields const one(m, "messages[" + std::to_string(turns.size()) + "]");
    std::string const role = one.text("role");
    json const& content = one.at("content");
    std::string said;
    if (content.is_string()) said = content.get<std::string>();
    else if (content.is_array())
      for (auto const& part : content)
        if (part.is_object() && part.value("type", "") == "text" && part.contains("text") && part["text"].is_string())
          said += part["text"].get<std::string>();
        else one.wrong("content", "a text, or parts of type text");
    else one.wrong("content", "a text, or parts of type text");
    turns.push_back({role == "developer" ? "system" : role, said});
  }
  return turns;
}

}  // namespace detail

/// Reads the body of /v1/completions or /v1/chat/completions; fields that OpenAI's has and that change nothing here
/// (model, user, ...) are not looked at. Raises io_error, value_error or bad_request for what is wrong with it.
inline wish read_wish(std::string const& body, bool chat, language::model_text const& text, int vocabulary,
                      limits const& most) {
  json const object = file::parse_object(body, "the request");
  json_fields const f(object, "the request");
  wish w;
  w.chat = chat;
  if (chat) {
    if (!text.chat) throw bad_request(text.why_no_chat);
    w.prompts.push_back(text.words.encode((*text.chat)(detail::read_messages(f)), {.begin_end = false}));
  } else {
    detail::read_prompts(f, text, vocabulary, w);
  }
  std::size_t longest = 0;
  for (auto const& p : w.prompts) {
    if (p.empty()) throw bad_request("the request: prompt is empty, expected one token or more");
    longest = std::max(longest, p.size());
  }
  int const room = std::min(most.context - int(longest), most.most_tokens);
  if (room < 1)
    throw bad_request("the request: the prompt has " + std::to_string(longest) + " tokens, expected fewer than the " +
                      "context's " + std::to_string(most.context));
  w.echo = f.flag("echo", false);
  w.stream = f.flag("stream", false);
  int const otherwise = chat ? room : std::min(16, room);
  char const* const named = f.find("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
  w.how.max_tokens = detail::whole(f, named, otherwise, w.echo ? 0 : 1, std::numeric_limits<int>::max());
  w.how.max_tokens = std::min(w.how.max_tokens, room);
  w.how.group = detail::whole(f, "n", 1, 1, most.most_samples);
  w.how.sampler = {.temperature = detail::number(f, "temperature", 1, 0, 100),
                   .top_k = detail::whole(f, "top_k", 0, 0, std::numeric_limits<int>::max()),
                   .top_p = detail::number(f, "top_p", 1, 1e-9, 1),
                   .min_p = detail::number(f, "min_p", 0, 0, 1),
                   .repetition_penalty = detail::number(f, "repetition_penalty", 1, 1e-3, 1e3),
                   .presence_penalty = detail::number(f, "presence_penalty", 0, -100, 100),
                   .frequency_penalty = detail::number(f, "frequency_penalty", 0, -100, 100)};
  if (w.how.sampler.temperature > 0 && w.how.sampler.temperature < 1e-6) w.how.sampler.temperature = 0;
  w.how.stop = text.stop;
  if (f.flag("ignore_eos", false)) w.how.stop = {};
  if (f.find("guided_regex")) w.how.allowed = language::matching(f.text("guided_regex"), text.words, w.how.stop);
  w.stops = detail::texts(f, "stop");
  w.seed = f.find("seed") ? std::uint64_t(std::int64_t(f.number("seed"))) : 0;
  if (chat) w.top = f.flag("logprobs", false) ? detail::whole(f, "top_logprobs", 0, 0, 20) : -1;
  else w.top = detail::whole(f, "logprobs", -1, 0, 20);
  if (auto const* bias = f.find("logit_bias")) {
    if (!bias->is_object()) f.wrong("logit_bias", "an object of tokens and numbers");
    for (auto const& [token, number] : bias->items()) {
      char* end = nullptr;
      long const id = std::strtol(token.c_str(), &end, 10);
      if (token.empty() || *end || id < 0 || id >= vocabulary || !number.is_number())
        f.wrong("logit_bias", "an object of the vocabulary's tokens and numbers");
      w.how.bias.push_back({std::int32_t(id), std::clamp(number.get<double>(), -1e4, 1e4)});
    }
  }
  if (w.stream && (w.how.group > 1 || w.prompts.size() > 1 || w.echo))
    throw bad_request("the request: stream is true, with n or several prompts or echo, expected one completion");
  return w;
}

}  // namespace serve
