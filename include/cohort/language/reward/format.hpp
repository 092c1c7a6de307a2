#pragma once
#include <re2/re2.h>
#include <array>
#include <cohort/error.hpp>
#include <cohort/language/reward/completion.hpp>
#include <cohort/language/reward/tags.hpp>
#include <initializer_list>
#include <memory>
#include <string>

namespace COHORT_NAMESPACE {

namespace detail {

/// The two pairs of tags around `inside`, and a compiled pattern of them; RE2's matching is linear in the text and safe
/// from several threads.
class tag_pattern {
 public:
  tag_pattern(format_tags const& tags, char const* who, std::initializer_list<char const*> around) {
    for (std::string const& name : {tags.reasoning, tags.answer})
      if (name.empty() || name.front() == '/' || name.find_first_of("<>") != std::string::npos)
        throw value_error(std::string(who) + ": a tag is named \"" + name +
                          "\", expected a name that is not empty, without brackets and leading /");
    if (tags.reasoning == tags.answer)
      throw value_error(std::string(who) + ": both tags are named \"" + tags.answer + "\"");
    tags_ = {"<" + tags.reasoning + ">", "</" + tags.reasoning + ">", "<" + tags.answer + ">",
             "</" + tags.answer + ">"};
    std::string pattern;
    auto space = around.begin();
    for (std::string const& tag : tags_) pattern += *space++ + RE2::QuoteMeta(tag);
    RE2::Options bytes(RE2::Latin1);  // so that `.` takes whatever bytes a model wrote, UTF-8 or not
    bytes.set_dot_nl(true);
    bytes.set_log_errors(false);
    pattern_ = std::make_shared<RE2 const>(pattern + *space, bytes);
    if (!pattern_->ok())
      throw value_error(std::string(who) + ": tags of " + std::to_string(tags.reasoning.size()) + " and " +
                        std::to_string(tags.answer.size()) + " letters make no pattern (" + pattern_->error() + ")");
  }
  bool fills(std::string_view text) const { return RE2::FullMatch({text.data(), text.size()}, *pattern_); }
  bool is_in(std::string_view text) const { return RE2::PartialMatch({text.data(), text.size()}, *pattern_); }
  bool each_tag_is_once_in(std::string_view text) const {
    for (std::string const& tag : tags_)
      if (text.find(tag) != text.rfind(tag)) return false;
    return true;
  }

 private:
  std::array<std::string, 4> tags_;
  std::shared_ptr<RE2 const> pattern_;
};

}  // namespace detail

/// 1 where the whole text is
///
///     <reasoning>\n ... \n</reasoning>\n<answer>\n ... \n</answer>
///
/// with a line break at the end or not, else 0. What stands between the tags is free but for the tags themselves: each
/// stands once, which the published patterns do not ask for. With tag_space::none or any there is no white space around
/// tags, or any.
///
/// Source: the format of DeepSeek-R1, arXiv:2501.12948, table 1, with tags and line breaks as GRPO examples for GSM8K
/// write them.
class strict_format {
 public:
  explicit strict_format(format_tags const& tags = {})
      : pattern_(tags.space == tag_space::lines
                     ? detail::tag_pattern(tags, "strict_format", {"", "\\n.*\\n", "\\n", "\\n.*\\n", "\\n?"})
                 : tags.space == tag_space::none
                     ? detail::tag_pattern(tags, "strict_format", {"", ".*", "", ".*", ""})
                     : detail::tag_pattern(tags, "strict_format", {"\\s*", ".*", "\\s*", ".*", "\\s*"})) {}

  bool matches(std::string_view text) const { return pattern_.fills(text) && pattern_.each_tag_is_once_in(text); }
  template <class Row>
  double operator()(completion<Row> const& c) const {
    return matches(c.text);
  }

 private:
  detail::tag_pattern pattern_;
};

/// 1 where the four tags stand in the text in their order, whatever is before, between and after them, else 0.
class soft_format {
 public:
  explicit soft_format(format_tags const& tags = {}) : pattern_(tags, "soft_format", {"", ".*", ".*", ".*", ""}) {}

  bool matches(std::string_view text) const { return pattern_.is_in(text); }
  template <class Row>
  double operator()(completion<Row> const& c) const {
    return matches(c.text);
  }

 private:
  detail::tag_pattern pattern_;
};

}  // namespace COHORT_NAMESPACE
