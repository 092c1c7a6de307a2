#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/policy/controller.hpp>

#include "../catch.hpp"
#include "../support/allocations.hpp"
#include "policies.hpp"

using namespace policies;

namespace {

template <class Policy, class Distribution, class N>
void require_no_allocation(Distribution d, N const& n, int G) {
  cpu backend;
  int R = 70;
  Policy policy(backend, d, 4, n, random_seed{1});
  numbers x = uniform(R * 4, 1), dlogp = uniform(R * G, 2), dentropy = uniform(R * G, 3), dvalue = uniform(R * G, 4);
  auto action = actions_for(d, R * G);
  auto pass = [&](int rows) {
    view<typename Distribution::action const> a(action.data(), rows, G * d.action_width());
    policy.evaluate(backend, view<double const>(x.data(), rows, 4), a, G);
    auto part = [&](numbers const& v) { return all(v).part(0, rows * G); };
    policy.backward(backend, part(dlogp), part(dentropy), part(dvalue));
  };
  long before = allocations;
  pass(R);
  REQUIRE(allocations > before);
  before = allocations;
  for (int k = 0; k < 3; ++k) pass(R);
  pass(R / 2);  // a last minibatch may be smaller
  pass(R);
  long after = allocations;
  REQUIRE(after == before);
}

}  // namespace

TEST_CASE("policy: evaluate and backward allocate in their first pass alone") {
  for (auto t : {trunk::separate, trunk::shared})
    for (int G : {1, 3}) {
      network_options const n{.hidden = {64, 64}, .trunk = t};
      require_no_allocation<actor_critic<cpu, categorical>>(categorical{2}, n, G);
      require_no_allocation<actor_critic<cpu, gaussian>>(gaussian{2}, n, G);
      require_no_allocation<actor<cpu, categorical>>(categorical{2}, n, G);
      require_no_allocation<actor_critic<cpu, multi_categorical<2>>>(choices, n, G);
      require_no_allocation<actor<cpu, std::remove_const_t<decltype(humped)>>>(humped, n, G);
    }
}

TEST_CASE("policy: nor do composed networks") {
  network const n{side_by_side{network{image{2, 2, 1}, convolution{3, 2, 1, activation::tanh, 1}},
                               network{columns{0, 1}, embedding{1, 3}}},
                  layer_norm{}, residual{dense{30}}, dense{8}};
  require_no_allocation<actor_critic<cpu, categorical>>(categorical{2}, n, 1);
  require_no_allocation<actor_critic<cpu, gaussian>>(gaussian{2}, networks{.actor = n, .trunk = trunk::shared}, 3);
}

TEST_CASE("controller: after its first calls it allocates nothing") {
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole e;
  actor_critic policy{cpu, e, {}, random_seed{3}};
  controller control{cpu, e, policy};
  std::array const seen{0.f, .1f, .2f, -.1f};
  control.best(seen), control.act(seen);
  long const before = allocations;
  int const sum = control.best(seen) + control.act(seen);
  CHECK(allocations == before);
  CHECK((sum >= 0 && sum <= 2));
}
