#include <algorithm>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <csignal>
#include <ranges>
#include <string>
#include "../support/parameters.hpp"
#include "odd.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class E>
auto trained(E const& e) {
  eigen::backend cpu({.threads = 1});
  auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 30},
                             .objective = clipped_ratio{} + value_loss{},
                             .update = update{.epochs = 1, .minibatch_size = 40}};
  actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{1}};
  auto const report = train(cpu, ppo, e, policy, {.steps = 600, .seed = 2});
  auto returns = evaluate(cpu, e, policy, 3, 3);
  return std::tuple(report.episodes, support::parameters_of(policy),
                    std::vector<double>(returns.begin(), returns.end()));
}

auto counting(std::string const& mode, int lanes = 4) {
  return gymnasium::make_vec("odd_environments:Counting-v0", lanes, {.arguments = {{"mode", mode}}});
}

}  // namespace

TEST_CASE("gymnasium make_vec: lanes that Python steps together are those that are stepped one by one") {
  std::signal(SIGTERM, SIG_DFL);  // by which Gymnasium ends its processes, and which the test's program says otherwise
  for (char const* mode : {"sync", "async"}) {
    CAPTURE(mode);
    CHECK(trained(gymnasium::make_vec("CartPole-v1", 4, {.mode = mode}).of<discrete>()) ==
          trained(gymnasium::make("CartPole-v1").of<discrete>()));
    CHECK(
        trained(gymnasium::make_vec("Pendulum-v1", 4, {.arguments = {{"g", 9.81}}, .mode = mode}).of<box<dynamic>>()) ==
        trained(gymnasium::make("Pendulum-v1", {.arguments = {{"g", 9.81}}}).of<box<dynamic>>()));
    CHECK(trained(time_limit{gymnasium::make_vec("CartPole-v1", 4, {.mode = mode}).of<discrete>(), 7}) ==
          trained(time_limit{gymnasium::make("CartPole-v1").of<discrete>(), 7}));
  }
  CHECK(trained(gymnasium::make_vec("FrozenLake-v1", 4, {.mode = "sync"}).of<discrete>()) ==
        trained(gymnasium::make("FrozenLake-v1").of<discrete>()));
}

TEST_CASE(
    "gymnasium make_vec: in SAME_STEP mode the last observation is the final one, and the new episode's follows") {
  eigen::backend cpu({.threads = 1});
  auto const e = counting("SameStep").of<discrete>();
  vector_environment<eigen::backend, gymnasium::environments<discrete>> all(cpu, e, 4, 1);
  std::vector<float> seen(4), last(4, -1), reward(4);
  std::vector<std::uint8_t> terminated(4), truncated(4);
  std::vector<std::int32_t> const actions{0, 1, 0, 1};
  auto column = [](auto& of) { return view(of.data(), 4, 1); };
  all.reset(cpu);
  all.observe(cpu, column(seen));
  CHECK(seen == std::vector<float>{0, 100, 200, 300});  // lane n ends its episodes after n + 2 steps
  for (int t = 1; t <= 2; ++t)
    all.step(cpu, column(actions), column(reward), view<std::uint8_t>(column(terminated)),
             view<std::uint8_t>(column(truncated)), column(seen));
  CHECK(seen == std::vector<float>{2, 102, 202, 302});
  CHECK(reward == std::vector<float>{0, 1, 0, 1});
  CHECK(terminated == std::vector<std::uint8_t>{1, 0, 0, 0});
  all.restart(cpu, view<std::uint8_t const>(column(terminated)), view<std::uint8_t const>(column(truncated)),
              column(seen), column(last));
  CHECK(seen == std::vector<float>{1000, 102, 202, 302});
  CHECK(last == std::vector<float>{2, -1, -1, -1});
  all.observe(cpu, column(last));
  CHECK(last == seen);

  CHECK_THAT(raised([&] { trained(time_limit{e, 3}); }), ContainsSubstring("cannot be cut earlier than they end"));
}

TEST_CASE("gymnasium make_vec: in NEXT_STEP mode the steps that begin an episode are none of the rollout's") {
  eigen::backend cpu({.threads = 1});
  auto const e = counting("NextStep").of<discrete>();
  actor_critic policy{cpu, e, {.hidden = {4}}, random_seed{1}};
  using environments = gymnasium::environments<discrete>;
  lanes_collector<eigen::backend, environments, decltype(policy)> all(cpu, lanes{.count = 4, .horizon = 7}, e, policy,
                                                                      1);
  rollout_summary summary;
  std::vector<int> made(4);  // steps of each lane
  std::vector<float> value(1);
  for (int rollout = 0; rollout < 3; ++rollout) {
    auto& b = all.collect(cpu, policy, 1000, summary);
    REQUIRE(b.series.count() == 4);
    for (int n = 0; n < 4; ++n)
      for (std::ptrdiff_t t = 0; t < b.series.length(n); ++t) {
        auto const i = b.series.first(n) + t * b.series.stride();
        int const k = made[std::size_t(n)]++, length = n + 2;  // of an episode
        float const before = float(k / length * 1000 + n * 100 + k % length), after = before + 1;
        CHECK(b.observation.data()[i] == before);
        CHECK(b.reward.data()[i] == float(b.action.data()[i]));
        CHECK(bool(b.terminated.data()[i]) == ((k + 1) % length == 0));
        policy.value(cpu, view<float const>(&after, 1, 1), view(value.data(), 1));
        CHECK(std::abs(b.next_value.data()[i] - value[0]) <= 1e-5f * std::abs(value[0]));
      }
  }
  CHECK(made == std::vector<int>{14, 16, 17, 18});  // of 21, every third, fourth, fifth and sixth of which begins one
  CHECK(summary.steps == 65);
  CHECK_THAT(raised([&] { trained(time_limit{e, 3}); }), ContainsSubstring("cannot be cut earlier than they end"));
}

TEST_CASE("gymnasium make_vec: its own vector CartPole, which knows NEXT_STEP alone, is learned") {
  auto const e = gymnasium::make_vec("CartPole-v1", 16).of<discrete>();
  auto const ppo = algorithm{.rollout = lanes{.count = 16, .horizon = 32},
                             .advantage = gae{.gamma = .98, .lambda = .8},
                             .objective = clipped_ratio{} + value_loss{.weight = .5},
                             .update = update{.epochs = 6, .minibatch_size = 256, .optimizer = adam{.rate = 5e-3}}};
  std::vector<double> means;
  for (std::uint64_t seed : {1, 2, 3}) {
    eigen::backend cpu({.threads = 1});
    actor_critic policy{cpu, e, {.hidden = {16}}, random_seed{seed}};
    auto const report = train(cpu, ppo, e, policy, {.steps = 20'000, .seed = seed});
    CHECK(report.steps > 19'000);
    means.push_back(evaluate(cpu, e, policy, 16, seed).mean());
  }
  std::ranges::sort(means);
  INFO(means[0] << " " << means[1] << " " << means[2]);
  CHECK(means[1] > 100);  // at first 10 to 30
}

TEST_CASE("gymnasium make_vec: what there is not is said") {
  CHECK_THAT(raised([] { counting(""); }),
             ContainsSubstring("its metadata['autoreset_mode'] is None, expected one of Gymnasium's AutoresetMode"));
  CHECK_THAT(raised<value_error>([] { gymnasium::make_vec("CartPole-v1", 0); }), ContainsSubstring("lanes is 0"));
  CHECK_THAT(raised([] { gymnasium::make_vec("CartPol-v1", 2, {.mode = "sync"}); }), ContainsSubstring("CartPole"));
  CHECK_THAT(raised([] { gymnasium::make_vec("CartPole-v1", 2, {.mode = "synk"}); }), ContainsSubstring("synk"));
  auto const broken = gymnasium::make_vec("odd_environments:Breaks-v0", 2,
                                          {.arguments = {{"how", "raises"}, {"at", 3}}, .mode = "sync"})
                          .of<discrete>();
  CHECK_THAT(
      raised([&] { trained(broken); }),
      ContainsSubstring("odd_environments:Breaks-v0, step 3 of its lanes: ArithmeticError: the simulator gave up"));
  auto const e = gymnasium::make_vec("CartPole-v1", 2, {.mode = "sync"}).of<discrete>();
  eigen::backend cpu;
  actor_critic policy{cpu, e, {.hidden = {4}}, random_seed{1}};
  auto const grpo = algorithm{.rollout = groups{.count = 1, .group = 2},
                              .advantage = group_relative{},
                              .objective = clipped_ratio{},
                              .update = update{.epochs = 1}};
  CHECK_THAT(raised([&] { train(cpu, grpo, e, policy, {.steps = 5000}); }),
             ContainsSubstring("it is of make_vec, expected one of gymnasium::make"));
}
