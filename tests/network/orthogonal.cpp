#include <algorithm>
#include <cohort/backend/eigen.hpp>
#include <cohort/network/orthogonal.hpp>
#include <cstddef>
#include <utility>
#include "../catch.hpp"
#include "../support/archetype.hpp"

using namespace cohort;

namespace {

/// How far the scalar products of the rows, or columns where these are fewer, are from those of orthogonal ones as long
/// as the gain, in its squares.
double worst_product(std::vector<double> const& w, int rows, int columns, double gain) {
  bool wide = columns > rows;
  int count = wide ? rows : columns, length = wide ? columns : rows;
  auto at = [&](int i, int k) { return wide ? w[i * columns + k] : w[k * columns + i]; };
  double worst = 0;
  for (int i = 0; i < count; ++i)
    for (int j = 0; j <= i; ++j) {
      double dot = 0;
      for (int k = 0; k < length; ++k) dot += at(i, k) * at(j, k);
      worst = std::max(worst, std::abs(dot / (gain * gain) - (i == j)));
    }
  return worst;
}

/// A k x k matrix by reflections one after the other, in plain loops; draws as orthogonal takes them.
std::vector<double> one_reflection_after_the_other(int k, random_stream draws) {
  std::vector<std::vector<double>> normal(k);
  for (int first = (k - 1) / 64 * 64; first >= 0; first -= 64)
    for (int j = first; j < std::min(k, first + 64); ++j)
      for (int r = j; r < k; ++r) normal[j].push_back(draws.normal());
  std::vector<double> q(std::size_t(k) * k);
  for (int c = 0; c < k; ++c) {
    std::vector<double> column(k);
    column[c] = normal[c][0] < 0 ? 1 : -1;
    for (int j = k - 1; j >= 0; --j) {
      auto u = normal[j];
      double length = 0, norm = 0, dot = 0;
      for (double x : u) length += x * x;
      u[0] += (u[0] < 0 ? -1 : 1) * std::sqrt(length);
      for (int r = j; r < k; ++r) norm += u[r - j] * u[r - j], dot += u[r - j] * column[r];
      for (int r = j; r < k; ++r) column[r] -= 2 * dot / norm * u[r - j];
    }
    for (int r = 0; r < k; ++r) q[std::size_t(r) * k + c] = column[r];
  }
  return q;
}

}  // namespace

TEST_CASE("orthogonal: rows or columns, whichever are fewer, are orthogonal and as long as the gain") {
  for (auto [rows, columns] : {std::pair{1, 1}, {3, 3}, {3, 7}, {7, 3}, {1, 64}, {64, 1}, {64, 64}, {200, 128}})
    for (double gain : {1., 1.5, .01}) {
      auto w = orthogonal(rows, columns, gain, random_stream(stream_id{5}));
      REQUIRE(w.size() == std::size_t(rows * columns));
      REQUIRE(worst_product(w, rows, columns, gain) < 1e-13);
    }
}

TEST_CASE("orthogonal: the same stream gives the same matrix, another one another") {
  auto a = orthogonal(4, 6, 1, random_stream(stream_id{5})), b = orthogonal(4, 6, 1, random_stream(stream_id{5})),
       c = orthogonal(4, 6, 1, random_stream(stream_id{6}));
  REQUIRE(a == b);
  REQUIRE(a != c);
}

TEST_CASE(
    "orthogonal: no direction is preferred: each element of a random 3 x 3 basis has mean 0 and mean square 1/3, to 5 "
    "sigma") {
  int n = 4000;
  double sum[9] = {}, squares[9] = {};
  for (int k = 0; k < n; ++k) {
    auto w = orthogonal(3, 3, 1, random_stream(stream_id{std::uint64_t(k)}));
    for (int i = 0; i < 9; ++i) sum[i] += w[i], squares[i] += w[i] * w[i];
  }
  for (int i = 0; i < 9; ++i) {
    REQUIRE(std::abs(sum[i] / n) < 5 * std::sqrt(1. / 3 / n));
    REQUIRE(std::abs(squares[i] / n - 1. / 3) < 5 * std::sqrt(4. / 45 / n));
  }
}

TEMPLATE_TEST_CASE("orthogonal: large ones are made by the backend's products, and are orthogonal too", "",
                   archetype<double>, eigen::basic_backend<double>, eigen::basic_backend<float>) {
  TestType backend;
  for (auto [rows, columns] : {std::pair{257, 300}, {330, 258}}) {
    auto w = orthogonal(backend, rows, columns, 1.5, random_stream(stream_id{5}));
    REQUIRE(w.size() == std::size_t(rows * columns));
    REQUIRE(worst_product(w, rows, columns, 1.5) < (sizeof(value_t<TestType>) == 4 ? 1e-5 : 1e-13));
  }
}

TEST_CASE("orthogonal: what blocks of reflections give is what they give one after the other") {
  eigen::basic_backend<double> backend;
  auto found = orthogonal(backend, 300, 300, 1, random_stream(stream_id{9})),
       expected = one_reflection_after_the_other(300, random_stream(stream_id{9}));
  for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(std::abs(found[i] - expected[i]) < 1e-13);
}

TEST_CASE("orthogonal: up to 256 vectors come from the host, whatever the backend") {
  eigen::basic_backend<float> backend;
  for (auto [rows, columns] : {std::pair{3, 400}, {256, 256}})
    REQUIRE(orthogonal(backend, rows, columns, 2, random_stream(stream_id{5})) ==
            orthogonal(rows, columns, 2, random_stream(stream_id{5})));
}

TEST_CASE("orthogonal: a large one prefers no direction: its trace and the sums of rows and columns are normal") {
  eigen::basic_backend<float> backend;
  constexpr int n = 257, draws = 8;
  double sum[5] = {}, squares = 0;
  for (int k = 0; k < draws; ++k) {
    auto w = orthogonal(backend, n, n, 1, random_stream(stream_id{std::uint64_t(k)}));
    double one[5] = {};  // of mean 0 and variance 1 each
    for (int i = 0; i < n; ++i) {
      one[0] += w[i * n + i];
      one[1] += w[i], one[2] += w[(n - 1) * n + i];
      one[3] += w[i * n], one[4] += w[i * n + n - 1];
    }
    for (int s = 0; s < 5; ++s) sum[s] += one[s], squares += one[s] * one[s];
  }
  for (double s : sum) REQUIRE(std::abs(s) < 5 * std::sqrt(draws));
  REQUIRE(std::abs(squares / (5 * draws) - 1) < 5 * std::sqrt(2. / (5 * draws)));
}
