#include <cohort/network/chain.hpp>
#include <cohort/network/dense.hpp>
#include <limits>
#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

namespace {

detail::chain<cpu> chain_of(std::vector<int> const& sizes, activation hidden, std::ptrdiff_t offset = 0) {
  detail::layer_sequence<cpu> layers(sizes.front());
  for (std::size_t l = 1; l + 1 < sizes.size(); ++l) layers.add(dense{sizes[l], hidden});
  return {layers, sizes.back(), offset};
}

struct dense_layers {
  std::vector<int> sizes;
  activation hidden;
  std::ptrdiff_t offset = 0;
  detail::chain<cpu> shape = chain_of(sizes, hidden, offset);

  std::ptrdiff_t parameters() const { return shape.end(); }
  numbers forward(numbers const& parameters, numbers const& x) const {
    cpu backend;
    layer_trace<cpu> trace;
    std::ptrdiff_t R = std::ptrdiff_t(x.size()) / sizes.front();
    view<double> y = shape.forward(backend, all(parameters), matrix(x, R), trace);
    return {y.data, y.data + y.size()};
  }
  /// Layer by layer as the comment has it.
  numbers by_hand(numbers const& parameters, numbers x) const {
    std::size_t at = std::size_t(offset), R = x.size() / sizes.front();
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
      int in = sizes[l], out = sizes[l + 1];
      numbers y(R * out);
      for (std::size_t r = 0; r < R; ++r)
        for (int c = 0; c < out; ++c) {
          double sum = parameters[at + in * out + c];
          for (int k = 0; k < in; ++k) sum += x[r * in + k] * parameters[at + k * out + c];
          bool last = l + 2 == sizes.size();
          y[r * out + c] = last ? sum : hidden == activation::tanh ? std::tanh(sum) : std::max(0., sum);
        }
      at += std::size_t(in + 1) * out;
      x = y;
    }
    return x;
  }
  numbers backward(numbers const& parameters, numbers const& x, numbers const& dy, numbers gradient) const {
    cpu backend;
    layer_trace<cpu> trace;
    std::ptrdiff_t R = std::ptrdiff_t(x.size()) / sizes.front();
    shape.forward(backend, all(parameters), matrix(x, R), trace);
    shape.backward(backend, all(parameters), matrix(x, R), trace, matrix(dy, R), all(gradient));
    return gradient;
  }
};

double dot(numbers const& a, numbers const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
/// A relu network is linear between its kinks, and no kink is as near as this; tanh wants the larger step.
double step_for(activation a) { return a == activation::relu ? 1e-5 : 1e-3; }

}  // namespace

TEST_CASE(
    "network of dense layers: forward is layer after layer, with tanh or relu between them, for any number of rows and "
    "layers") {
  for (auto hidden : {activation::tanh, activation::relu})
    for (std::vector<int> sizes : {std::vector{4, 3}, {3, 5, 2}, {4, 64, 64, 1}, {2, 7, 3, 9, 5}})
      for (int R : {1, 5, 37}) {
        dense_layers n{sizes, hidden};
        numbers parameters = uniform(n.parameters(), 1), x = uniform(R * sizes.front(), 2);
        numbers found = n.forward(parameters, x), expected = n.by_hand(parameters, x);
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(close(found[i], expected[i], 1e-12, 1e-12));
      }
}

TEST_CASE(
    "network of dense layers: the gradient with respect to every parameter is that of five-point differences, with "
    "tanh and relu") {
  for (auto hidden : {activation::tanh, activation::relu})
    for (std::vector<int> sizes : {std::vector{3, 2}, {3, 6, 1}, {3, 5, 4, 2}})
      for (int R : {1, 6}) {
        dense_layers n{sizes, hidden};
        numbers parameters = uniform(n.parameters(), 1), x = uniform(R * 3, 2), dy = uniform(R * sizes.back(), 3);
        numbers found = n.backward(parameters, x, dy, numbers(n.parameters(), 99));
        for (std::ptrdiff_t k = 0; k < n.parameters(); ++k) {
          double at = parameters[k];
          double expected = slope([&](double p) { return parameters[k] = p, dot(dy, n.by_hand(parameters, x)); }, at,
                                  step_for(hidden));
          parameters[k] = at;
          REQUIRE(close(found[k], expected, 1e-9, 1e-9));
        }
      }
}

TEST_CASE(
    "network of dense layers: the gradient of a 64-64 network is that of differences along random directions of all "
    "its parameters") {
  for (auto hidden : {activation::tanh, activation::relu}) {
    dense_layers n{{4, 64, 64, 3}, hidden};
    numbers parameters = uniform(n.parameters(), 1, -.2, .2), x = uniform(21 * 4, 2), dy = uniform(21 * 3, 3);
    numbers gradient = n.backward(parameters, x, dy, numbers(n.parameters()));
    for (std::uint32_t which = 10; which < 20; ++which) {
      numbers direction = uniform(n.parameters(), which);
      auto loss = [&](double t) {
        numbers moved = parameters;
        for (std::size_t k = 0; k < moved.size(); ++k) moved[k] += t * direction[k];
        return dot(dy, n.by_hand(moved, x));
      };
      double expected = slope(loss, 0, hidden == activation::relu ? 1e-7 : 1e-4);
      double length = std::sqrt(dot(gradient, gradient) * dot(direction, direction));
      REQUIRE(close(dot(gradient, direction), expected, 0,
                    1e-10 * length));  // some 1e-8 of it, since a random direction is nearly at right angles
    }
  }
}

TEST_CASE(
    "network of dense layers: the tangent along a direction of all parameters is that of differences, with tanh and "
    "relu, and the gradient "
    "is its transpose") {
  for (auto hidden : {activation::tanh, activation::relu})
    for (std::vector<int> sizes : {std::vector{3, 2}, {3, 6, 1}, {3, 5, 4, 2}, {4, 64, 64, 3}})
      for (int R : {1, 6, 21}) {
        dense_layers n{sizes, hidden, 5};
        cpu backend;
        layer_trace<cpu> trace;
        double wide = sizes.size() > 3 ? .2 : 1;
        numbers parameters = uniform(n.parameters(), 1, -wide, wide), v = uniform(n.parameters(), 4),
                x = uniform(R * sizes.front(), 2), dy = uniform(R * sizes.back(), 3);
        n.shape.forward(backend, all(std::as_const(parameters)), matrix(std::as_const(x), R), trace);
        view<double const> t = n.shape
                                   .tangent(backend, all(std::as_const(parameters)), all(std::as_const(v)),
                                            matrix(std::as_const(x), R), trace)
                                   .y;
        REQUIRE((t.rows == R && t.columns == sizes.back()));
        numbers tangent(t.data, t.data + t.size());
        for (std::size_t i = 0; i < tangent.size(); ++i) {
          auto moved = [&](double e) {
            numbers p = parameters;
            for (std::size_t k = 0; k < p.size(); ++k) p[k] += e * v[k];
            return n.by_hand(p, x)[i];
          };
          REQUIRE(close(tangent[i], slope(moved, 0, hidden == activation::relu ? 1e-7 : 2e-4), 1e-8, 1e-8));
        }
        numbers gradient = n.backward(parameters, x, dy, numbers(n.parameters()));
        REQUIRE(
            close(dot(dy, tangent), dot(gradient, v), 1e-12, 1e-12 * std::sqrt(dot(gradient, gradient) * dot(v, v))));
      }
}

TEST_CASE("network of dense layers: it reads and writes behind its offset alone") {
  dense_layers shifted{{3, 4, 2}, activation::tanh, 10}, plain{{3, 4, 2}, activation::tanh};
  numbers parameters = uniform(plain.parameters(), 1), x = uniform(15, 2), dy = uniform(10, 3),
          moved(10, std::numeric_limits<double>::quiet_NaN());
  moved.insert(moved.end(), parameters.begin(), parameters.end());
  REQUIRE(shifted.parameters() == plain.parameters() + 10);
  REQUIRE(shifted.forward(moved, x) == plain.forward(parameters, x));
  numbers gradient = shifted.backward(moved, x, dy, numbers(shifted.parameters(), -5));
  REQUIRE(numbers(gradient.begin(), gradient.begin() + 10) == numbers(10, -5));
  REQUIRE(numbers(gradient.begin() + 10, gradient.end()) ==
          plain.backward(parameters, x, dy, numbers(plain.parameters())));
}

TEST_CASE(
    "network of dense layers: it starts with orthogonal weights of gain sqrt(2), the last layer's with the gain of "
    "each output, and zero "
    "biases") {
  dense_layers n{{4, 8, 3, 2}, activation::tanh};
  numbers parameters(n.parameters(), 7), again = parameters;
  cpu backend;
  n.shape.initialize(backend, parameters, {.01, 5}, 3);
  auto array = [&](int k) {
    auto const a = n.shape.arrays()[std::size_t(k)];
    return view<double const>(&parameters[std::size_t(a.first)], a.rows, a.columns);
  };
  auto weight = [&](int l) { return array(2 * l); };
  auto require_orthonormal = [](view<double const> rows, auto gain) {
    for (std::ptrdiff_t i = 0; i < rows.rows; ++i)
      for (std::ptrdiff_t j = 0; j < rows.rows; ++j) {
        double sum = 0;
        for (std::ptrdiff_t k = 0; k < rows.columns; ++k) sum += rows(i, k) * rows(j, k);
        REQUIRE(close(sum, i == j ? gain(i) * gain(i) : 0, 1e-13, 1e-14));
      }
  };
  auto hidden = [](std::ptrdiff_t) { return std::sqrt(2.); };
  require_orthonormal(weight(0), hidden);
  require_orthonormal(weight(1).transposed(), hidden);
  require_orthonormal(weight(2).transposed(), [](std::ptrdiff_t output) { return output == 0 ? .01 : 5; });
  for (int l = 0; l < 3; ++l) {
    auto bias = array(2 * l + 1);
    for (std::ptrdiff_t c = 0; c < bias.columns; ++c) REQUIRE(bias(0, c) == 0);
  }
  n.shape.initialize(backend, again, {.01, 5}, 3);
  REQUIRE(again == parameters);
  n.shape.initialize(backend, again, {.01, 5}, 4);
  REQUIRE(again != parameters);
}

TEST_CASE("network of dense layers: a layer without width is refused") {
  REQUIRE_THROWS_WITH(chain_of({4, 0, 2}, activation::tanh),
                      "layer 0, dense, of 4 numbers: dense: units is 0, expected a positive number");
}

TEST_CASE("network of dense layers: widths whose parameters no machine holds are refused with their bytes") {
  int const most = std::numeric_limits<int>::max();
  REQUIRE_THROWS_WITH(
      chain_of({4, 1000000, most, 2}, activation::tanh),
      Catch::Matchers::StartsWith("layer 1, dense, of 1000000 numbers from layer 0, dense: the parameters "
                                  "up to this one in float would take 8.58994e+15 bytes, and this "
                                  "machine has "));
}
