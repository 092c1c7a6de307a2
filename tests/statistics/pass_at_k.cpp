#include <cmath>
#include <cohort/statistics/pass_at_k.hpp>

#include "../catch.hpp"

using namespace cohort;
using statistics::pass_at_k;

namespace {

/// The share of the subsets of k of n samples that hold one of the first c, counted one by one.
double counted(unsigned n, unsigned c, unsigned k) {
  double all = 0, with = 0;
  for (unsigned subset = 0; subset < 1u << n; ++subset) {
    unsigned size = 0;
    for (unsigned i = 0; i < n; ++i) size += subset >> i & 1;
    if (size != k) continue;
    ++all, with += (subset & ((1u << c) - 1)) != 0;
  }
  return with / all;
}

}  // namespace

TEST_CASE("pass_at_k: the share of the subsets of k samples in which one passes") {
  for (unsigned n = 1; n <= 8; ++n)
    for (unsigned c = 0; c <= n; ++c)
      for (unsigned k = 1; k <= n; ++k) {
        CAPTURE(n, c, k);
        CHECK(pass_at_k(n, c, k) == Approx(counted(n, c, k)).epsilon(1e-14).margin(1e-15));
      }
  CHECK(pass_at_k(200, 3, 1) == Approx(3 / 200.).epsilon(1e-14));
  CHECK(pass_at_k(1'000'000, 10, 100'000) == Approx(1 - std::pow(.9, 10)).epsilon(1e-4));
}

TEST_CASE("pass_at_k: refused") {
  CHECK_THROWS_WITH(pass_at_k(4, 5, 1), "pass_at_k: c is 5, expected a number of passes from 0 to n");
  CHECK_THROWS_WITH(pass_at_k(4, 1, 5), "pass_at_k: k is 5, expected a number of samples from 1 to n");
  CHECK_THROWS_WITH(pass_at_k(4, 1, 0), "pass_at_k: k is 0, expected a number of samples from 1 to n");
}
