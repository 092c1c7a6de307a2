#include <cohort/optimizer/conjugate_gradients.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

namespace {

constexpr int n = 12;

/// M'M + I of a random M.
numbers positive_definite() {
  numbers m = uniform(n * n, 1), a(n * n, 0);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      for (int k = 0; k < n; ++k) a[i * n + j] += m[k * n + i] * m[k * n + j];
      a[i * n + j] += i == j;
    }
  return a;
}
numbers times(numbers const& a, numbers const& x) {
  numbers y(n, 0);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) y[i] += a[i * n + j] * x[j];
  return y;
}

struct solved {
  numbers x = numbers(n, 99);
  int products = 0;

  solved(conjugate_gradients const& how, numbers const& a, numbers const& b) {
    cpu backend;
    conjugate_gradients::state<cpu> s;
    auto product = [&](view<double const> p, view<double> out) {
      ++products;
      numbers y = times(a, {p.data, p.data + n});
      std::copy(y.begin(), y.end(), out.data);
    };
    how.solve(backend, s, product, all(b), all(x));
  }
};

}  // namespace

TEST_CASE("conjugate_gradients: as many iterations as unknowns solve the system") {
  numbers a = positive_definite(), expected = uniform(n, 2), b = times(a, expected);
  solved s({.iterations = n + 3, .residual = 1e-26}, a, b);
  for (int i = 0; i < n; ++i) REQUIRE(close(s.x[i], expected[i], 0, 1e-11));
}

TEST_CASE("conjugate_gradients: one iteration is the steepest descent with an exact line search") {
  numbers a = positive_definite(), b = uniform(n, 2), image = times(a, b);
  double squares = 0, curvature = 0;
  for (int i = 0; i < n; ++i) squares += b[i] * b[i], curvature += b[i] * image[i];
  solved s({.iterations = 1}, a, b);
  CHECK(s.products == 1);
  for (int i = 0; i < n; ++i) REQUIRE(close(s.x[i], squares / curvature * b[i], 1e-14));
}

TEST_CASE(
    "conjugate_gradients: it stops where the residual's squared norm is below the limit, at a right side of 0 at "
    "once") {
  numbers a = positive_definite(), b = times(a, uniform(n, 2));
  solved early({.iterations = 100, .residual = 1e-2}, a, b), late({.iterations = 100, .residual = 1e-20}, a, b);
  CHECK(early.products < late.products);
  CHECK(late.products < 20);
  double rest = 0;
  numbers image = times(a, early.x);
  for (int i = 0; i < n; ++i) rest += (b[i] - image[i]) * (b[i] - image[i]);
  CHECK(rest < 1e-2);
  solved none({}, a, numbers(n, 0));
  CHECK(none.products == 0);
  CHECK(none.x == numbers(n, 0));
}

TEST_CASE("conjugate_gradients: a matrix that is not positive or not a number ends them with what they have") {
  numbers negative(n * n, 0), b = uniform(n, 2), broken(n * n, std::nan(""));
  for (int i = 0; i < n; ++i) negative[i * n + i] = -1;
  CHECK(solved({}, negative, b).x == numbers(n, 0));
  CHECK(solved({}, broken, b).x == numbers(n, 0));
}

TEST_CASE("conjugate_gradients: bad parameters are refused") {
  CHECK_THROWS_AS((conjugate_gradients{.iterations = 0}.check("here")), value_error);
  CHECK_THROWS_AS((conjugate_gradients{.residual = -1}.check("here")), value_error);
}
