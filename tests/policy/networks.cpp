#include <cohort/environment/classic_control/cart_pole.hpp>
#include "../catch.hpp"
#include "policies.hpp"

using namespace policies;

namespace {

constexpr int R = 5, D = 3;

template <class N = network_options>
actor_critic<cpu, categorical> made(cpu& backend, N const& n, std::uint64_t seed = 1) {
  return {backend, categorical{4}, D, n, random_seed{seed}};
}
numbers parameters_of(auto const& policy) {
  return {policy.parameters().data, policy.parameters().data + policy.parameters().rows};
}
std::vector<std::string> names_of(auto const& policy) {
  std::vector<std::string> all;
  policy.for_each_array([&](std::string const& name, auto...) { all.push_back(name); });
  return all;
}

}  // namespace

TEST_CASE("networks: dense layers are the policy that .hidden makes, parameter by parameter") {
  cpu backend;
  auto same = [&](auto const& composed, network_options const& plain) {
    auto a = made(backend, composed), b = made(backend, plain);
    CHECK(parameters_of(a) == parameters_of(b));
    CHECK(names_of(a) == names_of(b));
    CHECK(a.has_plain_networks());
    CHECK((a.options().hidden == plain.hidden && a.options().activation == plain.activation));
    numbers const x = uniform(R * D, 1);
    numbers u(R), v(R);
    a.value(backend, matrix(x, R), all(u)), b.value(backend, matrix(x, R), all(v));
    CHECK(u == v);
  };
  same(network{dense{8}, network{dense{5}}}, {.hidden = {8, 5}});
  same(
      networks{
          .actor = network{dense{8, activation::relu}}, .trunk = trunk::shared, .policy_gain = .5, .value_gain = 2},
      {.hidden = {8}, .activation = activation::relu, .trunk = trunk::shared, .policy_gain = .5, .value_gain = 2});
  for (auto const& policy : {made(backend, network{dense{8}, dense{5, activation::relu}}), made(backend, asymmetric)})
    CHECK(!policy.has_plain_networks());
}

TEST_CASE("networks: an actor of some columns does not see the others, and its critic does") {
  cpu backend;
  auto policy = make<actor_critic<cpu, categorical>>(backend, categorical{4}, D, asymmetric);
  CHECK(policy.observations() == D);
  numbers x = uniform(R * D, 1), logp(R), value(R), other_logp(R), other_value(R);
  auto const action = actions_for(categorical{4}, R);
  auto look = [&](numbers& l, numbers& v) {
    policy.log_probability(backend, policy.parameters(), matrix(std::as_const(x), R), matrix(action, R), 1,
                           matrix(l, R));
    policy.value(backend, matrix(std::as_const(x), R), all(v));
  };
  look(logp, value);
  for (int r = 0; r < R; ++r) x[std::size_t(r * D)] += 1;
  look(other_logp, other_value);
  CHECK(logp == other_logp);
  for (int r = 0; r < R; ++r) CHECK(std::abs(value[r] - other_value[r]) > 1e-3);
}

TEST_CASE("networks: their arrays have names, and their matrices places, for optimizers of matrices") {
  cpu backend;
  actor<cpu, categorical> policy(
      backend, categorical{4}, D,
      network{side_by_side{dense{2}, network{columns{0, 1}, dense{3}, dense{2}}}, layer_norm{}, residual{dense{4}}},
      random_seed{1});
  CHECK(names_of(policy) == std::vector<std::string>{"actor.0.0.0.weight", "actor.0.0.0.bias", "actor.0.1.1.weight",
                                                     "actor.0.1.1.bias", "actor.0.1.2.weight", "actor.0.1.2.bias",
                                                     "actor.1.scale", "actor.1.shift", "actor.2.0.weight",
                                                     "actor.2.0.bias", "actor.3.weight", "actor.3.bias"});
  std::vector<std::pair<std::ptrdiff_t, matrix_place>> places;
  auto const layout = policy.layout();
  for (auto const& m : layout.matrices) places.emplace_back(m.first, m.place);
  using enum matrix_place;
  CHECK(places == std::vector<std::pair<std::ptrdiff_t, matrix_place>>{
                      {0, input}, {8, input}, {14, hidden}, {30, hidden}, {50, output}});
  CHECK(layout.size == 50 + 20);
}

TEST_CASE("networks: a layer norm starts as it is, other seeds give other weights, and the last layer has its gain") {
  cpu backend;
  network const n{layer_norm{}, dense{5}};
  auto p = parameters_of(made(backend, n)), q = parameters_of(made(backend, n, 2)),
       gained = parameters_of(made(backend, networks{.actor = n, .policy_gain = 1}));
  CHECK(numbers(p.begin(), p.begin() + 6) == numbers{1, 1, 1, 0, 0, 0});
  CHECK(numbers(p.begin() + 6, p.begin() + 21) != numbers(q.begin() + 6, q.begin() + 21));
  for (int k = 26; k < 46; ++k) CHECK(close(gained[std::size_t(k)], 100 * p[std::size_t(k)], 1e-12));
}

TEST_CASE("networks: what does not fit is refused with whose network it is") {
  eigen::backend cpu;
  classic_control::cart_pole e;
  CHECK_THROWS_WITH(
      (actor{cpu, e, network{dense{64}, image{2, 2, 1}}}),
      "the actor's network: layer 1, image, of 64 numbers from layer 0, dense: an image of 2 x 2 x 1 has 4 "
      "numbers, expected the 64 that come in");
  CHECK_THROWS_WITH((actor_critic{cpu, e, networks{.actor = network{dense{3}}, .critic = network{columns{0, 5}}}}),
                    "the critic's network: layer 0, columns, of 4 numbers: columns: first is 0 and count 5, expected "
                    "columns of the 4 that come in");
  CHECK_THROWS_WITH((actor_critic{cpu, e, networks{.critic = network{dense{3}}}}),
                    "the actor's network: network: it has no layers; a policy without hidden ones is {.hidden = {}}");
  networks const both{.actor = network{dense{3}}, .critic = network{dense{3}}, .trunk = trunk::shared};
  CHECK_THROWS_WITH((actor_critic{cpu, e, both}),
                    "networks: .critic has layers of its own, and .trunk is shared, expected one of both");
}
