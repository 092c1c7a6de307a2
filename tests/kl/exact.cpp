#include <cohort/kl/exact.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

namespace {

struct rows {
  numbers kl, slope;
};
rows categorical(numbers const& logits, numbers const& ref, std::ptrdiff_t R,
                 divergence_over over = divergence_over::pi) {
  cpu backend;
  rows r{numbers(R), numbers(logits.size())};
  categorical_kl(backend, matrix(logits, R), matrix(ref, R), matrix(r.kl, R), matrix(r.slope, R), over);
  return r;
}
struct gaussian_rows {
  numbers kl, mean, log_std;
};
gaussian_rows gaussian(numbers const& m, numbers const& s, numbers const& rm, numbers const& rs, std::ptrdiff_t R,
                       divergence_over over = divergence_over::pi) {
  cpu backend;
  gaussian_rows r{numbers(R), numbers(m.size()), numbers(m.size())};
  gaussian_kl(backend, matrix(m, R), matrix(s, R), matrix(rm, R), matrix(rs, R), matrix(r.kl, R), matrix(r.mean, R),
              matrix(r.log_std, R), over);
  return r;
}

}  // namespace

TEST_CASE(
    "categorical_kl: sum p log(p / q), and 0 with no slope between equal distributions, whatever is added to the "
    "logits") {
  auto l = uniform(7 * 5, 1, -3, 3), q = uniform(7 * 5, 2, -3, 3);
  auto found = categorical(l, q, 7);
  for (int r = 0; r < 7; ++r) {
    double zp = 0, zq = 0, kl = 0;
    for (int a = 0; a < 5; ++a) zp += std::exp(l[r * 5 + a]), zq += std::exp(q[r * 5 + a]);
    for (int a = 0; a < 5; ++a)
      kl += std::exp(l[r * 5 + a]) / zp * (l[r * 5 + a] - std::log(zp) - q[r * 5 + a] + std::log(zq));
    REQUIRE(close(found.kl[r], kl, 1e-12, 1e-14));
  }
  numbers moved = l;
  for (double& x : moved) x += 1000;
  auto equal = categorical(moved, l, 7);
  for (double x : equal.kl) REQUIRE(std::abs(x) < 1e-12);
  for (double x : equal.slope) REQUIRE(std::abs(x) < 1e-12);
}

TEST_CASE("categorical_kl: its slopes are those of five-point differences") {
  auto l = uniform(4 * 6, 1, -3, 3), q = uniform(4 * 6, 2, -3, 3);
  auto found = categorical(l, q, 4);
  for (std::size_t i = 0; i < l.size(); ++i) {
    double expected = slope(
        [&](double x) {
          auto there = l;
          there[i] = x;
          return categorical(there, q, 4).kl[i / 6];
        },
        l[i]);
    REQUIRE(close(found.slope[i], expected, 1e-9, 1e-11));
  }
}

TEST_CASE(
    "categorical_kl: what the policy never does costs nothing; what only the reference never does costs infinitely "
    "much") {
  double inf = std::numeric_limits<double>::infinity();
  auto found = categorical({0, -inf, 0}, {0, 0, 0}, 1);
  REQUIRE(close(found.kl[0], std::log(1.5), 1e-14));
  for (double x : found.slope) REQUIRE(std::abs(x) < 1e-15);
  REQUIRE(categorical({0, -inf, 0}, {0, -inf, 0}, 1).kl[0] == 0);
  REQUIRE(categorical({0, 0}, {0, -inf}, 1).kl[0] == inf);
}

TEST_CASE("gaussian_kl: the closed forms, and slopes of five-point differences") {
  REQUIRE(close(gaussian({1.5}, {0}, {0}, {0}, 1).kl[0], 1.5 * 1.5 / 2, 1e-15));
  REQUIRE(close(gaussian({0}, {std::log(2.)}, {0}, {0}, 1).kl[0], 1.5 - std::log(2.), 1e-14));
  auto m = uniform(6, 1), s = uniform(6, 2), rm = uniform(6, 3), rs = uniform(6, 4);
  auto found = gaussian(m, s, rm, rs, 2);
  for (int r = 0; r < 2; ++r) {
    double kl = 0;
    for (int i = 3 * r; i < 3 * r + 3; ++i)
      kl += rs[i] - s[i] + (std::exp(2 * s[i]) + (m[i] - rm[i]) * (m[i] - rm[i])) / (2 * std::exp(2 * rs[i])) - .5;
    REQUIRE(close(found.kl[r], kl, 1e-13));
  }
  for (std::size_t i = 0; i < 6; ++i) {
    auto changed = [&](numbers v, double x) {
      v[i] = x;
      return v;
    };
    REQUIRE(close(found.mean[i], slope([&](double x) { return gaussian(changed(m, x), s, rm, rs, 2).kl[i / 3]; }, m[i]),
                  1e-9, 1e-11));
    REQUIRE(close(found.log_std[i],
                  slope([&](double x) { return gaussian(m, changed(s, x), rm, rs, 2).kl[i / 3]; }, s[i]), 1e-9, 1e-11));
  }
}

TEST_CASE(
    "categorical_kl over the other: the same divergence with both exchanged, with the slopes of five-point "
    "differences") {
  auto l = uniform(4 * 6, 1, -3, 3), q = uniform(4 * 6, 2, -3, 3);
  auto found = categorical(l, q, 4, divergence_over::other), exchanged = categorical(q, l, 4);
  for (std::size_t r = 0; r < 4; ++r) REQUIRE(close(found.kl[r], exchanged.kl[r], 1e-12, 1e-14));
  for (std::size_t i = 0; i < l.size(); ++i) {
    double expected = slope(
        [&](double x) {
          auto there = l;
          there[i] = x;
          return categorical(there, q, 4, divergence_over::other).kl[i / 6];
        },
        l[i]);
    REQUIRE(close(found.slope[i], expected, 1e-9, 1e-11));
  }
}

TEST_CASE(
    "gaussian_kl over the other: the same divergence with both exchanged, with the slopes of five-point differences") {
  auto m = uniform(12, 1, -2, 2), s = uniform(12, 2, -1, 1), n = uniform(12, 3, -2, 2), t = uniform(12, 4, -1, 1);
  auto found = gaussian(m, s, n, t, 4, divergence_over::other), exchanged = gaussian(n, t, m, s, 4);
  for (std::size_t r = 0; r < 4; ++r) REQUIRE(close(found.kl[r], exchanged.kl[r], 1e-12, 1e-14));
  auto of = [&](numbers& x, std::size_t i, double y) {
    double before = std::exchange(x[i], y), kl = gaussian(m, s, n, t, 4, divergence_over::other).kl[i / 3];
    x[i] = before;
    return kl;
  };
  for (std::size_t i = 0; i < 12; ++i) {
    REQUIRE(close(found.mean[i], slope([&](double y) { return of(m, i, y); }, m[i]), 1e-9, 1e-10));
    REQUIRE(close(found.log_std[i], slope([&](double y) { return of(s, i, y); }, s[i]), 1e-9, 1e-10));
  }
}
