#include <algorithm>
#include <cohort/network/orthogonal.hpp>
#include <cstddef>
#include <utility>
#include "../catch.hpp"

using namespace cohort;

TEST_CASE("orthogonal: rows or columns, whichever are fewer, are orthogonal and as long as the gain") {
  for (auto [rows, columns] : {std::pair{1, 1}, {3, 3}, {3, 7}, {7, 3}, {1, 64}, {64, 1}, {64, 64}, {200, 128}})
    for (double gain : {1., 1.5, .01}) {
      auto w = orthogonal(rows, columns, gain, random_stream(stream_id{5}));
      REQUIRE(w.size() == std::size_t(rows * columns));
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
      REQUIRE(worst < 1e-13);
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
