#pragma once
#include <cohort/language/reward/completion.hpp>
#include <cohort/language/reward/decimal.hpp>
#include <cstddef>
#include <type_traits>

namespace COHORT_NAMESPACE {

/// The text from the last opening tag that a closing tag follows to the first closing tag after it; nothing where there
/// is no such pair.
struct between_tags {
  std::string tag = "answer";

  std::optional<std::string_view> operator()(std::string_view text) const {
    std::string const open = "<" + tag + ">", close = "</" + tag + ">";
    std::size_t end = text.rfind(close);
    std::size_t begin = end == text.npos ? text.npos : text.rfind(open, end);
    if (begin == text.npos) return std::nullopt;
    begin += open.size();
    return text.substr(begin, text.find(close, begin) - begin);
  }
};

namespace detail {

template <class X>
inline constexpr bool is_optional = false;
template <class X>
inline constexpr bool is_optional<std::optional<X>> = true;

template <class X>
concept number_or_text = std::is_convertible_v<X, std::string_view> ||
                         (std::is_arithmetic_v<X> && !std::is_same_v<X, bool> && !std::is_same_v<X, char>);

}  // namespace detail

/// 1 where the answer in the text is the expected one, 0 where it is another or there is none; absent where nothing is
/// expected of the row.
///
///     accuracy{.expected = [](row const& r) { return r.answer; }}        a number, a text, or a std::optional of one
///     accuracy{.expected = ..., .extract = [](std::string_view text) -> std::optional<std::string_view> { ... }}
///
/// Two decimal numbers are compared as numbers, exactly, however many digits they have: "007" is 7, "3.0" is 3, "1e3"
/// is 1000. Anything else is compared as text, without the white space around it.
template <class Expected, class Extract = between_tags>
struct accuracy {
  Expected expected;              ///< from a row to its answer
  Extract extract{};              ///< from a completion's text to the answer in it, or nothing
  bool thousands_commas = false;  ///< whether "1,000" is 1000, in the completion and in the row

  template <class Row>
    requires std::is_invocable_v<Expected const&, Row const&>
  std::optional<double> operator()(completion<Row> const& c) const {
    using answer = std::remove_cvref_t<std::invoke_result_t<Expected const&, Row const&>>;
    if constexpr (detail::is_optional<answer>) {
      answer const wanted = expected(c.row);
      if (!wanted) return std::nullopt;
      return compare(c.text, *wanted);
    } else {
      return compare(c.text, expected(c.row));
    }
  }

 private:
  template <class Answer>
  double compare(std::string_view text, Answer const& wanted) const {
    static_assert(detail::number_or_text<Answer>,
                  "accuracy's expected(row) must return a number, a text, or a std::optional of one");
    if constexpr (detail::number_or_text<Answer>) {
      std::optional<std::string_view> const found = extract(text);
      if (!found) return 0;
      if constexpr (std::is_arithmetic_v<Answer>)
        return detail::same_answer(*found, detail::digits_of(wanted), thousands_commas);
      else return detail::same_answer(*found, wanted, thousands_commas);
    }
  }
};

}  // namespace COHORT_NAMESPACE
