#pragma once
#include <algorithm>
#include <array>
#include <cohort/language/tokenizer/normalizer.hpp>
#include <deque>
#include <span>

// How a normalized text is taken apart into words, across whose borders no token reaches.

namespace COHORT_NAMESPACE::language::text_step {

/// What becomes of the matches of a pattern: they are dropped, words of their own, words together with the matches
/// beside them, or parts of the word before or behind.
enum class matches { removed, isolated, contiguous, with_previous, with_next };
struct split {
  detail::pattern at;
  matches how = matches::isolated;
  bool inverted = false;  ///< what is between the matches counts as one
};
enum class prepending { always, first, never };
/// Spaces become a visible character, before which words begin.
struct metaspace {
  std::string mark = detail::space_mark;  // U+2581
  prepending prepend = prepending::always;
  bool split = true;
};
/// A space before a word that begins with none.
struct prefix_space {};
/// Each byte becomes one of 256 visible characters.
struct byte_alphabet {};

}  // namespace COHORT_NAMESPACE::language::text_step

namespace COHORT_NAMESPACE::language {
using pre_tokenizer_step =
    std::variant<text_step::split, text_step::metaspace, text_step::prefix_space, text_step::byte_alphabet>;
}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// GPT-2's characters for bytes: those that are visible in Latin-1 stand for themselves, the others for 256 on.
inline std::array<char32_t, 256> byte_characters() {
  std::array<char32_t, 256> all{};
  char32_t next = 256;
  for (char32_t b = 0; b < 256; ++b) all[b] = (b >= '!' && b <= '~') || (b >= 0xa1 && b != 0xad) ? b : next++;
  return all;
}
/// Their UTF-8.
inline std::string const& byte_character(unsigned char byte) {
  static auto const all = [] {
    std::array<std::string, 256> made;
    for (std::size_t b = 0; b < 256; ++b) append_character(made[b], byte_characters()[b]);
    return made;
  }();
  return all[byte];
}
/// The byte that a character stands for, or -1.
inline int byte_of(char32_t c) {
  static auto const all = [] {
    std::array<int, 324> made;
    made.fill(-1);
    auto const characters = byte_characters();
    for (int b = 0; b < 256; ++b) made[characters[std::size_t(b)]] = b;
    return made;
  }();
  return c < all.size() ? all[c] : -1;
}

/// Calls f(word) of each word of a valid text that is not empty.
template <class F>
class word_splitter {
 public:
  using steps = std::span<language::pre_tokenizer_step const>;
  word_splitter(steps all, pattern_memory& memory, F f) : all_(all), memory_(memory), f_(f) {}

  /// `at_start`: whether it stands at the very beginning of what is encoded.
  void operator()(std::string_view text, bool at_start) { pass(0, text, at_start); }

 private:
  void pass(std::size_t k, std::string_view text, bool at_start) {
    if (text.empty()) return;
    if (k == all_.size()) return f_(text);
    std::visit([&](auto const& step) { apply(step, k, text, at_start); }, all_[k]);
  }
  void apply(language::text_step::split const& s, std::size_t k, std::string_view text, bool at_start) {
    using enum language::text_step::matches;
    std::size_t begin = 0, end = 0;  // of a word that may go on
    bool previous = false, open = false;
    auto word = [&](std::size_t a, std::size_t b) { pass(k + 1, text.substr(a, b - a), at_start && a == 0); };
    s.at.parts(text, memory_, [&](std::size_t a, std::size_t b, bool match) {
      match = match != s.inverted;
      if (s.how == isolated || (s.how == removed && !match)) return word(a, b);
      if (s.how == removed) return;
      bool const goes_on = open && (s.how == contiguous      ? match == previous
                                    : s.how == with_previous ? match && !previous
                                                             : previous && !match);
      if (!goes_on) {
        if (open) word(begin, end);
        begin = a;
      }
      end = b, previous = match, open = true;
    });
    if (open) word(begin, end);
  }
  void apply(language::text_step::metaspace const& m, std::size_t k, std::string_view text, bool at_start) {
    using enum language::text_step::prepending;
    std::string& marked = made_.emplace_back();
    bool const wanted = m.prepend == always || (m.prepend == first && at_start);
    if (wanted && text[0] != ' ' && !text.starts_with(m.mark)) marked = m.mark;
    for (char c : text) c == ' ' ? marked += m.mark : marked += c;
    if (!m.split) pass(k + 1, marked, at_start);
    for (std::size_t begin = 0; m.split && begin < marked.size();) {
      std::size_t const next = std::min(marked.find(m.mark, begin + 1), marked.size());
      pass(k + 1, std::string_view(marked).substr(begin, next - begin), at_start && begin == 0);
      begin = next;
    }
    made_.pop_back();
  }
  void apply(language::text_step::prefix_space, std::size_t k, std::string_view text, bool at_start) {
    if (text[0] == ' ') return pass(k + 1, text, at_start);
    pass(k + 1, made_.emplace_back(" " + std::string(text)), at_start);
    made_.pop_back();
  }
  void apply(language::text_step::byte_alphabet, std::size_t k, std::string_view text, bool at_start) {
    std::string& visible = made_.emplace_back();
    for (char c : text) visible += byte_character(static_cast<unsigned char>(c));
    pass(k + 1, visible, at_start);
    made_.pop_back();
  }

  steps all_;
  pattern_memory& memory_;
  F f_;
  std::deque<std::string> made_;  // texts that steps made, which later ones look at
};

}  // namespace COHORT_NAMESPACE::detail
