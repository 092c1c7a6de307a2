#include <cohort/scalar/dependency.hpp>
#include "../catch.hpp"

using d = cohort::dependency;

namespace {

constexpr d a = d::on(1), b = d::on(2), c = d::on(4);

constexpr unsigned accumulated() {
  d x = 0;
  x += a;
  x -= b;
  x *= c;
  x /= 2;
  return x.bits;
}

struct formula {
  template <class S>
  constexpr S operator()(S x, S y, S unread) const {
    S kept = select(x > 0, x, S(1));
    (void)unread;
    return exp(clamp(kept, -20, 20)) + 3 * stop_gradient(y);
  }
};

// Numbers depend on nothing, and every operation on what its arguments do.
static_assert(d().bits == 0 && d(3).bits == 0 && d(2.5).bits == 0 && d::on(5).bits == 5);
static_assert((a + b).bits == 3 && (a - b).bits == 3 && (a * b).bits == 3 && (a / b).bits == 3 && (-a).bits == 1);
static_assert((a + 1).bits == 1 && (1 - a).bits == 1 && (2.f * a).bits == 1 && (1 / a).bits == 1 && (a * 0).bits == 1);
static_assert((a < b).bits == 3 && (a > b).bits == 3 && (a <= b).bits == 3 && (a >= b).bits == 3 &&
              (a == b).bits == 3 && (a != b).bits == 3);
static_assert((a < 1).bits == 1 && (1 < a).bits == 1 && ((a < b) & (c > 0)).bits == 7 &&
              ((a < 1) | (c > 0)).bits == 5 && (!(a < b)).bits == 3);
static_assert(select(a < 0, b, c).bits == 7 && select(a < 0, 1, 2).bits == 1 && select(d(1) < 2, b, c).bits == 6);
static_assert(min(a, b).bits == 3 && max(a, b).bits == 3 && min(a, 1).bits == 1 && clamp(a, b, c).bits == 7 &&
              clamp(a, -1, 1).bits == 1);
static_assert((exp(a) + log(b)).bits == 3 && (expm1(a) + log1p(b)).bits == 3 && (sqrt(a) + tanh(b)).bits == 3 &&
              (sin(a) + cos(b)).bits == 3);
static_assert((abs(a) + floor(b)).bits == 3 && (sigmoid(a) + softplus(b)).bits == 3 &&
              (lgamma(a) + digamma(b)).bits == 3);
static_assert((polygamma(2, a) + modulo(b, 3)).bits == 3 && (round_to_float(a) + stop_gradient(b)).bits == 3);
static_assert((numpy_square(a) + numpy_square_in_float(b)).bits == 3);
static_assert(accumulated() == 7);
static_assert(formula{}(a, b, c).bits == 3);

}  // namespace

TEST_CASE("dependency: evaluated at run time it finds what it finds at compile time") {
  formula f;
  for (unsigned x : {0u, 1u, 8u})
    for (unsigned y : {0u, 2u, 8u}) CHECK(f(d::on(x), d::on(y), d::on(256)).bits == (x | y));
}
