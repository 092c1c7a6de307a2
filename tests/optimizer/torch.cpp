#include <cohort/optimizer/adamw.hpp>
#include <cohort/optimizer/lion.hpp>
#include <cohort/optimizer/rmsprop.hpp>
#include <cohort/optimizer/sgd.hpp>
#include "../support/refusal.hpp"
#include "after.hpp"

using namespace optimizer_runs;
using support::refusal;

namespace {

/// check(name, optimizer) for each that was recorded.
template <class Check>
void each_recorded(Check check) {
  check("sgd", sgd{.rate = falling});
  check("sgd_momentum", sgd{.rate = falling, .momentum = .9});
  check("sgd_dampening", sgd{.rate = falling, .momentum = .9, .dampening = .3, .decay = .1});
  check("sgd_nesterov", sgd{.rate = falling, .momentum = .9, .nesterov = true, .decay = .1});
  rmsprop r{.rate = falling, .alpha = .9};
  check("rmsprop", r);
  r.centered = true;
  check("rmsprop_centered", r);
  r.momentum = .8;
  check("rmsprop_centered_momentum", r);
  r.form = rmsprop_form::tensorflow;
  check("rmsprop_tf_centered_momentum", r);
  r.centered = false, r.form = rmsprop_form::torch;
  check("rmsprop_momentum", r);
  r.momentum = 0, r.form = rmsprop_form::tensorflow;
  check("rmsprop_tf", r);
  check("adam", adam{.rate = falling, .epsilon = 1e-8});
  check("adamw", adamw{.rate = falling, .beta2 = .95, .decay = .1, .decays = decayed::all});
  check("lion", lion{.rate = falling, .decay = .1});
}

}  // namespace

TEST_CASE(
    "optimizers: 50 steps leave the parameters of torch's, Stable-Baselines3's RMSpropTFLike and the Lion of the "
    "paper, to 1e-12",
    "[golden]") {
  each_recorded([](std::string const& name, auto const& o) {
    INFO(name);
    CHECK(distance<cpu>(name, o) < 1e-12);
    CHECK(distance<archetype<double>>(name, o) < 1e-12);
  });
}

// Each of 50 steps rounds a parameter by half a unit, 6e-8 of it, and adds a step whose error is a few units of itself
// and far smaller: 3e-6 in all.
TEST_CASE("optimizers: in float they stay within the rounding of 50 steps, 3e-6", "[golden]") {
  each_recorded([](std::string const& name, auto const& o) {
    INFO(name);
    CHECK(distance<in_float>(name, o) < 3e-6);
  });
}

TEST_CASE(
    "optimizers: elements clipped, then the norm, as clip_grad_value_ and clip_grad_norm_ one after the other, to "
    "1e-12",
    "[golden]") {
  adam o{.rate = falling, .epsilon = 1e-8};
  CHECK(distance<cpu>("adam_clipped", o, {.norm = .75, .value = .5}) < 1e-12);
  CHECK(distance<cpu>("adam_clipped", o, {.norm = .75}) > 1e-3);
  CHECK(distance<cpu>("adam_clipped", o, {.value = .5}) > 1e-3);
}

TEST_CASE("gradient_limits: the squared norm is that of the gradient as it is, the scale that of what is left") {
  cpu backend;
  numbers g{3, -4, .5}, squares(1), scale(1);
  gradient_limits{.norm = 1, .value = 1}.measure(backend, view<double const>(all(g)), all(squares), all(scale));
  CHECK(squares[0] == 25.25);
  CHECK(close(scale[0], 1 / 1.5, 1e-6));
  gradient_limits{.value = 1}.measure(backend, view<double const>(all(g)), all(squares), all(scale));
  CHECK(squares[0] == 25.25);
  CHECK(scale[0] == 1);
}

TEST_CASE("optimizers: a limit on elements is one on the gradient before its scale, and keeps a NaN one") {
  cpu backend;
  sgd o{.rate = 1.};
  auto state = o.start(backend, 3);
  numbers p(3, 0.), g{5, -.25, std::nan("")}, scale{.5};
  o.update(backend, state, 0, all(p), view<double const>(all(g)), view<double const>(all(scale)), 2);
  CHECK(p[0] == -1);
  CHECK(p[1] == .125);
  CHECK(std::isnan(p[2]));
}

TEST_CASE("lion: a parameter without a gradient stays, one with a NaN becomes one") {
  cpu backend;
  lion o{.rate = .5};
  auto state = o.start(backend, 2);
  numbers p(2, 1.), g{0, std::nan("")}, scale{1};
  o.update(backend, state, 0, all(p), view<double const>(all(g)), view<double const>(all(scale)));
  CHECK(p[0] == 1);
  CHECK(std::isnan(p[1]));
}

TEST_CASE(
    "rmsprop: centered, with a gradient that does not change, divides by epsilon and not by the root of a rounding") {
  cpu backend;
  rmsprop o{.rate = 1e-6, .alpha = 0, .epsilon = .5, .centered = true};
  auto state = o.start(backend, 50);
  numbers p(50, 0.), g = uniform(50, 3), scale{1};
  for (int k = 0; k < 3; ++k)
    o.update(backend, state, 0, all(p), view<double const>(all(g)), view<double const>(all(scale)));
  for (int i = 0; i < 50; ++i) CHECK(close(p[i], -3e-6 * g[i] / .5, 1e-7));
}

TEST_CASE("optimizers: their state is what they keep of each parameter") {
  cpu backend;
  CHECK(sgd{.rate = .1}.start(backend, 10).bytes() == 0);
  CHECK(sgd{.rate = .1, .momentum = .9}.start(backend, 10).bytes() == 80);
  CHECK(rmsprop{.rate = .1}.start(backend, 10).bytes() == 80);
  CHECK(rmsprop{.rate = .1, .centered = true}.start(backend, 10).bytes() == 240);
  CHECK(lion{.rate = .1}.start(backend, 10).bytes() == 80);
  CHECK(adamw{.rate = .1, .decays = decayed::all}.start(backend, 10).bytes() == 160);
  CHECK(adamw{.rate = .1}.start(backend, parameter_layout(10, {{0, 2, 3}})).bytes() == 170);
}

TEST_CASE("optimizers: a parameter out of its range is refused by name, with what was given") {
  cpu backend;
  auto says = [&](auto const& o) { return refusal([&] { detail::start_optimizer(backend, o, parameter_layout(1)); }); };
  CHECK(says(sgd{.rate = 0.}) == "sgd: rate is 0, expected a positive number");
  CHECK(says(sgd{.momentum = 1}) == "sgd: momentum is 1, expected a number in [0, 1)");
  CHECK(says(sgd{.momentum = .5, .dampening = -1}) == "sgd: dampening is -1, expected a number in [0, 1]");
  CHECK(says(sgd{.momentum = .5, .dampening = .5, .nesterov = true}) ==
        "sgd: dampening is 0.5, expected 0, with Nesterov's momentum");
  CHECK(says(sgd{.nesterov = true}) == "sgd: momentum is 0, expected a number in (0, 1), for Nesterov's");
  CHECK(says(sgd{.decay = -1}) == "sgd: decay is -1, expected 0 or more");
  CHECK(says(rmsprop{.rate = -1.}) == "rmsprop: rate is -1, expected a positive number");
  CHECK(says(rmsprop{.alpha = 1}) == "rmsprop: alpha is 1, expected a number in [0, 1)");
  CHECK(says(rmsprop{.epsilon = 0}) == "rmsprop: epsilon is 0, expected a positive number");
  CHECK(says(rmsprop{.momentum = -1}) == "rmsprop: momentum is -1, expected a number in [0, 1)");
  CHECK(says(adam{.epsilon = -1}) == "adam: epsilon is -1, expected 0 or more");
  CHECK(says(adamw{.beta1 = 1}) == "adamw: beta1 is 1, expected a number in [0, 1)");
  CHECK(says(adamw{.decay = -1}) == "adamw: decay is -1, expected 0 or more");
  CHECK(says(adamw{}) ==
        "adamw: the policy does not tell which of its parameters are matrices, expected a member layout(), or decays = "
        "decayed::all");
  CHECK(says(lion{.beta2 = 1}) == "lion: beta2 is 1, expected a number in [0, 1)");
  CHECK(says(lion{.beta1 = -1}) == "lion: beta1 is -1, expected a number in [0, 1)");
  CHECK(says(lion{.decay = -1}) == "lion: decay is -1, expected 0 or more");
}
