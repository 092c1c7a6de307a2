#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"
#include "../support/parameters.hpp"
#include "short_run.hpp"

using namespace cohort;
using short_run::machine, short_run::policy_of, short_run::pole, short_run::ppo;
using support::parameters_of;

namespace {}  // namespace

TEST_CASE(
    "evaluation: each is what evaluate gives then, the best one's parameters are kept, and training is the same") {
  machine cpu;
  auto watched = policy_of(cpu), alone = policy_of(cpu);
  train_options const options{.steps = 1'000'000, .updates = 12, .seed = 2};
  evaluation watch{cpu, pole, {.every = 3, .episodes = 6, .seed = 4}};
  std::vector<double> means;
  std::vector<std::vector<float>> parameters;
  train(cpu, ppo, pole, watched, options, watch, [&](train_report const& r, auto& policy) {
    if (r.updates % 3 != 0) return;
    means.push_back(evaluate(cpu, pole, policy, 6, 4).mean());
    parameters.push_back(parameters_of(policy));
  });
  train(cpu, ppo, pole, alone, options);
  CHECK(parameters_of(watched) == parameters_of(alone));
  REQUIRE(watch.results().size() == 4);
  std::size_t best = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(watch.results()[k].mean == means[k]);
    CHECK(watch.results()[k].updates == std::int64_t(3 * (k + 1)));
    if (means[k] > means[best]) best = k;
  }
  CHECK(watch.best().mean == means[best]);
  watch.restore(watched);
  CHECK(parameters_of(watched) == parameters[best]);
}

TEST_CASE("evaluation: of several alike the first is the best, and what cannot be is refused") {
  machine cpu;
  auto policy = policy_of(cpu), other = actor_critic{cpu, pole, {.hidden = {3}}, random_seed{1}};
  evaluation watch{cpu, time_limit{pole, 3}, {.every = 2, .episodes = 2}};  // 3 steps are always upright
  CHECK_THROWS_WITH(watch.best(), "evaluation: there is no evaluation yet, expected one after each 2 updates");
  CHECK_THROWS_AS(watch.restore(policy), value_error);
  train(cpu, ppo, pole, policy, {.steps = 1'000'000, .updates = 6, .seed = 2}, watch);
  CHECK(watch.best().updates == 2);
  CHECK(watch.best().mean == 3);
  CHECK_THROWS_AS(watch.restore(other), shape_error);
  CHECK_THROWS_AS((evaluation{cpu, pole, {.every = 0}}), value_error);
  CHECK_THROWS_AS((evaluation{cpu, pole, {.episodes = 0}}), value_error);
}
