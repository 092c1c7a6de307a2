#include <cohort/language/tokenizer/tokenizer.hpp>
#include <cohort/random/stream.hpp>
#include <filesystem>
#include <thread>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/golden_texts.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using file::json;

namespace {

json read(std::string const& name) {
  file::mapped_file const file(paths::golden("tokenizer/" + name));
  return json::parse(std::string_view(reinterpret_cast<char const*>(file.bytes().data()), file.bytes().size()));
}
using ids = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("tokenizer: the tokens and the texts of tokenizers, of every family", "[golden]") {
  auto const texts = support::golden_texts();
  int families = 0;
  for (auto const& folder : std::filesystem::directory_iterator(paths::golden("tokenizer"))) {
    if (!folder.is_directory()) continue;
    std::string const name = folder.path().filename().string();
    language::tokenizer const words(folder.path());
    json const expected = read(name + "/expected.json");
    auto otherwise = [&](char const* list, std::size_t k, json const& usual) {
      auto const found = expected.at(list).find(std::to_string(k));
      return found == expected.at(list).end() ? usual : *found;
    };
    REQUIRE(expected.at("ids").size() == texts.size());
    for (std::size_t k = 0; k < texts.size(); ++k) {
      CAPTURE(name, k, texts[k]);
      json const &all = expected.at("ids")[k], &recorded = expected.at("decoded")[k];
      std::string valid;
      detail::append_valid(valid, texts[k]);
      json const text = recorded.is_null() ? json(valid) : recorded;
      CHECK(words.encode(texts[k]) == all.get<ids>());
      CHECK(words.encode(texts[k], {.special_in_text = false, .begin_end = false}) ==
            otherwise("plain", k, all).get<ids>());
      CHECK(words.decode(all.get<ids>()) == text.get<std::string>());
      CHECK(words.decode(all.get<ids>(), {.skip_special = false}) == otherwise("whole", k, text).get<std::string>());
    }
    for (auto const& pair : expected.at("random")) {
      CAPTURE(name, pair);
      CHECK(words.decode(pair[0].get<ids>(), {.skip_special = false}) == pair[1].get<std::string>());
    }
    ++families;
  }
  CHECK(families >= 12);
}

TEST_CASE("tokenizer: a stream holds back what is not certain, and its parts are the whole text") {
  for (char const* name : {"gpt2", "llama2", "mistral", "gemma", "no_bytes", "unigram", "unigram_bytes"}) {
    language::tokenizer const words(paths::golden(std::string("tokenizer/") + name));
    random_stream draws(stream_id{1, draw_purpose::user});
    for (int n = 0; n < 50; ++n) {
      ids all;
      for (int i = 0; i < 12; ++i) all.push_back(std::int32_t(draws.integer(std::uint64_t(words.size()))));
      auto stream = words.decode_stream();
      std::string text;
      for (std::int32_t id : all) {
        text += stream.push(id);
        CHECK(detail::valid_prefix(text) == text.size());
      }
      CHECK(text + stream.finish() == words.decode(all));
      CHECK(stream.push(all[0]) + stream.finish() == words.decode(std::span(all).first(1)));  // begins anew
    }
  }
  language::tokenizer const words(paths::golden("tokenizer/gpt2"));
  auto const smile = words.encode("\xf0\x9f\x98\x80!");
  REQUIRE(smile.size() > 2);
  auto stream = words.decode_stream();
  for (std::size_t i = 0; i + 2 < smile.size(); ++i) CHECK(stream.push(smile[i]).empty());
  CHECK(stream.push(smile[smile.size() - 2]) == "\xf0\x9f\x98\x80");
  CHECK(stream.push(smile.back()) == "!");
  CHECK(stream.finish().empty());
}

TEST_CASE("tokenizer: one is used by several threads") {
  language::tokenizer const words(paths::golden("tokenizer/gpt2"));
  auto const texts = support::golden_texts();
  std::vector<std::vector<ids>> found(3);
  std::vector<std::thread> threads;
  for (auto& all : found)
    threads.emplace_back([&] {
      for (int again = 0; again < 3; ++again)
        for (auto const& text : texts) all.push_back(words.encode(text));
    });
  for (auto& thread : threads) thread.join();
  CHECK((found[0] == found[1] && found[1] == found[2]));
}

TEST_CASE("tokenizer: what tokens are called, and those that begin and end a text") {
  files::scratch const here("cohort_tokenizer");
  std::filesystem::copy(paths::golden("tokenizer/llama2/tokenizer.json"), here.path / "tokenizer.json");
  CHECK(!language::tokenizer(here.path).end());
  files::put(here.path / "tokenizer_config.json", R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>"})");
  language::tokenizer const words(here.path);
  CHECK((words.begin() == 1 && words.end() == 2 && words.id_of("</s>") == 2 && !words.id_of("no such token")));
  CHECK((words.token(0) == "<unk>" && words.token(-1).empty() && words.token(words.size()).empty()));
  CHECK((words.is_special(1) && !words.is_special(300)));

  std::filesystem::remove(here.path / "tokenizer.json");
  std::filesystem::copy(paths::golden("sentencepiece/llama2/tokenizer.model"), here.path / "tokenizer.model");
  CHECK(language::tokenizer(here.path).encode("a", {}).front() != 1);
  files::put(here.path / "tokenizer_config.json", R"({"bos_token": "<s>", "add_bos_token": true})");
  CHECK(language::tokenizer(here.path).encode("a", {}).front() == 1);
}
