#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/language/tokenizer/utf8_ranges.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// A part of a regular expression.
struct expression_part {
  enum kind { characters, sequence, choice, repeat } is = sequence;
  std::vector<character_range> ranges{};  // ascending, apart from each other
  std::vector<expression_part> parts{};   // of which a repeat has one
  int least = 0, most = 0;                // of a repeat; -1: any number
};

/// Reads a regular expression. Raises value_error, with what it met and where, for all that it does not know.
class expression_reader {
 public:
  static constexpr int most_repeats = 1000, deepest = 100;

  explicit expression_reader(std::string_view text) : text_(text) {
    if (auto const n = valid_prefix(text); n < text.size()) refuse(n, "is no UTF-8");
  }
  expression_part read() {
    auto all = read_choice(0);
    if (!done()) refuse(at_, "has a ) without a (");
    return all;
  }

 private:
  using ranges = std::vector<character_range>;
  static constexpr char32_t last_code = 0x10ffff;

  bool done() const { return at_ == text_.size(); }
  bool next_is(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    if (!next_is(what)) return false;
    at_ += what.size();
    return true;
  }
  char32_t take_character() {
    auto const c = character_at(text_.substr(at_));
    at_ += c.size;
    return c.code;
  }
  [[noreturn]] void refuse(std::size_t at, std::string const& what) const {
    throw value_error("the regular expression '" + std::string(text_) + "' " + what + " at byte " + std::to_string(at));
  }

  expression_part read_choice(int depth) {
    if (depth > deepest) refuse(at_, "has groups in more than " + std::to_string(deepest) + " others");
    expression_part all{.is = expression_part::choice};
    do all.parts.push_back(read_sequence(depth));
    while (take("|"));
    return all.parts.size() == 1 ? std::move(all.parts[0]) : all;
  }

  expression_part read_sequence(int depth) {
    expression_part all;
    while (!done() && !next_is("|") && !next_is(")")) {
      if (next_is("*") || next_is("+") || next_is("?") || next_is("{")) refuse(at_, "has nothing to repeat");
      all.parts.push_back(read_repeated(read_one(depth)));
    }
    return all;
  }

  expression_part read_repeated(expression_part one) {
    std::size_t const at = at_;
    int least = 0, most = -1;
    if (take("+")) least = 1;
    else if (take("?")) most = 1;
    else if (take("{")) read_count(least, most, at);
    else if (!take("*")) return one;
    if (next_is("?")) refuse(at_, "has a lazy repetition, which takes the same texts as an eager one,");
    if (next_is("+")) refuse(at_, "has a possessive repetition");
    if (next_is("*") || next_is("{")) refuse(at_, "has a repetition of a repetition without a group");
    expression_part all{.is = expression_part::repeat, .least = least, .most = most};
    all.parts.push_back(std::move(one));
    return all;
  }
  void read_count(int& least, int& most, std::size_t at) {
    auto const number = [&] {
      std::size_t const first = at_;
      int n = 0;
      while (!done() && text_[at_] >= '0' && text_[at_] <= '9' && n <= most_repeats) n = 10 * n + (text_[at_++] - '0');
      if (n > most_repeats) refuse(at, "has a count above " + std::to_string(most_repeats));
      return at_ == first ? -1 : n;
    };
    least = number();
    most = least;
    if (least >= 0 && take(",")) most = number();
    if (least < 0 || !take("}")) refuse(at, "has a { (\\{ as a character), expected {m}, {m,} or {m,n}");
    if (most >= 0 && most < least) refuse(at, "has a count that ends before it begins");
  }

  expression_part read_one(int depth) {
    std::size_t const at = at_;
    if (take("(")) {
      if (next_is("?") && !take("?:"))
        refuse(at, next_is("?=") || next_is("?!")     ? "has a look-ahead"
                   : next_is("?<=") || next_is("?<!") ? "has a look-behind"
                                                      : "has a group with (?");
      auto inside = read_choice(depth + 1);
      if (!take(")")) refuse(at, "has a ( without a )");
      return inside;
    }
    if (next_is("^") || next_is("$"))
      refuse(at, "has an anchor, which is not needed, since the whole text has to match,");
    if (take(".")) return of(without({{'\n', '\n'}}));
    if (take("[")) return of(read_class(at));
    if (take("\\")) return of(read_escape(at));
    char32_t const c = take_character();
    return of({{c, c}});
  }
  static expression_part of(ranges r) { return {.is = expression_part::characters, .ranges = std::move(r)}; }

  ranges read_class(std::size_t at) {
    bool const all_but = take("^");
    ranges all;
    for (bool first = true; first || !next_is("]"); first = false) {
      if (done()) refuse(at, "has a [ without a ]");
      if (next_is("[:")) refuse(at_, "has a class with a name");
      std::size_t const here = at_;
      ranges some = read_member();
      if (next_is("-") && !next_is("-]")) {
        ++at_;
        if (done()) refuse(at, "has a [ without a ]");
        ranges const end = read_member();
        auto const single = [](ranges const& r) { return r.size() == 1 && r[0].low == r[0].high; };
        if (!single(some) || !single(end) || end[0].low < some[0].low)
          refuse(here, "has a range that does not go from a character up to another");
        some[0].high = end[0].high;
      }
      all.insert(all.end(), some.begin(), some.end());
    }
    ++at_;
    all = all_but ? without(all) : joined(all);
    if (all.empty()) refuse(at, "has a class of no character");
    return all;
  }
  ranges read_member() {
    std::size_t const at = at_;
    if (take("\\")) return read_escape(at);
    char32_t const c = take_character();
    return {{c, c}};
  }

  ranges read_escape(std::size_t at) {
    if (done()) refuse(at, "has a \\ with nothing behind it");
    static ranges const digits{{'0', '9'}}, word{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
        space{{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
    auto const one = [](char32_t c) { return ranges{{c, c}}; };
    char32_t const c = take_character();
    switch (c) {
      case 'd':
        return digits;
      case 'D':
        return without(digits);
      case 'w':
        return word;
      case 'W':
        return without(word);
      case 's':
        return space;
      case 'S':
        return without(space);
      case 'n':
        return one('\n');
      case 't':
        return one('\t');
      case 'r':
        return one('\r');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      default:
        break;
    }
    if (c >= '1' && c <= '9') refuse(at, "has a back reference");
    if (c == 'b' || c == 'B') refuse(at, "has a word boundary");
    if (c >= 0x80 || c == '0' || (c | 32) - U'a' < 26)
      refuse(at, "has \\" + std::string(text_.substr(at + 1, at_ - at - 1)) + ", which is no escape that is known,");
    return one(c);
  }

  static ranges joined(ranges all) {
    std::sort(all.begin(), all.end(), [](auto a, auto b) { return a.low < b.low; });
    ranges apart;
    for (auto const& r : all)
      if (!apart.empty() && r.low <= apart.back().high + 1) apart.back().high = std::max(apart.back().high, r.high);
      else apart.push_back(r);
    return apart;
  }
  /// All others that UTF-8 has, so not the surrogates.
  static ranges without(ranges some) {
    ranges others;
    char32_t from = 0;
    some.push_back({0xd800, 0xdfff});
    for (auto const& r : joined(some)) {
      if (r.low > from) others.push_back({from, r.low - 1});
      from = r.high + 1;
    }
    if (from <= last_code) others.push_back({from, last_code});
    return others;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace COHORT_NAMESPACE::detail
