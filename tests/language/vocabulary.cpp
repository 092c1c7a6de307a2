#include <algorithm>
#include <cohort/language/task/vocabulary.hpp>
#include <cohort/random/stream.hpp>
#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using ids = std::vector<std::int32_t>;

namespace {

vocabulary sums() { return vocabulary{{.characters = "0123456789+=", .special = {"<pad>", "<end>"}, .stop = "<end>"}}; }

}  // namespace

TEST_CASE("vocabulary: characters are numbered from 0 in their order, special tokens after them in theirs") {
  vocabulary words = sums();
  REQUIRE(words.size() == 14);
  REQUIRE(words.encode("1+2=3<end>") == ids{1, 10, 2, 11, 3, 13});
  REQUIRE(words.encode("") == ids{});
  REQUIRE((words.id("0") == 0 && words.id("=") == 11 && words.id("<pad>") == 12 && words.id("<end>") == 13));
  REQUIRE((words.text(0) == "0" && words.text(13) == "<end>"));
  REQUIRE((!words.is_special(11) && words.is_special(12) && words.is_special(13) && !words.is_special(14) &&
           !words.is_special(-1)));
}

TEST_CASE("vocabulary: special tokens are written or left out") {
  vocabulary words = sums();
  ids text{12, 1, 10, 2, 11, 3, 13};
  REQUIRE(words.decode(text) == "<pad>1+2=3<end>");
  REQUIRE(words.decode(text, special_tokens::left_out) == "1+2=3");
  REQUIRE(words.decode({}) == "");
}

TEST_CASE("vocabulary: where special tokens begin alike the longest that fits is taken, whatever their order") {
  for (std::vector<std::string> special : {std::vector<std::string>{"<a", "<a>", "<a>b"}, {"<a>b", "<a>", "<a"}}) {
    vocabulary words{{.characters = "<>ab", .special = special}};
    REQUIRE(words.encode("<a>b<a>a<ab<b") == ids{words.id("<a>b"), words.id("<a>"), 2, words.id("<a"), 3, 0, 3});
  }
}

TEST_CASE("vocabulary: at each place it takes what trying every special token there takes") {
  auto tried = [](vocabulary const& words, std::vector<std::string> const& special, std::string_view rest) {
    ids found;
    for (; !rest.empty(); rest.remove_prefix(words.text(found.back()).size())) {
      std::string_view longest = rest.substr(0, 1);
      for (auto const& s : special)
        if (rest.starts_with(s) && s.size() > longest.size()) longest = s;
      found.push_back(words.id(longest));
    }
    return found;
  };
  random_stream draws(stream_id{1, draw_purpose::user});
  for (int k = 0; k < 300; ++k) {
    auto some_text = [&](std::uint32_t longest) {
      std::string text;
      for (auto n = 1 + draws.integer(longest); text.size() < n;) text += "ab\xC3"[draws.integer(2 + k % 2)];
      return text;
    };
    std::vector<std::string> special;
    for (auto n = draws.integer(12); special.size() < n;) {
      auto s = some_text(7);
      if (s.size() > 1 && std::find(special.begin(), special.end(), s) == special.end()) special.push_back(s);
    }
    vocabulary words{{.special = special}};
    for (int t = 0; t < 5; ++t) {
      auto text = some_text(60);
      REQUIRE(words.encode(text) == tried(words, special, text));
    }
  }
}

TEST_CASE("vocabulary: 20,000 special tokens, one of them as long as the text") {
  std::string const a(100'000, 'a');
  std::vector<std::string> special{a + "b"};
  for (int i = 0; i < 20'000; ++i) special.push_back("<" + std::to_string(i) + ">");
  vocabulary words{{.special = special}};
  REQUIRE(words.encode(a) == ids(100'000, 'a'));
  REQUIRE(words.encode(a + "b<19999><199990>") == ids{256, 256 + 20'000, '<', '1', '9', '9', '9', '9', '0', '>'});
}

TEST_CASE("vocabulary: a character is a code point of UTF-8, of one to four bytes") {
  std::string alphabet = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x99\x82";
  vocabulary words{{.characters = alphabet}};
  REQUIRE(words.size() == 4);
  REQUIRE(words.encode("\xF0\x9F\x99\x82\xC3\xA9"
                       "a\xE2\x82\xAC") == ids{3, 1, 0, 2});
  REQUIRE(words.decode(ids{2, 3}) == "\xE2\x82\xAC\xF0\x9F\x99\x82");
}

TEST_CASE("vocabulary: of bytes every text has tokens, the bytes' values, and comes back") {
  vocabulary words{{.special = {"<end>"}, .stop = "<end>"}};
  REQUIRE(words.size() == 257);
  std::string text;
  for (int byte = 0; byte < 256; ++byte) text += char(byte);
  ids encoded = words.encode(text + "<end>");
  for (int i = 0; i <= 256; ++i) REQUIRE(encoded.at(i) == i);
  REQUIRE(words.decode(encoded) == text + "<end>");
  REQUIRE(words.decode(encoded, special_tokens::left_out) == text);
  REQUIRE(words.stop() == 256);
}

TEST_CASE("vocabulary: the stop token is a special one, a character, or none") {
  REQUIRE(sums().stop() == 13);
  REQUIRE(vocabulary{{.characters = "ab\n", .stop = "\n"}}.stop() == 2);
  REQUIRE(vocabulary{{.characters = "ab"}}.stop() == std::nullopt);
  REQUIRE_THROWS_WITH((vocabulary{{.characters = "ab", .stop = "<end>"}}),
                      ContainsSubstring("\"<end>\" is none of its 2 tokens"));
}

TEST_CASE("vocabulary: a character outside the alphabet is a value_error that says which and where") {
  vocabulary words{{.characters = "0123456789+\xC3\xA9"}};
  REQUIRE_THROWS_AS(words.encode("1-2"), value_error);
  REQUIRE_THROWS_WITH(words.encode("1-2"), ContainsSubstring("\"-\" at byte 1 of \"1-2\""));
  REQUIRE_THROWS_WITH(words.encode("\xC3\xA9\xE2\x82\xAC"), ContainsSubstring("\"\xE2\x82\xAC\" at byte 2"));
  REQUIRE_THROWS_WITH(words.encode("12\n"), ContainsSubstring("0x0a at byte 2"));
  REQUIRE_THROWS_WITH(words.encode("1<end>"), ContainsSubstring("\"<\" at byte 1"));
}

TEST_CASE("vocabulary: malformed UTF-8 is a value_error that says where, in texts and in alphabets") {
  vocabulary words{{.characters = "1\xC3\xA9"}};
  for (std::string broken :
       {"\xC3", "\x80", "\xFF", "\xC3(", "\xE2\x82", "\xF0\x9F\x99", "\xC0\x80", "\xF5\x80\x80\x80"}) {
    REQUIRE_THROWS_WITH(words.encode("1" + broken), ContainsSubstring("not UTF-8 at byte 1"));
    REQUIRE_THROWS_WITH((vocabulary{{.characters = "1" + broken}}), ContainsSubstring("not UTF-8 at byte 1"));
  }
}

TEST_CASE("vocabulary: an id outside the vocabulary is a value_error that says which and where") {
  vocabulary words = sums();
  REQUIRE_THROWS_AS(words.decode(ids{1, 14}), value_error);
  REQUIRE_THROWS_WITH(words.decode(ids{1, 14}), ContainsSubstring("place 1 the id is 14, expected 0 to 13"));
  REQUIRE_THROWS_WITH(words.decode(ids{-1}, special_tokens::left_out), ContainsSubstring("place 0 the id is -1"));
  REQUIRE_THROWS_WITH(words.text(99), ContainsSubstring("the id is 99"));
  REQUIRE_THROWS_WITH(words.id("7+"), ContainsSubstring("\"7+\" is none"));
}

TEST_CASE("vocabulary: a token that is there twice, or is empty, and a vocabulary without tokens are value_errors") {
  REQUIRE_THROWS_WITH((vocabulary{{.characters = "0120"}}), ContainsSubstring("\"0\" is there twice"));
  REQUIRE_THROWS_WITH((vocabulary{{.characters = "01", .special = {"<end>", "<end>"}}}),
                      ContainsSubstring("\"<end>\" is there twice"));
  REQUIRE_THROWS_WITH((vocabulary{{.characters = "01", .special = {"1"}}}), ContainsSubstring("\"1\" is there twice"));
  REQUIRE_THROWS_WITH((vocabulary{{.characters = "01", .special = {"<end>", ""}}}),
                      ContainsSubstring("special token 1 is empty"));
  REQUIRE_THROWS_WITH((vocabulary{{.characters = ""}}), ContainsSubstring("no token"));
}
