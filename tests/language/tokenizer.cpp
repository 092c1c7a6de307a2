#include <cohort/language/tokenizer/tokenizer.hpp>
#include <cohort/random/stream.hpp>
#include <filesystem>

#include "../catch.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using file::json;

namespace {

json read(std::string const& name) {
  file::mapped_file const file(paths::golden("tokenizer/" + name));
  return json::parse(std::string_view(reinterpret_cast<char const*>(file.bytes().data()), file.bytes().size()));
}
using ids = std::vector<std::int32_t>;

std::vector<std::string> recorded_texts() {
  std::vector<std::string> texts;
  json const recorded = read("texts.json");
  for (auto const& one : recorded.at("texts")) {
    auto const hex = one.get<std::string>();
    std::string text;
    for (std::size_t i = 0; i < hex.size(); i += 2) text += char(std::stoi(hex.substr(i, 2), nullptr, 16));
    texts.push_back(text);
  }
  return texts;
}

}  // namespace

TEST_CASE("tokenizer: the tokens and the texts of tokenizers, of every family", "[golden]") {
  auto const texts = recorded_texts();
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
      json const &all = expected.at("ids")[k], &text = expected.at("decoded")[k];
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
