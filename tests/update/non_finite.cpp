#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <limits>
#include <vector>

#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

using cpu = eigen::backend;

/// The policy gradient, but between two points of a run without a finite slope.
struct spoiled {
  double from = .4, to = .6;
  struct now {
    double factor;
    template <class S>
    constexpr S operator()(step_terms<S> const& step) const {
      return -factor * step.advantage * step.logp;
    }
  };
  constexpr now at(double progress) const {
    return {progress >= from && progress < to ? std::numeric_limits<double>::infinity() : 1};
  }
};

auto reinforce(non_finite what) {
  return algorithm{.rollout = lanes{.count = 4, .horizon = 25},
                   .advantage = monte_carlo{},
                   .objective = spoiled{},
                   .update = update{.epochs = 2,
                                    .minibatches = 2,
                                    .normalize = normalization::none,
                                    .optimizer = adam{.rate = 1e-3},
                                    .non_finite = what}};
}
std::vector<float> values_of(auto& policy) {
  auto all = policy.parameters();
  return {all.data, all.data + all.rows};
}
bool all_finite(std::vector<float> const& x) {
  return std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v); });
}

}  // namespace

TEST_CASE(
    "non_finite: a rate that is far too large ends the run, with the update and the quantity, and finite parameters") {
  cpu backend;
  classic_control::cart_pole environment;
  auto policy = actor_critic{backend, environment, {.hidden = {64, 64}}, random_seed{1}};
  auto ppo = algorithm{
      .rollout = lanes{.count = 8, .horizon = 32},
      .objective = clipped_ratio{} + value_loss{},
      .update = update{.epochs = 10, .minibatch_size = 64, .optimizer = adam{.rate = 1e20}, .max_gradient_norm = .5}};
  CHECK_THROWS_WITH(train(backend, ppo, environment, policy, {.steps = 20'000, .seed = 1}),
                    ContainsSubstring("update 1: the gradient's norm is ") && ContainsSubstring("gradient[") &&
                        ContainsSubstring("expected a finite number"));
  CHECK(all_finite(values_of(policy)));
}

TEST_CASE("non_finite: raise, skip and restore at a slope that is not finite") {
  cpu backend;
  classic_control::cart_pole environment;
  auto fresh = [&] { return actor{backend, environment, {.hidden = {8}}, random_seed{1}}; };
  SECTION("raise: with the parameters of before the step") {
    auto policy = fresh(), other = fresh();
    CHECK_THROWS_WITH(train(backend, reinforce(non_finite::raise), environment, policy, {.steps = 1000, .seed = 2}),
                      ContainsSubstring("update 5: the gradient's norm is nan"));
    auto until_there = reinforce(non_finite::raise);
    until_there.objective = {2, 2};
    train(backend, until_there, environment, other, {.steps = 1000, .updates = 4, .seed = 2});
    CHECK(values_of(policy) == values_of(other));
  }
  SECTION("skip: the steps are left out and counted") {
    auto policy = fresh();
    auto report = train(backend, reinforce(non_finite::skip), environment, policy, {.steps = 1000, .seed = 2});
    CHECK(report.updates == 10);
    CHECK(report.skipped_steps == 2 * 4);  // two updates of four steps
    CHECK(all_finite(values_of(policy)));
  }
  SECTION("restore: the parameters of before the update") {
    auto policy = fresh();
    training run{backend, reinforce(non_finite::restore), environment, policy, {.steps = 1000, .seed = 2}};
    for (int k = 0; k < 4; ++k) REQUIRE(run.step());
    auto before = values_of(policy);
    REQUIRE(run.step());
    CHECK(values_of(policy) == before);
    CHECK(run.report().skipped_steps == 1);
    while (run.step()) {
    }
    CHECK(run.report().updates == 10);
    CHECK(values_of(policy) != before);
  }
}

TEST_CASE("non_finite: an action that is no number is the policy's, not the environment's") {
  cpu backend;
  classic_control::pendulum environment;
  auto policy = actor_critic{backend, environment, {.hidden = {8}}, random_seed{1}};
  policy.parameters().data[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(
      train(backend, algorithm<>{.rollout = {.count = 2, .horizon = 8}}, environment, policy, {.steps = 100}),
      ContainsSubstring("step 0, lane 0: the log-probability of the policy's action is nan"));
}

TEST_CASE("non_finite: a norm whose squares leave the type is still one") {
  cpu backend;
  std::vector<float> gradient{3e25f, -4e25f}, squares(1), scale(1);
  auto all = [](auto& v) { return view<float>(v.data(), std::ptrdiff_t(v.size())); };
  gradient_limits limits{.norm = .5};
  limits.measure(backend, view<float const>(all(gradient)), all(squares), all(scale));
  CHECK(std::isinf(squares[0]));
  double norm = limits.norm_of(backend, view<float const>(all(gradient)), view<float const>(all(squares)), all(scale));
  CHECK(std::abs(norm / 5e25 - 1) < 1e-6);
  CHECK(std::abs(scale[0] * 5e25 / .5 - 1) < 1e-6);
}
