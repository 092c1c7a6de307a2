#pragma once
#include <array>
#include <cohort/backend/concept.hpp>

namespace COHORT_NAMESPACE {

/// How a matrix is made orthogonal, nearly: X / max(|X|, epsilon) in Frobenius' norm, then, for so many iterations,
///
///     X <- a X + (b X X' + c (X X')^2) X     (of the transposed one where there are more rows than columns)
///
/// which moves every singular value towards 1: with the usual coefficients into about 0.7 ... 1.2 after 5 iterations,
/// for those above 1e-3 or so of the norm.
///
/// Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; coefficients, epsilon and
/// iterations as torch.optim.Muon has them.
struct newton_schulz {
  double a = 3.4445, b = -4.7750, c = 2.0315;
  int iterations = 5;     ///< 1 ... 99
  double epsilon = 1e-7;  ///< > 0

  void check(char const* where) const {
    detail::require(iterations > 0 && iterations < 100, where, "iterations", iterations, "a number from 1 to 99");
    detail::require(epsilon > 0, where, "epsilon", epsilon, "a positive number");
  }
};

namespace detail {

struct over_norm {
  double epsilon;
  template <class S>
  constexpr S operator()(S x, S squares) const {
    return x / max(sqrt(squares), S(epsilon));
  }
};
struct weighted_sum {
  double first, second;
  constexpr auto operator()(auto x, auto y) const { return first * x + second * y; }
};

}  // namespace detail

/// Replaces a contiguous matrix by its nearly orthogonal one, in the backend's precision (torch's Muon takes bfloat16).
template <backend B>
void orthogonalize(B& backend, newton_schulz const& how, out_view<B> matrix) {
  using T = value_t<B>;
  std::ptrdiff_t n = std::min(matrix.rows, matrix.columns), all = matrix.size();
  auto squares = backend.template temporary<T>(1), room = backend.template temporary<T>(2 * n * n + all);
  out_view<B> gram(room.all().data, n, n), polynomial(room.all().data + n * n, n, n),
      product(room.all().data + 2 * n * n, matrix.rows, matrix.columns);
  out_view<B> flat = matrix.reshaped(all), square = squares.all(), x = matrix, px = product;
  if (matrix.rows > matrix.columns) x = x.transposed(), px = px.transposed();

  backend.reduce(square, detail::squared{}, in_view<B>(flat));
  backend.map(outputs{flat}, detail::over_norm{how.epsilon}, in_view<B>(flat), broadcast(in_view<B>(square), all));
  for (int k = 0; k < how.iterations; ++k) {
    backend.matmul(gram, in_view<B>(x), in_view<B>(x.transposed()));
    backend.matmul(polynomial, in_view<B>(gram), in_view<B>(gram));
    backend.map(outputs{polynomial}, detail::weighted_sum{how.b, how.c}, in_view<B>(gram), in_view<B>(polynomial));
    backend.matmul(px, in_view<B>(polynomial), in_view<B>(x));
    backend.map(outputs{flat}, detail::weighted_sum{how.a, 1}, in_view<B>(flat), in_view<B>(product.reshaped(all)));
  }
}

}  // namespace COHORT_NAMESPACE
