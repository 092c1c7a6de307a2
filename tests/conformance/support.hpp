#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <limits>
#include <string>
#include <vector>
#include "../catch.hpp"
#include "grid.hpp"

namespace cohort::conformance {

/// How far a backend may be from the same formula in double, in epsilons of its number type. Whatever is computed from
/// small integers must be exact, and so must the uniforms: neither has a tolerance.
struct tolerances {
  double function = 2;  ///< one exp, log, tanh or sqrt, relative
  double sum = 4;  ///< a million addends, relative to the sum of their absolute values; one chain of additions would be
                   ///< hundreds away
  double product = 1;     ///< a product of matrices of numbers up to 1, relative to the number of terms of its sums
  double recurrence = 2;  ///< a recurrence that forgets, 40 steps, relative to the largest value it can have
  double component = 8;   ///< a whole component, relative to its largest result, or to 1
};

/// How a matrix lies in memory. All but the last three can be written.
enum class order {
  packed,
  padded,
  transposed,
  transposed_padded,
  every_second,
  rows_repeat,
  columns_repeat,
  one_element
};
inline constexpr order writable[] = {order::packed, order::padded, order::transposed, order::transposed_padded,
                                     order::every_second};
inline constexpr order any_order[] = {
    order::packed,       order::padded,      order::transposed,     order::transposed_padded,
    order::every_second, order::rows_repeat, order::columns_repeat, order::one_element};

/// A matrix in a backend's memory, among elements that nobody may read or write: NaNs, or a number that stands out.
template <class B, class U>
class placed {
  B& backend_;
  typename B::template array<U> memory_;
  view<U> view_;

  grid<U> read(bool check_gaps) const {
    std::vector<U> all(std::size_t(memory_.size()));
    backend_.download(std::span<U>(all), memory_.all());
    bool untouched = true;
    auto result = taken_out(all, view_.rows, view_.columns, {view_.row_stride, view_.column_stride}, untouched);
    if (check_gaps) REQUIRE(untouched);
    return result;
  }

 public:
  grid<U> host;  ///< what the view showed when it was made

  placed(B& backend, grid<U> const& g, order o = order::packed) : backend_(backend) {
    std::ptrdiff_t r = g.rows, c = g.columns, row = c, column = 1;
    if (o == order::padded) row = c + 3;
    if (o == order::transposed) row = 1, column = r;
    if (o == order::transposed_padded) row = 1, column = r + 5;
    if (o == order::every_second) row = 2 * c + 1, column = 2;
    if (o == order::rows_repeat) row = 0;
    if (o == order::columns_repeat) row = 1, column = 0;
    if (o == order::one_element) row = 0, column = 0;
    auto all = laid_out(g, {row, column});
    backend.assign(memory_, std::span<U const>(all));
    view_ = {memory_.all().part(strides::before, 0).data, r, c, row, column};
    host = read(false);
  }
  /// Room for results, which hold poison until they are written.
  placed(B& backend, std::ptrdiff_t rows, std::ptrdiff_t columns, order o = order::packed)
      : placed(backend, poisoned<U>(rows, columns), o) {}

  view<U> out() { return view_; }
  view<U const> in() const { return view_; }
  std::ptrdiff_t rows() const { return view_.rows; }
  std::ptrdiff_t columns() const { return view_.columns; }
  U operator()(std::ptrdiff_t r, std::ptrdiff_t c = 0) const { return host(r, c); }
  /// What stands there now; everything around it must be as it was.
  grid<U> now() const { return read(true); }
};

template <class T>
inline constexpr double epsilon = double(std::numeric_limits<T>::epsilon());

}  // namespace cohort::conformance
