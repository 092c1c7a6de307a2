#include <cohort/backend/eigen.hpp>

#include <cohort/cohort.hpp>
#include "../catch.hpp"

// What train keeps beside the policy: the reference and when it is refreshed, weights with a controller, the scale of
// rewards.

using namespace cohort;

namespace {

/// The metrics of each update.
struct watch {
  std::vector<update_metrics>* seen;
  void on_update(train_report const& r) { seen->push_back(r.metrics); }
};

template <class Objective, class Reward = raw_reward>
std::vector<update_metrics> metrics_of(Objective const& objective, refresh when = {}, Reward const& reward = {},
                                       int updates = 6) {
  classic_control::cart_pole environment;
  eigen::backend cpu;
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  std::vector<update_metrics> seen;
  algorithm<lanes, gae, Objective, step_mean, update<>, Reward> a{
      .rollout = lanes{.count = 4, .horizon = 32},
      .objective = objective,
      .update = update<>{.epochs = 4, .optimizer = adam{.rate = 1e-2}},
      .reward = reward,
      .reference = when,
  };
  train(cpu, a, environment, policy, {.updates = updates, .seed = 1}, watch{&seen});
  return seen;
}

auto const ppo = clipped_ratio{} + value_loss{};

struct policy_gradient_of_ratio {
  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return -exp(step.logp - step.old_logp) * step.advantage;
  }
};

}  // namespace

TEST_CASE("train: a reference that is copied every second update is behind by no more than two") {
  auto frozen = metrics_of(ppo + kl_penalty{.weight = 0.}),
       copied = metrics_of(ppo + kl_penalty{.weight = 0.}, {.every = 2});
  CHECK(frozen[1].reference_kl == copied[1].reference_kl);
  CHECK(copied[2].reference_kl < .5 * frozen[2].reference_kl);
  // Right after the copy the reference is the policy before the update, which is also where old_logp is from; to second
  // order both estimators are the same.
  CHECK(std::abs(copied[2].reference_kl - copied[2].approximate_kl) < .3 * copied[2].approximate_kl);
  CHECK(std::abs(frozen[2].reference_kl - frozen[2].approximate_kl) > frozen[2].approximate_kl);
}

TEST_CASE("train: a reference that moves by a share lies between the frozen one and the copied one") {
  auto frozen = metrics_of(ppo + kl_penalty{.weight = 0.}),
       half = metrics_of(ppo + kl_penalty{.weight = 0.}, {.every = 1, .share = .5}),
       copied = metrics_of(ppo + kl_penalty{.weight = 0.}, {.every = 1});
  CHECK(copied[5].reference_kl < half[5].reference_kl);
  CHECK(half[5].reference_kl < frozen[5].reference_kl);
}

TEST_CASE("train: a weight with a controller follows the divergence, as the controller alone does") {
  doubling_kl plain{.weight = 1e-3, .target = 1e-9};
  auto seen = metrics_of(ppo + 2. * kl_penalty{.weight = plain});
  for (auto const& m : seen) {
    CHECK(m.kl_weight == Approx(2 * plain.weight).epsilon(1e-12));
    plain.update(m.reference_kl, m.series);
  }
  CHECK(plain.weight == Approx(1e-3 * 64));  // far above its target after each
  proportional_kl slow{.weight = .5, .target = 1e-9, .horizon = 100};
  seen = metrics_of(ppo + kl_penalty<k2, proportional_kl>{.weight = slow});
  CHECK(seen[5].kl_weight == Approx(.5 * std::pow(1 + .2 * 4 / 100, 5)));  // 4 series in each
}

TEST_CASE("train: an exact penalty keeps the starting policy as its reference, and pulls towards it") {
  auto far = metrics_of(ppo + exact_kl_penalty{.weight = 0.}), near = metrics_of(ppo + exact_kl_penalty{.weight = 3.});
  CHECK(far[5].reference_kl > 0);
  CHECK(near[5].reference_kl < .3 * far[5].reference_kl);
}

TEST_CASE(
    "train: PPO with a penalty on the exact divergence from the old policy instead of a clip; its weight doubles above "
    "the target") {
  auto free = metrics_of(policy_gradient_of_ratio{} + value_loss{} + old_kl_penalty{.weight = 0.}),
       held = metrics_of(policy_gradient_of_ratio{} + value_loss{} + old_kl_penalty{.weight = 20.});
  CHECK(held[0].approximate_kl < .5 * free[0].approximate_kl);
  doubling_kl plain{.weight = 1, .target = 1e-9};
  auto adapted = metrics_of(policy_gradient_of_ratio{} + value_loss{} + old_kl_penalty{.weight = plain});
  CHECK(adapted[5].approximate_kl < free[5].approximate_kl);
}

TEST_CASE(
    "train: a KL in the reward may be the exact divergence, have a controller, and stand inside other estimators") {
  auto run = [](auto advantage) {
    classic_control::cart_pole environment;
    eigen::backend cpu;
    actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
    std::vector<update_metrics> seen;
    algorithm<lanes, decltype(advantage), decltype(ppo), step_mean, update<>> a{
        .rollout = lanes{.count = 4, .horizon = 32},
        .advantage = advantage,
        .objective = ppo,
        .update = update<>{.epochs = 4, .optimizer = adam{.rate = 1e-2}}};
    train(cpu, a, environment, policy, {.updates = 8, .seed = 1}, watch{&seen});
    return seen.back().reference_kl;
  };
  double free = run(kl_in_reward<gae, k1>{.weight = 0});
  CHECK(run(kl_in_reward<gae, exact_kl>{.weight = 0}) == free);
  CHECK(run(kl_to_go<gae, exact_kl>{.weight = 0}) == free);
  CHECK(run(kl_in_reward<gae, exact_kl>{.weight = 1}) != free);
  CHECK(run(whitened<kl_in_reward<gae, exact_kl>>{.estimator = {.weight = 1}}) != run(whitened<gae>{}));
  doubling_kl rising{.weight = 1, .target = 1e-9, .factor = 8};
  double adapted = run(whitened<kl_in_reward<gae, exact_kl, doubling_kl>>{.estimator = {.weight = rising}});
  double kept = run(whitened<kl_in_reward<gae, exact_kl, doubling_kl>>{
      .estimator = {.weight = {.weight = 1, .target = 1e9, .tolerance = 1e12}}});
  CHECK(adapted != kept);
}

TEST_CASE("train: scaled rewards change what is learned, and not what is reported") {
  auto raw = metrics_of(ppo), scaled = metrics_of(ppo, {}, running_reward_scale{}),
       ones = metrics_of(ppo, {}, standardized_reward{});
  CHECK(raw[0].loss != scaled[0].loss);
  CHECK(std::isfinite(scaled[5].loss));
  CHECK(ones[0].loss < .1 * raw[0].loss);  // rewards are all 1, and so 0 then; a new critic says about 0
}

TEST_CASE("train: a refresh out of its range is refused") {
  CHECK_THROWS_WITH(metrics_of(ppo, {.every = -1}), "refresh: every is -1, expected 0 (never) or a positive number");
  CHECK_THROWS_WITH(metrics_of(ppo, {.share = 0}), "refresh: share is 0, expected a number in (0, 1]");
}
