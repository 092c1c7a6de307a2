#pragma once
#include <array>
#include <cohort/file/mapped_file.hpp>
#include <cohort/language/tokenizer/chat.hpp>
#include <cohort/language/tokenizer/json_steps.hpp>
#include <filesystem>
#include <initializer_list>
#include <system_error>

// Which format a chat template has: templates are programs in Jinja, which are recognized and not run.

namespace COHORT_NAMESPACE::language {

/// Their names, in the order of chat_family.
inline constexpr std::array<char const*, 7> chat_families{"chatml", "llama2", "llama3", "mistral",
                                                          "gemma",  "zephyr", "phi3"};

/// The format of a template by the marks in its text, and what its system says by default. Raises value_error where it
/// is none that is known.
inline chat_format recognize_chat(std::string_view text) {
  auto has = [&](std::string_view mark) { return text.find(mark) != std::string_view::npos; };
  auto has_any = [&](std::initializer_list<std::string_view> marks) {
    for (auto mark : marks)
      if (has(mark)) return true;
    return false;
  };
  chat_format f;
  if (has("<|im_start|>") && !has("<|im_sep|>")) {
    f.family = chat_family::chatml;
    for (std::string_view open : {"<|im_start|>system\n", "<|im_start|>system\\n"}) {
      std::size_t const at = text.find(open), begin = at + open.size();
      if (at == std::string_view::npos) continue;
      // Up to <|im_end|>, if the text is written out and no expression.
      std::size_t const end = text.find_first_of("'\"{", begin);
      std::string_view const said = text.substr(begin, end == std::string_view::npos ? end : end - begin);
      if (std::size_t const close = said.find("<|im_end|>"); close != std::string_view::npos)
        f.system = said.substr(0, close);
    }
  } else if (has("<|start_header_id|>")) {
    f.family = chat_family::llama3;
    if (has("Cutting Knowledge Date: December 2023"))
      f.dated = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";
  } else if (has("<start_of_turn>")) {
    f.family = chat_family::gemma;
  } else if (has("<<SYS>>")) {
    f.family = chat_family::llama2;
  } else if (has("[INST]") && !has("[SYSTEM_PROMPT]")) {
    f.family = chat_family::mistral;
    f.after_open = has("[INST] ") ? " " : "";
    f.before_close = has(" [/INST]") ? " " : "";
    f.before_answer = has_any({"' ' + message", "\" \" + message"}) ? " " : "";
  } else if (has("<|user|>") && has("<|end|>")) {
    f.family = chat_family::phi3;
  } else if (has_any({"<|user|>\n", "<|user|>\\n"}) && has("<|assistant|>") && has("eos_token")) {
    f.family = chat_family::zephyr;
  } else {
    std::string known;
    for (char const* name : chat_families) known += (known.empty() ? "" : ", ") + std::string(name);
    throw value_error("chat: the model's template is none that is known (" + known +
                      "); choose one, as chat_format{chat_family::chatml}, or write the prompt's text yourself");
  }
  return f;
}

/// The text of a folder's chat_template.jinja or, where it is not there, of the template in its tokenizer_config.json,
/// `config`; empty where there is none.
inline std::string read_chat_template(std::filesystem::path const& folder, file::json const& config) {
  auto const own = folder / "chat_template.jinja";
  std::error_code absent;
  if (std::filesystem::exists(own, absent)) return std::string(detail::characters_of(file::mapped_file(own)));
  file::json_fields const fields(config, (folder / "tokenizer_config.json").string());
  file::json const* value = fields.find("chat_template");
  if (!value) return "";
  if (value->is_array())  // several, by name
    for (file::json const& one : *value)
      if (one.is_object() && one.value("name", file::json()) == "default" && one.contains("template")) {
        value = &one.at("template");
        break;
      }
  if (!value->is_string()) fields.wrong("chat_template", "a text");
  return value->get<std::string>();
}

/// The format of a folder's template, with the tokens that its tokenizer_config.json names. Raises io_error where there
/// is none.
inline chat_format read_chat(std::filesystem::path const& folder) {
  file::json const config = read_tokenizer_config(folder);
  std::string const text = read_chat_template(folder, config);
  if (text.empty())
    detail::refuse_file(folder.string(),
                        "has no chat template: neither chat_template.jinja nor one in tokenizer_config.json");
  chat_format f = recognize_chat(text);
  file::json_fields const fields(config, (folder / "tokenizer_config.json").string());
  f.begin = detail::token_text(fields, "bos_token"), f.end = detail::token_text(fields, "eos_token");
  return f;
}

}  // namespace COHORT_NAMESPACE::language
