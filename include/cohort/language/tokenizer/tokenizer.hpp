#pragma once
#include <cohort/language/tokenizer/read_tokenizer.hpp>
#include <cohort/language/tokenizer/token_bytes.hpp>
#include <cohort/language/tokenizer/tokenizer_core.hpp>

namespace COHORT_NAMESPACE::language {

struct encode_options {
  bool special_in_text = true;  ///< special tokens written in the text become these tokens; else they are text
  bool begin_end = true;        ///< with the tokens that the model wants before and behind a text
};
struct decode_options {
  bool skip_special = true;
};

/// Texts as a language model's tokens, and back.
///
///     language::tokenizer words("SmolLM2-135M-Instruct");                  a folder, or a tokenizer.json or .model
///     std::vector<std::int32_t> ids = words.encode("Hello!");
///     std::string text = words.decode(ids);
///
/// The tokens are those of Hugging Face's tokenizers for the same file, but for what a newer Unicode says of a
/// character. What of a text is no UTF-8 counts as U+FFFD. A copy shares all with the original; one may be used by
/// several threads.
class tokenizer {
 public:
  /// Raises io_error for a file that is missing, damaged, or wants what is not known here.
  explicit tokenizer(std::filesystem::path const& folder_or_file) : tokenizer(read_tokenizer(folder_or_file)) {}
  explicit tokenizer(tokenizer_parts parts) : core_(std::make_shared<detail::tokenizer_core>(std::move(parts))) {}

  std::vector<std::int32_t> encode(std::string_view text, encode_options o = {}) const {
    std::vector<std::int32_t> ids;
    if (o.begin_end) ids = core_->parts().before;
    core_->encode(text, o.special_in_text, ids);
    if (o.begin_end) ids.insert(ids.end(), core_->parts().behind.begin(), core_->parts().behind.end());
    return ids;
  }

  /// What a text becomes from token to token. Ids that no token has are nothing.
  class stream {
   public:
    /// The text that is certain after this token, behind what was returned before: a character comes whole.
    std::string push(std::int32_t id) {
      std::string out;
      std::string_view const token = core_->text_of(id);
      if (token.empty() || (skip_special_ && core_->is_special(id))) return out;
      bool const spaced = !core_->parts().decoder && !std::exchange(first_, false);
      decoder_.push(spaced ? " " + std::string(token) : std::string(token), out);
      return out;
    }
    /// The rest; the next token begins another text.
    std::string finish() {
      std::string out;
      decoder_.finish(out);
      first_ = true;
      return out;
    }

   private:
    friend class tokenizer;
    stream(std::shared_ptr<detail::tokenizer_core const> core, bool skip_special)
        : core_(std::move(core)), decoder_(steps(*core_)), skip_special_(skip_special) {}
    static std::vector<decoder_step> const& steps(detail::tokenizer_core const& core) {
      static std::vector<decoder_step> const nothing;
      return core.parts().decoder ? *core.parts().decoder : nothing;
    }
    std::shared_ptr<detail::tokenizer_core const> core_;
    detail::token_decoder decoder_;
    bool skip_special_, first_ = true;
  };
  stream decode_stream(decode_options o = {}) const { return {core_, o.skip_special}; }

  std::string decode(std::span<std::int32_t const> ids, decode_options o = {}) const {
    stream s = decode_stream(o);
    std::string text;
    for (std::int32_t id : ids) text += s.push(id);
    return text + s.finish();
  }

  /// One more than the largest id.
  std::int32_t size() const { return core_->size(); }
  std::optional<std::int32_t> id_of(std::string_view token) const { return core_->id_of(token); }
  /// As the model writes it, which is not always what it decodes to; empty where there is none.
  std::string_view token(std::int32_t id) const { return core_->text_of(id); }
  bool is_special(std::int32_t id) const { return core_->is_special(id); }
  /// The bytes that it adds to a decoded text, at the text's beginning (`first`) or behind other tokens; of a special
  /// token, or an id that no token has, none. Raises value_error where the decoder gives tokens no bytes of their own.
  std::string bytes(std::int32_t id, bool first = false) const {
    return is_special(id) ? std::string() : detail::token_bytes(core_->parts().decoder, token(id), first);
  }
  std::optional<std::int32_t> begin() const { return core_->parts().begin; }
  std::optional<std::int32_t> end() const { return core_->parts().end; }

 private:
  std::shared_ptr<detail::tokenizer_core const> core_;
};

}  // namespace COHORT_NAMESPACE::language
