// What real.hpp says of NaN, infinities and ties, for every scalar.
#include <limits>
#include "scalars.hpp"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();
bool is_nan(double x) { return x != x; }

}  // namespace

TEMPLATE_LIST_TEST_CASE("scalars: a NaN argument gives NaN from every function", "", scalars) {
  using S = TestType;
  S x = not_a_number, one = 1;
  for (S y : {-x,
              x + one,
              one + x,
              x - one,
              one - x,
              x * one,
              one * x,
              x / one,
              one / x,
              x * S(0),
              abs(x),
              floor(x),
              sqrt(x),
              exp(x),
              log(x),
              expm1(x),
              log1p(x),
              tanh(x),
              sin(x),
              cos(x),
              sigmoid(x),
              softplus(x),
              lgamma(x),
              digamma(x),
              polygamma(0, x),
              polygamma(1, x),
              polygamma(2, x),
              modulo(x, 2),
              round_to_float(x),
              numpy_square(x),
              numpy_square_in_float(x),
              stop_gradient(x)})
    CHECK(is_nan(number(y)));
  for (double other : {1., -infinity, infinity}) {
    CHECK(is_nan(number(min(x, S(other)))));
    CHECK(is_nan(number(min(S(other), x))));
    CHECK(is_nan(number(max(x, S(other)))));
    CHECK(is_nan(number(max(S(other), x))));
    CHECK(is_nan(number(clamp(x, S(-1), S(other)))));
    CHECK(is_nan(number(clamp(S(other), S(not_a_number), S(2)))));
    CHECK(is_nan(number(clamp(S(0), S(-1), x))));
  }
  CHECK(is_nan(number(clamp(x, -1, 1))));
  CHECK(is_nan(number(clamp(x, -infinity, infinity))));
}

TEMPLATE_LIST_TEST_CASE("scalars: a comparison with NaN does not hold, but != does", "", scalars) {
  using S = TestType;
  S x = not_a_number;
  for (S other : {S(not_a_number), S(1), S(infinity)}) {
    CHECK(!holds((x < other) | (x > other) | (x <= other) | (x >= other) | (x == other)));
    CHECK(!holds((other < x) | (other > x) | (other <= x) | (other >= x) | (other == x)));
    CHECK(holds((x != other) & (other != x)));
  }
}

TEMPLATE_LIST_TEST_CASE("scalars: at infinities and at the ends of their domains functions have their limits", "",
                        scalars) {
  using S = TestType;
  CHECK(number(exp(S(-infinity))) == 0);
  CHECK(number(exp(S(infinity))) == infinity);
  CHECK(number(exp(S(1000))) == infinity);
  CHECK(number(exp(S(-1000))) == 0);
  CHECK(number(exp(S(0))) == 1);
  CHECK(number(log(S(0))) == -infinity);
  CHECK(number(log(S(infinity))) == infinity);
  CHECK(number(log(S(1))) == 0);
  CHECK(is_nan(number(log(S(-1)))));
  CHECK(is_nan(number(log(S(-infinity)))));
  CHECK(number(expm1(S(-infinity))) == -1);
  CHECK(number(expm1(S(infinity))) == infinity);
  CHECK(number(log1p(S(-1))) == -infinity);
  CHECK(number(log1p(S(infinity))) == infinity);
  CHECK(is_nan(number(log1p(S(-2)))));
  CHECK(is_nan(number(log1p(S(-infinity)))));
  CHECK(number(sqrt(S(0))) == 0);
  CHECK(number(sqrt(S(infinity))) == infinity);
  CHECK(is_nan(number(sqrt(S(-1)))));
  CHECK(is_nan(number(sqrt(S(-infinity)))));
  CHECK(number(tanh(S(infinity))) == 1);
  CHECK(number(tanh(S(-infinity))) == -1);
  CHECK(is_nan(number(sin(S(infinity)))));
  CHECK(is_nan(number(cos(S(-infinity)))));
  CHECK(number(sigmoid(S(-infinity))) == 0);
  CHECK(number(sigmoid(S(infinity))) == 1);
  CHECK(number(sigmoid(S(-1000))) == 0);
  CHECK(number(softplus(S(-infinity))) == 0);
  CHECK(number(softplus(S(infinity))) == infinity);
  CHECK(number(softplus(S(1000))) == 1000);
  CHECK(number(abs(S(-infinity))) == infinity);
  CHECK(number(floor(S(-infinity))) == -infinity);
  CHECK(number(floor(S(infinity))) == infinity);
  CHECK(number(lgamma(S(infinity))) == infinity);
  CHECK(number(lgamma(S(0))) == infinity);
  CHECK(number(digamma(S(infinity))) == infinity);
  CHECK(number(polygamma(1, S(infinity))) == 0);
  for (double x : {0., -.5, -1., -infinity})
    CHECK((is_nan(number(digamma(S(x)))) && is_nan(number(polygamma(1, S(x))))));
  CHECK(is_nan(number(modulo(S(infinity), 2))));
  CHECK(number(clamp(S(infinity), -1, 1)) == 1);
  CHECK(number(clamp(S(-infinity), -1, 1)) == -1);
}

TEMPLATE_LIST_TEST_CASE("scalars: min and max return their first argument at a tie, clamp its argument on both bounds",
                        "", scalars) {
  using S = TestType;
  auto negative = [](S x) { return std::signbit(number(x)); };
  S plus = 0., minus = -0.;
  CHECK((!negative(min(plus, minus)) && negative(min(minus, plus))));
  CHECK((!negative(max(plus, minus)) && negative(max(minus, plus))));
  CHECK((negative(clamp(minus, plus, S(1))) && negative(clamp(minus, S(-1), plus))));
  CHECK((number(min(S(1), S(2))) == 1 && number(min(S(2), S(1))) == 1 && number(max(S(1), S(2))) == 2 &&
         number(max(S(2), S(1))) == 2));
  CHECK((number(clamp(S(3), 1, 2)) == 2 && number(clamp(S(0), 1, 2)) == 1 && number(clamp(S(1.5), 1, 2)) == 1.5));
}

TEMPLATE_LIST_TEST_CASE(
    "scalars: comparisons give masks, which combine, and select takes either side without looking at the other", "",
    scalars) {
  using S = TestType;
  S one = 1, two = 2;
  CHECK((holds(one < two) && holds(one <= two) && holds(one <= one) && holds(two > one) && holds(two >= two) &&
         holds(one == one) && holds(one != two)));
  CHECK(!holds((two < one) | (two <= one) | (one > two) | (one >= two) | (one == two) | (one != one) | (one < one) |
               (one > one)));
  auto yes = one < two, no = two < one;
  CHECK((holds(yes & yes) && !holds(yes & no) && !holds(no & no) && holds(yes | no) && !holds(no | no) && holds(!no) &&
         !holds(!yes)));
  CHECK(number(select(yes, one, S(not_a_number))) == 1);
  CHECK(number(select(no, S(not_a_number), two)) == 2);
}

TEMPLATE_LIST_TEST_CASE(
    "scalars: floor rounds down, modulo has the sign of its divisor, round_to_float rounds to single precision", "",
    scalars) {
  using S = TestType;
  double floors[][2] = {{-1.5, -2},
                        {-1, -1},
                        {-.25, -1},
                        {.25, 0},
                        {2, 2},
                        {2.75, 2},
                        {16777215, 16777215},
                        {-3e9, -3e9},
                        {std::ldexp(1, 100), std::ldexp(1, 100)}};
  for (auto& [x, expected] : floors) CHECK(number(floor(S(x))) == expected);
  double remainders[][3] = {{7, 3, 1},   {-7, 3, 2},   {6, 3, 0},     {-6, 3, 0},   {-1, 3, 2},
                            {1, -3, -2}, {-1, -3, -1}, {5.5, 2, 1.5}, {-.5, 2, 1.5}};
  for (auto& [x, y, expected] : remainders) CHECK(number(modulo(S(x), y)) == expected);
  for (double x : {.1, -1. / 3, 1e10 / 7}) CHECK(number(round_to_float(S(x))) == double(float(x)));
  CHECK((number(abs(S(-2))) == 2 && number(abs(S(2))) == 2 && !std::signbit(number(abs(S(-0.))))));
}

TEMPLATE_LIST_TEST_CASE("scalars: plain numbers of every type mix in on both sides", "", scalars) {
  using S = TestType;
  S x = 6;
  CHECK((number(x + 2) == 8 && number(2 + x) == 8 && number(x - 2.) == 4 && number(2.f - x) == -4 &&
         number(x * 2u) == 12 && number(2L * x) == 12));
  CHECK((number(x / 2) == 3 && number(3 / x) == .5 && number(-x) == -6 && number(min(x, 2)) == 2 &&
         number(max(7., x)) == 7 && number(x + true) == 7));
  CHECK((holds(x < 7) && holds(7. > x) && holds(x == 6) && holds(6 == x) && holds(x != 5) && holds(x >= 6.f) &&
         holds(6 <= x)));
  CHECK((number(select(x > 5, 1, x)) == 1 && number(select(x > 7, x, 0.5)) == .5));
  x += 1;
  CHECK(number(x) == 7);
  x -= S(3);
  CHECK(number(x) == 4);
  x *= 2.5;
  CHECK(number(x) == 10);
  x /= 4;
  CHECK(number(x) == 2.5);
}
