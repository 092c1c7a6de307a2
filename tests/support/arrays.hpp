#pragma once
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/random/stream.hpp>
#include <vector>

// What tests of components need over and over: plain vectors as a backend's views, reproducible numbers, differences.
namespace arrays {

using cpu = cohort::eigen::basic_backend<double>;
using flags = std::vector<std::uint8_t>;
using integers = std::vector<std::int32_t>;
using numbers = std::vector<double>;

template <class T>
cohort::view<T> all(std::vector<T>& v) {
  return {v.data(), std::ptrdiff_t(v.size())};
}
template <class T>
cohort::view<T const> all(std::vector<T> const& v) {
  return {v.data(), std::ptrdiff_t(v.size())};
}
template <class T>
cohort::view<T> matrix(std::vector<T>& v, std::ptrdiff_t rows) {
  return {v.data(), rows, std::ptrdiff_t(v.size()) / rows};
}
template <class T>
cohort::view<T const> matrix(std::vector<T> const& v, std::ptrdiff_t rows) {
  return {v.data(), rows, std::ptrdiff_t(v.size()) / rows};
}

/// n numbers between low and high, the same ones for the same `which`.
template <class T = double>
std::vector<T> uniform(std::ptrdiff_t n, std::uint32_t which, double low = -1, double high = 1) {
  cohort::random_stream draws(cohort::stream_id{7, cohort::draw_purpose::user, which});
  std::vector<T> result(n);
  for (T& x : result) x = T(draws.uniform(low, high));
  return result;
}

/// n flags, each set with this probability.
inline flags coins(std::ptrdiff_t n, std::uint32_t which, double probability) {
  flags result(n);
  auto u = uniform(n, which, 0, 1);
  for (std::ptrdiff_t i = 0; i < n; ++i) result[i] = u[i] < probability;
  return result;
}

template <class To, class From>
std::vector<To> cast(std::vector<From> const& v) {
  return {v.begin(), v.end()};
}

/// The five-point difference: its own error is h^4 / 30 of the fifth derivative and 1.5 / h roundings of f, 1e-12
/// together where both are about 1.
template <class F>
double slope(F f, double x, double h = 1e-3) {
  return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h);
}

inline bool close(double found, double expected, double relative, double absolute = 0) {
  return std::abs(found - expected) <= relative * std::abs(expected) + absolute;
}

}  // namespace arrays
