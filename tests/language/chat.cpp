#include <cohort/language/tokenizer/chat_template.hpp>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using turns = std::vector<language::chat_turn>;

TEST_CASE("chat: conversations as the families' templates write them, recognized by their texts", "[golden]") {
  json const recorded = json::parse(files::get(paths::golden("chat.json")));
  int written = 0;
  for (json const& one : recorded.at("templates")) {
    auto const text = one.at("template").get<std::string>();
    language::chat_format format = language::recognize_chat(text);
    CHECK(language::chat_families[std::size_t(format.family)] == one.at("family").get<std::string>());
    format.begin = one.at("begin").get<std::string>(), format.end = one.at("end").get<std::string>();
    for (std::size_t k = 0; k < recorded.at("conversations").size(); ++k)
      for (bool answer : {false, true}) {
        turns said;
        for (json const& turn : recorded.at("conversations")[k]) said.push_back({turn[0], turn[1]});
        CAPTURE(text, k, answer);
        json const& expected = one.at(answer ? "with_answer" : "without")[k];
        if (expected.is_string()) {
          CHECK(format(said, answer) == expected.get<std::string>());
          ++written;
        } else if (said[0].role != "system") {  // templates that have no system refuse it, and here it is the user's
          CHECK_THROWS_AS(format(said, answer), value_error);
        }
      }
  }
  CHECK(written > 90);
}

TEST_CASE("chat: an unknown template is one sentence that says how to choose") {
  for (char const* unknown : {"", "{{ messages[0]['content'] }}", "<|im_start|>user<|im_sep|>", "[gMASK]<|user|>x",
                              "[SYSTEM_PROMPT]x[/SYSTEM_PROMPT][INST]y[/INST]"})
    CHECK_THROWS_WITH(language::recognize_chat(unknown),
                      "chat: the model's template is none that is known (chatml, llama2, llama3, mistral, gemma, "
                      "zephyr, phi3); choose one, as chat_format{chat_family::chatml}, or write the prompt's text "
                      "yourself");
}

TEST_CASE("chat: a turn that a family has no place for") {
  language::chat_format format;
  CHECK_THROWS_WITH(format(turns{{"user", "a"}, {"system", "b"}}),
                    "chat: turn 1 is of \"system\", expected user or assistant");
  CHECK_THROWS_WITH(format(turns{{"tool", "a"}}), "chat: turn 0 is of \"tool\", expected system, user or assistant");
  format.family = language::chat_family::mistral;
  CHECK_THROWS_WITH(format(turns{{"system", "a"}, {"assistant", "b"}}),
                    "chat: turn 1 is of \"assistant\", expected user");
}

TEST_CASE("chat: a folder's template, in a file of its own or in tokenizer_config.json") {
  files::scratch const here("cohort_chat");
  CHECK_THROWS_WITH(language::read_chat(here.path), ContainsSubstring("has no chat template"));
  auto config = [&](char const* text) { files::put(here.path / "tokenizer_config.json", text); };
  config(R"({"chat_template": 3})");
  CHECK_THROWS_WITH(language::read_chat(here.path), ContainsSubstring("has chat_template 3, expected a text"));
  config(R"({"bos_token": {"content": "<b>"}, "eos_token": "<e>", "chat_template": [{"name": "tools", "template": ""},
             {"name": "default", "template": "<<SYS>>"}]})");
  CHECK(language::read_chat(here.path)(turns{{"user", "a"}, {"assistant", "b"}}) == "<b>[INST] a [/INST] b <e>");
  files::put(here.path / "chat_template.jinja", "{{ '<start_of_turn>' }}");
  CHECK(language::read_chat(here.path)(turns{{"user", "a"}}) ==
        "<b><start_of_turn>user\na<end_of_turn>\n<start_of_turn>model\n");
}
