#include <cohort/kl/estimators.hpp>
#include "../catch.hpp"
#include "../support/scalars.hpp"

using namespace cohort;
using arrays::close;
using scalars::pack;
using scalars::plain;

namespace {

/// An estimator of x = logp - ref_logp, as the argument of any scalar.
template <class K>
double of(double x) {
  return K{}(plain(x), plain(0)).value;
}
template <class K>
double slope_of(double x) {
  using d = dual<plain, 1>;
  return d(K{}(d::variable(plain(x), 0), plain(0))).tangent[0].value;
}

/// Mean and variance of an estimator where q = N(0, 1) draws and p = N(mu, 1) is the reference. The trapezoidal rule on
/// a Gaussian of width 1 with steps of 0.05 and tails beyond 12 is exact to rounding.
template <class K>
std::pair<double, double> moments(double mu) {
  double mean = 0, square = 0, h = .05;
  for (int i = -300; i <= 300; ++i) {
    double x = i * h, weight = h * std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.));
    double k = of<K>(x * x / -2 - (x - mu) * (x - mu) / -2);
    mean += weight * k;
    square += weight * k * k;
  }
  return {mean, square - mean * mean};
}

}  // namespace

TEST_CASE("kl: k1 is x, k2 half its square, k3 exp(-x) - 1 + x, with their derivatives 1, x and 1 - exp(-x)") {
  for (double x : {-2., -.5, 0., .25, 3.}) {
    REQUIRE(of<k1>(x) == x);
    REQUIRE(of<k2>(x) == x * x / 2);
    REQUIRE(close(of<k3>(x), std::exp(-x) - 1 + x, 1e-14, 1e-16));
    REQUIRE(slope_of<k1>(x) == 1);
    REQUIRE(slope_of<k2>(x) == x);
    REQUIRE(close(slope_of<k3>(x), 1 - std::exp(-x), 1e-14, 1e-16));
  }
}

TEST_CASE("kl: k1 and k3 estimate the divergence of two Gaussians without bias, k2 with a bias of mu^4 / 8") {
  for (double mu : {.1, .5, 1., 1.5}) {
    double kl = mu * mu / 2;
    REQUIRE(close(moments<k1>(mu).first, kl, 1e-12));
    REQUIRE(close(moments<k2>(mu).first, kl + std::pow(mu, 4) / 8, 1e-12));
    REQUIRE(close(moments<k3>(mu).first, kl, 1e-12));
  }
}

TEST_CASE("kl: the variances of k1, k2 and k3 between two Gaussians are their closed forms") {
  for (double mu : {.1, .5, 1., 1.5}) {
    double m2 = mu * mu;
    REQUIRE(close(moments<k1>(mu).second, m2, 1e-11));
    REQUIRE(close(moments<k2>(mu).second, (2 * m2 * m2 + m2 * m2 * m2) / 4, 1e-11));
    REQUIRE(close(moments<k3>(mu).second, std::exp(m2) - 1 - m2, 1e-11));
  }
}

TEMPLATE_TEST_CASE("kl: k3 is never negative, and below 0.35 its relative error is at most 2 roundings over |x|", "",
                   real<float>, real<double>, pack<float>, pack<double>) {
  using T = typename TestType::value_type;
  double unit = std::numeric_limits<T>::epsilon();
  for (double size = 1e-7; size < .35; size *= 1.1)
    for (double sign : {-1., 1.}) {
      T x = T(sign * size);
      double found = scalars::lane(TestType(k3{}(TestType(x), TestType(0))), 0);
      // x^2 / 2 - x^3 / 6 ..., in which nothing cancels
      long double exact = 0, term = (long double)x * x / 2;
      for (int n = 3; n < 30; ++n, term *= -(long double)x / (n - 1)) exact += term;
      REQUIRE(found >= 0);
      REQUIRE(std::abs(found - double(exact)) <= (2 * unit / std::abs(x) + 2 * unit) * double(exact));
    }
}

TEMPLATE_LIST_TEST_CASE("kl: every scalar agrees with double, to 8 roundings", "", scalars::all) {
  auto points = scalars::exact_points();
  auto estimator = [](auto k) { return [k](auto const& s) { return k(s.logp, s.ref_logp); }; };
  REQUIRE(scalars::disagreement<TestType>(estimator(k1{}), points) <= 8);
  REQUIRE(scalars::disagreement<TestType>(estimator(k2{}), points) <= 8);
  REQUIRE(scalars::disagreement<TestType>(estimator(k3{}), points) <= 8);
}

TEST_CASE("kl: duals equal five-point differences to 1e-9") {
  for (double x : {-1.5, -.3, -.01, .02, .7, 2.5}) {
    REQUIRE(close(arrays::slope(of<k1>, x), slope_of<k1>(x), 1e-9, 1e-12));
    REQUIRE(close(arrays::slope(of<k2>, x), slope_of<k2>(x), 1e-9, 1e-12));
    REQUIRE(close(arrays::slope(of<k3>, x), slope_of<k3>(x), 1e-9, 1e-12));
  }
}
