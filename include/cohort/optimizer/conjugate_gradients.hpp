#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <utility>

namespace COHORT_NAMESPACE {

namespace detail {

struct plus_multiple {
  double factor;
  constexpr auto operator()(auto a, auto b) const { return a + factor * b; }
};

/// sum a b, on the host.
template <backend B>
double dot(B& backend, in_view<B> a, in_view<B> b) {
  value_t<B> found[1];
  auto sum = backend.template temporary<value_t<B>>(1);
  backend.reduce(sum.all(), times{}, a, b);
  backend.download(std::span<value_t<B>>(found), in_view<B>(sum.all()));
  return double(found[0]);
}

}  // namespace detail

/// Solves A x = b for a symmetric positive definite A of which only products are known:
///
///     x = 0, r = p = b;   a = r'r / p'Ap,  x <- x + a p,  r <- r - a A p,  p <- r + (r'r now / r'r before) p
///
/// for so many iterations, or until r'r < residual. A direction along which A is not positive (or not a number) ends it
/// too.
///
/// Source: Hestenes and Stiefel 1952. The defaults are sb3-contrib's for TRPO.
struct conjugate_gradients {
  int iterations = 15;
  double residual = 1e-10;  ///< >= 0; a squared norm, in the units of b

  template <backend B>
  struct state {
    typename B::template array<value_t<B>> rest, direction, image;
  };

  void check(char const* where) const {
    detail::require(iterations > 0, where, "iterations", iterations, "a positive number");
    detail::require(residual >= 0, where, "residual", residual, "0 or more");
  }

  /// product(p, out) writes A p.
  template <backend B, class Product>
  void solve(B& backend, state<B>& s, Product product, in_view<B> b, out_view<B> x) const {
    using in = in_view<B>;
    for (auto* a : {&s.rest, &s.direction, &s.image}) backend.resize(*a, b.rows);
    out_view<B> r = s.rest.all(), p = s.direction.all(), image = s.image.all();
    backend.map(outputs{x}, detail::filled{0}, b);
    detail::copy_to(backend, r, b);
    detail::copy_to(backend, p, b);
    double squares = detail::dot(backend, in(r), in(r));
    for (int i = 0; i < iterations && squares > 0 && squares >= residual; ++i) {
      product(in(p), image);
      double curvature = detail::dot(backend, in(p), in(image));
      if (!(curvature > 0)) return;
      double a = squares / curvature;
      backend.map(outputs{x}, detail::plus_multiple{a}, in(x), in(p));
      backend.map(outputs{r}, detail::plus_multiple{-a}, in(r), in(image));
      double before = std::exchange(squares, detail::dot(backend, in(r), in(r)));
      backend.map(outputs{p}, detail::plus_multiple{squares / before}, in(r), in(p));
    }
  }
};

}  // namespace COHORT_NAMESPACE
