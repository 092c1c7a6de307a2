#pragma once
#include <re2/re2.h>
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cstddef>
#include <memory>
#include <string>

namespace COHORT_NAMESPACE {

namespace detail {

inline std::shared_ptr<RE2 const> compiled_pattern(std::string const& who, std::string const& pattern) {
  RE2::Options quiet;
  quiet.set_log_errors(false);
  auto const compiled = std::make_shared<RE2 const>(pattern, quiet);
  if (!compiled->ok()) throw value_error(who + ": the pattern " + pattern + " is none: " + compiled->error());
  return compiled;
}

}  // namespace detail

/// Where a pattern has to match: all of the text, or somewhere in it.
enum class match_where { whole, part };

/// 1 where a regular expression matches the completion's text, else 0. RE2's syntax (no look-around, no
/// back-references) and its linear time; flags stand in the pattern, as (?s) where . is to match line breaks. Texts are
/// UTF-8; bytes that are not are matched by \C alone. A pattern that RE2 refuses is a value_error with its reason. Safe
/// from several threads.
class matches_pattern {
 public:
  explicit matches_pattern(std::string const& pattern, match_where where = match_where::whole)
      : pattern_(detail::compiled_pattern("matches_pattern", pattern)), where_(where) {}

  bool matches(std::string_view text) const {
    re2::StringPiece const piece(text.data(), text.size());
    return where_ == match_where::whole ? RE2::FullMatch(piece, *pattern_) : RE2::PartialMatch(piece, *pattern_);
  }
  template <class Row>
  double operator()(completion<Row> const& c) const {
    return matches(c.text);
  }

 private:
  std::shared_ptr<RE2 const> pattern_;
  match_where where_;
};

/// What the first group of a pattern has matched, where it matches first (or, with `last`, last) in the text; for
/// accuracy{.extract = matched{"answer is ([^.]*)"}}.
class matched {
 public:
  explicit matched(std::string const& pattern, bool last = false)
      : pattern_(detail::compiled_pattern("matched", pattern)), last_(last) {
    if (pattern_->NumberOfCapturingGroups() < 1)
      throw value_error("matched: the pattern " + pattern + " has no group in parentheses, expected one");
  }

  std::optional<std::string_view> operator()(std::string_view text) const {
    std::optional<std::string_view> found;
    re2::StringPiece const all(text.data(), text.size());
    re2::StringPiece groups[2];
    for (std::size_t at = 0; at <= text.size() && pattern_->Match(all, at, text.size(), RE2::UNANCHORED, groups, 2);) {
      if (groups[1].data()) found = std::string_view(groups[1].data(), groups[1].size());
      if (found && !last_) break;
      at = std::size_t(groups[0].data() - text.data()) + std::max<std::size_t>(groups[0].size(), 1);
    }
    return found;
  }

 private:
  std::shared_ptr<RE2 const> pattern_;
  bool last_;
};

}  // namespace COHORT_NAMESPACE
