// Completions that match a regular expression: the automaton, the bytes of tokens, and what generation and training
// make of the mask.
#include <re2/re2.h>
#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>
#include <cohort/language/tokenizer/expression_mask.hpp>
#include <filesystem>

#include "../catch.hpp"
#include "../support/echo.hpp"
#include "../support/files.hpp"
#include "../support/golden_texts.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;

namespace {

using ids = std::vector<std::int32_t>;

std::vector<std::string> const characters{"a",
                                          "b",
                                          "z",
                                          "1",
                                          "_",
                                          " ",
                                          "\n",
                                          "\t",
                                          "-",
                                          "\xc3\xa9",
                                          "\xd1\x88",
                                          "\xe0\xa4\x95",
                                          "\xee\x80\x80",
                                          "\xf0\x9f\x98\x80",
                                          "\xf4\x8f\xbf\xbf"};

template <class List>
auto const& any(random_stream& draws, List const& list) {
  return list[std::size_t(draws.integer(std::uint32_t(list.size())))];
}

std::string random_expression(random_stream& draws, int depth) {
  static std::vector<std::string> const classes{".",           "\\d",
                                                "\\D",         "\\w",
                                                "\\W",         "\\s",
                                                "\\S",         "[a-c]",
                                                "[^a-y]",      "[\\d_]",
                                                "[^\\w\\s]",   "[-a]",
                                                "[]a]",        "\\-",
                                                "\\n",         "[\xc3\xa9-\xee\x80\x80]",
                                                "[^\xd1\x88]", "[^\xe0\xa4\x95-\xf0\x9f\x98\x80]"};
  static std::vector<std::string> const repeats{"", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{0}", "{2,3}"};
  std::string all;
  for (std::uint32_t k = 0, n = 1 + draws.integer(3); k < n; ++k) {
    auto const kind = draws.integer(depth > 0 ? 4 : 2);
    if (kind == 0) all += draws.integer(2) ? "a" : "b";
    else if (kind == 1) all += draws.integer(2) ? any(draws, characters) : any(draws, classes);
    else if (kind == 2) all += "(" + random_expression(draws, depth - 1) + ")";
    else all += "(?:" + random_expression(draws, depth - 1) + "|" + random_expression(draws, depth - 1) + ")";
    all += any(draws, repeats);
  }
  return all;
}

decoder_options shape_of(int vocabulary) {
  return {.vocabulary = vocabulary, .hidden = 16, .intermediate = 16, .layers = 1, .heads = 2, .context = 60};
}

/// Training's log-probability of each token that is packed.
template <class Model>
std::vector<double> trained_logp(eigen::basic_backend<double>& cpu, Model& model,
                                 token_packing<eigen::basic_backend<double>>& packing) {
  packing.finish(cpu, model.options());
  eigen::basic_backend<double>::array<double> room;
  cpu.resize(room, packing.steps());
  model.evaluate(cpu, std::as_const(model).parameters(), packing, 1, {room.all(), {}, {}});
  std::vector<double> logp(std::size_t(packing.steps()));
  cpu.download(std::span<double>(logp), room.all());
  return logp;
}

/// A tokenizer with the tokens of the task echo: ten digits, an end, and a question.
language::tokenizer digits(files::scratch const& here) {
  files::put(here.path / "tokenizer.json", R"({
    "added_tokens": [{"id": 10, "content": "<end>", "special": true}, {"id": 11, "content": "<ask>", "special": true}],
    "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "vocab": {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9,
                                       "<end>": 10, "<ask>": 11}, "merges": []}})");
  return language::tokenizer(here.path);
}

}  // namespace

TEST_CASE("regular expressions: whole matches are RE2's, for random expressions and texts") {
  random_stream draws{stream_id{23}};
  int matched = 0, not_matched = 0;
  for (int k = 0; k < 600; ++k) {
    std::string const text = random_expression(draws, 2);
    RE2::Options quiet;
    quiet.set_log_errors(false);
    RE2 const theirs(text, quiet);
    REQUIRE(theirs.ok());
    language::regular_expression ours(text);
    for (int n = 0; n < 40; ++n) {
      std::string s;
      for (auto more = draws.integer(5); more > 0; --more) s += any(draws, characters);
      bool const want = RE2::FullMatch(s, theirs);
      CAPTURE(text, s);
      REQUIRE(ours.matches(s) == want);
      ++(want ? matched : not_matched);
      if (want)  // all that it begins with can go on
        for (std::size_t i = 0; i < s.size(); ++i) REQUIRE(ours.next(ours.start(), s.substr(0, i)) != ours.nowhere);
    }
  }
  CHECK(matched > 2000);
  CHECK(not_matched > 2000);
  for (char const* no : {"\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80", "\xff"})
    for (char const* any_character : {".*", "[^a]*", "\\W*", "\\S+"})
      CHECK_FALSE(language::regular_expression(any_character).matches(no));
}

TEST_CASE("regular expressions: what is not known is refused with its name and place, and so is what is too large") {
  auto const message = [](std::string const& text) {
    return support::message_of([&] { language::regular_expression{text}; });
  };
  auto const refusal = [](std::string const& text, std::string const& what) {
    return "the regular expression '" + text + "' " + what;
  };
  for (auto const& [text, what] : std::vector<std::pair<std::string, std::string>>{
           {"ab(?=c)", "has a look-ahead at byte 2"},
           {"(?<!c)", "has a look-behind at byte 0"},
           {"(?i)a", "has a group with (? at byte 0"},
           {"a(b", "has a ( without a ) at byte 1"},
           {"a)b", "has a ) without a ( at byte 1"},
           {"a[b", "has a [ without a ] at byte 1"},
           {"*a", "has nothing to repeat at byte 0"},
           {"(|+a)", "has nothing to repeat at byte 2"},
           {"a*?", "has a lazy repetition, which takes the same texts as an eager one, at byte 2"},
           {"a++", "has a possessive repetition at byte 2"},
           {"a**", "has a repetition of a repetition without a group at byte 2"},
           {"a{x}", "has a { (\\{ as a character), expected {m}, {m,} or {m,n} at byte 1"},
           {"a{3,2}", "has a count that ends before it begins at byte 1"},
           {"a{99999999999}", "has a count above 1000 at byte 1"},
           {"^a", "has an anchor, which is not needed, since the whole text has to match, at byte 0"},
           {"(a)\\1", "has a back reference at byte 3"},
           {"a\\b", "has a word boundary at byte 1"},
           {"\\p{L}", "has \\p, which is no escape that is known, at byte 0"},
           {"a\\", "has a \\ with nothing behind it at byte 1"},
           {"[[:alpha:]]", "has a class with a name at byte 1"},
           {"[z-a]", "has a range that does not go from a character up to another at byte 1"},
           {"[a-\\d]", "has a range that does not go from a character up to another at byte 1"},
           {"[^\\d\\D]", "has a class of no character at byte 0"},
           {"a\xff", "is no UTF-8 at byte 1"},
           {"(((a{1000}){1000}){1000}){1000}",
            "takes more than 65536 steps with its repetitions written out, expected fewer"},
           {"((((){1000}){1000}){1000}){1000}",
            "takes more than 65536 steps with its repetitions written out, expected fewer"}})
    CHECK(message(text) == refusal(text, what));
  CHECK_THAT(message(std::string(200, '(') + std::string(200, ')')),
             Catch::Matchers::ContainsSubstring("has groups in more than 100 others at byte "));
  language::regular_expression many("(a|b)*a(a|b){20}", 100);
  random_stream draws{stream_id{1}};
  std::string text;
  while (text.size() < 1000) text += draws.integer(2) ? "a" : "b";
  CHECK(support::message_of([&] { many.matches(text); }) ==
        refusal("(a|b)*a(a|b){20}", "needs more than 100 states, expected an expression with fewer"));
  CHECK(many.states() == 100);
}

TEST_CASE("tokenizer: the bytes of a text's tokens are the text, of every family", "[golden]") {
  int families = 0, compared = 0;
  for (auto const& folder : std::filesystem::directory_iterator(paths::golden("tokenizer"))) {
    if (!folder.is_directory()) continue;
    language::tokenizer const words(folder.path());
    for (auto const& text : support::golden_texts()) {
      auto const tokens = words.encode(text, {.special_in_text = false, .begin_end = false});
      std::string bytes;
      bool first = true;
      for (auto id : tokens) {
        bytes += words.bytes(id, first);
        first = first && words.is_special(id);
      }
      if (detail::valid_prefix(bytes) < bytes.size()) continue;
      CAPTURE(folder.path().filename(), text);
      CHECK(bytes == words.decode(tokens));
      ++compared;
    }
    ++families;
  }
  CHECK(families >= 12);
  CHECK(compared > 20 * families);
}

TEST_CASE("matching: what is generated matches, whatever is drawn beside it, and the kept tokens are those that can",
          "[golden]") {
  eigen::basic_backend<double> cpu;
  generator<eigen::basic_backend<double>> generate;
  for (char const* name : {"qwen2", "llama2", "gemma"}) {
    CAPTURE(name);
    language::tokenizer const words(paths::golden(std::string("tokenizer/") + name));
    language_model model{cpu, shape_of(words.size()), random_seed{3}, {.initial_std = .4}};
    int const stop = 0;
    std::vector<ids> const prompts{{5, 6, 7}, {300, 20}, {9}};
    generation_options o{.group = 4, .max_tokens = 30, .stop = stop, .keep = true};
    o.allowed = language::matching("(yes|no|nobody)( is| [0-9]){0,2}", words, stop);
    std::vector<std::string> ends{"", " is"}, language;
    for (char d = '0'; d <= '9'; ++d) ends.push_back(std::string(" ") + d);
    for (std::string first : {"yes", "no", "nobody"})
      for (auto const& a : ends)
        for (auto const& b : ends) language.push_back(first + a + b);

    auto const all = generate(cpu, model, prompts, o, stream_id{4});
    token_packing<eigen::basic_backend<double>> packing;
    for (std::size_t n = 0; n < all.size(); ++n) {
      auto const& g = all[n];
      CHECK(g.stopped);
      auto const said = words.decode(ids(g.tokens.begin(), g.tokens.end() - 1), {.skip_special = false});
      CAPTURE(said);
      CHECK(std::count(language.begin(), language.end(), said) > 0);
      for (std::size_t t = 0; t < g.tokens.size(); ++t) {
        ids may, so_far(g.tokens.begin(), g.tokens.begin() + std::ptrdiff_t(t));
        auto const before = words.decode(so_far);
        so_far.push_back(0);
        for (std::int32_t v = 0; v < words.size(); ++v) {
          so_far.back() = v;
          auto const text = words.decode(so_far);
          bool const goes_on =
              text.size() > before.size() && !words.is_special(v) &&
              std::any_of(language.begin(), language.end(), [&](auto const& l) { return l.starts_with(text); });
          bool const ends_here = std::count(language.begin(), language.end(), before) > 0;
          if (v == stop ? ends_here : goes_on) may.push_back(v);
        }
        CHECK(g.kept.tokens(t) == may);
      }
      if (n % 4 == 0) packing.prompt(model.options(), prompts[n / 4]);
      packing.completion(model.options(), g.tokens, {.kept = &g.kept});
    }
    // Training's log-probabilities, and alone each the same as among the others.
    auto const logp = trained_logp(cpu, model, packing);
    std::size_t i = 0;
    for (auto const& g : all)
      for (double x : g.sampler_logp) CHECK(std::abs(logp[i++] - x) < 1e-12);
    o.at_once = 1;
    auto const apart = generate(cpu, model, prompts, o, stream_id{4});
    auto const alone = generate(cpu, model, {prompts[0]}, o, stream_id{4});
    for (std::size_t n = 0; n < all.size(); ++n) {
      CHECK(apart[n].tokens == all[n].tokens);
      CHECK(apart[n].sampler_logp == all[n].sampler_logp);
      if (n < alone.size()) CHECK(alone[n].tokens == all[n].tokens);
    }
    // The whole softmax's log-probabilities of all that may come first, normalized among these.
    token_packing<eigen::basic_backend<double>> firsts;
    firsts.prompt(model.options(), prompts[1]);
    auto const may = all[4].kept.tokens(0);
    for (auto v : may) firsts.completion(model.options(), ids{v});
    auto const whole = trained_logp(cpu, model, firsts);
    double mass = 0;
    for (double x : whole) mass += std::exp(x);
    for (std::size_t n = 4; n < 8; ++n) {
      auto const at = std::find(may.begin(), may.end(), all[n].tokens[0]) - may.begin();
      CHECK(all[n].sampler_logp[0] == Approx(whole[std::size_t(at)] - std::log(mass)).epsilon(1e-12).margin(1e-12));
    }
  }
}

TEST_CASE("matching: characters of several tokens are whole; a cut completion can go on; what cannot be is an error",
          "[golden]") {
  eigen::backend cpu;
  generator<eigen::backend> generate;
  language::tokenizer const words(paths::golden("tokenizer/gpt2"));
  language_model model{cpu, shape_of(words.size()), random_seed{3}, {.initial_std = .1}};
  language::regular_expression cyrillic("[\xd0\xb0-\xd1\x8f\xf0\x9f\x98\x80]{3,20}");
  auto const all = generate(cpu, model, {{5}},
                            {.group = 30,
                             .max_tokens = 9,
                             .stop = 0,
                             .allowed = language::matching("[\xd0\xb0-\xd1\x8f\xf0\x9f\x98\x80]{3,20}", words, 0)},
                            stream_id{4});
  int stopped = 0;
  for (auto const& g : all) {
    std::string bytes;
    for (std::size_t t = 0; t + g.stopped < g.tokens.size(); ++t) bytes += words.bytes(g.tokens[t], t == 0);
    stopped += g.stopped;
    CHECK(cyrillic.next(cyrillic.start(), bytes) != cyrillic.nowhere);
    CHECK((!g.stopped || cyrillic.matches(bytes)));
  }
  CHECK(stopped > 0);

  files::scratch const here{"cohort_expressions"};
  auto const ten = digits(here);
  language_model small{cpu, shape_of(12), random_seed{3}};
  CHECK(support::message_of([&] {
          generate(cpu, small, {{1}}, {.max_tokens = 9, .stop = 10, .allowed = language::matching("1x", ten, 10)},
                   stream_id{});
        }) == "generate: prompt 0, sample 0, token 1: `allowed` allows no token");
  CHECK(support::message_of([&] {
          generate(cpu, small, {{1}}, {.max_tokens = 9, .stop = 40, .allowed = language::matching("1", ten, 40)},
                   stream_id{});
        }) == "matching: the stop token is 40, expected one of the vocabulary's 12");
  CHECK(support::message_of([&] { language::matching("1", ten, {}); }) ==
        "matching: there is no stop token, expected one at least, which ends the text that matches");
}

TEST_CASE("matching: completions train with it, at a ratio of 1 to begin with") {
  files::scratch const here{"cohort_expressions"};
  auto const words = digits(here);
  eigen::basic_backend<double> cpu;
  language_model model{cpu, shape_of(12), random_seed{1}, {.initial_std = .5}};
  completions rollout{
      .prompts = 6, .group = 4, .max_tokens = 5, .allowed = language::matching("[2-7]{1,3}", words, 10)};
  algorithm<completions, group_relative, clipped_ratio, step_mean, update<>> a{
      .rollout = rollout, .update = update<>{.epochs = 1, .optimizer = adam{.rate = 1e-3}}};
  auto const report = train(cpu, a, support::echo{}, model, {.updates = 1, .seed = 2});
  CHECK(std::abs(report.metrics.approximate_kl) < 1e-20);
}
