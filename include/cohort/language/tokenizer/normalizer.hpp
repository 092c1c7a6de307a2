#pragma once
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

struct normalize_text {
  std::string& text;
  pattern_memory& memory;

  void operator()(language::text_step::form form) const {
    using enum language::text_step::form;
    if (ascii_prefix(text) == text.size()) return;
    bool const composed = form == nfc || form == nfkc, compatible = form == nfkc || form == nfkd;
    utf8proc_uint8_t* made = nullptr;
    auto const size =
        utf8proc_map(reinterpret_cast<utf8proc_uint8_t const*>(text.data()), utf8proc_ssize_t(text.size()), &made,
                     utf8proc_option_t(UTF8PROC_STABLE | (composed ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
                                       (compatible ? UTF8PROC_COMPAT : 0)));
    std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> const owner(made, std::free);
    if (size < 0) throw cohort_error(std::string("tokenizer: normalization failed: ") + utf8proc_errmsg(size));
    text.assign(reinterpret_cast<char const*>(made), std::size_t(size));
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
      made += match ? std::string_view(r.with) : std::string_view(text).substr(begin, end - begin);
    });
    text = std::move(made);
  }
  void operator()(language::text_step::prepend const& p) const {
    if (!text.empty()) text.insert(0, p.text);
  }
  void operator()(language::text_step::strip s) const {
    if (s.right) text.resize(text.size() - trailing_space(text));
    if (s.left) text.erase(0, leading_space(text));
  }
};

inline void normalize(std::string& text, std::vector<language::normalizer_step> const& steps, pattern_memory& memory) {
  for (auto const& step : steps) std::visit(normalize_text{text, memory}, step);
}

}  // namespace COHORT_NAMESPACE::detail
