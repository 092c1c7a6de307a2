#include <cohort/optimizer/gradient_norm.hpp>
#include <limits>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

using namespace cohort;
using namespace arrays;

namespace {

struct result {
  double squares, scale;
};
result scale_of(numbers const& gradient, double limit) {
  cpu backend;
  result r{};
  gradient_norm_scale(backend, limit, all(gradient), view<double>(&r.squares, 1), view<double>(&r.scale, 1));
  return r;
}

}  // namespace

TEST_CASE("gradient_norm_scale: norm and clipped gradient are those of torch's clip_grad_norm_, to 1e-12", "[golden]") {
  auto t = golden::read("torch/gradient_norm.txt");
  for (std::string name : {"small", "large"}) {
    auto const& g = golden::row(t, name);
    auto [squares, scale] = scale_of(g, golden::row(t, "limit")[0]);
    REQUIRE(close(std::sqrt(squares), golden::row(t, name + "/norm")[0], 1e-12));
    for (std::size_t i = 0; i < g.size(); ++i)
      REQUIRE(close(g[i] * scale, golden::row(t, name + "/clipped")[i], 1e-12));
  }
}

TEST_CASE("gradient_norm_scale: a gradient below the limit keeps its length, one above it gets the limit's") {
  REQUIRE(scale_of({.3, -.4}, 1).scale == 1);
  auto [squares, scale] = scale_of({3, -4}, 1);
  REQUIRE(close(squares, 25, 1e-15));
  REQUIRE(close(5 * scale, 1, 1e-6 / 5 + 1e-15));  // torch adds 1e-6 to the norm
  REQUIRE(5 * scale < 1);
}

TEST_CASE("gradient_norm_scale: without a limit, and for a gradient of zero, the scale is 1") {
  REQUIRE(scale_of({3e5, -4}, std::numeric_limits<double>::infinity()).scale == 1);
  REQUIRE(scale_of({0, 0, 0}, .5).scale == 1);
}

TEST_CASE("gradient_norm_scale: the norm is of all elements, also of many blocks") {
  numbers g = uniform(10'007, 1);
  double squares = 0;
  for (double x : g) squares += x * x;
  REQUIRE(close(scale_of(g, 1).squares, squares, 1e-13));
}
