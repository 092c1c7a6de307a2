#include <cohort/backend/eigen.hpp>

#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/stored_weights.hpp"

using namespace cohort;

namespace {

template <class T>
std::vector<T> draws(std::ptrdiff_t n) {
  random_stream stream(stream_id{9, draw_purpose::user});
  std::vector<T> x(static_cast<std::size_t>(n));
  for (auto& v : x) v = T(stream.uniform(-1, 1));
  return x;
}

/// The largest difference of c from start + a W in double, as a part of the sum of the products' magnitudes.
template <class T>
double error(view<T const> c, view<T const> a, std::vector<stored_weights> const& all, double start) {
  double worst = 0;
  for (std::ptrdiff_t r = 0; r < c.rows; ++r)
    for (std::ptrdiff_t k = 0; k < c.columns; ++k) {
      double sum = start, magnitude = std::abs(start) + 1e-30;
      std::ptrdiff_t n = 0;
      for (auto const& w : all)
        for (std::ptrdiff_t i = 0; i < w.matrix.rows; ++i, ++n) {
          double const product = double(a(r, n)) * double(w.numbers[std::size_t(i * c.columns + k)]);
          sum += product, magnitude += std::abs(product);
        }
      worst = std::max(worst, std::abs(double(c(r, k)) - sum) / magnitude);
    }
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE(
    "stored_gradients: a product with stored weights as they lie, of every type, is that in double, and its bits are "
    "those of one thread",
    "", float, double) {
  using T = TestType;
  using backend = eigen::basic_backend<T>;
  STATIC_REQUIRE(stored_gradients<backend>);
  STATIC_REQUIRE(!stored_gradients<archetype<T>>);
  backend one{{.threads = 1}}, two{{.threads = 2}};
  for (auto const& of : stored_types) {
    std::ptrdiff_t const K = of.elements == 1 ? 37 : 256, rows[] = {530, 0, 33};  // more than are widened at once
    std::vector<stored_weights> kept;
    std::vector<stored_matrix> all;
    for (auto n : rows) kept.emplace_back(of.type, n, K);
    for (auto const& w : kept) all.push_back(w.matrix);
    std::ptrdiff_t const N = 563;
    for (std::ptrdiff_t R : {1, 9})
      for (bool accumulate : {false, true}) {
        auto const x = draws<T>(R * N);
        std::vector<T> c(std::size_t(R * K), 2), again = c;
        view<T const> const in(x.data(), R, N);
        one.matmul(view<T>(c.data(), R, K), in, std::span<stored_matrix const>(all), accumulate);
        two.matmul(view<T>(again.data(), R, K), in, std::span<stored_matrix const>(all), accumulate);
        CAPTURE(of.name, R, accumulate);
        REQUIRE(error<T>({c.data(), R, K}, in, kept, accumulate ? 2 : 0) < (sizeof(T) == 4 ? 3e-6 : 1e-14));
        REQUIRE(c == again);
      }
  }
}

TEST_CASE("stored_gradients: no rows are a product of zeros, and extents that do not fit are refused") {
  eigen::backend cpu{{.threads = 1}};
  stored_weights const w(stored_type::f32, 3, 4);
  std::vector<float> x(8, 1), c(8, 2);
  cpu.matmul(view<float>(c.data(), 2, 4), view<float const>(x.data(), 2, 0), std::span<stored_matrix const>());
  CHECK(c == std::vector<float>(8, 0));
  stored_matrix const two[] = {w.matrix, w.matrix};
  CHECK_THROWS_WITH(cpu.matmul(view<float>(c.data(), 1, 4), view<float const>(x.data(), 1, 5), two),
                    "matmul: 1 x 5 times 6 x 4 into 1 x 4");
  CHECK_THROWS_WITH(cpu.matmul(view<float>(c.data(), 1, 3), view<float const>(x.data(), 1, 6), two),
                    "matmul: 1 x 3 times 3 x 4 into 1 x 3");
}
