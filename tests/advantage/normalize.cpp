#include <cohort/advantage/normalize.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

namespace {

template <class T = double>
std::vector<T> run(standardize const& s, std::vector<T> x, flags const& valid = {}) {
  eigen::basic_backend<T> backend;
  s(backend, all(x), valid.empty() ? view<std::uint8_t const>{} : all(valid));
  return x;
}
std::pair<double, double> mean_and_std(numbers const& x, flags const& valid, int ddof) {
  double n = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (valid.empty() || valid[i]) ++n, sum += x[i];
  for (std::size_t i = 0; i < x.size(); ++i)
    if (valid.empty() || valid[i]) squares += (x[i] - sum / n) * (x[i] - sum / n);
  return {sum / n, std::sqrt(squares / (n - ddof))};
}

}  // namespace

TEST_CASE("standardize: mean 0 and a standard deviation of 1, less what epsilon takes, with ddof 0 and 1") {
  for (int ddof : {0, 1})
    for (int n : {2, 7, 64, 5001}) {
      numbers x = uniform(n, 1, -3, 8), z = run({.epsilon = 1e-8, .ddof = ddof}, x);
      auto [mean, std] = mean_and_std(x, {}, ddof);
      for (int i = 0; i < n; ++i) REQUIRE(close(z[i], (x[i] - mean) / (std + 1e-8), 1e-12, 1e-13));
      REQUIRE(std::abs(mean_and_std(z, {}, ddof).first) < 1e-13);
      REQUIRE(close(mean_and_std(z, {}, ddof).second, std / (std + 1e-8), 1e-12));
    }
}

TEST_CASE("standardize: ddof is 1 and epsilon 1e-8 by default, as in Stable-Baselines3 and CleanRL") {
  REQUIRE(run({}, numbers{1, 3})[0] == Approx(-1 / std::sqrt(2.)).epsilon(1e-7));
  REQUIRE(standardize{}.epsilon == 1e-8);
}

TEST_CASE("standardize: where it does not divide it only moves to mean 0") {
  REQUIRE(run({.divide = false}, numbers{1, 2, 6}) == numbers{-2, -1, 3});
  REQUIRE(run({.divide = false}, numbers{1, 2, 6}, {1, 0, 1})[2] == 2.5);
}

TEST_CASE("standardize: epsilon is added to the standard deviation") {
  auto z = run({.epsilon = 1, .ddof = 0}, numbers{-3, 3});
  REQUIRE(z == numbers{-.75, .75});
}

TEST_CASE("standardize: a minibatch of one stays as it is, and so does one with a single valid element") {
  REQUIRE(run({}, numbers{3.5}) == numbers{3.5});
  REQUIRE(run({}, numbers{1, 3.5, 2}, {0, 1, 0})[1] == 3.5);
}

TEST_CASE("standardize: equal elements become 0") { REQUIRE(run({}, numbers(5, .5)) == numbers(5, 0)); }

TEST_CASE("standardize: invalid elements are in neither mean nor deviation, not even as a NaN") {
  numbers x = uniform(50, 1, -3, 8);
  flags valid = coins(50, 2, .6);
  auto [mean, std] = mean_and_std(x, valid, 1);
  for (double other : {0., 1e300, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    numbers dirty = x;
    for (int i = 0; i < 50; ++i)
      if (!valid[i]) dirty[i] = other;
    numbers z = run({}, dirty, valid);
    for (int i = 0; i < 50; ++i)
      if (valid[i]) REQUIRE(close(z[i], (x[i] - mean) / (std + 1e-8), 1e-12, 1e-13));
  }
}

TEST_CASE("standardize: a large mean costs the deviation no digits beyond those that the elements have lost") {
  auto offsets = uniform<float>(1000, 1);
  std::vector<float> x;
  for (float o : offsets) x.push_back(4096 + std::round(o * 64) / 64);  // exact in float
  auto z = run<float>({}, x);
  auto [mean, std] = mean_and_std(cast<double>(x), {}, 1);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(close(z[i], (x[i] - mean) / (std + 1e-8), 1e-5, 1e-3));  // the mean is rounded to 2^-12 = 2.4e-4
  REQUIRE(close(mean_and_std(cast<double>(z), {}, 1).second, 1, 1e-5));
}
