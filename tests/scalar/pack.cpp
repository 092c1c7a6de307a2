#include <algorithm>
#include <cstddef>
#include <cstring>
#include <functional>
#include <random>
#include <vector>
#include "scalars.hpp"

namespace {

/// How many units in the last place of the nearest T a result is away from the true value; below the smallest normal,
/// of that one's unit.
template <class T>
double units(T result, double truth) {
  if (std::isnan(truth) || std::abs(T(truth)) > std::numeric_limits<T>::max())
    return std::isnan(truth) ? std::isnan(result) : result == T(truth) ? 0 : 1e30;
  int exponent;
  std::frexp(std::max(std::abs(truth), double(std::numeric_limits<T>::min())), &exponent);
  return std::isfinite(result)
             ? std::abs(double(result) - truth) / std::ldexp(1, exponent - std::numeric_limits<T>::digits)
             : 1e30;
}

/// The largest error of f over some 60,000 floats in [low, high], as many in each binade.
double worst(std::function<pack<float>(pack<float>)> f, std::function<double(double)> truth, float low, float high) {
  double most = 0;
  pack<float> x;
  float lanes[pack<float>::width];
  int filled = 0;
  for (std::uint32_t sign : {0u, 0x80000000u})
    for (std::uint32_t bits = 0; bits < 0x7f800000u; bits += 70001) {
      float value = std::bit_cast<float>(bits | sign);
      if (!(value >= low && value <= high) || (value != 0 && std::abs(value) < std::numeric_limits<float>::min()))
        continue;
      lanes[filled++] = value;
      if (filled < pack<float>::width) continue;
      filled = 0;
      x = f(pack<float>::load(lanes));
      for (int lane = 0; lane < pack<float>::width; ++lane) most = std::max(most, units(x[lane], truth(lanes[lane])));
    }
  return most;
}

template <class T>
std::vector<T> numbers(T low, T high) {
  std::mt19937_64 draws(4);
  std::uniform_real_distribution<T> between(low, high);
  std::vector<T> result(1024);
  for (T& x : result) x = between(draws);
  return result;
}

}  // namespace

// Measured over all floats (every seventh in places), Eigen 3.4, with and without AVX2 and fused multiply-add; the
// larger figure stands behind each bound.
TEST_CASE(
    "pack: in float every function is as near to the true value as its comment says, from the smallest normal to the "
    "largest number") {
  float most = std::numeric_limits<float>::max();
  CHECK(worst([](auto x) { return exp(x); }, [](double x) { return std::exp(x); }, -87.336f, most) <= 1.4);   // 1.28
  CHECK(worst([](auto x) { return log(x); }, [](double x) { return std::log(x); }, -most, most) <= 1.2);      // 1.06
  CHECK(worst([](auto x) { return expm1(x); }, [](double x) { return std::expm1(x); }, -most, most) <= 2.3);  // 2.19
  CHECK(worst([](auto x) { return log1p(x); }, [](double x) { return std::log1p(x); }, -most, most) <= 2.5);  // 2.42
  CHECK(worst([](auto x) { return tanh(x); }, [](double x) { return std::tanh(x); }, -most, most) <= 6.5);    // 6.42
  CHECK(worst([](auto x) { return sin(x); }, [](double x) { return std::sin(x); }, -1e8f, 1e8f) <= 2.4);      // 2.35
  CHECK(worst([](auto x) { return cos(x); }, [](double x) { return std::cos(x); }, -1e8f, 1e8f) <= 2.4);      // 2.31
  CHECK(worst([](auto x) { return sqrt(x); }, [](double x) { return std::sqrt(x); }, -most, most) <=
        5);  // 4.43; from the estimate of this processor
  CHECK(worst([](auto x) { return sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }, -87.336f, most) <=
        3.2);  // 3.11
  CHECK(worst([](auto x) { return softplus(x); },
              [](double x) { return std::max(x, 0.) + std::log1p(std::exp(-std::abs(x))); }, -87.336f,
              most) <= 3.2);  // 3.10
}

TEST_CASE("pack: below the smallest normal float results and arguments count as 0, or in log as the smallest normal") {
  float smallest = std::numeric_limits<float>::min(), denormal = smallest / 16;
  for (float x : {-87.5f, -90.f, -103.f, -200.f})
    CHECK((exp(pack<float>(x))[0] == 0 && sigmoid(pack<float>(x))[0] <= smallest && softplus(pack<float>(x))[0] == 0));
  CHECK(log(pack<float>(denormal))[0] <= std::log(smallest) * .9999f);
  CHECK((sqrt(pack<float>(denormal))[0] >= 0 && sqrt(pack<float>(denormal))[0] <= std::sqrt(smallest)));
  CHECK((expm1(pack<float>(denormal))[0] == denormal && log1p(pack<float>(denormal))[0] == denormal &&
         tanh(pack<float>(denormal))[0] == denormal));
}

TEST_CASE("pack: tanh and sigmoid never leave their range, and expm1, log1p and tanh are the identity near 0") {
  for (float x : numbers(-30.f, 30.f))
    CHECK(
        (std::abs(tanh(pack<float>(x))[0]) <= 1 && sigmoid(pack<float>(x))[0] >= 0 && sigmoid(pack<float>(x))[0] <= 1));
  for (float x : numbers(-1e-8f, 1e-8f))
    CHECK((expm1(pack<float>(x))[0] == x && log1p(pack<float>(x))[0] == x && tanh(pack<float>(x))[0] == x));
}

TEST_CASE("pack: in double Eigen's kernels are within 3 units of the C library, the rest is the C library") {
  using p = pack<double>;
  auto agree = [](auto f, double low, double high, double bound) {
    auto all = numbers(low, high);
    double most = 0;
    for (std::size_t i = 0; i < all.size(); i += p::width) {
      p y = f(p::load(&all[i]));
      for (int lane = 0; lane < p::width; ++lane)
        most = std::max(most, units(y[lane], f(real<double>(all[i + lane])).value));
    }
    return most <= bound;
  };
  CHECK(agree([](auto x) { return exp(x); }, -708, 709, 3));
  CHECK(agree([](auto x) { return exp(x); }, -1, 1, 3));
  CHECK(agree([](auto x) { return log(x); }, 0, 3, 3));
  CHECK(agree([](auto x) { return log(x); }, 0, 1e300, 3));
  CHECK(agree([](auto x) { return tanh(x); }, -3, 3, 3));
  CHECK(agree([](auto x) { return sigmoid(x); }, -30, 30, 3));
  CHECK(agree([](auto x) { return softplus(x); }, -30, 30, 3));
  CHECK(agree([](auto x) { return sqrt(x); }, 0, 1e300, 0));
  CHECK(agree([](auto x) { return expm1(x); }, -3, 3, 0));
  CHECK(agree([](auto x) { return log1p(x); }, -1, 3, 0));
  CHECK(agree([](auto x) { return sin(x); }, -1000, 1000, 0));
  CHECK(agree([](auto x) { return cos(x); }, -1000, 1000, 0));
#if defined(__ASSOCIATIVE_MATH__)
  double const sums = 16;  // each is added up as g++ likes
#else
  double const sums = 0;
#endif
  CHECK(agree([](auto x) { return lgamma(x) + digamma(x) + polygamma(1, x); }, .1, 100, sums));
  CHECK(agree([](auto x) { return modulo(x, 2.5); }, -1000, 1000, 0));
  CHECK(agree([](auto x) { return round_to_float(x); }, -1000, 1000, 0));
  CHECK(agree([](auto x) { return numpy_square(x); }, -1000, 1000, 0));
  CHECK(agree([](auto x) { return numpy_square_in_float(x); }, -1000, 1000, 0));
}

TEST_CASE("pack: in float modulo is off by no more than a unit of its argument, round the circle") {
  for (float x : numbers(-500.f, 500.f))
    for (double y : {1., 2.5, 6.283185307179586}) {
      double away = std::abs(modulo(pack<float>(x), y)[0] - modulo(real<float>(x), y).value);
      CHECK(std::min(away, std::abs(away - y)) <=
            std::numeric_limits<float>::epsilon() * std::max(std::abs(double(x)), y));
    }
}

TEMPLATE_TEST_CASE("pack: each lane goes its own way", "", float, double) {
  using p = pack<TestType>;
  TestType in[p::width], out[p::width];
  for (int i = 0; i < p::width; ++i) in[i] = i % 2 ? TestType(-i) : TestType(i);
  in[1] = std::numeric_limits<TestType>::quiet_NaN();
  p x = p::load(in), y = select((x < 0) | (x == p::width - 2), x * 2, x + 1), low = min(x, 1), high = max(0, x),
    held = clamp(x, -2, 1);
  auto inner = (x > -3) & !(x >= 2);
  y.store(out);
  CHECK((p::width == cohort::eigen::vector_bytes / int(sizeof(TestType)) && std::memcmp(out, &y, sizeof out) == 0));
  for (int i = 0; i < p::width; ++i) {
    if (i == 1) {
      CHECK((out[i] != out[i] && low[i] != low[i] && high[i] != high[i] && held[i] != held[i] && !inner[i]));
      continue;
    }
    CHECK(out[i] == (in[i] < 0 || in[i] == p::width - 2 ? in[i] * 2 : in[i] + 1));
    CHECK((low[i] == std::min<TestType>(in[i], 1) && high[i] == std::max<TestType>(0, in[i]) &&
           held[i] == std::clamp<TestType>(in[i], -2, 1)));
    CHECK(inner[i] == (in[i] > -3 && in[i] < 2));
  }
  x.set(1, 7);
  CHECK((x[1] == 7 && x[0] == in[0]));
  CHECK((pack_mask<TestType, p::width>(true)[p::width - 1] && !pack_mask<TestType, p::width>(false)[0]));
}

TEMPLATE_TEST_CASE("pack: duals around it carry the derivatives of each lane", "", float, double) {
  using wide = dual<pack<TestType>, 2>;
  using narrow = dual<real<double>, 2>;
  auto f = [](auto x, auto y) {
    return exp(clamp(x - y, -1, 1)) * tanh(x) + min(x * y, log1p(x * x)) / (1 + softplus(y));
  };
  auto xs = numbers<TestType>(-2, 2), ys = numbers<TestType>(-1, 3);
  std::reverse(ys.begin(), ys.end());
  for (std::size_t i = 0; i < xs.size(); i += wide::width) {
    auto z = f(wide::variable(pack<TestType>::load(&xs[i]), 0), wide::variable(pack<TestType>::load(&ys[i]), 1));
    for (int lane = 0; lane < wide::width; ++lane) {
      auto expected = f(narrow::variable(xs[i + lane], 0), narrow::variable(ys[i + lane], 1));
      double unit =
          std::numeric_limits<TestType>::epsilon() * 8;  // of sums of terms of size 1 to 8, each a few roundings
      CHECK(std::abs(z.value[lane] - expected.value.value) <= 4 * unit);
      for (int k : {0, 1}) CHECK(std::abs(z.tangent[k][lane] - expected.tangent[k].value) <= 4 * unit);
    }
  }
}
