#include <algorithm>
#include <cohort/scalar/real.hpp>
#include <numbers>
#include <random>
#include <tuple>
#include "../catch.hpp"

using cohort::real;
using reals = std::tuple<real<float>, real<double>>;

namespace {

constexpr double pi = std::numbers::pi, euler = std::numbers::egamma, zeta3 = 1.2020569031595942;

/// Equal to within some units of the type's precision, relative to the expected value: 4 where a few roundings add up,
/// 9 for the long sums of polygamma.
template <class T>
bool near(real<T> x, double expected, double units = 4) {
  return std::abs(x.value - expected) <= units * std::numeric_limits<T>::epsilon() * std::abs(expected);
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("real: arithmetic and the C library's functions are those of the number inside, bit for bit",
                        "", reals) {
  using S = TestType;
  using T = typename S::value_type;
  std::mt19937 draws(1);
  std::uniform_real_distribution<T> anywhere(-30, 30);
  for (int k = 0; k < 1000; ++k) {
    T x = anywhere(draws), y = anywhere(draws), up = std::abs(x);
    CHECK(((S(x) + S(y)).value == x + y && (S(x) - S(y)).value == x - y && (S(x) * S(y)).value == x * y &&
           (S(x) / S(y)).value == x / y && (-S(x)).value == -x));
    CHECK((exp(S(x)).value == std::exp(x) && expm1(S(x)).value == std::expm1(x) && tanh(S(x)).value == std::tanh(x)));
    CHECK((log(S(up)).value == std::log(up) && log1p(S(up)).value == std::log1p(up) &&
           sqrt(S(up)).value == std::sqrt(up)));
    CHECK((sin(S(x)).value == std::sin(x) && cos(S(x)).value == std::cos(x) && abs(S(x)).value == std::abs(x) &&
           floor(S(x)).value == std::floor(x)));
    CHECK((min(S(x), S(y)).value == std::min(x, y) && max(S(x), S(y)).value == std::max(x, y) &&
           clamp(S(x), -5, 5).value == std::clamp<T>(x, -5, 5)));
    CHECK((stop_gradient(S(x)).value == x && round_to_float(S(x)).value == float(x)));
  }
}

TEMPLATE_LIST_TEST_CASE(
    "real: sigmoid and softplus keep their precision where they are tiny, and are each other's reflections", "",
    reals) {
  using S = TestType;
  for (double x : {-80., -20., -3., -.5, 0., .5, 3., 20., 80.}) {
    CHECK(near(sigmoid(S(x)), 1 / (1 + std::exp(-x))));
    CHECK(near(softplus(S(x)), std::max(x, 0.) + std::log1p(std::exp(-std::abs(x)))));
    CHECK(near(sigmoid(S(x)) + sigmoid(S(-x)), 1));
    CHECK(std::abs((softplus(S(x)) - softplus(S(-x))).value - x) <=
          2 * std::numeric_limits<typename S::value_type>::epsilon() * std::abs(x));
  }
}

TEMPLATE_LIST_TEST_CASE("real: digamma and polygamma have the values that are known in closed form", "", reals) {
  using S = TestType;
  CHECK(near(digamma(S(1)), -euler, 9));
  CHECK(near(digamma(S(.5)), -euler - 2 * std::numbers::ln2, 9));
  CHECK(near(digamma(S(.25)), -pi / 2 - 3 * std::numbers::ln2 - euler, 9));
  CHECK(near(digamma(S(10)), 7129. / 2520 - euler, 9));
  CHECK(near(polygamma(1, S(1)), pi * pi / 6, 9));
  CHECK(near(polygamma(1, S(.5)), pi * pi / 2, 9));
  CHECK(near(polygamma(2, S(1)), -2 * zeta3, 9));
  CHECK(near(polygamma(2, S(.5)), -14 * zeta3, 9));
  CHECK(near(polygamma(3, S(1)), std::pow(pi, 4) / 15, 9));
  CHECK(near(lgamma(S(.5)), std::log(pi) / 2));
  CHECK(near(lgamma(S(6)), std::log(120)));
  CHECK((lgamma(S(1)).value == 0 && lgamma(S(2)).value == 0));
  CHECK(near(lgamma(S(-.5)), std::log(2 * std::sqrt(pi))));
}

TEST_CASE("real: digamma, trigamma, tetragamma and lgamma agree with 30 digits of mpmath to 2e-15") {
  double rows[][5] = {
      {.01, -100.56088545786867242, 10001.621213528312804, -2000002.3403986769596, 4.5994798780420217016},
      {.3, -3.5025242222001331249, 12.245364546107731301, -75.272536588726038917, 1.0957979948180755606},
      {2.5, .70315664064524318723, .49035775610023486497, -.236204051641727403, .28468287047291915963},
      {7, 1.8727843350984671394, .15354517795933754758, -.023530472985855237466, 6.5792512120101009951},
      {40, 3.6763273740348431259, .025315103841291028158, -.00064082027183529858776, 106.63176026064345913},
      {1234.5, 7.1180162318279978433, .0008103727271269666527, -6.5670392093287152052e-7, 7550.5509010778948957}};
  for (auto& [x, psi, psi1, psi2, gamma] : rows) {
    CAPTURE(x);
    CHECK(near(digamma(real<double>(x)), psi, 9));
    CHECK(near(polygamma(0, real<double>(x)), psi, 9));
    CHECK(near(polygamma(1, real<double>(x)), psi1, 9));
    CHECK(near(polygamma(2, real<double>(x)), psi2, 9));
    CHECK(near(lgamma(real<double>(x)), gamma, 9));
  }
}

TEST_CASE("real: polygamma obeys its recurrence, across the point where the asymptotic series takes over") {
  for (double x = .125; x < 30; x += .125) {
    real<double> before = x, after = x + 1;
    CHECK(std::abs((digamma(after) - digamma(before)).value - 1 / x) <= 1e-14 * std::max(1., 1 / x));
    CHECK(std::abs((polygamma(1, before) - polygamma(1, after)).value - 1 / (x * x)) <=
          1e-14 * std::max(1., 1 / (x * x)));
    CHECK(std::abs((polygamma(2, after) - polygamma(2, before)).value - 2 / (x * x * x)) <=
          1e-14 * std::max(1., 2 / (x * x * x)));
  }
}

TEMPLATE_LIST_TEST_CASE("real: modulo is exact", "", reals) {
  using S = TestType;
  using T = typename S::value_type;
  std::mt19937 draws(2);
  std::uniform_real_distribution<T> anywhere(-1000, 1000);
  for (int k = 0; k < 1000; ++k) {
    T x = anywhere(draws), y = T(.375),
      rest = modulo(S(x), y).value;  // 3/8: the quotient, the rest and their product are exact
    CHECK((rest >= 0 && rest < y && (x - rest) / y == std::round((x - rest) / y)));
    CHECK((modulo(S(x), -y).value <= 0 && modulo(S(x), -y).value > -y));
  }
}

TEST_CASE("real: numpy_square is within a last digit of the product, and gives numpy's last digit where that differs") {
  // numpy.float64(x) ** 2 and numpy.float32(x) ** 2 in numpy 2.4.6, with neither x * x
  CHECK(numpy_square(real<double>(-0.8430429899051912)).value == 0.7107214828282843);
  CHECK(numpy_square_in_float(real<double>(1.000244140625)).value == 1.0004884004592896);
  for (double x : {-3., -.1, 0., 1e-3, 7.7}) {
    CHECK(near(numpy_square(real<double>(x)), x * x, 1));
    CHECK(near(real<float>(numpy_square_in_float(real<double>(x)).value), float(x) * float(x), 1));
    CHECK(numpy_square(real<float>(x)).value == float(x) * float(x));
  }
}

TEST_CASE("real: formulas are constant expressions") {
  constexpr real<double> x = 3;
  static_assert((x * 2 + 1).value == 7 && clamp(x, 0, 1).value == 1 && min(x, 4).value == 3);
  static_assert(select(x > 2, real<double>(1), x).value == 1);
  static_assert(std::is_same_v<cohort::constant_t<real<float>>, real<float>> &&
                std::is_trivially_copyable_v<real<float>> && sizeof(real<float>) == 4);
  CHECK(cohort::several<real<double>, 2>{{x, x + 1}}[1].value == 4);
}
