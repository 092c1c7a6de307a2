#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include "../catch.hpp"
#include "policies.hpp"

using namespace policies;

namespace {

numbers parameters_of(auto& policy) {
  return {policy.parameters().data, policy.parameters().data + policy.parameters().rows};
}

}  // namespace

TEST_CASE("policy: an environment gives the number of observations and the kind of actions") {
  eigen::backend backend;
  auto discrete = actor{backend, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
  auto box = actor_critic{backend, classic_control::pendulum{}, {.hidden = {8}}, random_seed{1}};
  STATIC_REQUIRE(std::is_same_v<decltype(discrete), actor<eigen::backend, categorical>>);
  STATIC_REQUIRE(std::is_same_v<decltype(box), actor_critic<eigen::backend, diagonal_gaussian<float>>>);
  REQUIRE(discrete.observations() == 4);
  REQUIRE(discrete.distribution().actions == 2);
  REQUIRE(discrete.parameters().rows == (4 + 1) * 8 + (8 + 1) * 2);
  REQUIRE(box.observations() == 3);
  REQUIRE(box.distribution().dimensions == 1);
  REQUIRE(box.parameters().rows == 2 * ((3 + 1) * 8 + (8 + 1) * 1) + 1);
}

TEST_CASE("policy: a shared trunk has one network with the value as one more output") {
  cpu backend;
  actor_critic<cpu, categorical> shared(backend, categorical{3}, 4, {.hidden = {8, 6}, .trunk = trunk::shared},
                                        random_seed{1});
  REQUIRE(shared.parameters().rows == (4 + 1) * 8 + (8 + 1) * 6 + (6 + 1) * 4);
  actor_critic<cpu, categorical> separate(backend, categorical{3}, 4, {.hidden = {8, 6}}, random_seed{1});
  REQUIRE(separate.parameters().rows == 2 * ((4 + 1) * 8 + (8 + 1) * 6) + 7 * 3 + 7);
}

TEST_CASE("policy: it starts near uniform, a Gaussian with mean near 0 and the standard deviation asked for") {
  cpu backend;
  numbers x = uniform(50 * 4, 1, -3, 3);
  integers action = actions_for(categorical{5}, 50);
  for (auto t : {trunk::separate, trunk::shared})
    for (std::uint64_t s = 1; s <= 5; ++s) {
      actor_critic<cpu, categorical> p(backend, categorical{5}, 4, {.trunk = t}, random_seed{s});
      auto e = p.evaluate(backend, matrix(std::as_const(x), 50), matrix(std::as_const(action), 50), 1);
      // Hidden outputs are at most 8 long, so logits at most 0.08: their spread moves a log-probability by twice that,
      // the entropy by its square.
      for (int i = 0; i < 50; ++i) {
        REQUIRE(std::abs(e.logp[i] + std::log(5)) < .16);
        REQUIRE(std::abs(e.entropy[i] - std::log(5)) < .0064);
      }
      actor_critic<cpu, gaussian> g(backend, gaussian{2}, 4, {.trunk = t, .log_std = -.5}, random_seed{s});
      numbers mean(100);
      g.act_deterministic(backend, matrix(std::as_const(x), 50), matrix(mean, 50));
      for (double m : mean) REQUIRE(std::abs(m) < .08);
      auto parameters = parameters_of(g);
      REQUIRE(numbers(parameters.end() - 2, parameters.end()) == numbers{-.5, -.5});
    }
}

TEST_CASE("policy: the critic starts with the gain asked for, and with weights of its own") {
  cpu backend;
  numbers x = uniform(20 * 4, 1);
  auto values = [&](network_options const& o) {
    actor_critic<cpu, categorical> p(backend, categorical{2}, 4, o, random_seed{1});
    numbers v(20);
    p.value(backend, matrix(std::as_const(x), 20), all(v));
    return v;
  };
  for (auto t : {trunk::separate, trunk::shared}) {
    numbers one = values({.trunk = t}), three = values({.trunk = t, .value_gain = 3});
    for (int i = 0; i < 20; ++i) REQUIRE(close(three[i], 3 * one[i], 1e-12));
    REQUIRE(values({.trunk = t, .policy_gain = 1}) == one);
  }
  actor_critic<cpu, categorical> p(backend, categorical{1}, 4, {.hidden = {8}, .policy_gain = 1}, random_seed{1});
  REQUIRE(p.parameters()[0] != p.parameters()[(4 + 1) * 8 + 9]);
}

TEST_CASE("policy: uniform weights and biases lie within 1 / sqrt(inputs) of 0 in each layer, all over it") {
  cpu backend;
  for (auto t : {trunk::separate, trunk::shared}) {
    network_options const o{.hidden = {300, 100}, .trunk = t, .log_std = -2, .weights = initial_weights::uniform};
    actor_critic<cpu, gaussian> p(backend, gaussian{2}, 40, o, random_seed{1});
    numbers const all = parameters_of(p);
    double bound = 0;
    int matrices = 0;
    p.for_each_array([&](std::string const& name, std::ptrdiff_t first, int rows, int columns) {
      CAPTURE(name);
      numbers const of(all.begin() + first, all.begin() + first + std::ptrdiff_t(rows) * columns);
      if (name == "free") {
        CHECK(of == numbers{-2, -2});
        return;
      }
      if (name.ends_with("weight")) bound = 1 / std::sqrt(rows), ++matrices;
      double mean = 0, square = 0, largest = 0;
      for (double x : of)
        mean += x / double(of.size()), square += x * x / double(of.size()), largest = std::max(largest, std::abs(x));
      CHECK(largest <= bound);
      if (of.size() < 200) return;
      // A uniform number's deviation is bound / sqrt(3), that of its square bound^2 2 / sqrt(45); five of them.
      CHECK(std::abs(mean) < 5 * bound / std::sqrt(3. * double(of.size())));
      CHECK(std::abs(square - bound * bound / 3) < 5 * bound * bound * 2 / std::sqrt(45. * double(of.size())));
      CHECK(largest > .9 * bound);
    });
    CHECK(matrices == (t == trunk::separate ? 6 : 3));
    actor_critic<cpu, gaussian> again(backend, gaussian{2}, 40, o, random_seed{1});
    CHECK(parameters_of(again) == all);
  }
}

TEST_CASE("policy: the same seed gives the same parameters, another one others") {
  cpu backend;
  actor<cpu, categorical> a(backend, categorical{2}, 4, {}, random_seed{1}),
      b(backend, categorical{2}, 4, {}, random_seed{1}), c(backend, categorical{2}, 4, {}, random_seed{2});
  REQUIRE(parameters_of(a) == parameters_of(b));
  REQUIRE(parameters_of(a) != parameters_of(c));
}

TEST_CASE("policy: act, evaluate, value and log_probability agree, for G actions of each observation") {
  cpu backend;
  auto check = [&]<class Distribution>(Distribution d) {
    for (auto t : {trunk::separate, trunk::shared})
      for (int G : {1, 3}) {
        int R = 13;
        auto policy = make<actor_critic<cpu, Distribution>>(backend, d, 4, {.hidden = {7}, .trunk = t});
        numbers x = uniform(R * 4, 1), logp(R * G), again(R * G), values(R);
        std::vector<typename Distribution::action> action(R * G * d.action_width());
        policy.act(backend, matrix(std::as_const(x), R), stream_id{1, draw_purpose::action, 0}, G, matrix(action, R),
                   matrix(logp, R));
        auto e = policy.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), G);
        policy.value(backend, matrix(std::as_const(x), R), all(values));
        policy.log_probability(backend, policy.parameters(), matrix(std::as_const(x), R),
                               matrix(std::as_const(action), R), G, matrix(again, R));
        for (int i = 0; i < R * G; ++i) {
          REQUIRE(close(e.logp[i], logp[i], 1e-14, 1e-14));
          REQUIRE(close(e.logp[i], again[i], 1e-14, 1e-14));
          REQUIRE(close(e.value[i], values[i / G], 1e-14));
        }
        // Under other parameters of the same network, which stay as they are.
        numbers other = parameters_of(policy);
        for (double& p : other) p *= 1.1;
        policy.log_probability(backend, all(std::as_const(other)), matrix(std::as_const(x), R),
                               matrix(std::as_const(action), R), G, matrix(again, R));
        std::copy(other.begin(), other.end(), policy.parameters().data);
        e = policy.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), G);
        for (int i = 0; i < R * G; ++i) REQUIRE(close(again[i], e.logp[i], 1e-14, 1e-14));
      }
  };
  check(categorical{3});
  check(gaussian{2});
  check(choices);
  check(bits{});
  check(squashed);
  check(humped);
}

TEST_CASE("policy: the deterministic action is the most probable one, a Gaussian's its mean") {
  cpu backend;
  int R = 30;
  numbers x = uniform(R * 4, 1);
  auto discrete = make<actor<cpu, categorical>>(backend, categorical{3}, 4, {.hidden = {7}});
  integers best(R);
  discrete.act_deterministic(backend, matrix(std::as_const(x), R), matrix(best, R));
  numbers most = [&] {
    auto e = discrete.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(best), R), 1);
    return numbers(e.logp.data, e.logp.data + R);
  }();
  for (std::int32_t a : {0, 1, 2}) {
    integers other(R, a);
    auto e = discrete.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(other), R), 1);
    for (int i = 0; i < R; ++i) REQUIRE(e.logp[i] <= most[i]);
  }
  auto box = make<actor<cpu, gaussian>>(backend, gaussian{2}, 4, {.hidden = {7}});
  numbers mean(R * 2);
  box.act_deterministic(backend, matrix(std::as_const(x), R), matrix(mean, R));
  auto e = box.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(mean), R), 1);
  double top = 0;  // the density at the mean
  for (int d = 0; d < 2; ++d)
    top -= box.parameters()[box.parameters().rows - 2 + d] + .5 * std::log(2 * std::acos(-1.));
  for (int i = 0; i < R; ++i) REQUIRE(close(e.logp[i], top, 1e-14));
}

TEST_CASE("policy: a hidden layer without width is refused") {
  cpu backend;
  REQUIRE_THROWS_AS((actor<cpu, categorical>(backend, categorical{2}, 4, {.hidden = {8, 0}}, random_seed{1})),
                    value_error);
}
