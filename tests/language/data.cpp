#include <algorithm>
#include <cmath>
#include <cohort/language/data/data_task.hpp>
#include <cohort/language/data/named_rewards.hpp>
#include <cohort/language/data/read_rows.hpp>
#include <cohort/language/data/split.hpp>
#include <filesystem>
#include <set>

#include "../catch.hpp"
#include "../support/files.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using language::data_row;

namespace {

/// The rows of a file of that text.
std::vector<data_row> rows_of_text(std::string const& text, std::vector<std::string> const& needed = {}) {
  files::scratch const here("cohort_data");
  files::put(here.path / "train.jsonl", text);
  return language::read_rows(here.path / "train.jsonl", needed);
}
std::string numbered_rows(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "{\"prompt\": \"question " + std::to_string(i) + "\"}\n";
  return text;
}
std::set<std::string> prompts(std::vector<data_row> const& rows) {
  std::set<std::string> all;
  for (auto const& row : rows) all.insert(row.prompt);
  return all;
}
double say(any_reward<data_row> const& reward, std::string const& text, data_row const& row = {}) {
  std::vector<std::int32_t> const tokens(7, 1);
  return reward(completion<data_row>{"", text, tokens, false, row}).value();
}
any_reward<data_row> made(std::string const& text) {
  std::vector<std::string> columns;
  return language::make_reward(text, columns);
}

}  // namespace

TEST_CASE("read_rows: texts and messages, with their other columns, whatever ends the lines") {
  auto const rows = rows_of_text(
      "\xEF\xBB\xBF{\"prompt\": \"2+2=\", \"answer\": 4}\r\n\n  \n"
      "{\"prompt\": [{\"role\": \"system\", \"content\": \"Be brief.\"}, {\"role\": \"user\", \"content\": \"Hi\"}], "
      "\"answer\": null}");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].prompt == "2+2=");
  CHECK(rows[0].turns.empty());
  CHECK(rows[0].text("answer") == "4");
  CHECK(rows[0].number("answer") == 4);
  CHECK_THAT(rows[0].where, ContainsSubstring("train.jsonl, line 1"));
  CHECK(rows[1].prompt == "Hi");
  REQUIRE(rows[1].turns.size() == 2);
  CHECK(rows[1].turns[0].role == "system");
  CHECK_FALSE(rows[1].text("answer"));
  CHECK_THAT(rows[1].where, ContainsSubstring("train.jsonl, line 4"));
}

TEST_CASE("read_rows: what is wrong is said with the file and the line") {
  auto refused = [](std::string const& text, std::string const& what) {
    CHECK_THROWS_WITH(rows_of_text("{\"prompt\": \"a\", \"answer\": 1}\n" + text, {"answer"}), ContainsSubstring(what));
  };
  refused("{\"prompt\": \"a\", \"answer\": 1", "train.jsonl, line 2: is not JSON, from byte 28 on");
  refused("\n[1]", "train.jsonl, line 3: is [1], expected a JSON object");
  refused("{\"prompt\": \"a\"}", "train.jsonl, line 2: has no answer, beside prompt");
  refused("{\"answer\": 1}", "train.jsonl, line 2: has no prompt");
  refused("{\"prompt\": 7, \"answer\": 1}",
          "train.jsonl, line 2: has prompt 7, expected a text, or a list of messages");
  refused("{\"prompt\": [{\"role\": \"user\"}], \"answer\": 1}", "line 2, message 0 of prompt: has no content");
  refused("{\"prompt\": \"a\", \"prompt\": \"b\", \"answer\": 1}", "line 2: has the key \"prompt\" twice");
  CHECK_THROWS_WITH(rows_of_text(""), ContainsSubstring("train.jsonl: has no rows"));
  CHECK_THROWS_WITH(rows_of_text(" \n\n"), ContainsSubstring("train.jsonl: has no rows"));
  CHECK_THROWS_WITH(language::read_rows("no such file"), ContainsSubstring("no such file cannot be opened"));
}

TEST_CASE("split: the same prompts are held out in whatever order they stand, about as many as were asked for") {
  auto rows = rows_of_text(numbered_rows(2000));
  auto const first = language::split(rows, .1);
  CHECK(first.held_out.size() + first.train.size() == 2000);
  CHECK(std::abs(double(first.held_out.size()) - 200) < 4 * std::sqrt(2000 * .1 * .9));
  std::reverse(rows.begin(), rows.end());
  auto const turned = language::split(rows, .1);
  for (std::size_t i = 0; i < first.held_out.size(); ++i) CHECK(turned.held_out[i].prompt == first.held_out[i].prompt);
  auto const out = prompts(first.held_out), more = prompts(language::split(rows, .3).held_out);
  CHECK(std::includes(more.begin(), more.end(), out.begin(), out.end()));

  auto twice = rows;
  twice.insert(twice.end(), rows.begin(), rows.end());
  auto const both = language::split(twice, .1);
  for (auto const& row : both.train) CHECK_FALSE(out.contains(row.prompt));
  CHECK(language::split(rows, 0).held_out.empty());
  CHECK_THROWS_WITH(language::split(rows, 1.), "split: share is 1, expected a number from 0 up, below 1");
  rows.resize(1);
  CHECK_THROWS_WITH(language::split(rows, .999999), ContainsSubstring("none is left to train on"));
  // Which is which does not change from version to version.
  CHECK(language::place_of("") == Approx(0.3990464708489646).epsilon(1e-15));  // by another Philox, in Python
  CHECK(language::place_of("question 7") == Approx(0.07330671133257816).epsilon(1e-15));
  CHECK(language::place_of("\xC3\xA9") == Approx(0.6023308293102064).epsilon(1e-15));
}

TEST_CASE("epoch_order: each row once an epoch, and a draw depends on its number and the seed alone") {
  constexpr std::size_t count = 17;
  language::epoch_order in_turn(count), anywhere(count);
  std::vector<std::size_t> drawn;
  for (std::uint64_t n = 0; n < 5 * count; ++n) drawn.push_back(in_turn({7, n}));
  for (std::size_t e = 0; e < 5; ++e) {
    std::set<std::size_t> const epoch(drawn.begin() + long(e * count), drawn.begin() + long((e + 1) * count));
    CHECK(epoch.size() == count);
  }
  CHECK_FALSE(std::equal(drawn.begin(), drawn.begin() + count, drawn.begin() + count));
  for (std::uint64_t n : {80u, 3u, 79u, 20u, 0u, 45u}) CHECK(anywhere({7, n}) == drawn[n]);
  std::vector<std::size_t> other;
  for (std::uint64_t n = 0; n < count; ++n) other.push_back(anywhere({8, n}));
  CHECK_FALSE(std::equal(other.begin(), other.end(), drawn.begin()));
  // Past 2^32 epochs too.
  CHECK(anywhere({7, (std::uint64_t(1) << 40) * count + 1}) < count);
}

TEST_CASE("reward_entries: each reward that there is by name says what it says otherwise") {
  data_row row;
  row.columns = {{"answer", 4}, {"sum", "2"}};
  CHECK(say(made("accuracy"), "<answer>4.0</answer>", row) == 1);
  CHECK(say(made("accuracy:column=sum:tag=none"), " 2 ", row) == 1);
  CHECK(say(made("accuracy:tag=a"), "<a>5</a>", row) == 0);
  CHECK_FALSE(made("accuracy")(completion<data_row>{"", "4", {}, false, data_row{}}));
  std::string const form = "<reasoning>x</reasoning> <answer>4</answer>";
  CHECK(say(made("format"), form) == 1);
  CHECK(say(made("strict_format"), form) == 0);
  CHECK(say(made("soft_format"), "so " + form) == 1);
  CHECK(say(made("format:reasoning=think"), "<think>x</think><answer>4</answer>") == 1);
  CHECK(say(made("length_target:target=10:alpha=2"), "") == -6);
  CHECK(say(made("characters"), "\xC3\xA9t\xC3\xA9") == -17);
  CHECK(say(made("soft_overlong:limit=8:cache=4"), "") == -.75);
  CHECK(say(made("repetition:n=1"), "") == Approx(-6. / 7));
  row.columns = {{"answer", "3/4"}, {"choice", "B"}, {"city", "the Hague"}};
  CHECK(say(made("accuracy:where=boxed:same=number"), "so \\boxed{0.75}", row) == 1);
  CHECK(say(made("accuracy:where=marker:same=number"), "So\n#### \\frac{3}{4}\n", row) == 1);
  CHECK(say(made("accuracy:where=all:same=decimal"), "0.75", row) == 0);
  CHECK(say(made("accuracy:column=choice:same=choice:where=all"), "(b) Paris", row) == 1);
  CHECK(say(made("accuracy:column=city:same=text"), "<answer>Hague.</answer>", row) == 1);
  CHECK(say(made("tag_count"), "<reasoning>\nx\n</reasoning>\n<answer>\n4\n</answer>\n") == .5);
  CHECK(say(made("pattern:match=a+b"), "aab") == 1);
  CHECK(say(made("pattern:match=a+b"), "aabc") == 0);
  CHECK(say(made("pattern:match=a+b:part=1"), "aabc") == 1);
  CHECK(say(made("cosine_length:limit=14:where=all:same=number"), "3/4", row) == Approx(1.5));  // half of the limit
  CHECK(say(made("language"), "two \xD1\x80\xD0\xB0\xD0\xB7") == .5);
  CHECK_THROWS_WITH(made("accuracy:where=box"), ContainsSubstring("there is no value of where named 'box'"));
  CHECK_THROWS_WITH(made("accuracy:same=digits"), ContainsSubstring("there is no value of same named 'digits'"));
  CHECK_THROWS_WITH(made("program"), "reward 'program' lacks its command: program:command=PROGRAM");
}

TEST_CASE("program: a reward by name is asked for many completions at once, and reads their rows") {
  files::scratch const here("cohort_program_reward");
  auto const script = here.path / "judge";
  files::put(script,
             "#!/bin/sh\nwhile read -r line; do case $line in *'\"answer\":7'*'\"answer\":8'*) "
             "echo '{\"rewards\": [0.25, null]}';; *) echo '{\"error\": \"no\"}';; esac; done\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  std::vector<std::string> columns;
  auto const list = language::named_rewards("program:command=" + script.string(), {}, columns);
  data_row rows[2];
  rows[0].columns = {{"answer", 7}}, rows[1].columns = {{"answer", 8}};
  std::vector<completion<data_row>> all;
  for (auto const& row : rows) all.push_back({"", "a", {}, false, row});
  std::vector<std::string> const places{"line 1", "line 2"};
  std::vector<std::ptrdiff_t> const numbers{0, 3};
  auto const scores = list.batch(all, places, numbers);
  CHECK(scores[0].total == .25);
  CHECK(std::isnan(scores[1].total));
}

TEST_CASE("named_rewards: names, weights and columns; what is wrong is said with the nearest name") {
  std::vector<std::string> columns;
  auto const list = language::named_rewards("format, accuracy:column=sum,length_target:target=1,length_target:target=2",
                                            {.5, 2, 0, 0}, columns);
  CHECK(columns == std::vector<std::string>{"sum"});
  REQUIRE(list.size() == 4);
  CHECK(list.name(1) == "accuracy");
  CHECK(list.name(3) == "length_target:target=2");
  CHECK(list.weight(1) == 2);
  data_row row;
  row.columns = {{"sum", 4}};
  std::vector<std::int32_t> const tokens(7, 1);
  auto const s = list(completion<data_row>{"", "<answer>4</answer>", tokens, false, row}, "train.jsonl, line 1", 0);
  CHECK(s.total == 2);
  CHECK(s.parts == std::vector<double>{0, 1, -6, -5});

  auto refused = [](std::string const& text, std::vector<double> const& weights, std::string const& what) {
    std::vector<std::string> ignored;
    CHECK_THROWS_WITH(language::named_rewards(text, weights, ignored), ContainsSubstring(what));
  };
  refused("acuracy", {}, "there is no reward named 'acuracy'; the nearest are accuracy");
  refused("", {}, "there is no reward named ''");
  refused("format,accuracy", {1}, "there are 1 weights for the 2 rewards format,accuracy");
  refused("length_target", {}, "reward 'length_target' lacks its target: length_target:target=NUMBER");
  refused("length_target:target=long", {}, "has target 'long', expected a number");
  refused("length_target:target", {}, "has 'target', expected parameter=value");
  refused("repetition:n=1:n=2", {}, "has n twice");
  refused("repetition:size=3", {}, "there is no parameter named 'size'; the nearest are");
  refused("repetition:n=1.5", {}, "n is 1.5, expected a whole number");
  refused("format,format", {}, "two rewards are named \"format\"");
}

TEST_CASE("reward_list: the sum and the errors of rewards with the same parts") {
  using complete = completion<data_row>;
  auto const length = [](complete const& c) { return double(c.text.size()); };
  auto const absent = [](complete const& c) { return c.text.empty() ? std::optional<double>() : std::optional(2.); };
  rewards const fixed{named_reward{"length", length, .5}, named_reward{"absent", absent, -3.}};
  reward_list<data_row> list;
  list.add({"length", length, .5}), list.add({"absent", absent, -3.});
  data_row const row;
  for (std::string const text : {"", "a", "abc"}) {
    auto const want = fixed(complete{"", text, {}, false, row}, 0, 0);
    auto const found = list(complete{"", text, {}, false, row}, "row 0", 0);
    CHECK(found.total == want.total);
    CHECK(found.parts[0] == want.parts[0]);
    CHECK(std::isnan(found.parts[1]) == text.empty());
  }
  CHECK(std::isnan(reward_list<data_row>{}(complete{"", "a", {}, false, row}, "row 0", 0).total));
  CHECK_THROWS_WITH(list.add({"length", length, 1}), "rewards: two rewards are named \"length\"");
  CHECK_THROWS_WITH(list.add({"", length, 1}), "rewards: reward 2 has no name");
  list.add({"broken", [](complete const&) -> double { throw value_error("no"); }, 1});
  CHECK_THROWS_WITH(list(complete{"", "a", {}, false, row}, "train.jsonl, line 3", 5),
                    "reward \"broken\" in train.jsonl, line 3, completion 5 of its group, threw: no");
}
