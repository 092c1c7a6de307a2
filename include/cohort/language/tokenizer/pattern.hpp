#pragma once
#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/language/tokenizer/unicode.hpp>
#include <memory>
#include <new>
#include <utility>

// Regular expressions over valid UTF-8, by PCRE2.

namespace COHORT_NAMESPACE::detail {

struct free_pattern {
  void operator()(pcre2_code_8* p) const { pcre2_code_free_8(p); }
  void operator()(pcre2_compile_context_8* p) const { pcre2_compile_context_free_8(p); }
  void operator()(pcre2_match_data_8* p) const { pcre2_match_data_free_8(p); }
  void operator()(pcre2_match_context_8* p) const { pcre2_match_context_free_8(p); }
  void operator()(pcre2_jit_stack_8* p) const { pcre2_jit_stack_free_8(p); }
};

/// What a search writes to; of one thread at a time. Made by the first search that needs it.
struct pattern_memory {
  std::unique_ptr<pcre2_match_data_8, free_pattern> match;
  std::unique_ptr<pcre2_match_context_8, free_pattern> context;
  std::unique_ptr<pcre2_jit_stack_8, free_pattern> stack;

  void make() {
    match.reset(pcre2_match_data_create_8(1, nullptr));
    context.reset(pcre2_match_context_create_8(nullptr));
    stack.reset(pcre2_jit_stack_create_8(1 << 15, 1 << 20, nullptr));
    if (!match || !context || !stack) throw std::bad_alloc();
    pcre2_set_match_limit_8(context.get(), 10'000'000);  // a search that tries more is hostile
    pcre2_jit_stack_assign_8(context.get(), nullptr, stack.get());
  }
};

/// A pattern in the words of PCRE2. \s and \w are spelled out: as tokenizers' Oniguruma has them \s is White_Space
/// and \w has marks and connectors, which PCRE2's have not. What the two read differently is refused.
inline std::string in_pcre2(std::string_view pattern, std::string const& where) {
  static constexpr std::string_view space =
      "\\x09-\\x0d\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";
  static constexpr std::string_view word =
      "\\p{L}\\p{Nl}\\p{M}\\p{Nd}\\p{Pc}\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{"
      "1f189}";
  auto refuse = [&](std::string_view what) {
    throw io_error(where + ": the pattern \"" + std::string(pattern.substr(0, 200)) + "\" has " + std::string(what) +
                   ", which PCRE2 reads otherwise than Oniguruma");
  };
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char const c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      char const next = pattern[++i];
      std::string_view const members = next == 's' || next == 'S' ? space : next == 'w' || next == 'W' ? word : "";
      if (next == 'h' || next == 'H') refuse("\\h");
      bool const complement = next == 'S' || next == 'W';
      if (members.empty()) out.append({c, next});
      else if (!in_class) out.append(complement ? "[^" : "[").append(members) += ']';
      else if (!complement) out += members;
      else refuse("\\S or \\W in a class");
    } else if (in_class) {
      if (c == '[') refuse("a class in a class");
      if (c == '&' && pattern.substr(i).starts_with("&&")) refuse("&& in a class");
      if (c == ']') in_class = false;
      out += c;
    } else {
      out += c;
      if (c != '[') continue;
      in_class = true;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
    }
  }
  return out;
}

/// A text, or what a regular expression matches. Copies share what was compiled.
class pattern {
 public:
  struct found {
    std::size_t begin, end;
  };
  static constexpr std::size_t nowhere = std::string_view::npos;

  static pattern literal(std::string text, std::string const& where) {
    if (text.empty()) throw io_error(where + ": the pattern is empty");
    pattern p;
    p.literal_ = std::move(text);
    return p;
  }
  /// Raises io_error, naming `where`, for one that cannot be compiled.
  static pattern regex(std::string_view text, std::string const& where) {
    std::string const translated = in_pcre2(text, where);
    std::unique_ptr<pcre2_compile_context_8, free_pattern> const context(pcre2_compile_context_create_8(nullptr));
    if (!context) throw std::bad_alloc();
    pcre2_set_newline_8(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    std::size_t place = 0;
    auto* const code = pcre2_compile_8(reinterpret_cast<unsigned char const*>(translated.data()), translated.size(),
                                       PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error,
                                       &place, context.get());
    if (!code) {
      unsigned char message[200];
      pcre2_get_error_message_8(error, message, sizeof message);
      throw io_error(where + ": the pattern \"" + std::string(text.substr(0, 200)) +
                     "\" is none of PCRE2's: " + reinterpret_cast<char const*>(message));
    }
    pattern p;
    p.code_ = {code, free_pattern{}};
    p.compiled_ = pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE) == 0;  // else it is interpreted
    return p;
  }

  /// The text, where it is one and no regular expression.
  std::string const& literal() const { return literal_; }

  /// The next match in a valid text from a character's beginning on; {nowhere, nowhere} where there is none.
  found next(std::string_view text, std::size_t from, pattern_memory& memory) const {
    if (!code_) {
      std::size_t const at = text.find(literal_, from);
      return {at, at == nowhere ? nowhere : at + literal_.size()};
    }
    if (!memory.stack) memory.make();
    auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
    int const count = compiled_ ? pcre2_jit_match_8(code_.get(), bytes, text.size(), from, PCRE2_NO_UTF_CHECK,
                                                    memory.match.get(), memory.context.get())
                                : pcre2_match_8(code_.get(), bytes, text.size(), from, PCRE2_NO_UTF_CHECK,
                                                memory.match.get(), memory.context.get());
    if (count == PCRE2_ERROR_NOMATCH) return {nowhere, nowhere};
    if (count < 0)
      throw cohort_error("tokenizer: the search for a pattern was given up at byte " + std::to_string(from) +
                         " of a text (PCRE2's error " + std::to_string(count) + ")");
    auto const* const ends = pcre2_get_ovector_pointer_8(memory.match.get());
    return {ends[0], std::max(ends[0], ends[1])};
  }

  /// f(begin, end, whether it is a match) of parts that cover a valid text, in their order. As tokenizers has it a
  /// match of nothing counts where no match ends, and nothing is no match of an empty text.
  template <class F>
  void parts(std::string_view text, pattern_memory& memory, F f) const {
    std::size_t end = 0, from = 0;
    bool ended = false;  // whether a match ends at `end`
    while (from <= text.size() && !text.empty()) {
      found const m = next(text, from, memory);
      if (m.begin == nowhere) break;
      from = m.end;
      if (m.begin == m.end) {
        from += m.end < text.size() ? character_size(text.substr(m.end)) : 1;
        if (ended && m.begin == end) continue;
      }
      if (end < m.begin) f(end, m.begin, false);
      f(m.begin, m.end, true);
      end = m.end, ended = true;
    }
    if (end < text.size()) f(end, text.size(), false);
  }

 private:
  pattern() = default;
  std::string literal_;
  std::shared_ptr<pcre2_code_8 const> code_;
  bool compiled_ = false;
};

}  // namespace COHORT_NAMESPACE::detail
