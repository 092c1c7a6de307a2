#pragma once
#include <array>
#include <cohort/language/tokenizer/regular_expression_syntax.hpp>
#include <cstdint>
#include <map>

namespace COHORT_NAMESPACE::detail {

/// A nondeterministic automaton over the bytes of UTF-8, from an expression's end to its beginning.
///
/// Source: Ken Thompson, "Regular expression search algorithm", CACM 11(6), 1968.
class expression_steps {
 public:
  /// On a byte of `low` to `high` to `next`; or without one to both `next` and `other`.
  struct step {
    unsigned char low, high;
    bool reads;
    std::int32_t next, other;
  };
  static constexpr std::int32_t matched = 0;
  static constexpr std::size_t most = 1 << 16;

  expression_steps(expression_part const& all, std::string_view text) : text_(text), steps_(1) {
    first_ = build(all, matched);
    text_ = {};
  }
  step const& operator[](std::int32_t k) const { return steps_[std::size_t(k)]; }
  std::size_t size() const { return steps_.size(); }
  std::int32_t first() const { return first_; }

 private:
  std::int32_t add(step s) {
    steps_.push_back(s);
    return std::int32_t(steps_.size() - 1);
  }
  std::int32_t either(std::int32_t a, std::int32_t b) { return add({0, 0, false, a, b}); }
  void spend() {  // repetitions of nothing make no steps, but take their time
    if (++spent_ > most || steps_.size() > most)
      throw value_error("the regular expression '" + std::string(text_) + "' takes more than " + std::to_string(most) +
                        " steps with its repetitions written out, expected fewer");
  }

  /// Where a text begins that matches the part and goes on at `next`.
  std::int32_t build(expression_part const& p, std::int32_t next) {
    spend();
    if (p.is == expression_part::characters) return build_characters(p, next);
    if (p.is == expression_part::choice) {
      std::int32_t all = build(p.parts[0], next);
      for (std::size_t i = 1; i < p.parts.size(); ++i) all = either(all, build(p.parts[i], next));
      return all;
    }
    if (p.is == expression_part::sequence) {
      for (auto part = p.parts.rbegin(); part != p.parts.rend(); ++part) next = build(*part, next);
      return next;
    }
    std::int32_t all = next;
    if (p.most < 0) {
      all = either(0, next);
      std::int32_t const inside = build(p.parts[0], all);
      steps_[std::size_t(all)].next = inside;
    }
    for (int i = p.least; i < p.most; ++i) all = either(build(p.parts[0], all), next);
    for (int i = 0; i < p.least; ++i) all = build(p.parts[0], all);
    return all;
  }
  std::int32_t build_characters(expression_part const& p, std::int32_t next) {
    std::int32_t all = -1;
    for (auto const& r : p.ranges)
      utf8_ranges(r, [&](std::vector<byte_range> const& series) {
        spend();
        std::int32_t one = next;
        for (auto b = series.rbegin(); b != series.rend(); ++b) one = add({b->low, b->high, true, one, 0});
        all = all < 0 ? one : either(all, one);
      });
    return all;
  }

  std::string_view text_;  // for messages while it is built
  std::vector<step> steps_;
  std::int32_t first_ = 0;
  std::size_t spent_ = 0;
};

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// A regular expression, as the deterministic automaton over the bytes of UTF-8 that takes the texts which match it as
/// a whole. A byte costs one look into a table, once the state has been there; nothing is tried twice.
///
///     language::regular_expression number("-?[0-9]+(\\.[0-9]{1,3})?");
///     number.matches("12.5");                                              true
///
/// Characters stand for themselves, in UTF-8; `.` is any but \n; [a-z], [^a-z]; \d \w \s (of ASCII) and \D \W \S; \n \t
/// \r \f \v; \ before punctuation; groups ( ) and (?: ); a|b; * + ? {m} {m,} {m,n} up to 1000. All else (anchors, lazy
/// repetition, look-ahead, back references, \b, classes with names, flags) raises value_error with its name and place.
///
/// States are made where a text first leads there, and kept; more than `most_states` raise value_error. Can be moved,
/// not copied; not to be used by several threads at once.
///
/// Source: Aho, Sethi and Ullman, Compilers, 1986, 3.7 (subset construction).
class regular_expression {
 public:
  using state = std::int32_t;
  static constexpr state nowhere = -1;  ///< whatever follows, the text will not match

  regular_expression(std::string text, std::size_t most_states = 1 << 15)
      : text_(std::move(text)), most_(most_states), steps_(detail::expression_reader(text_).read(), text_) {
    find_classes();
    start_ = state_of({steps_.first()});
  }
  regular_expression(char const* text) : regular_expression(std::string(text)) {}
  regular_expression(regular_expression&&) = default;
  regular_expression& operator=(regular_expression&&) = default;

  std::string const& text() const { return text_; }
  state start() const { return start_; }
  /// From every state but `nowhere` some bytes lead to a match.
  state next(state s, std::string_view bytes) {
    for (char c : bytes) {
      if (s == nowhere) return s;
      s = next(s, static_cast<unsigned char>(c));
    }
    return s;
  }
  bool accepts(state s) const { return s != nowhere && accepts_[std::size_t(s)] != 0; }
  bool matches(std::string_view text) { return accepts(next(start_, text)); }
  std::size_t states() const { return accepts_.size(); }

 private:
  static constexpr state unknown = -2;
  static constexpr std::size_t most_in_all = 1 << 23;  // steps that all states are made of: 32 MiB

  /// Bytes that no step tells apart are one class, and have one column of the table.
  void find_classes() {
    std::array<bool, 257> begins{};
    for (std::size_t k = 0; k < steps_.size(); ++k)
      if (auto const& s = steps_[std::int32_t(k)]; s.reads)
        begins[s.low] = true, begins[std::size_t(s.high) + 1] = true;
    std::uint8_t now = 0;
    for (std::size_t b = 0; b < 256; ++b) class_[b] = b > 0 && begins[b] ? ++now : now;
    classes_ = std::size_t(now) + 1;
  }

  state next(state s, unsigned char byte) {
    std::size_t const at = std::size_t(s) * classes_ + class_[byte];
    if (table_[at] != unknown) return table_[at];
    std::vector<std::int32_t> reached;
    for (std::int32_t k : *members_[std::size_t(s)])
      if (auto const& one = steps_[k]; one.reads && byte >= one.low && byte <= one.high) reached.push_back(one.next);
    state const to = reached.empty() ? nowhere : state_of(std::move(reached));
    return table_[at] = to;
  }

  /// The state of these steps and of those that they lead to without a byte.
  state state_of(std::vector<std::int32_t> reached) {
    seen_.resize(steps_.size());
    ++round_;
    std::vector<std::int32_t> set;
    while (!reached.empty()) {
      std::int32_t const k = reached.back();
      reached.pop_back();
      if (std::exchange(seen_[std::size_t(k)], round_) == round_) continue;
      if (k == detail::expression_steps::matched || steps_[k].reads) set.push_back(k);
      else reached.push_back(steps_[k].next), reached.push_back(steps_[k].other);
    }
    std::sort(set.begin(), set.end());
    auto const [place, is_new] = numbers_.try_emplace(std::move(set), state(accepts_.size()));
    if (!is_new) return place->second;
    in_all_ += place->first.size();
    if (accepts_.size() >= most_ || in_all_ > most_in_all) {
      std::size_t const there = accepts_.size();
      in_all_ -= place->first.size();
      numbers_.erase(place);
      throw value_error("the regular expression '" + text_ + "' needs more than " + std::to_string(there) +
                        " states, expected an expression with fewer");
    }
    members_.push_back(&place->first);
    accepts_.push_back(place->first.front() == detail::expression_steps::matched);
    table_.resize(table_.size() + classes_, unknown);
    return place->second;
  }

  std::string text_;
  std::size_t most_, classes_ = 0, in_all_ = 0;
  detail::expression_steps steps_;
  std::array<std::uint8_t, 256> class_{};
  std::map<std::vector<std::int32_t>, state> numbers_;
  std::vector<std::vector<std::int32_t> const*> members_;  // keys of the map, whose places stay
  std::vector<std::uint8_t> accepts_;
  std::vector<state> table_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t round_ = 0;
  state start_ = 0;
};

}  // namespace COHORT_NAMESPACE::language
