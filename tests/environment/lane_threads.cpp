#include <atomic>
#include <barrier>
#include <chrono>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include <cohort/environment/wrappers.hpp>
#include <semaphore>
#include <thread>

#include "../catch.hpp"
#include "../support/parameters.hpp"

using namespace cohort;
using classic_control::acrobot, classic_control::cart_pole;

namespace {

auto const hybrid = algorithm{.rollout = probes{.lanes = 3, .horizon = 40, .group = 3},
                              .advantage = hybrid_grpo{},
                              .objective = clipped_ratio{} + value_loss{},
                              .update = update{.epochs = 1}};
auto const ppo = algorithm{.rollout = lanes{.count = 5, .horizon = 40},
                           .objective = clipped_ratio{} + value_loss{},
                           .update = update{.epochs = 1}};

template <class E, class Algorithm, class... Model>
auto trained(E const& e, Algorithm const& algorithm, Model... model) {
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, e, model..., network_options{.hidden = {8}}, random_seed{1}};
  auto const report = train(cpu, algorithm, e, policy, {.steps = 2000, .seed = 2});
  return std::pair(report.metrics.loss, support::parameters_of(policy));
}

/// A step waits until as many lanes are in theirs, and those that are not the first fail where that is asked for.
struct meeting {
  std::barrier<>* here;
  int fails_from = 100;
  struct state {
    int steps = 0;
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{0}, {9}};
  state reset(random_stream&) const { return {}; }
  outcome step(state& s, int action) const {
    here->arrive_and_wait();
    if (action >= fails_from) throw environment_error("it failed");
    ++s.steps;
    return {.reward = 1};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.steps)}; }
};

template <class E>
void step_four(E const& e, std::vector<std::int32_t> const& actions) {
  eigen::backend cpu({.threads = 1});
  vector_environment<eigen::backend, E> lanes(cpu, e, 4, 1);
  lanes.reset(cpu);
  std::vector<float> reward(4), seen(4);
  std::vector<std::uint8_t> terminated(4), truncated(4);
  lanes.step(cpu, view<std::int32_t const>(actions.data(), 4, 1), view<float>(reward.data(), 4, 1),
             view<std::uint8_t>(terminated.data(), 4, 1), view<std::uint8_t>(truncated.data(), 4, 1),
             view<float>(seen.data(), 4, 1));
  CHECK(seen == std::vector<float>{1, 1, 1, 1});
}

/// Steps whose lengths differ from lane to lane and from step to step.
template <class E>
struct uneven : E {
  using state = typename E::state;
  template <class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  outcome step(state& s, Action const& action, Draws&... draws) const {
    auto const out = E::step(s, action, draws...);
    std::this_thread::sleep_for(std::chrono::microseconds(int(1000 * std::abs(double(E::observe(s)[0]))) % 300));
    return out;
  }
};

/// The first lane's first step ends after the second lane's third.
struct overtaking {
  std::binary_semaphore* third;
  std::atomic<int>* lanes;
  struct state {
    int lane = 0, steps = 0;
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{0}, {9}};
  state reset(random_stream&) const { return {(*lanes)++, 0}; }
  outcome step(state& s, int) const {
    ++s.steps;
    if (s.lane == 0 && s.steps == 1 && !third->try_acquire_for(std::chrono::seconds(20)))
      throw environment_error("it waits");
    if (s.lane == 1 && s.steps == 3) third->release();
    return {.reward = 1};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.steps)}; }
};

}  // namespace

TEST_CASE("on_threads: lanes give the same bits on any number of threads") {
  auto const alone = trained(on_host{acrobot{.torque_noise = .1}}, hybrid);  // which draws in its steps
  for (int threads : {1, 2, 5}) {
    on_threads const e{on_host{acrobot{.torque_noise = .1}}, threads};
    CHECK(trained(e, hybrid) == alone);
    CHECK(trained(environment_of<discrete>(e), hybrid) == alone);
    CHECK(trained(reward_scale{e, 1}, hybrid) == alone);
  }
}

TEST_CASE("on_threads: asynchronous lanes make the steps that they make together, whatever they take") {
  auto const same = [&](auto const& e) {
    auto const together = trained(e, ppo);
    for (int threads : {2, 5}) {
      on_threads const apart{uneven<std::remove_cvref_t<decltype(e)>>{e}, threads, true};
      CHECK(trained(apart, ppo) == together);
    }
    CHECK(trained(environment_of<std::remove_cvref_t<decltype(detail::forget(e.actions))>>(on_threads{e, 3, true}),
                  ppo) == together);
    CHECK(trained(on_threads{e, 3, true}, hybrid) == trained(e, hybrid));  // of probes, which go together
  };
  same(on_host{time_limit{cart_pole{}, 17}});
  same(on_host{time_limit{acrobot{.torque_noise = .1}, 30}});
  on_host const arms{time_limit{classic_control::pendulum{}, 25}};
  same(arms);
  // It keeps more than the action's numbers.
  CHECK(trained(on_threads{arms, 3, true}, ppo, tanh_gaussian{}) == trained(arms, ppo, tanh_gaussian{}));
}

TEST_CASE("on_threads: an asynchronous lane does not wait for another one's step") {
  std::binary_semaphore third(0);
  std::atomic<int> made = 0;
  eigen::backend cpu({.threads = 1});
  environment_of<discrete> const e(on_threads{overtaking{&third, &made}, 2, true});
  made = 0;
  actor_critic policy{cpu, e, {.hidden = {4}}, random_seed{1}};
  auto const two = algorithm{.rollout = lanes{.count = 2, .horizon = 3},
                             .objective = clipped_ratio{} + value_loss{},
                             .update = update{.epochs = 1}};
  CHECK(train(cpu, two, e, policy, {.steps = 6, .seed = 1}).steps == 6);
}

TEST_CASE("on_threads: as many lanes as there are threads are in their steps at once") {
  std::barrier two(2), four(4);
  step_four(on_threads{meeting{&two}, 2}, {0, 0, 0, 0});
  step_four(time_limit{on_threads{meeting{&four}, 4}, 9}, {0, 0, 0, 0});
  step_four(environment_of<discrete>(on_threads{meeting{&four}, 4}), {1, 0, 1, 0});
}

TEST_CASE("on_threads: of several lanes that fail the first is told, and lanes go on afterwards") {
  std::barrier two(2);
  on_threads const e{meeting{&two, 1}, 2};
  CHECK_THROWS_WITH(step_four(e, {0, 1, 1, 1}), "lane 1: it failed");
  CHECK_THROWS_WITH(step_four(e, {0, 0, 1, 1}), "lane 2: it failed");
  step_four(e, {0, 0, 0, 0});
}

TEST_CASE("on_threads: numbers of threads that there cannot be") {
  eigen::backend cpu({.threads = 1});
  std::barrier one(1);
  for (int threads : {0, -1, 1025}) {
    on_threads const e{meeting{&one}, threads};
    CHECK_THROWS_AS(vector_environment(cpu, e, 4, 1), value_error);
  }
}
