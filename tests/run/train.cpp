#include <cohort/backend/eigen.hpp>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using support::refusal;

namespace {

auto small_ppo() {
  return algorithm{
      .rollout = lanes{.count = 4, .horizon = 32},
      .advantage = gae{},
      .objective = clipped_ratio{} + value_loss{} + entropy_bonus{},
      .aggregation = step_mean{},
      .update = update{
          .epochs = 3, .minibatch_size = 48, .optimizer = adam{.rate = linear{1e-3, 0}}, .max_gradient_norm = .5}};
}

template <class Policy>
std::vector<float> numbers(Policy const& p) {
  return {p.parameters().data, p.parameters().data + p.parameters().rows};
}

bool is_of_optimization(std::string const& warning) { return warning.starts_with("compiled without optimization"); }
std::vector<std::string> warnings_of(train_report r) {  // the others
  std::erase_if(r.warnings, is_of_optimization);
  return r.warnings;
}

struct recorder {
  std::vector<std::int64_t>* steps;
  int starts = 0, ends = 0;
  void on_start(train_report const&) { ++starts; }
  bool on_update(train_report const& r) {
    steps->push_back(r.steps);
    return r.steps >= 300;
  }
  void on_end(train_report const&) { ++ends; }
};

struct poisoned : support::counting {
  bool in_reward = true;
  cohort::outcome step(state& s, int a) const {
    auto result = support::counting::step(s, a);
    if (in_reward && s.count == 7) result.reward = std::nan("");
    return result;
  }
  std::array<float, 2> observe(state const& s) const {
    return {float(s.count), !in_reward && s.count == 7 ? std::numeric_limits<float>::infinity() : 0.f};
  }
};

template <class E>
std::string what_training_says(E const& environment) {
  eigen::backend cpu;
  actor_critic policy{cpu, environment, {.hidden = {4}}, random_seed{1}};
  return refusal<environment_error>([&] { train(cpu, small_ppo(), environment, policy, {.steps = 1000}); });
}

}  // namespace

TEST_CASE("train: the same seeds give the same parameters on one thread and on two") {
  classic_control::cart_pole environment;
  auto run = [&](int threads, std::uint64_t s) {
    eigen::backend cpu({.threads = threads});
    actor_critic policy{cpu, environment, {.hidden = {260, 260}}, random_seed{s}};  // wide enough for two
    train(cpu, small_ppo(), environment, policy, {.steps = 1000, .seed = s});
    return numbers(policy);
  };
  auto once = run(1, 1);
  CHECK(run(1, 1) == once);
  CHECK(run(2, 1) == once);
  CHECK(run(1, 2) != once);
}

TEST_CASE("train: a run takes its steps and no more, and reports what it did") {
  classic_control::cart_pole environment;
  eigen::backend cpu;
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto report = train(cpu, small_ppo(), environment, policy, {.steps = 1000});
  CHECK(report.steps == 1000);
  CHECK(report.updates == 8);
  CHECK(report.episodes > 10);
  CHECK(report.mean_return > 5);
  CHECK(report.parameter_bytes == numbers(policy).size() * sizeof(float));
  CHECK(report.optimizer_bytes == 2 * report.parameter_bytes);
  CHECK(report.metrics.entropy > .3);
  CHECK(report.metrics.approximate_kl >= 0);
}

TEST_CASE("train: hooks hear of the start, each update and the end, and may stop the run") {
  classic_control::cart_pole environment;
  eigen::backend cpu;
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  std::vector<std::int64_t> steps;
  recorder hook{&steps};
  auto report = train(cpu, small_ppo(), environment, policy, {.steps = 1000}, hook);
  CHECK(steps == std::vector<std::int64_t>{128, 256, 384});
  CHECK(hook.starts == 1);
  CHECK(hook.ends == 1);
  CHECK(report.stopped);
}

/// How far from its start, in log-probability, a small policy is after 3,000 steps; there must be a reference beside
/// it.
template <class Advantage, class Objective>
double distance_from_start(Advantage const& advantage, Objective const& objective) {
  classic_control::cart_pole environment;
  eigen::backend cpu;
  actor policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto before = numbers(policy);
  algorithm<groups, Advantage, Objective, series_mean, update<>> a{
      .rollout = groups{.count = 1, .group = 8},
      .advantage = advantage,
      .objective = objective,
      .update = update<>{.epochs = 5, .normalize = normalization::none, .optimizer = adam{.rate = 1e-2}},
  };
  auto report = train(cpu, a, environment, policy, {.steps = 3000, .seed = 1});
  CHECK(report.parameter_bytes == 2 * before.size() * sizeof(float));
  host_array<float> grid(100 * 4), now(100), then(100);
  cpu.uniform(grid.matrix(100, 4), stream_id{9});
  host_array<std::int32_t> action(100);
  std::fill_n(action.data(), 100, 1);
  policy.log_probability(cpu, policy.parameters(), grid.matrix(100, 4), action.matrix(100, 1), 1, now.matrix(100, 1));
  policy.log_probability(cpu, view<float const>(before.data(), before.size()), grid.matrix(100, 4),
                         action.matrix(100, 1), 1, then.matrix(100, 1));
  double distance = 0;
  for (int i = 0; i < 100; ++i) distance += std::abs(now.data()[i] - then.data()[i]) / 100;
  return distance;
}

TEST_CASE("train: a KL penalty keeps the starting policy as its reference, and pulls towards it") {
  auto run = [](double weight) {
    return distance_from_start(group_relative{}, clipped_ratio{} + kl_penalty<k2>{.weight = weight});
  };
  CHECK(run(100) < .5 * run(0));
}

TEST_CASE("train: a KL in the reward keeps the starting policy as its reference too, and pulls towards it") {
  auto run = [](double weight) {
    return distance_from_start(
        kl_in_reward<group_relative, k1>{.estimator = {.by = credit::return_to_go, .gamma = .9}, .weight = weight},
        clipped_ratio{});
  };
  CHECK(run(0) < 1);
  CHECK(run(10) < run(0));
}

TEST_CASE("train: a reward or observation that is no number stops the run and says where") {
  poisoned reward, observation;
  observation.in_reward = false;
  CHECK(what_training_says(reward) == "step 7, lane 0: the environment's reward is nan, expected a finite number");
  CHECK(what_training_says(observation) ==
        "step 7, lane 0: the environment's observation[1] is inf, expected a finite number");
}

TEST_CASE("train: parameters out of their range are refused with what was given and what is expected") {
  classic_control::cart_pole environment;
  eigen::backend cpu;
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto says = [&](auto change, std::int64_t n = 100) {
    auto a = small_ppo();
    change(a);
    return refusal([&] { train(cpu, a, environment, policy, {.steps = n}); });
  };
  CHECK(says([](auto&) {}, -5) == "train: steps is -5, expected a positive number");
  CHECK(says([](auto& a) { a.rollout.count = 0; }) == "lanes: count is 0, expected a positive number");
  CHECK(says([](auto& a) { a.update.epochs = 0; }) == "update: epochs is 0, expected a positive number");
  CHECK(says([](auto& a) { a.advantage.gamma = 1.5; }) == "gae: gamma is 1.5, expected a number in [0, 1]");
  CHECK(says([](auto& a) { a.update.optimizer.rate = 0; }) == "adam: rate is 0, expected a positive number");
  CHECK(says([](auto& a) { a.update.max_gradient_norm = -1; }) ==
        "update: max_gradient_norm is -1, expected a positive number (infinity: no limit)");
}

TEST_CASE("train: a schedule that leaves its range on the way is refused before anything is learned") {
  classic_control::cart_pole environment;
  eigen::backend cpu;
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto before = numbers(policy);
  auto run = [&](linear epsilon) {
    auto ppo = small_ppo();
    algorithm a{.rollout = ppo.rollout,
                .advantage = ppo.advantage,
                .objective = scheduled{epsilon, [](double e) { return clipped_ratio{.epsilon = e}; }} + value_loss{},
                .aggregation = ppo.aggregation,
                .update = ppo.update};
    train(cpu, a, environment, policy, {.steps = 200});
  };
  CHECK_THROWS_WITH(run({.2, -1}), "clipped_ratio: epsilon is -0.1, expected a positive number");
  CHECK(numbers(policy) == before);
  CHECK_NOTHROW(run({.2, 0}));
}

TEST_CASE("train: a run that learns nothing is refused where it is known before, or says so in its report") {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto grpo = algorithm{
      .rollout = groups{.count = 16, .group = 1}, .advantage = group_relative{}, .objective = clipped_ratio{}};
  CHECK_THROWS_WITH(train(cpu, grpo, environment, policy, {.steps = 1000}),
                    Catch::Matchers::ContainsSubstring("the rollout's group is 1, expected 2 or more"));
  grpo.rollout = {.count = 4, .group = 16};
  auto few = train(cpu, grpo, environment, policy, {.steps = 5});
  REQUIRE(warnings_of(few).size() == 1);
  CHECK(warnings_of(few)[0] == "no update was made: 5 steps end before the first rollout does");
  auto with_critic = actor_critic{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto unread = train(cpu, grpo, environment, with_critic, {.steps = 2000});
  REQUIRE(warnings_of(unread).size() == 1);
  CHECK(warnings_of(unread)[0] == "the policy has a critic that nothing trains or reads: use actor, or add value_loss");
  // All episodes of a group last as long as the time limit lets them.
  auto equal = train(cpu, grpo, time_limit{classic_control::cart_pole{}, 5}, policy, {.steps = 1000});
  REQUIRE(warnings_of(equal).size() == 1);
  CHECK(warnings_of(equal)[0].find("nothing was learned: the gradient was 0 in all of 3 updates") == 0);
  CHECK(warnings_of(train(cpu, grpo, environment, policy, {.steps = 2000})).empty());
}

TEST_CASE("train: a report says of a program that is compiled without optimization that it is, once, to hooks too") {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment, {.hidden = {8}}, random_seed{1}};
#ifdef __OPTIMIZE__
  int const expected = 0;
#else
  int const expected = 1;
#endif
  int seen = 0;
  auto count = [](train_report const& r) {
    return std::count_if(r.warnings.begin(), r.warnings.end(), is_of_optimization);
  };
  auto hook = [&](train_report const& r) {
    ++seen;
    CHECK(count(r) == expected);
  };
  CHECK(count(train(cpu, small_ppo(), environment, policy, {.steps = 300}, hook)) == expected);
  CHECK(seen == 3);
}

TEST_CASE("train: a function is a hook, and may end the run") {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment, {.hidden = {8}}, random_seed{1}};
  int seen = 0, parameters = 0;
  auto ppo = algorithm<>{.rollout = {.count = 2, .horizon = 8}};
  auto report = train(
      cpu, ppo, environment, policy, {.steps = 160}, [&](train_report const& r) { return ++seen, r.updates == 3; },
      [&](train_report const&, auto& p) { parameters = int(p.parameters().rows); });
  CHECK((seen == 3 && report.stopped && report.updates == 3));
  CHECK(parameters == int(policy.parameters().rows));
}

TEST_CASE("evaluate: mean, deviation and interval of the returns") {
  episode_returns r{1, 2, 3, 4};
  CHECK((r.mean() == 2.5 && r.episodes() == 4));
  CHECK(std::abs(r.deviation() - 1.2909944487) < 1e-9);
  CHECK(std::abs(r.interval() - 1.96 * 1.2909944487 / 2) < 1e-9);
  CHECK(episode_returns{7}.deviation() == 0);
}
