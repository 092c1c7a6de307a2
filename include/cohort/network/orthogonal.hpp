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
  int count = wide ? rows : columns, length = wide ? columns : rows;
  std::vector<double> basis(std::size_t(count) * length);  // vector i is at i * length
  for (int i = 0; i < count; ++i) {
    double* v = &basis[std::size_t(i) * length];
    for (int k = 0; k < length; ++k) v[k] = draws.normal();
    for (int pass = 0; pass < 2; ++pass)  // once more: the first pass leaves what rounding put back
      for (int j = 0; j < i; ++j) {
        double const* u = &basis[std::size_t(j) * length];
        double dot = 0;
        for (int k = 0; k < length; ++k) dot += u[k] * v[k];
        for (int k = 0; k < length; ++k) v[k] -= dot * u[k];
      }
    double norm = 0;
    for (int k = 0; k < length; ++k) norm += v[k] * v[k];
    norm = std::sqrt(norm);
    for (int k = 0; k < length; ++k) v[k] /= norm;
  }
  std::vector<double> result(std::size_t(rows) * columns);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      result[std::size_t(r) * columns + c] =
          gain * (wide ? basis[std::size_t(r) * length + c] : basis[std::size_t(c) * length + r]);
  return result;
}

}  // namespace cohort
