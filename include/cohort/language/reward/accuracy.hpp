#pragma once
#include <cohort/language/reward/completion.hpp>
#include <cohort/language/reward/extract.hpp>
#include <cohort/language/reward/same.hpp>
#include <type_traits>

namespace COHORT_NAMESPACE {

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
///     accuracy{.expected = ..., .extract = boxed{}, .same = same_number{}}
///
/// `extract` is any callable from a text to std::optional<std::string_view> (extract.hpp has some), `same` any callable
/// from two texts, the given and the expected one, to bool (same.hpp, same_text.hpp).
template <class Expected, class Extract = between_tags, class Same = same_decimal>
struct accuracy {
  Expected expected;  ///< from a row to its answer
  Extract extract{};  ///< from a completion's text to the answer in it, or nothing
  Same same{};        ///< which answers are one

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
      if constexpr (std::is_arithmetic_v<Answer>) return same(*found, std::string_view(detail::digits_of(wanted)));
      else return same(*found, std::string_view(wanted));
    }
  }
};

}  // namespace COHORT_NAMESPACE
