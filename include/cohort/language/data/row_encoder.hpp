#pragma once
#include <cohort/language/data/data_row.hpp>
#include <cohort/language/files/model_text.hpp>

namespace COHORT_NAMESPACE::language {

struct row_encoding {
  bool chat = false;     ///< a prompt that is a text is a user's turn
  std::string system{};  ///< the system's turn, where a conversation has none; empty: the chat format's own
};

/// A row's prompt and completions in a model's tokens: texts as they stand, messages by the model's chat format.
class row_encoder {
 public:
  row_encoder(model_text const& text, row_encoding const& how) : text_(text), how_(how) {
    if (text.stop.empty())
      throw value_error("the model's files name no token that ends a text, and a completion needs one");
  }

  /// What the model continues. Raises value_error for messages where the model has no chat format that is known, and
  /// for turns that it has no place for.
  std::string prompt_text(data_row const& row) const {
    return is_chat(row) ? written(row, turns_of(row), true) : row.prompt;
  }
  /// Raises value_error for a prompt of no tokens.
  std::vector<std::int32_t> prompt(data_row const& row) const {
    auto tokens = text_.words.encode(prompt_text(row), {.begin_end = !is_chat(row)});
    if (tokens.empty()) throw value_error(row.where + ": the prompt has no tokens");
    return tokens;
  }
  /// A column that is a completion, a text or a message of the assistant, with the token that ends it.
  std::vector<std::int32_t> completion(data_row const& row, char const* column) const {
    auto const fields = row.fields();
    std::string said;
    if (fields.at(column).is_string()) {
      said = fields.text(column);
    } else {
      auto const turns = detail::turns_in(fields, column);
      if (turns.size() != 1 || turns[0].role != "assistant")
        fields.wrong(column, "a text, or one message of the assistant");
      said = turns[0].content;
    }
    std::vector<std::int32_t> tokens;
    if (is_chat(row)) {
      auto turns = turns_of(row);
      std::string const before = written(row, turns, true);
      turns.push_back({"assistant", said});
      std::string const all = written(row, turns, false);
      tokens = text_.words.encode(all.starts_with(before) ? all.substr(before.size()) : said, {.begin_end = false});
      auto const end =
          std::find_if(tokens.begin(), tokens.end(), [&](auto token) { return text_.stop.contains(token); });
      if (end != tokens.end()) tokens.erase(end + 1, tokens.end());
    } else {
      tokens = text_.words.encode(said, {.special_in_text = false, .begin_end = false});
    }
    if (tokens.empty() || !text_.stop.contains(tokens.back())) tokens.push_back(*text_.end());
    return tokens;
  }

 private:
  bool is_chat(data_row const& row) const { return how_.chat || !row.turns.empty(); }
  std::vector<chat_turn> turns_of(data_row const& row) const {
    std::vector<chat_turn> turns = row.turns;
    if (turns.empty()) turns.push_back({"user", row.prompt});
    if (!how_.system.empty() && turns[0].role != "system") turns.insert(turns.begin(), {"system", how_.system});
    return turns;
  }
  std::string written(data_row const& row, std::vector<chat_turn> const& turns, bool answer) const {
    if (!text_.chat) throw value_error(row.where + " is a conversation, and the model has none: " + text_.why_no_chat);
    try {
      return (*text_.chat)(turns, answer);
    } catch (value_error const& e) {
      throw value_error(row.where + ": " + e.what());
    }
  }
  model_text const& text_;
  row_encoding how_;
};

}  // namespace COHORT_NAMESPACE::language
