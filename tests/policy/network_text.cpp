#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/policy/network_text.hpp>

#include "../catch.hpp"
#include "../support/parameters.hpp"
#include "../support/refusal.hpp"

using namespace cohort;

namespace {

using layers = std::vector<detail::layer_description>;

layers read(std::string const& text) { return detail::layer_reader(text).all(); }

template <class... Layers>
layers written(int observations, Layers... l) {
  return detail::layers_of<eigen::backend>(network{l...}, observations).description();
}

std::string refusal(std::string const& text) {
  return support::refusal([&] { network_text{text}.sequence<eigen::backend>(4); });
}

}  // namespace

TEST_CASE("network_text: every layer is read as C++ has it, by place and by name, with what it has by itself") {
  CHECK(read("") == layers{});
  CHECK(read(" dense ") == written(4, dense{}));
  CHECK(read("dense{32}, layer_norm{}, dense{16,activation::relu}") ==
        written(4, dense{32}, layer_norm{}, dense{16, activation::relu}));
  CHECK(read("dense{.units = 8, .activation = linear}") == written(4, dense{8, activation::linear}));
  CHECK(read("dense{activation = relu}") == written(4, dense{.activation = activation::relu}));
  CHECK(read("gru{8}, lstm{4}, min_gru{2}") == written(4, gru{8}, lstm{4}, min_gru{2}));
  CHECK(read("network{columns{1, 2}, network{dense{3}}}, dense{2}") == written(4, columns{1, 2}, dense{3}, dense{2}));
  CHECK(read("layer_norm{1e-3}") == written(4, layer_norm{1e-3}));
  CHECK(read("embedding{5, 3}") == written(1, embedding{5, 3}));
  CHECK(read("residual{dense{4}, layer_norm}") == written(4, residual{dense{4}, layer_norm{}}));
  CHECK(read("side_by_side{network{columns{0, 2}, dense{3}}, residual{dense{4}}, columns{0, 1}}, dense{2}") ==
        written(4, side_by_side{network{columns{0, 2}, dense{3}}, residual{dense{4}}, columns{0, 1}}, dense{2}));
  CHECK(read("image{12, 12, 1}, convolution{8, 4, 2}, convolution{4, 3, 1, tanh}") ==
        written(144, image{12, 12, 1}, convolution{8, 4, 2}, convolution{4, 3, 1, activation::tanh}));
}

TEST_CASE("network_text: a policy of a text has the parameters of one of the same layers") {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto same = [&](auto const& one, auto const& other) {
    actor_critic a{cpu, environment, one, random_seed{3}}, b{cpu, environment, other, random_seed{3}};
    CHECK(support::parameters_of(a) == support::parameters_of(b));
  };
  same(network_text{"dense{64}, dense{64}"}, network_options{});
  same(network_text{""}, network_options{.hidden = {}});
  same(network_text{"gru{8}, dense{4, relu}"}, network{gru{8}, dense{4, activation::relu}});
  same(networks{.actor = network_text{"dense{8}"}, .critic = network_text{"dense{16}, layer_norm"}, .policy_gain = 1},
       networks{.actor = network{dense{8}}, .critic = network{dense{16}, layer_norm{}}, .policy_gain = 1});
  same(networks{.actor = network_text{"dense{8}"}, .weights = initial_weights::uniform},
       network_options{.hidden = {8}, .weights = initial_weights::uniform});
}

TEST_CASE("network_text: what is no list of layers is refused with its place, layers that do not fit with theirs") {
  CHECK(refusal("dens{64}") ==
        "the layers \"dens{64}\": there is no layer named 'dens'; the nearest are dense, gru and lstm");
  CHECK(
      refusal("dense{unit = 4}") ==
      "the layers \"dense{unit = 4}\": there is no number of dense named 'unit'; the nearest are units and activation");
  CHECK(refusal("dense{64") == "the layers \"dense{64\": expected a comma or } at the end");
  CHECK(refusal("dense 64") == "the layers \"dense 64\": expected a comma or the end before \"64\"");
  CHECK(refusal("dense{64},") == "the layers \"dense{64},\": expected a layer or the end at the end");
  CHECK(refusal("gru{1, 2}") == "the layers \"gru{1, 2}\": expected } after the 1 numbers of gru before \"2}\"");
  CHECK(refusal("dense{.64}") == "layer 0, dense, of 4 numbers: units is 0.64, expected a whole number");
  CHECK(refusal("dense{=4}") == "the layers \"dense{=4}\": expected a number or a word before \"=4}\"");
  CHECK(refusal("64") == "the layers \"64\": expected a comma or the end before \"64\"");
  CHECK(refusal("residual{}") == "the layers \"residual{}\": expected layers before \"}\"");
  CHECK(refusal("side_by_side") == "layer 0, side_by_side, of 4 numbers: it gives 0 numbers");
  CHECK(refusal("dense{0}") == "layer 0, dense, of 4 numbers: dense: units is 0, expected a positive number");
  CHECK(refusal("dense{2.5}") == "layer 0, dense, of 4 numbers: units is 2.5, expected a whole number");
  CHECK(refusal("dense{8, rely}").find("activation is \"rely\"") != std::string::npos);
  CHECK(refusal("dense{3}, residual{dense{4}}").find("layer 1, residual, of 3 numbers from layer 0, dense") == 0);
}
