#include <cohort/backend/eigen.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/objective/all.hpp>
#include <cohort/optimizer/all.hpp>
#include <cohort/policy/actor_critic.hpp>

#include "../catch.hpp"
#include "../support/goes_on.hpp"

using namespace cohort;

namespace {

auto ppo(double desired_kl, adam const& how = {.rate = 1e-3}) {
  return algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                   .objective = clipped_ratio{} + value_loss{.weight = .5},
                   .update = update{.epochs = 2, .optimizer = how, .desired_kl = desired_kl}};
}

struct without_rate {
  double step = .1;
  template <backend B>
  struct state {
    std::size_t bytes() const { return 0; }
  };
  template <backend B>
  state<B> start(B&, std::ptrdiff_t) const {
    return {};
  }
  template <backend B>
  void update(B& backend, state<B>&, double, out_view<B> p, in_view<B> g, in_view<B>, double) const {
    backend.map(outputs{p}, detail::plus_weighted{-step}, in_view<B>(p), g);
  }
};

}  // namespace

TEST_CASE("desired_kl: the rate falls where the divergence is twice as much, rises below half of it, has its limits") {
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole e;
  int rose = 0, fell = 0, stayed = 0;
  auto follow = [&](double desired, int updates) {
    actor_critic policy{cpu, e, {.hidden = {16}}, random_seed{1}};
    training run{cpu, ppo(desired), e, policy, {.steps = 1'000'000, .updates = updates, .seed = 1}};
    double rate = 1e-3;
    while (run.step()) {  // two steps each, of all there is: the first one's divergence is 0
      double const first = std::min(1e-2, rate * 1.5), kl = run.report().metrics.approximate_kl;
      rate = kl > 2 * desired ? std::max(1e-5, first / 1.5) : kl < desired / 2 ? std::min(1e-2, first * 1.5) : first;
      rose += rate > first, fell += rate < first, stayed += rate == first;
      CHECK(run.report().metrics.learning_rate == rate);
    }
    return rate;
  };
  for (double desired : {1e-5, 1e-4, 1e-3, 1e-2}) follow(desired, 20);
  CAPTURE(rose, fell, stayed);
  CHECK((rose > 2 && fell > 2 && stayed > 2));
  CHECK(follow(1e9, 10) == 1e-2);
}

TEST_CASE("desired_kl: a run goes on with its rate; what cannot be is refused") {
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole e;
  auto make = [&] { return actor_critic{cpu, e, {.hidden = {8}}, random_seed{2}}; };
  support::goes_on_bit_by_bit(cpu, ppo(1e-3), e, make, 3);
  auto policy = make();
  auto with = ppo(0);
  CHECK_THROWS_WITH((training{cpu, with, e, policy, {.steps = 1000}}),
                    "update: desired_kl is 0, expected a positive number (infinity: none)");
  auto rateless = algorithm{.update = update{.optimizer = without_rate{}, .desired_kl = .01}};
  CHECK_THROWS_WITH((training{cpu, rateless, e, policy, {.steps = 1000}}),
                    Catch::Matchers::StartsWith("update: desired_kl changes the optimizer's rate, and ") &&
                        Catch::Matchers::EndsWith("without_rate has no member `rate`"));
}
