#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// 1 where a number is infinite or none, else 0.
struct is_not_finite {
  template <class S>
  constexpr S operator()(S x) const {
    return select(abs(x) <= double(std::numeric_limits<typename S::value_type>::max()), S(0), S(1));
  }
};

/// The place of the first element that is not finite, row by row; -1 where all are. One pass; the numbers themselves
/// come to the host only to be named.
template <backend B>
std::ptrdiff_t first_not_finite(B& backend, in_view<B> x, value_t<B>* value = nullptr) {
  using T = value_t<B>;
  if (x.size() == 0) return -1;
  auto sum = backend.template temporary<T>(1);
  backend.reduce(sum.all(), is_not_finite{}, x);
  T found[1];
  backend.download(std::span<T>(found), view<T const>(sum.all()));
  if (found[0] == 0) return -1;
  std::vector<T> all(std::size_t(x.size()));
  backend.download(std::span<T>(all), x);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!std::isfinite(all[i])) {
      if (value) *value = all[i];
      return std::ptrdiff_t(i);
    }
  return -1;
}

[[gnu::cold]] inline std::string text_of_element(char const* name, std::ptrdiff_t i, double value) {
  return std::string(name) + "[" + std::to_string(i) + "] is " + text(value);
}
/// "name[17] is nan" of the first element that is not finite, or nothing.
template <backend B>
std::string not_finite_in(B& backend, in_view<B> x, char const* name) {
  value_t<B> value{};
  std::ptrdiff_t i = first_not_finite(backend, x, &value);
  return i < 0 ? std::string() : text_of_element(name, i, double(value));
}

}  // namespace COHORT_NAMESPACE::detail
