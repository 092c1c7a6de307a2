#pragma once
#include <cohort/language/tokenizer/newer_characters.hpp>
#include <cohort/language/tokenizer/pattern.hpp>
#include <cstdlib>
#include <variant>
#include <vector>

// What is done to a text before it is taken apart.

namespace COHORT_NAMESPACE::language::text_step {

/// Unicode's normalization forms.
enum class form { nfc, nfd, nfkc, nfkd };
struct lowercase {};
struct replace {
  detail::pattern what;
  std::string with;
};
struct prepend {
  std::string text;
};
/// White space at the ends.
struct strip {
  bool left = true, right = true;
};

}  // namespace COHORT_NAMESPACE::language::text_step

namespace COHORT_NAMESPACE::language {

using normalizer_step =
    std::variant<text_step::form, text_step::lowercase, text_step::replace, text_step::prepend, text_step::strip>;

}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// Places in a text are numbered in 32 bits.
inline constexpr std::size_t longest_text = 2147483647;

struct normalize_text {
  std::string& text;
  pattern_memory& memory;
  std::size_t most;  // bytes of the result

  void operator()(language::text_step::form form) const {
    if (ascii_prefix(text) == text.size()) return;
    std::string made;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size();) {
      auto const c = character_at(std::string_view(text).substr(at));
      if (c.code >= 128 && is_newer_in_forms(c.code)) {
        append_form(form, std::string_view(text).substr(begin, at - begin), made);
        made += std::string_view(text).substr(at, c.size);
        begin = at + c.size;
      }
      at += c.size;
    }
    append_form(form, std::string_view(text).substr(begin), made);
    text = std::move(made);
  }
  static void append_form(language::text_step::form form, std::string_view part, std::string& to) {
    using enum language::text_step::form;
    if (part.empty()) return;
    bool const composed = form == nfc || form == nfkc, compatible = form == nfkc || form == nfkd;
    utf8proc_uint8_t* made = nullptr;
    auto const size =
        utf8proc_map(reinterpret_cast<utf8proc_uint8_t const*>(part.data()), utf8proc_ssize_t(part.size()), &made,
                     utf8proc_option_t(UTF8PROC_STABLE | (composed ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
                                       (compatible ? UTF8PROC_COMPAT : 0)));
    std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> const owner(made, std::free);
    if (size < 0) throw cohort_error(std::string("tokenizer: normalization failed: ") + utf8proc_errmsg(size));
    to.append(reinterpret_cast<char const*>(made), std::size_t(size));
  }
  void operator()(language::text_step::lowercase) const {
    std::string lower;
    for (std::string_view rest = text; !rest.empty();) {
      auto const c = character_at(rest);
      if (c.code == 0x130) lower += "i\xcc\x87";  // the one whose lower case is two characters
      else append_character(lower, char32_t(utf8proc_tolower(utf8proc_int32_t(c.code))));
      rest.remove_prefix(c.size);
    }
    text = std::move(lower);
  }
  void operator()(language::text_step::replace const& r) const {
    if (r.what.next(text, 0, memory).begin == pattern::nowhere) return;
    std::string made;
    made.reserve(text.size() + text.size() / 2);
    r.what.parts(text, memory, [&](std::size_t begin, std::size_t end, bool match) {
      if (made.size() > most) refuse();
      made += match ? std::string_view(r.with) : std::string_view(text).substr(begin, end - begin);
    });
    text = std::move(made);
  }
  void operator()(language::text_step::prepend const& p) const {
    if (!text.empty()) text.insert(0, p.text);
  }
  [[noreturn]] void refuse() const {
    throw cohort_error("tokenizer: normalizing makes of a text one of more than " + std::to_string(most) + " bytes");
  }
  void operator()(language::text_step::strip s) const {
    if (s.right) text.resize(text.size() - trailing_space(text));
    if (s.left) text.erase(0, leading_space(text));
  }
};

/// Raises cohort_error where steps make the text far longer than Unicode's forms and a mark for each space could.
inline void normalize(std::string& text, std::vector<language::normalizer_step> const& steps, pattern_memory& memory) {
  std::size_t const most = std::min(64 * text.size() + (std::size_t(1) << 20), longest_text - 1);
  for (auto const& step : steps) {
    normalize_text const to{text, memory, most};
    std::visit(to, step);
    if (text.size() > most) to.refuse();
  }
}

}  // namespace COHORT_NAMESPACE::detail
