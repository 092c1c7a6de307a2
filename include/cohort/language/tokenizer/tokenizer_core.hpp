#pragma once
#include <cohort/language/tokenizer/tokenizer_parts.hpp>
#include <cohort/language/tokenizer/word_cache.hpp>
#include <memory>
#include <mutex>
#include <type_traits>
#include <unordered_set>

namespace COHORT_NAMESPACE::detail {

/// A tokenizer that never changes, but for memory that its encodings leave to later ones.
class tokenizer_core {
 public:
  /// What one encoding works with.
  struct memory {
    pattern_memory pattern;
    word_cache words;
    std::string valid, normalized;
  };

  explicit tokenizer_core(language::tokenizer_parts parts) : parts_(std::move(parts)) {
    auto& steps = parts_.pre_tokenizer;
    require_few("normalizer", parts_.normalizer.size(), 100);
    require_few("pre_tokenizer", steps.size(), 100);
    require_few("decoder", parts_.decoder ? parts_.decoder->size() : 0, 100);
    require_few("pre_tokenizer with an alphabet of bytes", std::size_t(std::ranges::count_if(steps, is_alphabet)), 1);
    auto* const bpe = std::get_if<language::bpe_options>(&parts_.model);
    bytes_ = bpe && !steps.empty() && is_alphabet(steps.back());
    if (bytes_) steps.pop_back();  // the model reads bytes itself
    if (bpe) {
      apart_ = !bytes_ && !bpe->whole_words && marks_begin_tokens();
      model_.emplace<bpe_model>(parts_.tokens, std::move(*bpe), bytes_, parts_.where);
    } else {
      model_.emplace<unigram_model>(parts_.tokens, std::move(std::get<language::unigram_options>(parts_.model)),
                                    parts_.where);
    }
    add_tokens();
  }

  language::tokenizer_parts const& parts() const { return parts_; }
  std::int32_t size() const { return std::int32_t(texts_.size()); }
  std::optional<std::int32_t> id_of(std::string_view text) const {
    if (auto const added = added_.find(std::string(text)); added != added_.end()) return added->second;
    std::int32_t const id = parts_.tokens.find(text);
    return id == token_list::none ? std::nullopt : std::optional(id);
  }
  /// As it is decoded; empty where there is no such token.
  std::string_view text_of(std::int32_t id) const {
    return id >= 0 && id < size() ? std::string_view(texts_[std::size_t(id)]) : std::string_view();
  }
  bool is_special(std::int32_t id) const { return special_.contains(id); }

  void encode(std::string_view text, bool with_special, std::vector<std::int32_t>& to) const {
    if (text.size() >= longest_text)
      throw value_error("tokenizer: a text has " + std::to_string(text.size()) + " bytes, expected less than " +
                        std::to_string(longest_text));
    auto lent = take_memory();
    memory& m = *lent;
    if (valid_prefix(text) != text.size()) {
      m.valid.clear();
      append_valid(m.valid, text);
      text = m.valid;
    }
    raw_.parts(text, with_special, [&](std::size_t begin, std::size_t end, std::int32_t id) {
      if (id != token_list::none) return to.push_back(id);
      std::string_view section = text.substr(begin, end - begin);
      if (!parts_.normalizer.empty()) {
        m.normalized = section;
        normalize(m.normalized, parts_.normalizer, m.pattern);
        section = m.normalized;
      }
      normalized_.parts(section, with_special, [&](std::size_t a, std::size_t b, std::int32_t found) {
        if (found != token_list::none) return to.push_back(found);
        auto const word = [&](std::string_view w) { append(w, to, m); };
        word_splitter(parts_.pre_tokenizer, m.pattern, word)(section.substr(a, b - a), begin == 0 && a == 0);
      });
    });
    give_back(std::move(lent));
  }

 private:
  static constexpr std::string_view mark = space_mark;

  static bool is_alphabet(language::pre_tokenizer_step const& step) {
    return std::holds_alternative<language::text_step::byte_alphabet>(step);
  }
  /// Steps call each other.
  void require_few(char const* what, std::size_t count, std::size_t most) const {
    if (count > most)
      throw io_error(parts_.where + ": there are " + std::to_string(count) + " steps of the " + what +
                     ", expected at most " + std::to_string(most));
  }

  /// Whether a mark is a token, and none has one behind anything but marks. Then no merge reaches from other characters
  /// to a mark behind them, and a text without a pre-tokenizer falls into words all the same.
  bool marks_begin_tokens() const {
    if (parts_.tokens.find(mark) == token_list::none) return false;
    for (std::int32_t id = 0; id < parts_.tokens.size(); ++id) {
      std::string_view text = parts_.tokens[id];
      while (text.starts_with(mark)) text.remove_prefix(mark.size());
      if (text.find(mark) != std::string_view::npos) return false;
    }
    return true;
  }

  void append(std::string_view text, std::vector<std::int32_t>& to, memory& m) const {
    auto make = [&](std::string_view word, std::vector<std::int32_t>& ids) {
      std::visit(
          [&](auto const& model) {
            if constexpr (!std::is_same_v<decltype(model), std::monostate const&>)
              model.append(parts_.tokens, word, ids);
          },
          model_);
    };
    while (apart_ && !text.empty()) {
      std::size_t begin = 0;
      while (text.substr(begin).starts_with(mark)) begin += mark.size();
      std::size_t const end = std::min(text.find(mark, begin), text.size());
      m.words.append(text.substr(0, end), to, make);
      text.remove_prefix(end);
    }
    if (!text.empty()) m.words.append(text, to, make);
  }

  void add_tokens() {
    auto const& tokens = parts_.tokens;
    texts_.reserve(std::size_t(tokens.size()));
    for (std::int32_t id = 0; id < tokens.size(); ++id) {
      texts_.emplace_back(tokens[id]);
      if (valid_prefix(texts_.back()) != texts_.back().size())
        throw io_error(parts_.where + ": token " + std::to_string(id) + " is " + in_quotes(tokens[id]) +
                       ", which is no UTF-8");
    }
    pattern_memory searches;
    std::unordered_set<std::int32_t> taken;
    for (auto token : parts_.added) {
      auto refuse = [&](std::string const& what) {
        throw io_error(parts_.where + ": the added token " + in_quotes(token.text) + " " + what);
      };
      std::int32_t const known = tokens.find(token.text);
      if (valid_prefix(token.text) != token.text.size()) refuse("is no UTF-8");
      if (token.id < 0) refuse("has the id " + std::to_string(token.id) + ", expected one from 0 on");
      if (known != token_list::none ? known != token.id : !tokens[token.id].empty())
        refuse("has the id " + std::to_string(token.id) + ", and the vocabulary has " +
               (known != token_list::none ? "it as " + std::to_string(known) : in_quotes(tokens[token.id]) + " there"));
      if (!taken.insert(token.id).second || !added_.emplace(token.text, token.id).second)
        refuse("or its id, " + std::to_string(token.id) + ", is there twice");
      if (token.special) special_.insert(token.id);
      if (token.id >= size()) texts_.resize(std::size_t(token.id) + 1);
      if (token.normalized && !parts_.added_as_written) normalize(token.text, parts_.normalizer, searches);
      texts_[std::size_t(token.id)] = token.text;
      (token.normalized ? normalized_ : raw_).add(std::move(token));
    }
    auto is_token = [&](std::int32_t id, char const* where) {
      if (text_of(id).empty())
        throw io_error(parts_.where + ": " + where + " is " + std::to_string(id) + ", which is no token");
    };
    for (std::int32_t id : parts_.before) is_token(id, "what stands before a text");
    for (std::int32_t id : parts_.behind) is_token(id, "what stands behind a text");
    if (parts_.begin) is_token(*parts_.begin, "what begins a text");
    if (parts_.end) is_token(*parts_.end, "what ends a text");
  }

  std::unique_ptr<memory> take_memory() const {
    std::lock_guard const lock(mutex_);
    if (unused_.empty()) return std::make_unique<memory>();
    auto m = std::move(unused_.back());
    unused_.pop_back();
    return m;
  }
  void give_back(std::unique_ptr<memory> m) const {
    std::lock_guard const lock(mutex_);
    unused_.push_back(std::move(m));
  }

  language::tokenizer_parts parts_;
  std::variant<std::monostate, bpe_model, unigram_model> model_;
  bool bytes_ = false, apart_ = false;
  added_matcher raw_, normalized_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::int32_t> added_;
  std::unordered_set<std::int32_t> special_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<memory>> unused_;
};

}  // namespace COHORT_NAMESPACE::detail
