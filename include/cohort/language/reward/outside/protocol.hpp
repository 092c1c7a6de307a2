#pragma once
#include <cmath>
#include <cohort/file/json.hpp>
#include <cohort/language/reward/batch.hpp>
#include <cstddef>
#include <type_traits>
#include <utility>

// What is said to judges outside, programs and services, and what they answer; docs/rewards.md describes it.

namespace COHORT_NAMESPACE {

/// A row of the data as JSON: what nlohmann's library makes of it (a json itself, a number, a text, a map, a type with
/// to_json), or null.
struct row_as_json {
  template <class Row>
  file::json operator()(Row const& row) const {
    if constexpr (std::is_constructible_v<file::json, Row const&>) return file::json(row);
    else return nullptr;
  }
};

namespace detail {

/// {"completions": [{"prompt", "text", "tokens", "truncated", "row"}, ...]} in one line. Bytes that are no UTF-8 are
/// U+FFFD there.
template <class Row, class ToJson>
std::string reward_request(std::span<completion<Row> const> all, ToJson const& to_json) {
  file::json list = file::json::array();
  for (auto const& c : all)
    list.push_back({{"prompt", std::string(c.prompt)},
                    {"text", std::string(c.text)},
                    {"tokens", std::vector<std::int32_t>(c.tokens.begin(), c.tokens.end())},
                    {"truncated", c.truncated},
                    {"row", to_json(c.row)}});
  return file::json{{"completions", std::move(list)}}.dump(-1, ' ', false, file::json::error_handler_t::replace);
}

/// Reads {"rewards": [number or null, ...]}, or raises what {"error": "..."} says. `who` begins the messages, `first`
/// is the number of the first completion in its batch. Python writes NaN and Infinity, which are no JSON; they are read
/// to be named.
inline void read_rewards(std::string text, std::span<std::optional<double>> values, std::string const& who,
                         std::size_t first, when_failing failing) {
  auto const fail = [&](std::string const& what, std::size_t at) {
    throw reward_failure(who + ", completion " + std::to_string(at) + " of the batch: " + what, at);
  };
  auto const shown_text = [&] { return shown(file::json(text.substr(0, 200))); };
  auto answer = file::json::parse(text, nullptr, false);
  if (answer.is_discarded()) {
    std::string named = text;
    for (std::string_view word : {"NaN", "Infinity"})
      for (std::size_t at = 0; (at = named.find(word, at)) != named.npos; at += word.size() + 2) {
        bool const minus = at > 0 && named[at - 1] == '-';
        named.insert(at + word.size(), 1, '"');
        named.insert(at - minus, 1, '"');
      }
    answer = file::json::parse(named, nullptr, false);
  }
  if (answer.is_discarded()) fail("the answer " + shown_text() + " is not JSON", first);
  if (!answer.is_object()) fail("the answer " + shown_text() + " is no JSON object", first);
  if (auto const error = answer.find("error"); error != answer.end() && !error->is_null())
    fail("it answers with the error " + shown(*error), first);
  auto const list = answer.find("rewards");
  if (list == answer.end() || !list->is_array()) fail("the answer " + shown_text() + " has no list rewards", first);
  if (list->size() != values.size())
    fail("it answers with " + std::to_string(list->size()) + " rewards, expected " + std::to_string(values.size()),
         first);
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const& one = (*list)[i];
    values[i].reset();
    if (one.is_number() && std::isfinite(one.get<double>())) values[i] = one.get<double>();
    else if (!one.is_null() && failing == when_failing::stop)
      fail("its reward is " + shown(one) + ", expected a finite number or null", first + i);
  }
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
