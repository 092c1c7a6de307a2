#include "grid.hpp"

#include <cmath>
#include <limits>
#include <sstream>

namespace cohort::conformance {

namespace {

/// SplitMix64. Its own, since of an inline function of the library a linker may take the version of another object,
/// which is not optimized.
class numbers {
 public:
  explicit numbers(std::uint32_t which) : state_(which) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

 private:
  std::uint64_t state_;
};

}  // namespace

template <class U>
grid<U> integers(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which, int low, int high) {
  grid<U> g(rows, columns);
  numbers draws(which);
  for (auto& x : g.values) x = U(low + int(draws.next() % std::uint64_t(high - low + 1)));
  return g;
}

template <class T>
grid<T> reals(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which, double low, double high) {
  grid<T> g(rows, columns);
  numbers draws(which);
  for (auto& x : g.values) x = T(low + (high - low) * (double(draws.next() >> 12) + .5) * 0x1p-52);
  return g;
}

grid<std::uint8_t> flags(std::ptrdiff_t rows, std::ptrdiff_t columns, std::uint32_t which) {
  auto g = integers<std::uint8_t>(rows, columns, which, 0, 7);
  for (auto& x : g.values) x = x < 4 ? 0 : x == 4 ? 255 : x == 5 ? 128 : 1;
  return g;
}

template <class T>
grid<double> product_of(grid<T> const& a, grid<T> const& b) {
  grid<double> c(a.rows, b.columns);
  for (std::ptrdiff_t m = 0; m < a.rows; ++m)
    for (std::ptrdiff_t k = 0; k < a.columns; ++k) {
      double left = double(a(m, k));
      T const* right = b.values.data() + k * b.columns;
      double* sum = c.values.data() + m * b.columns;
      for (std::ptrdiff_t n = 0; n < b.columns; ++n) sum[n] += left * double(right[n]);
    }
  return c;
}

template <class U, class V>
std::string difference(grid<U> const& got, grid<V> const& want, double relative, double absolute) {
  if (got.rows != want.rows || got.columns != want.columns) return "the extents differ";
  for (std::ptrdiff_t r = 0; r < got.rows; ++r)
    for (std::ptrdiff_t c = 0; c < got.columns; ++c) {
      double g = double(got(r, c)), w = double(want(r, c));
      if (g == w || (g != g && w != w) || std::abs(g - w) <= relative * std::abs(w) + absolute) continue;
      std::ostringstream text;
      text.precision(17);
      text << "(" << r << ", " << c << ") of " << got.rows << " x " << got.columns << " is " << g << ", expected " << w;
      return text.str();
    }
  return "";
}

namespace {

template <class U>
constexpr U poison = std::numeric_limits<U>::has_quiet_NaN ? std::numeric_limits<U>::quiet_NaN() : U(113);
template <class U>
bool is_poison(U x) {
  return x == poison<U> || (x != x && poison<U> != poison<U>);
}

}  // namespace

template <class U>
std::vector<U> laid_out(grid<U> const& g, strides s) {
  std::vector<U> all(std::size_t(s.before + g.rows * s.row + g.columns * s.column + s.behind), poison<U>);
  for (std::ptrdiff_t r = g.rows - 1; r >= 0; --r)
    for (std::ptrdiff_t c = g.columns - 1; c >= 0; --c) all[std::size_t(s.before + r * s.row + c * s.column)] = g(r, c);
  return all;
}

template <class U>
grid<U> taken_out(std::vector<U> const& all, std::ptrdiff_t rows, std::ptrdiff_t columns, strides s, bool& untouched) {
  grid<U> result(rows, columns);
  std::vector<char> used(all.size());
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < columns; ++c) {
      auto at = std::size_t(s.before + r * s.row + c * s.column);
      result(r, c) = all[at];
      used[at] = true;
    }
  untouched = true;
  for (std::size_t i = 0; i < all.size(); ++i) untouched = untouched && (used[i] || is_poison(all[i]));
  return result;
}

template <class U>
grid<U> poisoned(std::ptrdiff_t rows, std::ptrdiff_t columns) {
  grid<U> g(rows, columns);
  for (auto& x : g.values) x = poison<U>;
  return g;
}

#define FOR_EACH(U)                                                                                  \
  template grid<U> integers<U>(std::ptrdiff_t, std::ptrdiff_t, std::uint32_t, int, int);             \
  template std::vector<U> laid_out(grid<U> const&, strides);                                         \
  template grid<U> taken_out(std::vector<U> const&, std::ptrdiff_t, std::ptrdiff_t, strides, bool&); \
  template grid<U> poisoned<U>(std::ptrdiff_t, std::ptrdiff_t);                                      \
  template std::string difference(grid<U> const&, grid<U> const&, double, double);
#define FOR_REALS(T)                                                                        \
  template grid<T> reals<T>(std::ptrdiff_t, std::ptrdiff_t, std::uint32_t, double, double); \
  template grid<double> product_of(grid<T> const&, grid<T> const&);
FOR_EACH(float)
FOR_EACH(double)
FOR_EACH(std::int32_t)
FOR_EACH(std::uint8_t)
FOR_REALS(float)
FOR_REALS(double)
template std::string difference(grid<float> const&, grid<double> const&, double, double);
template std::string difference(grid<std::int32_t> const&, grid<double> const&, double, double);
template std::string difference(grid<std::uint8_t> const&, grid<double> const&, double, double);

}  // namespace cohort::conformance
