#pragma once
#include <algorithm>
#include <cohort/backend/concept.hpp>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE {

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

namespace detail {

/// Minus the inverse of U (m x m), which is the upper triangle of `gram` with half of its diagonal.
template <class T>
void minus_inverse(std::vector<T>& gram, std::ptrdiff_t m) {
  std::vector<double> x(static_cast<std::size_t>(m));
  auto at = [&](std::ptrdiff_t i, std::ptrdiff_t j) -> T& { return gram[std::size_t(i * m + j)]; };
  for (std::ptrdiff_t c = m - 1; c >= 0; --c) {
    for (std::ptrdiff_t i = c; i >= 0; --i) {
      double sum = i == c ? -1 : 0;
      for (std::ptrdiff_t l = i + 1; l <= c; ++l) sum -= double(at(i, l)) * x[std::size_t(l)];
      x[std::size_t(i)] = sum / (.5 * double(at(i, i)));
    }
    for (std::ptrdiff_t i = 0; i < m; ++i) at(i, c) = i <= c ? T(x[std::size_t(i)]) : T(0);
  }
}

}  // namespace detail

/// The same distribution where the matrix is large, by the backend's products and to the rounding of its numbers: up
/// to 256 vectors are made by the function above. The Q of a normal matrix's QR decomposition, R's diagonal positive,
/// is H_1 ... H_k D; H_i reflects a vector of n - i + 1 normal numbers onto an axis, and D has the signs. Reflections
/// of 64 vectors V together are I - V U^-1 V', the upper triangle of V'V with half of its diagonal being U.
///
/// Source: Stewart 1980, SIAM J. Numer. Anal. 17, 403; Joffrain et al. 2006, ACM Trans. Math. Softw. 32, 169.
template <backend B>
[[gnu::cold]] std::vector<double> orthogonal(B& backend, int rows, int columns, double gain, random_stream draws) {
  using T = value_t<B>;
  std::ptrdiff_t k = std::min(rows, columns), n = std::max(rows, columns), block = 64;
  if (k <= 256) return orthogonal(rows, columns, gain, draws);
  typename B::template array<T> basis_, reflectors_, weighted_, gram_, shares_;
  std::vector<T> host(std::size_t(n * k), T(0));
  for (std::ptrdiff_t i = 0; i < k; ++i) host[std::size_t(i * k + i)] = T(1);
  backend.assign(basis_, std::span<T const>(host));
  view<T> basis = basis_.matrix(n, k);
  std::vector<double> sign(static_cast<std::size_t>(k)), x;
  std::vector<T> v, gram;
  for (std::ptrdiff_t first = (k - 1) / block * block; first >= 0; first -= block) {
    std::ptrdiff_t m = std::min(block, k - first), below = n - first;
    v.assign(std::size_t(below * m), T(0));
    for (std::ptrdiff_t j = 0; j < m; ++j) {
      x.clear();
      double square = 0;
      for (std::ptrdiff_t r = j; r < below; ++r) x.push_back(draws.normal()), square += x.back() * x.back();
      double s = x[0] < 0 ? 1 : -1, length = std::sqrt(square);
      sign[std::size_t(first + j)] = s;
      double unit = 1 / std::sqrt(2 * (square + std::abs(x[0]) * length));
      x[0] -= s * length;
      for (std::ptrdiff_t r = j; r < below; ++r) v[std::size_t(r * m + j)] = T(x[std::size_t(r - j)] * unit);
    }
    backend.assign(reflectors_, std::span<T const>(v));
    backend.resize(weighted_, below * m), backend.resize(gram_, m * m), backend.resize(shares_, m * (k - first));
    view<T const> V = reflectors_.matrix(below, m);
    view<T> weighted = weighted_.matrix(below, m), shares = shares_.matrix(m, k - first),
            part = basis.part(first, below).columns_part(first, k - first);
    backend.matmul(gram_.matrix(m, m), V.transposed(), V);
    gram.resize(std::size_t(m * m));
    backend.download(std::span<T>(gram), view<T const>(gram_.all()));
    detail::minus_inverse(gram, m);
    backend.assign(gram_, std::span<T const>(gram));
    backend.matmul(weighted, V, view<T const>(gram_.matrix(m, m)));
    backend.matmul(shares, V.transposed(), view<T const>(part));
    backend.matmul(part, view<T const>(weighted), view<T const>(shares), true);
  }
  backend.download(std::span<T>(host), view<T const>(basis_.all()));
  std::vector<double> result(host.size());
  for (std::ptrdiff_t r = 0; r < n; ++r)
    for (std::ptrdiff_t c = 0; c < k; ++c)
      result[std::size_t(columns > rows ? c * n + r : r * k + c)] =
          gain * sign[std::size_t(c)] * double(host[std::size_t(r * k + c)]);
  return result;
}

}  // namespace COHORT_NAMESPACE
