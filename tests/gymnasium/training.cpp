#include <algorithm>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include <ranges>
#include <sstream>
#include <string>
#include "../golden/gymnasium.hpp"
#include "../support/goes_on.hpp"
#include "odd.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("gymnasium: CartPole-v1 by the bridge is the recorded one, as is ours") {
  auto const e = cohort::gymnasium::make("CartPole-v1").of<discrete>();
  for (auto const& episode : ::gymnasium::of<classic_control::cart_pole>("cart_pole")) {
    CAPTURE(episode.name);
    std::istringstream name(episode.name);
    std::string policy;
    std::uint32_t seed = 0;
    name >> policy >> seed;
    auto s = e.start(seed);
    REQUIRE(std::ranges::equal(e.observe(s), episode.observation));
    for (auto const& recorded : episode.steps) {
      auto const now = e.step(s, int(recorded.action));
      REQUIRE(std::ranges::equal(e.observe(s), recorded.observation));
      REQUIRE(now.reward == recorded.reward);
      REQUIRE(now.terminated == recorded.terminated);
    }
  }
}

namespace {

auto hybrid(int horizon) {
  return algorithm{.rollout = probes{.lanes = 2, .horizon = horizon, .group = 3},
                   .advantage = hybrid_grpo{},
                   .objective = clipped_ratio{} + value_loss{},
                   .update = update{.epochs = 2, .optimizer = adam{.rate = 1e-3}}};
}

/// Hybrid GRPO and GRPO on an environment, each twice: the same bits, and each goes on where it was saved.
template <class E>
void trains(E const& e) {
  eigen::backend cpu;
  auto make = [&] { return actor_critic(cpu, e, {.hidden = {8}}, random_seed{1}); };
  support::goes_on_bit_by_bit(cpu, hybrid(8), e, make, 1);
  auto grpo = algorithm{.rollout = groups{.count = 1, .group = 3},
                        .advantage = group_relative{},
                        .objective = clipped_ratio{},
                        .update = update{.epochs = 1, .optimizer = adam{.rate = 1e-3}}};
  support::goes_on_bit_by_bit(cpu, grpo, time_limit{e, 20}, make, 1);
  auto vines = algorithm{.rollout = vine{.lanes = 1, .horizon = 3, .rollouts = 2},
                         .advantage = monte_carlo{},
                         .objective = clipped_ratio{} + value_loss{},
                         .update = update{.epochs = 1, .optimizer = adam{.rate = 1e-3}}};
  support::goes_on_bit_by_bit(cpu, vines, time_limit{e, 12}, make, 1);
}

}  // namespace

TEST_CASE("gymnasium: a run of copies gives the same bits again, and goes on where it was saved") {
  trains(cohort::gymnasium::make("CartPole-v1").of<discrete>());
  trains(cohort::gymnasium::make("LunarLander-v3").of<discrete>());
  trains(cohort::gymnasium::make("HalfCheetah-v5").of<box<dynamic>>());
  trains(environment_of<discrete>(odd("Wrapped").of<discrete>()));
}

TEST_CASE("gymnasium: what cannot be copied is refused before training, and trained where no copies are needed") {
  eigen::backend cpu;
  for (char const* name : {"Unrepeatable", "StartsAnywhere"}) {
    auto const e = odd(name).of<discrete>();
    actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{1}};
    CHECK_THAT(raised([&] { training{cpu, hybrid(8), e, policy, {.steps = 100}}; }),
               ContainsSubstring("cannot be copied"));
    environment_of<discrete> any(e);
    CHECK_THAT(raised([&] { training{cpu, hybrid(8), any, policy, {.steps = 100}}; }),
               ContainsSubstring("cannot be copied"));
    auto ppo = algorithm{.rollout = lanes{.count = 2, .horizon = 16},
                         .objective = clipped_ratio{} + value_loss{},
                         .update = update{.epochs = 1}};
    training run{cpu, ppo, e, policy, {.steps = 100}};
    while (run.step()) {
    }
    CHECK(run.report().steps >= 96);
    CHECK_THAT(raised([&] { copy_out(cpu, run); }), ContainsSubstring("cannot be saved in mid-episode"));
  }
}

TEST_CASE("gymnasium: what Python raises in a run is told with the lane, and ends the run") {
  eigen::backend cpu;
  auto const e = odd("Breaks", {{"how", "raises"}, {"at", 1000}}).of<discrete>();
  actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{1}};
  auto ppo = algorithm{.rollout = lanes{.count = 2, .horizon = 400},
                       .objective = clipped_ratio{} + value_loss{},
                       .update = update{.epochs = 1}};
  auto const text = raised([&] { train(cpu, ppo, e, policy, {.steps = 10'000, .seed = 1}); });
  CHECK_THAT(text, ContainsSubstring("lane 0: odd_environments:Breaks-v0, step 1000 of the episode of seed "));
  CHECK_THAT(text, ContainsSubstring("ArithmeticError: the simulator gave up"));
}

TEST_CASE("gymnasium: damaged states, and those of another environment, are refused") {
  auto const e = cohort::gymnasium::make("CartPole-v1").of<discrete>();
  auto s = e.start(3);
  for (int step = 0; step < 5; ++step) e.step(s, step % 2);
  auto bytes = e.save(s);
  CHECK(std::ranges::equal(e.observe(e.load(bytes)), e.observe(s)));
  auto const load = [&] { e.load(bytes); };
  bytes.back() ^= std::byte{1};
  CHECK_THAT(raised(load), ContainsSubstring("shows something else than when it was saved"));
  bytes.pop_back();
  CHECK_THAT(raised<value_error>(load), ContainsSubstring("other bytes"));
  bytes.resize(3);
  CHECK_THAT(raised<value_error>(load), ContainsSubstring("other bytes"));
}
