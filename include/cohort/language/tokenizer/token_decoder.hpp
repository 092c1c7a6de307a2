#pragma once
#include <cohort/language/tokenizer/pre_tokenizer.hpp>
#include <optional>

// How the texts of tokens become one text again, token by token.

namespace COHORT_NAMESPACE::language::text_step {

/// Visible characters become the bytes that they stand for, and all tokens one text.
struct bytes_of_alphabet {};
/// Marks become spaces, and in the first token nothing where one was put before the text.
struct spaces_of_marks {
  std::string mark = detail::space_mark;
  bool first_is_added = true;
};
/// <0xE2> and the like become bytes; where those beside each other are no UTF-8, each is U+FFFD.
struct bytes_of_names {};
/// All tokens become one.
struct fuse {};
/// Up to so many of a character at a token's ends are left out.
struct strip_character {
  std::string character = " ";
  std::size_t start = 0, stop = 0;
};

}  // namespace COHORT_NAMESPACE::language::text_step

namespace COHORT_NAMESPACE::language {
using decoder_step = std::variant<text_step::bytes_of_alphabet, text_step::spaces_of_marks, text_step::bytes_of_names,
                                  text_step::fuse, text_step::replace, text_step::strip_character>;
}  // namespace COHORT_NAMESPACE::language

namespace COHORT_NAMESPACE::detail {

/// That a token <0xE2> is named by; -1 for any other.
inline int byte_of_name(std::string_view token) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  bool const named = token.size() == 6 && token.starts_with("<0x") && token[5] == '>';
  return named && digit(token[3]) >= 0 && digit(token[4]) >= 0 ? digit(token[3]) << 4 | digit(token[4]) : -1;
}

/// The tokens of one text on their way through the steps. A token may come in parts; what cannot change any more goes
/// on at once, so that the text that is certain is there after each token.
class token_decoder {
 public:
  explicit token_decoder(std::vector<language::decoder_step> const& steps) : steps_(steps), states_(steps.size()) {}

  /// Appends what is certain after the token to `out`.
  void push(std::string_view token, std::string& out) {
    out_ = &out;
    pass(0, {token, true, true});
  }
  /// What was held back; the decoder begins anew.
  void finish(std::string& out) {
    out_ = &out;
    for (std::size_t k = 0; k < steps_.size(); ++k) std::visit([&](auto const& step) { end(step, k); }, steps_[k]);
    states_.assign(steps_.size(), {});
  }

 private:
  struct part {
    std::string_view text;
    bool begins, ends;  // a token, here
  };
  struct state {
    std::string held;
    std::size_t count = 0;
    bool open = false;
  };

  void pass(std::size_t k, part p) {
    if (k == steps_.size()) out_->append(p.text);
    else std::visit([&](auto const& step) { take(step, k, p); }, steps_[k]);
  }

  void take(language::text_step::bytes_of_alphabet, std::size_t k, part p) {
    state& s = states_[k];
    std::size_t const before = s.held.size();
    for (std::string_view rest = p.text; !rest.empty();) {
      auto const c = character_at(rest);
      int const byte = byte_of(c.code);
      if (byte < 0) {  // a token with any other character stands for itself
        s.held.resize(before);
        s.held += p.text;
        break;
      }
      s.held += char(byte);
      rest.remove_prefix(c.size);
    }
    std::string made;
    std::size_t const wait = append_valid(made, s.held, true);
    s.held.erase(0, s.held.size() - wait);
    emit(k, made, false);
  }
  void end(language::text_step::bytes_of_alphabet, std::size_t k) {
    std::string made;
    append_valid(made, states_[k].held);
    emit(k, made, true);
  }

  void take(language::text_step::spaces_of_marks const& m, std::size_t k, part p) {
    states_[k].count += p.begins;
    bool const drop = m.first_is_added && states_[k].count == 1;
    std::string made;
    for (std::size_t i = 0; i < p.text.size();) {
      bool const mark = p.text.substr(i).starts_with(m.mark);
      if (!mark) made += p.text[i];
      else if (!drop) made += ' ';
      i += mark ? m.mark.size() : 1;
    }
    pass(k + 1, {made, p.begins, p.ends});
  }
  void end(language::text_step::spaces_of_marks const&, std::size_t) {}

  /// Parts are whole tokens here: what makes one of several comes after it, as the reader demands.
  void take(language::text_step::bytes_of_names s, std::size_t k, part p) {
    if (int const byte = byte_of_name(p.text); byte >= 0) {
      states_[k].held += char(byte);
    } else {
      end(s, k);
      pass(k + 1, p);
    }
  }
  void end(language::text_step::bytes_of_names, std::size_t k) {
    std::string const held = std::exchange(states_[k].held, {});
    if (held.empty()) return;
    if (valid_prefix(held) == held.size()) return pass(k + 1, {held, true, true});
    for (std::size_t i = 0; i < held.size(); ++i) pass(k + 1, {"\xef\xbf\xbd", true, true});
  }

  void take(language::text_step::fuse, std::size_t k, part p) { emit(k, p.text, false); }
  void end(language::text_step::fuse, std::size_t k) { emit(k, {}, true); }

  void take(language::text_step::replace const& r, std::size_t k, part p) {
    bool const one = !r.what.literal().empty() && r.what.literal().size() == character_size(r.what.literal());
    std::string& held = states_[k].held;
    held += p.text;
    if (!one && !p.ends) return;  // a match may go on in what comes
    std::string made;
    r.what.parts(held, memory_, [&](std::size_t a, std::size_t b, bool match) {
      made += match ? std::string_view(r.with) : std::string_view(held).substr(a, b - a);
    });
    held.clear();
    emit_part(k, made, p.begins, p.ends);
  }
  void end(language::text_step::replace const&, std::size_t) {}

  void take(language::text_step::strip_character const& c, std::size_t k, part p) {
    state& s = states_[k];
    if (p.begins) s.count = 0, s.open = true, s.held.clear();
    std::string_view rest = p.text;
    while (s.open && !rest.empty()) {
      s.open = s.count < c.start && rest.starts_with(c.character);
      if (s.open) rest.remove_prefix(c.character.size()), ++s.count;
    }
    s.held += rest;
    std::size_t keep = s.held.size(), trailing = 0;
    for (; trailing < c.stop && std::string_view(s.held).substr(0, keep).ends_with(c.character); ++trailing)
      keep -= c.character.size();
    std::string const made = s.held.substr(0, keep);
    s.held.erase(0, keep);
    emit_part(k, made, p.begins, p.ends);
  }
  void end(language::text_step::strip_character const&, std::size_t) {}

  /// A part of the one token that all have become.
  void emit(std::size_t k, std::string_view text, bool ends) {
    bool const begins = !std::exchange(states_[k].open, true);
    if (begins || ends || !text.empty()) pass(k + 1, {text, begins, ends});
  }
  void emit_part(std::size_t k, std::string_view text, bool begins, bool ends) {
    if (begins || ends || !text.empty()) pass(k + 1, {text, begins, ends});
  }

  std::vector<language::decoder_step> const& steps_;
  std::vector<state> states_;
  pattern_memory memory_;
  std::string* out_ = nullptr;
};

}  // namespace COHORT_NAMESPACE::detail
