#pragma once
#include <cohort/language/data/data_row.hpp>
#include <cohort/language/data/reward_settings.hpp>
#include <cohort/language/reward/accuracy.hpp>
#include <cohort/language/reward/cosine_length.hpp>
#include <cohort/language/reward/format.hpp>
#include <cohort/language/reward/language_share.hpp>
#include <cohort/language/reward/length_target.hpp>
#include <cohort/language/reward/outside/program_reward.hpp>
#include <cohort/language/reward/pattern.hpp>
#include <cohort/language/reward/repetition.hpp>
#include <cohort/language/reward/reward_list.hpp>
#include <cohort/language/reward/same_text.hpp>
#include <cohort/language/reward/soft_overlong.hpp>
#include <cohort/language/reward/tag_count.hpp>
#include <limits>

namespace COHORT_NAMESPACE::language {

/// A reward that programs know by name.
struct reward_entry {
  std::string name;
  std::string text;     ///< what it says of a completion, on one line
  std::string columns;  ///< a parameter that names the column it reads, with the column by default: "column=answer"
  any_reward<data_row> (*make)(reward_settings&);
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

inline double whole(double x, language::reward_settings const& of, char const* parameter) {
  require(x == std::floor(x) && std::abs(x) < 0x1p31, ("reward '" + of.text() + "'").c_str(), parameter, x,
          "a whole number");
  return x;
}
inline format_tags tags_of(language::reward_settings& s) {
  return {.reasoning = s.word("reasoning", "reasoning"), .answer = s.word("answer", "answer")};
}
inline any_reward<language::data_row> make_accuracy(language::reward_settings& s) {
  std::string const column = s.word("column", "answer"), where = s.word("where", "tag"), tag = s.word("tag", "answer"),
                    same = s.word("same", "decimal");
  bool const commas = s.number("thousands_commas", same == "number") != 0;
  using reward = any_reward<language::data_row>;
  auto const compared = [&](auto const& extract) {
    auto const wanted = [column](language::data_row const& row) { return row.text(column.c_str()); };
    if (same == "decimal") return reward(accuracy{wanted, extract, same_decimal{commas}});
    if (same == "number") return reward(accuracy{wanted, extract, same_number{commas}});
    if (same == "choice") return reward(accuracy{wanted, extract, same_choice{}});
    if (same == "text") return reward(accuracy{wanted, extract, same_text{}});
    throw unknown_name("reward '" + s.text() + "'", "value of same", same, {"decimal", "number", "choice", "text"});
  };
  if (where == "tag" && tag != "none") return compared(between_tags{tag});
  if (where == "all" || tag == "none") return compared(whole_text{});
  if (where == "boxed") return compared(boxed{});
  if (where == "marker") return compared(after_marker{});
  throw unknown_name("reward '" + s.text() + "'", "value of where", where, {"tag", "boxed", "marker", "all"});
}
inline any_reward<language::data_row> make_program(language::reward_settings& s) {
  auto const columns = [](language::data_row const& row) { return row.columns; };
  std::string const command = s.word("command", "");
  if (command.empty())
    throw value_error("reward '" + s.text() + "' lacks its command: " + s.name() + ":command=PROGRAM");
  program_options options{.processes = int(whole(s.number("processes", 2), s, "processes")),
                          .seconds = s.number("seconds", 60)};
  return program_reward({command}, options, columns);
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// The rewards that there are by name; one more is one more entry.
inline std::vector<reward_entry> const& reward_entries() {
  using settings = reward_settings;
  using reward = any_reward<data_row>;
  static std::vector<reward_entry> const all{
      {"accuracy",
       "1 where <answer>...</answer> (where=boxed, marker, all) has the column `answer`, compared as decimal numbers "
       "or texts (same=number, fractions too, text, choice)",
       "column=answer", [](settings& s) { return detail::make_accuracy(s); }},
      {"format",
       "1 for <reasoning>...</reasoning> and <answer>...</answer>, white space around them or not, and no more", "",
       [](settings& s) {
         auto tags = detail::tags_of(s);
         tags.space = tag_space::any;
         return reward(strict_format(tags));
       }},
      {"strict_format", "1 for the same, each tag on a line of its own", "",
       [](settings& s) { return reward(strict_format(detail::tags_of(s))); }},
      {"soft_format", "1 where the four tags stand in the text in their order", "",
       [](settings& s) { return reward(soft_format(detail::tags_of(s))); }},
      {"length_target", "-alpha |target - tokens|, alpha 1", "",
       [](settings& s) {
         double const target = s.number("target", {});
         return reward(length_target{target, s.number("alpha", 1)});
       }},
      {"characters", "-|target - characters|, the reward of TRL's quick start with its target, 20", "",
       [](settings& s) {
         return reward([target = s.number("target", 20)](completion<data_row> const& c) {
           return -std::abs(target - detail::characters_in(c.text));
         });
       }},
      {"soft_overlong", "0 up to limit - cache tokens, then down to -1 at the limit (20480, 4096)", "",
       [](settings& s) {
         return reward(soft_overlong{std::ptrdiff_t(detail::whole(s.number("limit", 20'480), s, "limit")),
                                     std::ptrdiff_t(detail::whole(s.number("cache", 4'096), s, "cache"))});
       }},
      {"tag_count", "an eighth for each of four tags on lines of their own, less for text behind them", "",
       [](settings& s) { return reward(tag_count{detail::tags_of(s)}); }},
      {"pattern", "1 where a regular expression matches all of the text (part=1: some of it)", "",
       [](settings& s) {
         bool const part = s.number("part", 0) != 0;
         return reward(matches_pattern(s.word("match", ""), part ? match_where::part : match_where::whole));
       }},
      {"cosine_length", "short right answers and long wrong ones, up to limit tokens (2048); right as in accuracy",
       "column=answer",
       [](settings& s) {
         auto const limit = std::ptrdiff_t(detail::whole(s.number("limit", 2'048), s, "limit"));
         return reward(cosine_length{.correct = detail::make_accuracy(s), .limit = limit});
       }},
      {"language", "the share of the words that are in a script (script=Latin)", "",
       [](settings& s) { return reward(language_share({s.word("script", "Latin")})); }},
      {"program", "what a program says, over JSON lines (command=PROGRAM, processes=2, seconds=60)", "",
       [](settings& s) { return detail::make_program(s); }},
      {"repetition", "penalty (-1) times the share of runs of n (3) tokens that came before", "",
       [](settings& s) {
         return reward(repetition{int(detail::whole(s.number("n", 3), s, "n")), s.number("penalty", -1)});
       }},
  };
  return all;
}

/// A reward by name, with parameters. Raises value_error naming the nearest for a name or a parameter that there is
/// not, and for a value that is none. `columns` gets the columns that it reads.
/// Entries of your own go before those that there are.
inline any_reward<data_row> make_reward(std::string const& text, std::vector<std::string>& columns,
                                        std::span<reward_entry const> own = {}) {
  reward_settings s(text);
  std::vector<std::string> names;
  std::vector<reward_entry> entries(own.begin(), own.end());
  entries.insert(entries.end(), reward_entries().begin(), reward_entries().end());
  for (auto const& entry : entries) {
    names.push_back(entry.name);
    if (entry.name != s.name()) continue;
    auto reward = entry.make(s);
    s.require_all_taken();
    if (std::size_t const middle = entry.columns.find('='); middle != entry.columns.npos)
      columns.push_back(s.word(entry.columns.substr(0, middle), entry.columns.substr(middle + 1)));
    return reward;
  }
  throw detail::unknown_name("reward '" + text + "'", "reward", s.name(), names);
}

/// Rewards between commas, with a weight each, or 1 for all where there are no weights:
///
///     named_rewards("format,accuracy,length_target:target=60", {.5, 1, .01}, columns)
///
/// Two of a kind are named by their whole text.
inline reward_list<data_row> named_rewards(std::string const& text, std::vector<double> const& weights,
                                           std::vector<std::string>& columns, std::span<reward_entry const> own = {}) {
  reward_list<data_row> list;
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const end = std::min(text.find(',', begin), text.size());
    std::string_view const word = detail::stripped(std::string_view(text).substr(begin, end - begin));
    words.emplace_back(word);
    begin = end + 1;
  }
  if (!weights.empty() && weights.size() != words.size())
    throw value_error("rewards: there are " + std::to_string(weights.size()) + " weights for the " +
                      std::to_string(words.size()) + " rewards " + text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto reward = make_reward(words[i], columns, own);
    std::string const kind = words[i].substr(0, words[i].find(':'));
    auto const same = std::count_if(words.begin(), words.end(),
                                    [&](std::string const& other) { return other.substr(0, other.find(':')) == kind; });
    list.add({same > 1 ? words[i] : kind, std::move(reward), weights.empty() ? 1 : weights[i]});
  }
  return list;
}

}  // namespace COHORT_NAMESPACE::language
