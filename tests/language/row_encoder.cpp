#include <cohort/language/data/data_task.hpp>

#include "../catch.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using language::data_row;

namespace {

language::model_text chatting() {
  language::model_text text{language::tokenizer(paths::golden("tokenizer/qwen2")), {}, language::chat_format{}, {}};
  detail::add_ends_of_turns(text.words, text.stop);
  return text;
}
data_row row_with(file::json const& columns, std::vector<language::chat_turn> turns = {}) {
  return {turns.empty() ? columns.at("prompt").get<std::string>() : turns.back().content, turns, columns,
          "train.jsonl, line 2"};
}

}  // namespace

TEST_CASE("row_encoder: texts stand as they are, conversations in the model's chat format") {
  auto const text = chatting();
  REQUIRE(text.stop.size() == 1);
  language::row_encoder const plain(text, {}), chat(text, {.chat = true, .system = "Be brief."});
  data_row const row = row_with({{"prompt", "Hi"}, {"completion", "Yes"}});
  CHECK(plain.prompt(row) == text.words.encode("Hi"));
  auto said = text.words.encode("Yes");
  said.push_back(text.stop[0]);
  CHECK(plain.completion(row, "completion") == said);
  CHECK(chat.prompt_text(row) ==
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  CHECK(chat.prompt(row) == text.words.encode(chat.prompt_text(row), {.begin_end = false}));
  CHECK(chat.completion(row, "completion") == said);  // and not the line break behind the turn

  data_row const turns = row_with({{"completion", {{{"role", "assistant"}, {"content", "Yes"}}}}}, {{"user", "Hi"}});
  CHECK(plain.prompt_text(turns) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  CHECK(plain.completion(turns, "completion") == said);
}

TEST_CASE("row_encoder, data_task: what does not fit the model or the row is refused with its line") {
  auto text = chatting();
  language::row_encoder const encode(text, {});
  CHECK_THROWS_WITH(encode.prompt(row_with({{"prompt", ""}})), "train.jsonl, line 2: the prompt has no tokens");
  CHECK_THROWS_WITH(encode.prompt(row_with({}, {{"robot", "Hi"}})),
                    ContainsSubstring("train.jsonl, line 2: chat: turn 0 is of \"robot\""));
  CHECK_THROWS_WITH(encode.completion(row_with({{"prompt", "a"}, {"completion", 7}}), "completion"),
                    ContainsSubstring("line 2: has completion 7, expected a text"));
  std::vector<std::string> const given{"completion"};
  CHECK_THROWS_WITH(language::encode_rows({row_with({{"prompt", "a b c"}, {"completion", "d"}})}, encode, given, 0, 4),
                    ContainsSubstring("train.jsonl, line 2: a prompt of "));
  text.chat.reset(), text.why_no_chat = "config.json has no chat template";
  CHECK_THROWS_WITH(encode.prompt(row_with({}, {{"user", "Hi"}})),
                    "train.jsonl, line 2 is a conversation, and the model has none: config.json has no chat template");
  text.stop.clear();
  CHECK_THROWS_WITH(language::row_encoder(text, {}), ContainsSubstring("no token that ends a text"));
}

TEST_CASE("data_task: rows epoch by epoch, scored by the rewards, which a watcher is told") {
  static_assert(language_task<language::data_task>);
  auto const text = chatting();
  language::row_encoder const encode(text, {});
  std::vector<data_row> rows;
  for (char c : std::string("abc")) rows.push_back(row_with({{"prompt", std::string(1, c)}}));
  reward_list<data_row> rewards;
  rewards.add({"same", [](completion<data_row> const& c) { return double(c.text == c.prompt) - c.truncated; }, 2});
  language::data_task task(language::encode_rows(rows, encode, {}, 8, 100), text, rewards);
  std::string seen;
  task.watch([&](language::judged_completion const& c) { seen += std::string(c.text) + (c.stopped ? "." : "-"); });
  std::string drawn;
  for (std::uint64_t n = 0; n < 3; ++n) {
    auto const row = task.draw(row_number{1, n});
    drawn += row->row.prompt;
    auto said = row->prompt;
    CHECK(task.score(row, said, false, {}) == 0);
    said.push_back(text.stop[0]);
    CHECK(task.score(row, said, true, {}) == 2);
  }
  CHECK(seen.size() == 12);
  std::sort(drawn.begin(), drawn.end());
  CHECK(drawn == "abc");
  CHECK(task.stop() == stop_tokens(text.stop));
}
