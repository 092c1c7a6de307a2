#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <limits>
#include <sstream>
#include <string>
#include <vector>
#include "../catch.hpp"

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

/// Numbers in rows and columns on the host.
template <class U>
struct grid {
  std::ptrdiff_t rows = 0, columns = 1;
  std::vector<U> values;

  grid() = default;
  grid(std::ptrdiff_t r, std::ptrdiff_t c = 1) : rows(r), columns(c), values(std::size_t(r * c)) {}
  U& operator()(std::ptrdiff_t r, std::ptrdiff_t c = 0) { return values[std::size_t(r * columns + c)]; }
  U const& operator()(std::ptrdiff_t r, std::ptrdiff_t c = 0) const { return values[std::size_t(r * columns + c)]; }
};

/// Whole numbers from -8 to 8 (or `low` to `high`): sums and products of them are exact in any order.
template <class U>
grid<U> integers(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which, int low = -8, int high = 8) {
  grid<U> g(rows, columns);
  random_stream draws(stream_id{7, draw_purpose::user, which});
  for (auto& x : g.values) x = U(low + int(draws.integer(std::uint32_t(high - low + 1))));
  return g;
}

/// Bytes that are flags: half of them 0, the others any other byte.
inline grid<std::uint8_t> flags(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which) {
  auto g = integers<std::uint8_t>(rows, columns, which, 0, 7);
  for (auto& x : g.values) x = x < 4 ? 0 : x == 4 ? 255 : x == 5 ? 128 : 1;
  return g;
}

template <class T>
grid<T> reals(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which, double low = -1, double high = 1) {
  grid<T> g(rows, columns);
  random_stream draws(stream_id{7, draw_purpose::user, which});
  for (auto& x : g.values) x = T(draws.uniform(low, high));
  return g;
}

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
  static constexpr U poison = std::numeric_limits<U>::has_quiet_NaN ? std::numeric_limits<U>::quiet_NaN() : U(113);
  static constexpr std::ptrdiff_t before = 3, behind = 67;
  static bool is_poison(U x) { return x == poison || (x != x && poison != poison); }

  B& backend_;
  typename B::template array<U> memory_;
  view<U> view_;

  grid<U> read(bool check_gaps) const {
    std::vector<U> all(std::size_t(memory_.size()));
    backend_.download(std::span<U>(all), memory_.all());
    grid<U> result(view_.rows, view_.columns);
    std::vector<bool> used(all.size());
    for (std::ptrdiff_t r = 0; r < view_.rows; ++r)
      for (std::ptrdiff_t c = 0; c < view_.columns; ++c) {
        auto at = std::size_t(before + r * view_.row_stride + c * view_.column_stride);
        result(r, c) = all[at];
        used[at] = true;
      }
    bool gaps_untouched = true;
    for (std::size_t i = 0; i < all.size(); ++i) gaps_untouched = gaps_untouched && (used[i] || is_poison(all[i]));
    if (check_gaps) REQUIRE(gaps_untouched);
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
    std::vector<U> all(std::size_t(before + r * row + c * column + behind), poison);
    for (std::ptrdiff_t i = r - 1; i >= 0; --i)
      for (std::ptrdiff_t j = c - 1; j >= 0; --j) all[std::size_t(before + i * row + j * column)] = g(i, j);
    backend.assign(memory_, std::span<U const>(all));
    view_ = {memory_.all().part(before, 0).data, r, c, row, column};
    host = read(false);
  }
  /// Room for results, which hold poison until they are written.
  placed(B& backend, std::ptrdiff_t rows, std::ptrdiff_t columns, order o = order::packed)
      : placed(backend, filled(rows, columns), o) {}

  view<U> out() { return view_; }
  view<U const> in() const { return view_; }
  std::ptrdiff_t rows() const { return view_.rows; }
  std::ptrdiff_t columns() const { return view_.columns; }
  U operator()(std::ptrdiff_t r, std::ptrdiff_t c = 0) const { return host(r, c); }
  /// What stands there now; everything around it must be as it was.
  grid<U> now() const { return read(true); }

 private:
  static grid<U> filled(std::ptrdiff_t rows, std::ptrdiff_t columns) {
    grid<U> g(rows, columns);
    for (auto& x : g.values) x = poison;
    return g;
  }
};

/// "", or the first place where got is not want to within |want| relative + absolute. A NaN equals a NaN.
template <class U, class V>
std::string difference(grid<U> const& got, grid<V> const& want, double relative = 0, double absolute = 0) {
  std::ostringstream text;
  text.precision(17);
  if (got.rows != want.rows || got.columns != want.columns) text << "the extents differ";
  for (std::ptrdiff_t r = 0; r < got.rows && text.str().empty(); ++r)
    for (std::ptrdiff_t c = 0; c < got.columns && text.str().empty(); ++c) {
      double g = double(got(r, c)), w = double(want(r, c));
      if (g == w || (g != g && w != w) || std::abs(g - w) <= relative * std::abs(w) + absolute) continue;
      text << "(" << r << ", " << c << ") of " << got.rows << " x " << got.columns << " is " << g << ", expected " << w;
    }
  return text.str();
}

template <class T>
inline constexpr double epsilon = double(std::numeric_limits<T>::epsilon());

}  // namespace cohort::conformance
