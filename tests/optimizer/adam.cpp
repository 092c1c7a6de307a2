#include <cohort/optimizer/adam.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;

namespace {

/// One update of all parameters with a gradient; 1 is a gradient that is not clipped.
template <class Adam, class State, class T>
void update(eigen::basic_backend<T>& backend, Adam const& o, State& state, std::vector<T>& parameters,
            std::vector<T> const& gradient, double progress = 0, T scale = 1) {
  o.update(backend, state, progress, all(parameters), all(gradient), view<T const>(&scale, 1));
}

}  // namespace

TEST_CASE("adam: five updates with a falling rate leave the parameters of torch.optim.Adam, to 1e-12", "[golden]") {
  auto t = golden::read("torch/adam.txt");
  cpu backend;
  adam o{.rate = linear{1e-3, 0}};
  auto state = o.start(backend, 13);
  numbers parameters = golden::row(t, "start");
  for (int k = 0; k < 5; ++k) {
    update(backend, o, state, parameters, golden::row(t, "gradient" + std::to_string(k)), k / 5.);
    for (int i = 0; i < 13; ++i) REQUIRE(close(parameters[i], golden::row(t, "after" + std::to_string(k))[i], 1e-12));
  }
}

TEST_CASE("adam: in float it follows torch.optim.Adam's double to the rounding of the parameters", "[golden]") {
  auto t = golden::read("torch/adam.txt");
  eigen::basic_backend<float> backend;
  adam o{.rate = linear{1e-3, 0}};
  auto state = o.start(backend, 13);
  auto parameters = cast<float>(golden::row(t, "start"));
  for (int k = 0; k < 5; ++k)
    update(backend, o, state, parameters, cast<float>(golden::row(t, "gradient" + std::to_string(k))), k / 5.);
  for (int i = 0; i < 13; ++i)
    REQUIRE(close(parameters[i], golden::row(t, "after4")[i], 5 * 6e-8, 1e-8));  // half a unit for each update
}

TEST_CASE(
    "adam: the first update moves each parameter by the rate, whatever the size of its gradient, less what epsilon "
    "takes") {
  cpu backend;
  adam o{.rate = .01};
  auto state = o.start(backend, 4);
  numbers parameters(4, 1.), gradient{1e-2, -3, 1e4, 0};
  update(backend, o, state, parameters, gradient);
  for (int i = 0; i < 4; ++i)
    REQUIRE(close(parameters[i], 1 - .01 * gradient[i] / (std::abs(gradient[i]) + 1e-5), 1e-14));
}

TEST_CASE("adam: a gradient with a scale is that gradient times the scale") {
  cpu backend;
  adam o{.rate = .01};
  auto a = o.start(backend, 9), b = o.start(backend, 9);
  numbers x = uniform(9, 1), y = x;
  for (std::uint32_t k = 0; k < 3; ++k) {
    numbers g = uniform(9, 10 + k), halved = g;
    for (double& v : halved) v *= .5;
    update(backend, o, a, x, g, 0, .5);
    update(backend, o, b, y, halved);
  }
  REQUIRE(x == y);
}

TEST_CASE("adam: finds the minimum of a parabola") {
  cpu backend;
  adam o{.rate = linear{.1, 0}};
  auto state = o.start(backend, 3);
  numbers x{3, -2, 0};
  for (int k = 0; k < 400; ++k)
    update(backend, o, state, x, {2 * (x[0] - 1), 20 * (x[1] - 1), .2 * (x[2] - 1)}, k / 400.);
  for (double v : x) REQUIRE(std::abs(v - 1) < 1e-2);
}

TEST_CASE("adam: its state is two numbers for each parameter") {
  cpu backend;
  REQUIRE(adam{.rate = .1}.start(backend, 10).bytes() == 2 * 10 * sizeof(double));
  eigen::basic_backend<float> in_float;
  REQUIRE(adam{.rate = .1}.start(in_float, 10).bytes() == 2 * 10 * sizeof(float));
}

TEST_CASE("adam: takes any of its parameters by name") {
  REQUIRE(adam{.rate = linear{1e-3, 0}, .epsilon = 1e-8}.rate(.5) == 5e-4);
  REQUIRE(adam{.rate = .1, .beta1 = .8, .beta2 = .99, .epsilon = 1e-8}.beta2 == .99);
}

TEST_CASE("adam: a parameter out of its range is refused by name, with what was given") {
  cpu backend;
  REQUIRE_THROWS_WITH(adam{.rate = 0.}.start(backend, 1), ContainsSubstring("rate is 0"));
  REQUIRE_THROWS_WITH(adam{.rate = -.5}.start(backend, 1), ContainsSubstring("rate is -0.5"));
  REQUIRE_THROWS_WITH((adam{.rate = .1, .beta1 = 1}.start(backend, 1)), ContainsSubstring("beta1 is 1"));
  REQUIRE_THROWS_WITH((adam{.rate = .1, .beta2 = -.1}.start(backend, 1)), ContainsSubstring("beta2 is -0.1"));
  REQUIRE_THROWS_AS(adam{.rate = 0.}.start(backend, 1), value_error);
}
