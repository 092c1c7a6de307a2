// The program tokenize as a user meets it.
#ifdef COHORT_TOKENIZE
#include <algorithm>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

files::outcome_of_program tokenize(std::string const& arguments, std::string const& in) {
  files::scratch const here("cohort_tokenize");
  files::put(here.path / "in", in);
  return files::run_in(here, paths::program("cohort-tokenize"), arguments + " <in");
}
std::string const model = "--model '" + paths::golden("tokenizer/llama3") + "' ";

}  // namespace

TEST_CASE("tokenize: lines to tokens and back, with and without special tokens") {
  std::string const text = "Hello, <|eot_id|> world!\n\nÜ \t\n";
  auto const tokens = tokenize(model, text);
  CAPTURE(tokens.err);
  REQUIRE(tokens.status == 0);
  CHECK_THAT(tokens.out, ContainsSubstring("{\"ids\": [462, "));
  CHECK(std::count(tokens.out.begin(), tokens.out.end(), '\n') == 3);
  CHECK(tokenize(model + "--decode --skip-special", tokens.out).out == "Hello,  world!\n\nÜ \t\n");
  CHECK_THAT(tokenize(model + "--decode", tokens.out).out,
             ContainsSubstring("<|begin_of_text|>Hello, <|eot_id|> world"));
  CHECK(tokenize(model + "--decode", tokenize(model + "--plain", text).out).out == text);
  std::string const line = "{\"text\":\"two\\nlines\"}\n";
  CHECK(tokenize(model + "--decode --json", tokenize(model + "--plain --json", line).out).out == line);
}

TEST_CASE("tokenize: what is wrong is one line on stderr") {
  auto refused = [](std::string const& arguments, std::string const& in, int status, std::string const& what) {
    auto const r = tokenize(arguments, in);
    CAPTURE(r.err);
    CHECK(r.status == status);
    CHECK(r.out.empty());
    CHECK(r.err.starts_with("cohort tokenize: "));
    CHECK(r.err.find('\n') + 1 == r.err.size());
    CHECK_THAT(r.err, ContainsSubstring(what));
  };
  refused("--model /nowhere", "a\n", 1, "/nowhere cannot be opened");
  refused(model + "--decode", "{\"ids\": [1, -2]}\n", 1, "stdin, line 1: ids[1] is -2, expected a token");
  refused(model + "--json", "{\"ids\": []}\n", 1, "stdin, line 1: has no text");
  refused(model + "--skip-special", "", 2, "--decode");
  refused("", "", 2, "--model");
}
#endif
