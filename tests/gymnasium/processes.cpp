#include <sys/wait.h>
#include <algorithm>
#include <cerrno>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include <ranges>
#include <string>
#include "../support/goes_on.hpp"
#include "odd.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

gymnasium::environment<discrete> in_processes(std::string const& name, int processes, double timeout = 60,
                                              std::vector<gymnasium::argument> arguments = {}) {
  return gymnasium::make(name, {.arguments = std::move(arguments), .processes = processes, .timeout = timeout})
      .of<discrete>();
}
auto ends(std::string const& how, double timeout = 60) {
  return in_processes("odd_environments:Ends-v0", 2, timeout, {{"how", how}});
}

auto const ppo = algorithm{.rollout = lanes{.count = 5, .horizon = 12},
                           .objective = clipped_ratio{} + value_loss{},
                           .update = update{.epochs = 1, .minibatch_size = 20, .optimizer = adam{.rate = 1e-3}}};
auto const hybrid = algorithm{.rollout = probes{.lanes = 3, .horizon = 6, .group = 3},
                              .advantage = hybrid_grpo{},
                              .objective = clipped_ratio{} + value_loss{},
                              .update = update{.epochs = 1, .optimizer = adam{.rate = 1e-3}}};

template <class Algorithm, class E>
auto trained(Algorithm const& a, E const& e) {
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{1}};
  train(cpu, a, e, policy, {.steps = 1'000'000, .updates = 3, .seed = 2});
  return support::parameters_of(policy);
}

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD; }

}  // namespace

TEST_CASE("gymnasium processes: the same bits as in this one, in any number of them") {
  for (char const* name : {"CartPole-v1", "LunarLander-v3", "odd_environments:Slow-v0"}) {
    CAPTURE(name);
    auto const here = in_processes(name, 0);
    auto const in_lanes = trained(ppo, here), in_probes = trained(hybrid, here);
    for (int n : {1, 3}) {
      auto const e = in_processes(name, n);
      CHECK(trained(ppo, e) == in_lanes);
      CHECK(trained(ppo, environment_of<discrete>(e)) == in_lanes);
      CHECK(trained(hybrid, e) == in_probes);
      auto const apart = gymnasium::make(name, {.processes = 2, .asynchronous = true}).of<discrete>();
      CHECK(trained(ppo, apart) == in_lanes);
      CHECK((e.replayed_steps() > 0) == (e.copies() == "replay"));
    }
  }
  CHECK(!has_children());
}

TEST_CASE("gymnasium processes: a run goes on where it was saved") {
  eigen::backend cpu;
  auto const e = in_processes("LunarLander-v3", 2);
  auto make = [&] { return actor_critic(cpu, e, {.hidden = {8}}, random_seed{1}); };
  support::goes_on_bit_by_bit(cpu, hybrid, e, make, 1);

  auto const here = in_processes("LunarLander-v3", 0);  // an episode goes from one to the other
  auto s = here.start(7);
  for (int k = 0; k < 9; ++k) here.step(s, k % 4);
  auto there = e.load(here.save(s));
  CHECK(e.save(there) == here.save(s));
  CHECK(e.step(there, 2).reward == here.step(s, 2).reward);
  CHECK(std::ranges::equal(e.observe(there), here.observe(s)));
}

TEST_CASE("gymnasium processes: actions of every kind, and what Python raises") {
  auto const half_cheetah = gymnasium::make("HalfCheetah-v5", {.processes = 1}).of<box<dynamic>>();
  auto const here = gymnasium::make("HalfCheetah-v5").of<box<dynamic>>();
  auto a = half_cheetah.start(4), b = here.start(4);
  std::vector<float> const action{.1f, -.2f, .3f, -.4f, .5f, -.6f};
  for (int k = 0; k < 5; ++k)
    CHECK(half_cheetah.step(a, std::span(action)).reward == here.step(b, std::span(action)).reward);
  CHECK(std::ranges::equal(half_cheetah.observe(a), here.observe(b)));

  auto const e = ends("raises");
  auto s = e.start(200);
  for (int k = 0; k < 4; ++k) e.step(s, k % 2);
  try {
    e.step(s, 1);
    FAIL("nothing was raised");
  } catch (gymnasium::python_error const& raised) {
    CHECK(raised.where == "odd_environments:Ends-v0, step 5 of the episode of seed 200");
    CHECK(raised.exception == "ArithmeticError: the simulator gave up");
    CHECK_THAT(raised.traceback, ContainsSubstring("in step"));
  }
  CHECK_THAT(raised<value_error>([&] { e.step(s, 9); }), ContainsSubstring("the action is 9"));
  auto again = e.start(200);
  e.step(again, 0);
  CHECK(e.observe(again)[1] == 1);
}

TEST_CASE("gymnasium processes: one that dies or hangs is reported, and begins anew") {
  std::string const where = "odd_environments:Ends-v0, step 5 of the episode of seed 300: process 1 of 2 ";
  for (auto const& [how, fate] : {std::pair("crashes", "was ended by signal 11 (Segmentation fault)"),
                                  {"exits", "ended by itself, with status 3"},
                                  {"hangs", "has not answered for 0.4 s and was ended"}}) {
    CAPTURE(how);
    auto const e = ends(how, .4);
    auto s = e.start(300), other = e.start(301), in_the_same = e.start(302);
    auto const bytes = (e.step(s, 1), e.save(s));
    for (int k = 0; k < 3; ++k) e.step(s, 1);
    CHECK_THAT(raised([&] { e.step(s, 1); }), ContainsSubstring(where + fate));
    CHECK_THAT(raised([&] { e.step(s, 1); }), ContainsSubstring("the process that had it has ended before"));
    CHECK_THAT(raised([&] { e.step(in_the_same, 1); }), ContainsSubstring("the process that had it has ended before"));
    CHECK(e.step(other, 1).reward == e.observe(other)[0]);
    s = e.load(bytes);
    CHECK(e.observe(s)[1] == 1);
    e.step(s, 0);
    CHECK(e.observe(s)[1] == 2);
  }
  CHECK(!has_children());
}

TEST_CASE("gymnasium processes: a run whose environment dies goes on from what was saved") {
  eigen::backend cpu;
  auto const e = ends("crashes");
  actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{1}};
  auto short_rollouts = ppo;
  short_rollouts.rollout.horizon = 2;
  training run{cpu, short_rollouts, e, policy, {.steps = 1000, .seed = 1}};
  run.step(), run.step();
  auto const saved = copy_out(cpu, run);
  CHECK_THAT(raised([&] { run.step(); }), ContainsSubstring("lane 0: odd_environments:Ends-v0, step 5 of"));
  copy_in(cpu, run, saved);
  CHECK(copy_out(cpu, run) == saved);
}

TEST_CASE("gymnasium processes: options out of their range") {
  CHECK_THAT(raised<value_error>([] { in_processes("CartPole-v1", -1); }),
             ContainsSubstring("make_options: processes is -1"));
  CHECK_THAT(raised<value_error>([] { in_processes("CartPole-v1", 1, -1); }), ContainsSubstring("timeout is -1"));
  CHECK_THAT(raised<value_error>([] { gymnasium::make("CartPole-v1", {.processes = 1, .asynchronous = true}); }),
             ContainsSubstring("processes is 1, expected 2 or more with asynchronous"));
}
