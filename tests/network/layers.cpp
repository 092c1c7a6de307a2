#include <cohort/network/all.hpp>
#include <limits>
#include <utility>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;
using support::refusal;

namespace {

/// Layers with parameters of their own, as a function of these and of what comes in.
struct layers {
  detail::layer_sequence<cpu> sequence;
  int R, D = sequence.in().size;
  numbers parameters = uniform(sequence.end(), 1, -.7, .7), x = uniform(R * D, 2);
  cpu backend{};
  layer_trace<cpu> trace{};

  template <class... L>
  layers(int rows, int columns, network<L...> const& n) : sequence(detail::layers_of<cpu>(n, columns)), R(rows) {}

  numbers operator()(numbers const& p, numbers const& in) {
    auto const y = sequence.forward(backend, p.data(), matrix(in, R), trace);
    numbers out;
    for (std::ptrdiff_t r = 0; r < y.rows; ++r)
      for (std::ptrdiff_t c = 0; c < y.columns; ++c) out.push_back(y(r, c));
    return out;
  }
  numbers forward() { return (*this)(parameters, x); }
};

double dot(numbers const& a, numbers const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// The gradients of sum(dy y), with respect to the parameters and to x, and the tangents along a direction of the
/// parameters, with one of x and without, are those of differences.
template <class... L>
void require_differences(int D, network<L...> const& n, double h = 1e-3, double low = -1, double high = 1) {
  int const R = 3;
  layers f(R, D, n);
  f.x = uniform(R * D, 2, low, high);
  numbers const dy = uniform(R * f.sequence.out().size, 3);
  numbers gradient(f.parameters.size(), 99), dx(f.x.size(), 99);
  f.forward();
  for (bool with_x : {true, false}) {
    numbers slopes = dy;
    f.sequence.backward(f.backend, f.parameters.data(), matrix(std::as_const(f.x), R), f.trace, matrix(slopes, R),
                        gradient.data(), with_x ? matrix(dx, R) : view<double>{});
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      auto moved = [&](double p) {
        numbers other = f.parameters;
        other[k] = p;
        return dot(dy, f(other, f.x));
      };
      REQUIRE(close(gradient[k], slope(moved, f.parameters[k], h), 1e-9, 1e-9));
      gradient[k] = 99;
    }
    f.forward();
  }
  for (std::size_t i = 0; i < dx.size(); ++i) {
    auto moved = [&](double x) {
      numbers other = f.x;
      other[i] = x;
      return dot(dy, f(f.parameters, other));
    };
    REQUIRE(close(dx[i], slope(moved, f.x[i], h), 1e-9, 1e-9));
  }
  numbers const v = uniform(f.parameters.size(), 4), u = uniform(f.x.size(), 5);
  for (bool with_x : {true, false}) {
    f.forward();
    auto const t = f.sequence.tangent(f.backend, f.parameters.data(), v.data(), matrix(std::as_const(f.x), R), f.trace,
                                      with_x ? matrix(u, R) : view<double const>{});
    numbers found(dy.size(), 0);
    for (std::size_t i = 0; t && i < found.size(); ++i)
      found[i] = t(std::ptrdiff_t(i) / t.columns, std::ptrdiff_t(i) % t.columns);
    for (std::size_t i = 0; i < found.size(); ++i) {
      auto moved = [&](double e) {
        numbers p = f.parameters, in = f.x;
        for (std::size_t k = 0; k < p.size(); ++k) p[k] += e * v[k];
        for (std::size_t k = 0; with_x && k < in.size(); ++k) in[k] += e * u[k];
        return f(p, in)[i];
      };
      REQUIRE(close(found[i], slope(moved, 0, h), 1e-8, 1e-8));
    }
  }
}

}  // namespace

TEST_CASE("layers: gradients and tangents are those of differences, of each kind and of several") {
  require_differences(4, network{dense{3}, dense{2, activation::linear}});
  require_differences(4, network{dense{5, activation::relu}}, 1e-6);
  require_differences(5, network{layer_norm{}}, 1e-4);
  require_differences(5, network{columns{1, 3}, layer_norm{.epsilon = .1}, dense{3}, columns{0, 2}});
  require_differences(4, network{residual{dense{3}, dense{4}}, residual{layer_norm{.epsilon = .1}, columns{0, 4}}});
  require_differences(3, network{residual{columns{0, 3}}, side_by_side{columns{2, 1}, network{dense{3}, dense{2}}},
                                 side_by_side{columns{0, 1}, residual{dense{3}}}});
  require_differences(4, network{embedding{3, 2}, dense{3}}, 1e-3, -.4, 2.4);
}

TEST_CASE("layers: gradients and tangents of convolutions are those of differences") {
  for (auto [padding, stride] : {std::pair{0, 1}, {0, 2}, {1, 1}, {1, 3}})
    require_differences(25,
                        network{columns{1, 24}, image{3, 4, 2}, convolution{2, 2, stride, activation::tanh, padding}});
  require_differences(
      12, network{image{3, 4, 1}, convolution{3, 2, 1, activation::linear}, convolution{2, 2, 1, activation::tanh}});
}

TEST_CASE("layers: a convolution and a layer norm give what PyTorch gives, and their gradients too") {
  auto const recorded = golden::read("network/layers.txt");
  auto require = [&](std::string const& name, layers f, double tolerance) {
    f.parameters = golden::row(recorded, name + "_parameters"), f.x = golden::row(recorded, name + "_x");
    numbers const y = f.forward(), expected = golden::row(recorded, name + "_y");
    numbers dy = golden::row(recorded, name + "_dy"), gradient(f.parameters.size()), dx(f.x.size());
    f.sequence.backward(f.backend, f.parameters.data(), matrix(std::as_const(f.x), f.R), f.trace, matrix(dy, f.R),
                        gradient.data(), matrix(dx, f.R));
    auto same = [&](numbers const& found, numbers const& given) {
      REQUIRE(found.size() == given.size());
      for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(close(found[i], given[i], tolerance, tolerance));
    };
    same(y, expected);
    same(gradient, golden::row(recorded, name + "_gradient"));
    same(dx, golden::row(recorded, name + "_dx"));
  };
  require("layer_norm", {3, 7, network{layer_norm{}}}, 1e-12);
  require("nature",
          {2, 12 * 12 * 2,
           network{image{12, 12, 2}, convolution{3, 8, 4}, convolution{4, 2, 1}, dense{5, activation::relu}}},
          1e-12);
  require("padded", {2, 5 * 4 * 3, network{image{5, 4, 3}, convolution{4, 3, 2, activation::tanh, 1}}}, 1e-12);
}

TEST_CASE("layers: the others give what is written of them") {
  layers some(2, 4, network{columns{1, 2}});
  CHECK(some.forward() == numbers{some.x[1], some.x[2], some.x[5], some.x[6]});
  layers beside(2, 4, network{side_by_side{columns{3, 1}, columns{0, 2}}});
  CHECK(beside.forward() == numbers{beside.x[3], beside.x[0], beside.x[1], beside.x[7], beside.x[4], beside.x[5]});
  layers added(2, 3, network{residual{dense{3}}}), inside(2, 3, network{dense{3}});
  numbers const f = inside.forward(), y = added.forward();
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == added.x[i] + f[i]);

  layers table(2, 2, network{embedding{3, 2}});
  auto const& p = table.parameters;
  table.x = {0, 2, 1.4, .6};  // the nearest
  CHECK(table.forward() == numbers{p[0], p[1], p[4], p[5], p[2], p[3], p[2], p[3]});
  for (double outside : {-1., 3., 1e9, -1e9, std::numeric_limits<double>::quiet_NaN()}) {
    table.x = {0, outside, 1, 2};
    numbers const out = table.forward();
    for (std::size_t i = 0; i < 8; ++i) CHECK(std::isnan(out[i]) == (i == 2 || i == 3));
  }
}

TEST_CASE("layers: an image may lie column by column, and more of them than a block has are convolved alike") {
  network const n{image{20, 20, 4}, convolution{2, 8, 4}};
  int const R = 120;  // 64 images a block
  layers f(R, 1600, n), one(1, 1600, n);
  numbers const y = f.forward();
  for (int r : {0, 63, 64, 119}) {
    std::copy_n(f.x.begin() + r * 1600, 1600, one.x.begin());
    numbers const of_row = one.forward();
    for (std::size_t i = 0; i < of_row.size(); ++i) CHECK(of_row[i] == y[std::size_t(r) * of_row.size() + i]);
  }
  numbers turned(f.x.size());
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < 1600; ++c) turned[std::size_t(c) * R + r] = f.x[std::size_t(r) * 1600 + c];
  auto const again =
      f.sequence.forward(f.backend, f.parameters.data(), view<double const>(turned.data(), R, 1600, 1, R), f.trace);
  CHECK(numbers(again.data, again.data + again.size()) == y);
}

TEST_CASE("layers: those that do not fit are refused, with both and their extents") {
  auto refused = [](int D, auto const& n) { return refusal([&] { detail::layers_of<cpu>(n, D); }); };
  CHECK(refused(4, network{}) == "network: it has no layers; a policy without hidden ones is {.hidden = {}}");
  CHECK(refused(4, network{dense{64}, convolution{}}) ==
        "layer 1, convolution, of 64 numbers from layer 0, dense: convolution reads an image, and 64 numbers come in; "
        "image{rows, columns, channels} before it says how they lie");
  CHECK(refused(4, network{image{2, 2, 1}, convolution{}}) ==
        "layer 1, convolution, of an image of 2 x 2 x 1 from layer 0, image: convolution is of 3 x 3 pixels, and what "
        "comes in is an image of 2 x 2 x 1");
  CHECK(refused(4, network{image{2, 2, 2}}) ==
        "layer 0, image, of 4 numbers: an image of 2 x 2 x 2 has 8 numbers, expected the 4 that come in");
  CHECK(refused(4, network{columns{3, 2}}) ==
        "layer 0, columns, of 4 numbers: columns: first is 3 and count 2, expected columns of the 4 that come in");
  CHECK(refused(4, network{columns{-1, 2}}).ends_with("expected columns of the 4 that come in"));
  CHECK(refused(4, network{dense{3}, residual{dense{4}}}) ==
        "layer 1, residual, of 3 numbers from layer 0, dense: its layers give 4 numbers, expected 3 numbers, to which "
        "they are added");
  CHECK(refused(4, network{residual{}}).find("expected 4 numbers") != std::string::npos);
  CHECK(refused(4, network{side_by_side{columns{0, 1}, network{dense{3}, columns{2, 2}}}}) ==
        "layer 0, side_by_side, of 4 numbers: layer 1, columns, of 3 numbers from layer 0, dense: columns: first is 2 "
        "and count 2, expected columns of the 3 that come in");
  CHECK(refused(4, network{side_by_side{}}) == "layer 0, side_by_side, of 4 numbers: it gives 0 numbers");
  for (auto const& bad : {convolution{.filters = 0}, convolution{.size = 0}, convolution{.stride = 0},
                          convolution{.padding = 3}, convolution{.padding = -1}})
    CHECK_THAT(refused(16, network{image{4, 4, 1}, bad}), ContainsSubstring("convolution: "));
  CHECK_THAT(refused(4, network{embedding{.values = 0}}), ContainsSubstring("values is 0"));
  CHECK_THAT(refused(4, network{embedding{.width = 1 << 30}}), ContainsSubstring("the size of what it gives"));
  CHECK_THAT(refused(4, network{layer_norm{.epsilon = 0}}), ContainsSubstring("epsilon is 0"));
}
