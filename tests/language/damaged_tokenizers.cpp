#include <cohort/language/tokenizer/tokenizer.hpp>

#include "../catch.hpp"
#include "../support/allocated.hpp"
#include "../support/damage.hpp"
#include "../support/refusal.hpp"
#include "../support/small_tokenizers.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

using support::small_bpe, support::small_unigram;

/// Reads it and does some work.
void work(std::filesystem::path const& file) {
  language::tokenizer const words(file);
  try {
    auto ids = words.encode("<s> aaaa b \xff\xc3\xa9 ba");
    for (std::int32_t id = -1; id <= words.size(); ++id) ids.push_back(id);
    words.decode(ids);
  } catch (cohort_error const&) {  // no token for what is unknown
  }
}

int refused(std::filesystem::path const& file, std::vector<std::string> const& all) {
  int refused = 0;
  for (auto const& text : all) {
    files::put(file, text);
    std::size_t const before = allocated();
    auto const outcome = damage::outcome(file, [&] { work(file); });
    std::size_t const taken = allocated() - before;
    INFO(text.substr(0, 2000) << "\n" << outcome);
    REQUIRE(!outcome.starts_with("FAULT"));
    REQUIRE(taken <= 250 * text.size() + (1 << 18));
    refused += outcome != "read";
  }
  return refused;
}

}  // namespace

TEST_CASE("damaged tokenizers: a tokenizer.json is read as it stands there, or refused by its name") {
  files::scratch const here("cohort_damaged_tokenizers");
  auto const file = here.path / "tokenizer.json";
  for (auto const& whole : {small_bpe, small_unigram}) {
    CHECK(refused(file, {whole}) == 0);
    auto const cut = damage::cut(whole, 25);
    CHECK(refused(file, cut) == int(cut.size()));
    CHECK(refused(file, damage::flipped(whole, 60)) > 20);
    CHECK(refused(file, damage::some(damage::edited(whole), 150)) > 80);
  }
}

TEST_CASE("damaged tokenizers: what is wrong is said with its place, what was given and what was expected") {
  auto with = [](std::string text, std::string const& from, std::string const& to) {
    auto const at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  auto refusal = [&](std::string const& text) {
    return support::refusal<io_error>([&] { language::tokenizer(language::read_tokenizer_json(text, "t.json")); });
  };
  auto bpe_with = [&](std::string const& from, std::string const& to) { return refusal(with(small_bpe, from, to)); };
  CHECK(bpe_with(R"("b": 2)", R"("b": 1)") == R"(t.json, model: has for "b" and "a" the same number, 1)");
  CHECK_THAT(bpe_with(R"("b": 2)", R"("a": 2)"), ContainsSubstring("has the key \"a\" twice"));
  CHECK(bpe_with(R"("b": 2)", R"("b": 2000000000)") ==
        "t.json, model.vocab, \"b\": is 2000000000, expected a token's number, in a file of this size below " +
            std::to_string((small_bpe.size() + 9) / 4 + 4096));
  CHECK(bpe_with(R"("aa a")", R"("aa x")") ==
        R"(t.json, model: merge 1 is of "x", expected two of the vocabulary's tokens)");
  CHECK(bpe_with(R"("aa a")", R"("aaa")") ==
        R"(t.json, model: merge 1 is "aaa", expected two tokens with a space between them)");
  CHECK(bpe_with(R"("aa a")", R"("aa b")") == R"(t.json: merge 1, of "aa" and "b", makes "aab", which is no token)");
  CHECK(bpe_with(R"("unk_token": "<s>")", R"("unk_token": "x")") == R"(t.json: unk_token is "x", which is no token)");
  CHECK(bpe_with(R"("id": 9)", R"("id": 0)") ==
        R"(t.json: the added token "ba" has the id 0, and the vocabulary has "<s>" there)");
  CHECK(bpe_with(R"("content": "ba")", R"("content": "b")") ==
        R"(t.json: the added token "b" has the id 9, and the vocabulary has it as 2)");
  CHECK(bpe_with(R"("ids": [0])", R"("ids": [8])") == "t.json: what stands before a text is 8, which is no token");
  CHECK(bpe_with(R"("NFC")", R"("Precompiled")") ==
        R"(t.json, normalizer.normalizers[0]: has type "Precompiled", expected one of "NFC", "NFD", "NFKC", "NFKD", )"
        R"("Lowercase", "Replace", "Prepend", "Strip")");
  CHECK_THAT(
      bpe_with(R"("Split")", R"("BertPreTokenizer")"),
      ContainsSubstring(R"(t.json, pre_tokenizer.pretokenizers[0]: has type "BertPreTokenizer", expected one of)"));
  CHECK_THAT(bpe_with(R"("Fuse")", R"("CTC")"), ContainsSubstring(R"(decoder.decoders[1]: has type "CTC", expected)"));
  CHECK_THAT(bpe_with(R"("type": "BPE")", R"("type": "WordPiece")"),
             ContainsSubstring(R"(t.json, model: has type "WordPiece", expected one of "BPE", "Unigram")"));
  CHECK_THAT(bpe_with("a+|\\\\s", "(a"), ContainsSubstring("the pattern \"(a\" is none of PCRE2's: missing"));
  CHECK_THAT(bpe_with("a+|\\\\s", "[a&&b]"), ContainsSubstring("&& in a class, which PCRE2 reads otherwise"));
  CHECK_THAT(bpe_with("\"Isolated\"", "\"isolated\""), ContainsSubstring("has behavior \"isolated\", expected one of"));
  CHECK_THAT(refusal(with(small_unigram, "-1.5", "1e999")), ContainsSubstring("has a number that is out of range"));
  CHECK_THAT(refusal(with(small_unigram, "\"unk_id\": 0", "\"unk_id\": 4")),
             ContainsSubstring("t.json: unk_id is 4, expected one of the 4 tokens"));
  CHECK_THAT(refusal(with(small_unigram, "\"_a\"", "\"a\"")),
             ContainsSubstring(R"(t.json, model.vocab: the tokens 1 and 2 are both "a")"));
  CHECK_THAT(refusal("{\"model\": " + std::string(1000, '[')), ContainsSubstring("nested more than 16 deep"));
  CHECK(refusal("{}") == "t.json: has no model");
}

TEST_CASE("damaged tokenizers: a normalizer that makes texts ever longer is stopped") {
  std::string steps;
  for (int k = 0; k < 40; ++k)
    steps += std::string(k ? "," : "") + R"({"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaa"})";
  language::tokenizer const words(
      language::read_tokenizer_json(R"({"normalizer": {"type": "Sequence", "normalizers": [)" + steps +
                                        R"(]}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})",
                                    "t.json"));
  CHECK_THAT(support::refusal<cohort_error>([&] { words.encode("a"); }),
             ContainsSubstring("normalizing makes of a text one of more than 1048640 bytes"));
}
