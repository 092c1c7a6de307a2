#pragma once
#include <cohort/error.hpp>
#include <cohort/language/tokenizer/unicode.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Conversations as families of language models read them.

namespace COHORT_NAMESPACE::language {

struct chat_turn {
  std::string role;  ///< "user", "assistant", or before all others "system"
  std::string content;
};

/// How a template writes a conversation; recognize_chat finds it in the template's text, and anyone may choose it.
enum class chat_family { chatml, llama2, llama3, mistral, gemma, zephyr, phi3 };

struct chat_format {
  chat_family family = chat_family::chatml;
  std::string begin{}, end{};  ///< the texts of the tokens that begin and end a text, where the family writes them
  std::string system{};        ///< what the system says where no turn of its own does
  /// Of Mistral: the text after [INST], before [/INST] and before an answer.
  std::string after_open = " ", before_close = " ", before_answer{};
  std::string dated{};  ///< of Llama 3.1: what the system's turn begins with

  /// A conversation's text, with the beginning of the assistant's next turn or without. It has the special tokens of
  /// its family in it, so encode(text, {.begin_end = false}) makes its tokens. Raises value_error for a turn that the
  /// family has no place for.
  std::string operator()(std::span<chat_turn const> turns, bool answer = true) const;
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// Without the white space at its ends.
inline std::string_view stripped(std::string_view text) {
  text.remove_prefix(leading_space(text));
  return text.substr(0, text.size() - trailing_space(text));
}

[[noreturn]] inline void refuse_turn(std::size_t k, std::string const& role, char const* expected) {
  throw value_error("chat: turn " + std::to_string(k) + " is of \"" + role + "\", expected " + expected);
}

struct chat_writer {
  using turns = std::span<language::chat_turn const>;
  language::chat_format const& format;
  std::string out{};

  template <class... Parts>
  void put(Parts const&... parts) {
    (out.append(parts), ...);
  }
  /// The system's turn, where there is one, else what it says by default.
  std::string system_of(turns& all) const {
    if (all.empty() || all[0].role != "system") return format.system;
    std::string const text = all[0].content;
    all = all.subspan(1);
    return text;
  }
  /// f(turn, whether it is the first) of turns that are the user's and the assistant's by turns.
  template <class F>
  void alternate(turns all, std::size_t before, F f) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      char const* const expected = k % 2 ? "assistant" : "user";
      if (all[k].role != expected) refuse_turn(k + before, all[k].role, expected);
      f(all[k], k == 0);
    }
  }

  void chatml(turns all, bool answer) {
    if (!format.system.empty() && !all.empty() && all[0].role != "system")
      put("<|im_start|>system\n", format.system, "<|im_end|>\n");
    for (auto const& t : all) put("<|im_start|>", t.role, "\n", t.content, "<|im_end|>\n");
    if (answer) put("<|im_start|>assistant\n");
  }
  void llama2(turns all, std::string const& system, std::size_t before) {
    alternate(all, before, [&](auto const& t, bool first) {
      std::string const content =
          first && !system.empty() ? "<<SYS>>\n" + system + "\n<</SYS>>\n\n" + t.content : t.content;
      if (t.role == "user") put(format.begin, "[INST] ", stripped(content), " [/INST]");
      else put(" ", stripped(content), " ", format.end);
    });
  }
  void llama3(turns all, bool answer) {
    auto turn = [&](std::string_view role, std::string const& content) {
      put("<|start_header_id|>", role, "<|end_header_id|>\n\n", content, "<|eot_id|>");
    };
    put(format.begin);
    if (!format.dated.empty()) turn("system", format.dated + std::string(stripped(system_of(all))));
    for (auto const& t : all) turn(t.role, std::string(stripped(t.content)));
    if (answer) put("<|start_header_id|>assistant<|end_header_id|>\n\n");
  }
  void mistral(turns all, std::string const& system, std::size_t before) {
    put(format.begin);
    alternate(all, before, [&](auto const& t, bool first) {
      if (t.role == "assistant") return put(format.before_answer, t.content, format.end);
      put("[INST]", format.after_open);
      if (first && !system.empty()) put(system, "\n\n");
      put(t.content, format.before_close, "[/INST]");
    });
  }
  void gemma(turns all, std::string const& system, std::size_t before, bool answer) {
    put(format.begin);
    alternate(all, before, [&](auto const& t, bool first) {
      put("<start_of_turn>", t.role == "user" ? "user" : "model", "\n");
      if (first && !system.empty()) put(system, "\n\n");
      put(stripped(t.content), "<end_of_turn>\n");
    });
    if (answer) put("<start_of_turn>model\n");
  }
  void marked(turns all, std::string const& end, bool answer) {
    for (auto const& t : all) put("<|", t.role, "|>\n", t.content, end, "\n");
    if (answer) put("<|assistant|>\n");
  }
};

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

inline std::string chat_format::operator()(std::span<chat_turn const> turns, bool answer) const {
  for (std::size_t k = 0; k < turns.size(); ++k)
    if (auto const& role = turns[k].role; role != "user" && role != "assistant" && !(role == "system" && k == 0))
      detail::refuse_turn(k, role, k ? "user or assistant" : "system, user or assistant");
  detail::chat_writer to{*this};
  auto rest = turns;
  bool const folded = family == chat_family::llama2 || family == chat_family::mistral || family == chat_family::gemma;
  std::string const first = folded ? to.system_of(rest) : "";
  std::size_t const before = turns.size() - rest.size();
  switch (family) {
    case chat_family::chatml:
      to.chatml(turns, answer);
      break;
    case chat_family::llama2:
      to.llama2(rest, first, before);
      break;
    case chat_family::llama3:
      to.llama3(turns, answer);
      break;
    case chat_family::mistral:
      to.mistral(rest, first, before);
      break;
    case chat_family::gemma:
      to.gemma(rest, first, before, answer);
      break;
    case chat_family::zephyr:
      to.marked(turns, end, answer);
      break;
    case chat_family::phi3:
      to.marked(turns, "<|end|>", answer);
      if (!answer) to.put(end);
      break;
  }
  return to.out;
}

}  // namespace COHORT_NAMESPACE::language
