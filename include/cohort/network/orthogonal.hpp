#pragma once
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <vector>

namespace cohort {

/// A rows x columns matrix, row by row, with orthonormal rows or columns (whichever are fewer) times gain: an
/// orthogonal basis of normal vectors.
///
/// Source: Saxe et al. 2013, arXiv:1312.6120.
[[gnu::cold]] inline std::vector<double> orthogonal(int rows, int columns, double gain, random_stream draws) {
  bool wide = columns > rows;
  auto R = std::size_t(rows), C = std::size_t(columns), count = wide ? R : C, length = wide ? C : R;
  std::vector<double> basis(count * length);  // vector i is at i * length
  for (std::size_t i = 0; i < count; ++i) {
    double* v = &basis[i * length];
    for (std::size_t k = 0; k < length; ++k) v[k] = draws.normal();
    for (int pass = 0; pass < 2; ++pass)  // once more: the first pass leaves what rounding put back
      for (std::size_t j = 0; j < i; ++j) {
        double const* u = &basis[j * length];
        double dot = 0;
        for (std::size_t k = 0; k < length; ++k) dot += u[k] * v[k];
        for (std::size_t k = 0; k < length; ++k) v[k] -= dot * u[k];
      }
    double norm = 0;
    for (std::size_t k = 0; k < length; ++k) norm += v[k] * v[k];
    norm = std::sqrt(norm);
    for (std::size_t k = 0; k < length; ++k) v[k] /= norm;
  }
  std::vector<double> result(R * C);
  for (std::size_t r = 0; r < R; ++r)
    for (std::size_t c = 0; c < C; ++c)
      result[r * C + c] = gain * (wide ? basis[r * length + c] : basis[c * length + r]);
  return result;
}

}  // namespace cohort
