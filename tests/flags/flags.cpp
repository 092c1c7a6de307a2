#include <cmath>
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/aggregation/sums.hpp>
#include <cohort/backend/eigen.hpp>
#include <cohort/backend/finite.hpp>
#include <cohort/eigen/row_packs.hpp>
#include <cohort/scalar/welford.hpp>
#include <limits>
#include <vector>
#include "../catch.hpp"

// Compiled with -fno-signed-zeros, -fassociative-math and -freciprocal-math, as tests/scalar/pack.cpp is once more:
// what docs/backends.md says of these flags.
using namespace cohort;

namespace {

/// All that a formula with masks, bounds and a NaN has to tell apart, as numbers of one element.
struct all_told_apart {
  template <class S>
  constexpr several<S, 6> operator()(S x, S low, S high) const {
    auto one = [](auto mask) { return select(mask, S(1), S(0)); };
    return {{one(x == x), detail::is_not_finite{}(x), min(x, high), max(low, x), clamp(x, low, high),
             select(x > low, x, S(0))}};
  }
};

template <class T>
std::vector<T> standardized(std::vector<T> x) {
  eigen::basic_backend<T> backend;
  standardize{}(backend, view<T>(x.data(), std::ptrdiff_t(x.size())));
  return x;
}

}  // namespace

TEMPLATE_TEST_CASE("flags: NaNs and infinities are what they are", "", float, double) {
  using T = TestType;
  T const inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> x, low(40, -1), high(40, 1), out(6 * 40);
  for (int i = 0; i < 40; ++i) x.push_back(i % 5 == 0 ? nan : i % 5 == 1 ? inf : i % 5 == 2 ? -inf : T(i % 5 - 3));
  eigen::basic_backend<T> backend;
  auto in = [](std::vector<T> const& v) { return view<T const>(v.data(), std::ptrdiff_t(v.size())); };
  auto to = [&](int k) { return view<T>(out.data() + 40 * k, 40); };
  backend.map(outputs{to(0), to(1), to(2), to(3), to(4), to(5)}, all_told_apart{}, in(x), in(low), in(high));
  T const right[5][6] = {{0, 1, nan, nan, nan, 0},
                         {1, 1, 1, inf, 1, inf},
                         {1, 1, -inf, -1, -1, 0},
                         {1, 0, 0, 0, 0, 0},
                         {1, 0, 1, 1, 1, 1}};
  for (std::size_t i = 0; i < 40; ++i)
    for (std::size_t k = 0; k < 6; ++k) {
      T found = out[40 * k + i], wanted = right[i % 5][k];
      CAPTURE(i, k, found, wanted);
      CHECK((std::isnan(wanted) ? std::isnan(found) : found == wanted));
    }
  CHECK(detail::first_not_finite(backend, in(x)) == 0);
  CHECK(detail::first_not_finite(backend, in(low)) == -1);
}

TEST_CASE("flags: gae reads nothing of an invalid step, and of its next value only a number") {
  using S = eigen::pack<float>;
  float const nan = std::numeric_limits<float>::quiet_NaN();
  detail::gae_step<> skip{.5, 1}, decay{.5, 1, invalid_steps::decay};
  S::mask no(false), yes(true);
  CHECK(skip(S(3), S(nan), S(nan), S(nan), no, no, no)[0][0] == 3);
  CHECK(decay(S(3), S(nan), S(nan), S(nan), no, no, no)[0][0] == 1.5f);
  CHECK(decay(S(3), S(nan), S(nan), S(4), no, no, no)[0][0] == 3.5f);
  CHECK(std::isnan(skip(S(3), S(nan), S(1), S(1), no, no, yes)[1][0]));
}

TEST_CASE("flags: a z-score costs a large mean no digits, and does not change with the unit") {
  std::vector<double> const z{-1.161895, -.387298, .387298, 1.161895};
  for (float unit : {1.f, 1e19f}) {
    auto found = standardized<float>({unit, 2 * unit, 3 * unit, 4 * unit});
    for (std::size_t i = 0; i < 4; ++i) CHECK(found[i] == Approx(z[i]).epsilon(1e-5));
  }
  std::vector<float> many;  // whose mean is no float
  for (int i = 0; i < 3000; ++i) many.push_back(1e5f + float(i % 3));
  auto found = standardized(many);
  double sum = 0;
  for (float x : found) sum += x;
  CHECK(std::abs(sum / 3000) < 1e-6);
  CHECK(found[0] == Approx(-1.2245407).epsilon(1e-4));
}

TEST_CASE("flags: deviations of numbers whose squares leave the type") {
  for (double unit : {1., 0x1p400, 1e300}) {
    detail::welford w;
    for (double x : {0., .99, 1.01}) w.add(x * unit);
    CHECK(w.deviation() / unit == Approx(.577436865));
    CHECK(w.mean() / unit == Approx(2. / 3));
  }
}

TEST_CASE("flags: the weights of tokens are exponentials") {
  for (float x = -87; x <= 0; x += .037f) {
    CAPTURE(x);
    REQUIRE(eigen::exp_of_nonpositive(eigen::pack<float>(x))[0] == Approx(std::exp(double(x))).epsilon(1e-6).margin(0));
  }
}

TEST_CASE("flags: pieces of series are cut as integers are") {
  eigen::basic_backend<float> backend;
  for (int cut : {1, 3, 7, 10, 4093, 99991}) {
    std::vector<float> numbers;
    for (int n = cut; n < (1 << 23) - 2; n += ((1 << 23) / cut / 500 + 1) * cut)
      for (int i : {n - 1, n}) numbers.push_back(float(i));
    auto count = std::ptrdiff_t(numbers.size());
    std::vector<std::int32_t> piece(numbers.size());
    backend.map(outputs{view<std::int32_t>(piece.data(), count)}, detail::piece_of{double(cut)},
                view<float const>(numbers.data(), count));
    for (std::size_t i = 0; i < piece.size(); ++i) {
      CAPTURE(cut, numbers[i]);
      REQUIRE(piece[i] == std::int32_t(numbers[i]) / cut);
    }
  }
}
