#include <utility>
#include <vector>
#include "scalars.hpp"

namespace {

using one = dual<real<double>, 1>;
using two = dual<real<double>, 2>;
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class F>
struct function {
  char const* name;
  F f;
  std::vector<double> points;  ///< off its kinks and where its derivative is not lost in its size
};

/// Calls visit with every smooth function of one scalar.
template <class Visit>
void for_each_function(Visit visit) {
  std::vector<double> everywhere{-3.1, -1, -.2, .3, 1, 2.7}, positive{.5, .9, 1.7, 4, 25, 100},
      above{-.6, -.3, .4, 1, 30};
  auto functions = std::tuple{
      function{"+x", [](auto x) { return x + 2; }, everywhere},
      function{"-x", [](auto x) { return 1 - x; }, everywhere},
      function{"x^2", [](auto x) { return x * x * .5; }, everywhere},
      function{"1/x", [](auto x) { return 3 / x + x / 7; }, positive},
      function{"x/x", [](auto x) { return (x + 1) / (x * x + 2); }, everywhere},
      function{"exp", [](auto x) { return exp(x); }, everywhere},
      function{"expm1", [](auto x) { return expm1(x); }, everywhere},
      function{"log", [](auto x) { return log(x); }, positive},
      function{"log1p", [](auto x) { return log1p(x); }, above},
      function{"sqrt", [](auto x) { return sqrt(x); }, positive},
      function{"tanh", [](auto x) { return tanh(x); }, everywhere},
      function{"sin", [](auto x) { return sin(x); }, everywhere},
      function{"cos", [](auto x) { return cos(x); }, everywhere},
      function{"sigmoid", [](auto x) { return sigmoid(x); }, everywhere},
      function{"softplus", [](auto x) { return softplus(x); }, everywhere},
      function{"lgamma", [](auto x) { return lgamma(x); }, positive},
      function{"digamma", [](auto x) { return digamma(x); }, positive},
      function{"trigamma", [](auto x) { return polygamma(1, x); }, {1, 1.7, 4, 25, 100}},
      function{"abs", [](auto x) { return abs(x); }, everywhere},
      function{"floor", [](auto x) { return floor(x) * x; }, {-3.1, -.2, .3, 2.7}},
      function{"modulo", [](auto x) { return modulo(x, 1.3); }, everywhere},
      function{"square", [](auto x) { return numpy_square(x); }, everywhere},
      function{"min", [](auto x) { return min(x, x * x + .1) + min(1.5, x); }, everywhere},
      function{"max", [](auto x) { return max(x, x * x + .1) + max(x, .35); }, everywhere},
      function{"clamp", [](auto x) { return clamp(x, -.5, 1.5) * x; }, everywhere},
      function{"select", [](auto x) { return select(x < .5, x * x, 2 * x); }, everywhere},
      function{"composed", [](auto x) { return exp(clamp(x, -20, 20)) * tanh(x) - softplus(2 * x) / (1 + x * x); },
               everywhere},
  };
  std::apply([&](auto const&... f) { (..., visit(f)); }, functions);
}

bool near(double x, double expected) { return std::abs(x - expected) <= 1e-9 * std::abs(expected) + 1e-12; }

}  // namespace

TEST_CASE("dual: the first derivative of every function is what five-point differences give, to 1e-9") {
  for_each_function([](auto const& function) {
    for (double x : function.points) {
      CAPTURE(function.name, x);
      auto y = function.f(one::variable(x, 0));
      CHECK(y.value.value == Approx(function.f(real<double>(x)).value).epsilon(1e-15));
      CHECK(near(y.tangent[0].value, five_point(function.f, x)));
    }
  });
}

TEST_CASE("dual: a dual of a dual gives second derivatives, what five-point differences of the first give, to 1e-9") {
  using second = dual<one, 1>;
  for_each_function([](auto const& function) {
    for (double x : function.points) {
      CAPTURE(function.name, x);
      auto y = function.f(second::variable(one::variable(x, 0), 0));
      auto first = [&](real<double> z) { return function.f(one::variable(z, 0)).tangent[0]; };
      CHECK(y.value.tangent[0].value == Approx(y.tangent[0].value.value).epsilon(1e-14));
      CHECK(near(y.tangent[0].tangent[0].value, five_point(first, x)));
    }
  });
}

TEST_CASE("dual: with two and three tangents each is the derivative by its own variable") {
  auto f = [](auto x, auto y, auto z) {
    return exp(x * y) / (1 + z * z) + min(x, y) * max(y, z) - clamp(z, x, y) * tanh(y - z);
  };
  double p[3] = {.7, 1.9, 1.1};
  using three = dual<real<double>, 3>;
  auto all = f(three::variable(p[0], 0), three::variable(p[1], 1), three::variable(p[2], 2));
  auto pair = f(two::variable(p[0], 1), two(p[1]), two::variable(p[2], 0));
  for (int i = 0; i < 3; ++i) {
    auto along = [&](real<double> t) {
      return f(i == 0 ? t : real<double>(p[0]), i == 1 ? t : real<double>(p[1]), i == 2 ? t : real<double>(p[2]));
    };
    CHECK(near(all.tangent[i].value, five_point(along, p[i])));
  }
  CHECK(near(pair.tangent[0].value, all.tangent[2].value));
  CHECK(near(pair.tangent[1].value, all.tangent[0].value));
}

TEST_CASE("dual: its own V and plain numbers mix in as constants, with the same result as a dual without tangents") {
  two x = two::variable(1.5, 1);
  real<double> v = 4;
  two c(v);
  std::pair<two, two> pairs[] = {{x + v, x + c},         {v + x, c + x},           {x - v, x - c},
                                 {v - x, c - x},         {x * v, x * c},           {v * x, c * x},
                                 {x / v, x / c},         {v / x, c / x},           {x + 4, x + c},
                                 {4 - x, c - x},         {x * 4.f, x * c},         {4 / x, c / x},
                                 {min(x, v), min(x, c)}, {max(4, x), max(c, x)},   {clamp(x, 0, 4), x},
                                 {clamp(x, v, 5), c},    {clamp(x, v, two(5)), c}, {select(x < v, x, v), x}};
  for (auto& [mixed, pure] : pairs) {
    CHECK(mixed.value.value == pure.value.value);
    for (int i : {0, 1}) CHECK(mixed.tangent[i].value == pure.tangent[i].value);
  }
  for (int i : {0, 1}) CHECK(c.tangent[i].value == 0);
  static_assert(std::is_same_v<two::constant, real<double>> && std::is_same_v<two::mask, logical<double>> &&
                dual<pack<float>, 3>::width == pack<float>::width);
}

TEST_CASE(
    "dual: at their kinks clamp passes on the closed interval, min and max take the first argument's, abs and floor "
    "give 0") {
  auto slope = [](auto f, double x) { return f(one::variable(x, 0)).tangent[0].value; };
  auto clamped = [](auto x) { return clamp(x, -1, 1); };
  CHECK((slope(clamped, -1) == 1 && slope(clamped, 1) == 1 && slope(clamped, 0) == 1));
  CHECK((slope(clamped, std::nextafter(1, 2)) == 0 && slope(clamped, -2) == 0 && slope(clamped, infinity) == 0));
  CHECK(slope([](auto x) { return min(2 * x, 5 * x); }, 0) == 2);
  CHECK(slope([](auto x) { return min(5 * x, 2 * x); }, 0) == 5);
  CHECK(slope([](auto x) { return max(2 * x, 5 * x); }, 0) == 2);
  CHECK(slope([](auto x) { return max(5 * x, 2 * x); }, 0) == 5);
  CHECK(slope([](auto x) { return clamp(3 * x, 5 * x, 7 * x + 1); }, 0) == 3);  // on its lower bound
  CHECK(slope([](auto x) { return clamp(3 * x, 5 * x, 7 * x + 1); }, 1) == 5);  // below it
  CHECK(slope([](auto x) { return clamp(3 * x, x - 9, 2 * x - 1); }, 1) == 2);  // above the upper one
  CHECK((slope([](auto x) { return abs(x); }, 0) == 0 && slope([](auto x) { return abs(x); }, -1e-300) == -1));
  CHECK((slope([](auto x) { return floor(x); }, .5) == 0 && slope([](auto x) { return floor(x); }, 1) == 0));
  CHECK(
      (slope([](auto x) { return modulo(x, 2); }, 2) == 1 && slope([](auto x) { return round_to_float(x); }, .1) == 1));
  CHECK(slope([](auto x) { return numpy_square_in_float(x); }, .1) == .2);
  CHECK(slope([](auto x) { return x * stop_gradient(x); }, 3) == 3);
}

TEST_CASE("dual: at infinities slopes have their limits, and at 0 those of sqrt and log are infinite") {
  auto slope = [](auto f, double x) { return f(one::variable(x, 0)).tangent[0].value; };
  CHECK(
      (slope([](auto x) { return exp(x); }, -infinity) == 0 && slope([](auto x) { return expm1(x); }, -infinity) == 0));
  for (double x : {-infinity, infinity})
    CHECK((slope([](auto x) { return tanh(x); }, x) == 0 && slope([](auto x) { return sigmoid(x); }, x) == 0));
  CHECK((slope([](auto x) { return softplus(x); }, -infinity) == 0 &&
         slope([](auto x) { return softplus(x); }, infinity) == 1));
  CHECK((slope([](auto x) { return sqrt(x); }, 0) == infinity && slope([](auto x) { return log(x); }, 0) == infinity));
}

TEST_CASE("dual: a NaN slope on the side that select does not take stays there") {
  auto f = [](auto x) { return select(x > 0, log(x) + sqrt(x), 2 * x); };
  CHECK(f(one::variable(-1, 0)).tangent[0].value == 2);
  CHECK(f(one::variable(1, 0)).tangent[0].value == 1.5);
}
