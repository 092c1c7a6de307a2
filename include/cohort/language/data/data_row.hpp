#pragma once
#include <cohort/file/json.hpp>
#include <cohort/language/tokenizer/chat.hpp>
#include <optional>

namespace COHORT_NAMESPACE::language {

/// A row of a data set: an object of a file of JSON lines.
///
///     {"prompt": "2+2=", "answer": 4}
///     {"prompt": [{"role": "user", "content": "What is 2 + 2?"}], "answer": "4"}
///
/// A prompt that is a text is continued as it stands; one that is a list of messages is written by the model's chat
/// format (TRL's standard and conversational formats). What the other columns are is for rewards to know.
struct data_row {
  std::string prompt;              ///< the text, or the last message's
  std::vector<chat_turn> turns{};  ///< of a prompt of messages
  file::json columns{};            ///< the whole object
  std::string where{};             ///< "train.jsonl, line 17"

  /// Raises io_error, with the line, for a column that is missing or of another type.
  file::json_fields fields() const { return {columns, where}; }
  bool has(char const* column) const { return fields().find(column); }
  /// A column that is a text or a number, as a text; nothing where it is missing or null.
  std::optional<std::string> text(char const* column) const {
    file::json const* const value = fields().find(column);
    if (!value) return {};
    if (value->is_string()) return value->get<std::string>();
    if (!value->is_number()) fields().wrong(column, "a text or a number");
    return value->dump();
  }
  /// A column that is a number; nothing where it is missing or null.
  std::optional<double> number(char const* column) const {
    if (!has(column)) return {};
    return fields().number(column);
  }
};

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// A column of chat messages: a list of objects with a role and a content.
inline std::vector<language::chat_turn> turns_in(file::json_fields const& row, char const* column) {
  file::json const& list = row.at(column);
  if (!list.is_array() || list.empty())
    row.wrong(column, "a text, or a list of messages {\"role\": ..., \"content\": ...}");
  std::vector<language::chat_turn> turns;
  for (file::json const& message : list) {
    std::string const where = row.where() + ", message " + std::to_string(turns.size()) + " of " + column;
    if (!message.is_object()) refuse_file(where, "is " + shown(message) + ", expected an object");
    file::json_fields const fields(message, where);
    turns.push_back({fields.text("role"), fields.text("content")});
  }
  return turns;
}

}  // namespace COHORT_NAMESPACE::detail
