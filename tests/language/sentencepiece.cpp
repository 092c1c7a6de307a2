#include <cohort/language/tokenizer/sentencepiece_model.hpp>
#include <cohort/language/tokenizer/tokenizer.hpp>

#include "../catch.hpp"
#include "../support/damage.hpp"
#include "../support/golden_texts.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;

namespace {

json recorded(std::string const& name) { return json::parse(files::get(paths::golden(name))); }
using ids = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("sentencepiece: the tokens and the texts of sentencepiece for its own models", "[golden]") {
  auto const texts = support::golden_texts();
  for (std::string name : {"llama2", "gemma", "unigram", "unigram_bytes"}) {
    auto const model = files::get(paths::golden("sentencepiece/" + name + "/tokenizer.model"));
    language::tokenizer const words(language::read_sentencepiece(files::bytes(model), name));
    json const expected = recorded("sentencepiece/" + name + "/expected.json");
    int compared = 0;
    for (std::size_t k = 0; k < texts.size(); ++k) {
      if (expected.at("ids")[k].is_null()) continue;
      auto const& text = texts[k];
      CAPTURE(name, k, text);
      auto const found = words.encode(text, {.special_in_text = false});
      CHECK(found == expected.at("ids")[k].get<ids>());
      // Where it takes extra spaces from texts, it takes those that were marks from what it decodes.
      if (name == "unigram" && text.starts_with("\xe2\x96\x81")) continue;
      CHECK(words.decode(found, {.skip_special = false}) == expected.at("decoded")[k].get<std::string>());
      ++compared;
    }
    CHECK(compared > 50);
  }
}

TEST_CASE("sentencepiece: damaged models are refused, and what is not known is named") {
  auto const whole = files::get(paths::golden("sentencepiece/unigram/tokenizer.model"));
  auto read = [](std::string const& model) {
    language::tokenizer const words(language::read_sentencepiece(files::bytes(model), "t.model"));
    try {
      words.encode("a <s>\xff\xc3\xa9");
    } catch (cohort_error const&) {  // no token for what is unknown
    }
  };
  for (auto const& damaged : {damage::cut(whole, 60), damage::flipped(whole, 300)})
    for (auto const& one : damaged) {
      auto const outcome = damage::outcome("t.model", [&] { read(one); });
      INFO(outcome);
      CHECK(!outcome.starts_with("FAULT"));
    }
  auto refusal = [&](std::string const& model) { return support::refusal<io_error>([&] { read(model); }); };
  CHECK(refusal("") == "t.model: has no pieces");
  auto with = [&](int field, file::protobuf_message const& spec) {
    return whole + file::protobuf_message{}.message(field, spec).bytes();
  };
  CHECK(refusal(with(2, file::protobuf_message{}.integer(3, 4))) ==
        "t.model: has a model of type 4, expected 1, Unigram, or 2, BPE");
  CHECK(refusal(with(3, file::protobuf_message{}.text(1, "nmt_nfkc").text(2, "x"))) ==
        "t.model: has the normalizer \"nmt_nfkc\", expected \"identity\"");
  CHECK_THAT(refusal(with(1, file::protobuf_message{}.text(1, "<s>"))),
             ContainsSubstring("t.model: the tokens 1 and 120 are both \"<s>\""));
}

TEST_CASE("token lists: a byte-level BPE by the name of its pattern, as GGUF has it") {
  language::tokenizer const original(paths::golden("tokenizer/smollm2"));
  json const recorded_file = recorded("tokenizer/smollm2/tokenizer.json");
  language::token_lists lists;
  lists.where = "model.gguf";
  for (std::int32_t id = 0; id < original.size(); ++id) {
    lists.tokens.emplace_back(original.token(id));
    lists.kinds.push_back(original.is_special(id) ? language::token_kind::control : language::token_kind::normal);
  }
  for (json const& merge : recorded_file.at("model").at("merges"))
    lists.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  lists.begin = lists.end = 1, lists.add_end = true;
  language::tokenizer const listed(language::byte_level_parts(lists, "smollm"));
  for (std::string const text : {"Hello 1234 world!", "  <|im_start|>user\n\xe4\xbd\xa0", "\xff"}) {
    auto expected = original.encode(text);
    CHECK(listed.decode(expected) == original.decode(expected));
    expected.push_back(1);
    CHECK(listed.encode(text) == expected);
  }
  CHECK(listed.end() == 1);
  auto refusal = [](language::token_lists const& changed, std::string const& name) {
    return support::refusal<io_error>([&] { language::tokenizer(language::byte_level_parts(changed, name)); });
  };
  CHECK_THAT(refusal(lists, "viking"),
             ContainsSubstring("model.gguf: has the pre-tokenizer \"viking\", expected one of "
                               "\"gpt-2\", "));
  auto changed = lists;
  changed.end.reset();
  CHECK(refusal(changed, "smollm") == "model.gguf: puts a token where a text ends, and does not say which");
  changed = lists, changed.kinds.pop_back();
  CHECK(refusal(changed, "smollm") == "model.gguf: has 402 kinds of 403 tokens");
  changed = lists, changed.tokens[300] = "\xff";
  CHECK_THAT(refusal(changed, "smollm"), ContainsSubstring("model.gguf: "));
}
