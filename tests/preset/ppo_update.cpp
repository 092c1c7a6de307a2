#include <cohort/advantage/explained_variance.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/preset/as_in/cleanrl.hpp>
#include <cohort/preset/as_in/stable_baselines3_2_9.hpp>
#include <cohort/update/learner.hpp>

#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// Whole updates of Stable-Baselines3's PPO and of CleanRL's, from a recorded rollout to the parameters
// (tests/golden/ppo_update.py, cleanrl.py).

using namespace cohort;
using namespace arrays;
namespace as_in = preset::as_in;

namespace {

constexpr std::ptrdiff_t steps_ = 32, ended = 10, cut = 20;

template <class Distribution>
struct recorded {
  golden::table rows;
  cpu backend;
  actor_critic<cpu, Distribution> policy;
  batch<cpu, typename Distribution::action> collected;

  recorded(std::string const& file, Distribution d)
      : rows(golden::read("preset/" + file)), policy(backend, d, 3, {.hidden = {8}}, random_seed{1}) {
    collected.R = steps_;
    collected.observation_size = 3;
    collected.action_width = d.action_width();
    collected.series = partition::lanes(steps_, 1);
    auto fill = [&]<class U>(auto& to, std::vector<U> const& from) { backend.assign(to, std::span<U const>(from)); };
    numbers value = golden::row(rows, "value"), next(value.begin() + 1, value.end());
    next.push_back(golden::row(rows, "last_value")[0]);
    next[cut] = golden::row(rows, "value_after")[0];
    flags terminated(steps_, 0), truncated(steps_, 0);
    terminated[ended] = truncated[cut] = 1;
    fill(collected.observation, golden::row(rows, "observation"));
    fill(collected.action, cast<typename Distribution::action>(golden::row(rows, "action")));
    fill(collected.sampler_logp, golden::row(rows, "old_logp"));
    fill(collected.reward, golden::row(rows, "reward"));
    fill(collected.value, value);
    fill(collected.next_value, next);
    fill(collected.terminated, terminated);
    fill(collected.truncated, truncated);
    fill(collected.series_of, integers(steps_, 0));
    backend.resize(collected.advantage, steps_);
    backend.resize(collected.target, steps_);
    collected.has_values = true;
    numbers start = golden::in_our_order(rows, "parameters");
    REQUIRE(std::ptrdiff_t(start.size()) == policy.parameters().rows);
    std::copy(start.begin(), start.end(), policy.parameters().data);
  }
};

/// The library's order of steps was made that of this library's learner, with seed 1.
void require_same_orders(golden::table const& rows) {
  std::vector<std::int32_t> order;
  numbers all;
  for (std::uint32_t epoch = 0; epoch < 4; ++epoch) {
    detail::shuffle(order, steps_, stream_id{1, draw_purpose::shuffle, epoch});
    all.insert(all.end(), order.begin(), order.end());
  }
  REQUIRE(all == golden::row(rows, "order"));
}

template <class Distribution, class Convention>
void require_update(std::string const& file, Distribution d, Convention convention, std::string const& name) {
  INFO(name << " in " << file);
  recorded r(file, d);
  require_same_orders(r.rows);
  convention.advantage()(r.backend, r.collected.view_for_estimator(),
                         estimates<double>{r.collected.advantage.all(), r.collected.target.all()});
  bool const stops = name == "sb3_kl";
  auto const& advantage = golden::row(r.rows, name.starts_with("sb3") ? "sb3/advantage" : name + "/advantage");
  for (std::size_t i = 0; i < advantage.size(); ++i)
    REQUIRE(close(r.collected.advantage.data()[i], advantage[i], 1e-12, 1e-12));

  auto how = convention.update();
  update<> updates{.epochs = 4,
                   .minibatch_size = 8,
                   .normalize = how.normalize,
                   .optimizer = adam{.rate = .01, .epsilon = how.optimizer.epsilon},
                   .max_gradient_norm = how.max_gradient_norm};
  if (stops) updates.target_kl = golden::row(r.rows, "sb3_kl/target")[0];
  learner<cpu, decltype(r.policy)> learner(r.backend, updates, convention.mean(), r.policy, 1);
  auto metrics = learner.learn(r.backend, convention.objective(), r.policy, r.collected, 0);
  CHECK(metrics.optimizer_steps == (stops ? golden::row(r.rows, "sb3_kl/steps")[0] : 16));
  CHECK((metrics.approximate_kl > 1.5 * updates.target_kl) == stops);
  CHECK(metrics.learning_rate == .01);
  numbers before = golden::in_our_order(r.rows, "parameters"),
          after = golden::in_our_order(r.rows, name + "/parameters");
  double furthest = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    INFO("parameter " << i << ": " << r.policy.parameters().data[i] << ", recorded " << after[i]);
    REQUIRE(std::abs(r.policy.parameters().data[i] - after[i]) < 1e-9);
    furthest = std::max(furthest, std::abs(after[i] - before[i]));
  }
  REQUIRE(furthest > .02);
}

/// Stable-Baselines3's PPO with clip_range_vf: the error of the clipped prediction alone.
struct with_clip_range_vf : as_in::stable_baselines3_2_9 {
  static auto objective() { return loss() + clipped_value_loss{.weight = .5, .clip = .2, .rule = value_clip::clipped}; }
};

}  // namespace

TEST_CASE(
    "as_in: Stable-Baselines3's PPO and the learner have the same parameters after 4 epochs of 4 minibatches, to 1e-9",
    "[golden]") {
  require_update("ppo_discrete.txt", categorical{3}, as_in::stable_baselines3_2_9{}, "sb3");
  require_update("ppo_gaussian.txt", diagonal_gaussian<double>{2}, as_in::stable_baselines3_2_9{}, "sb3");
  require_update("ppo_discrete.txt", categorical{3}, with_clip_range_vf{}, "sb3_clip");
  require_update("ppo_gaussian.txt", diagonal_gaussian<double>{2}, with_clip_range_vf{}, "sb3_clip");
}

TEST_CASE("as_in: with target_kl the update ends before the step at which Stable-Baselines3's does", "[golden]") {
  require_update("ppo_discrete.txt", categorical{3}, as_in::stable_baselines3_2_9{}, "sb3_kl");
  require_update("ppo_gaussian.txt", diagonal_gaussian<double>{2}, as_in::stable_baselines3_2_9{}, "sb3_kl");
  CHECK_THROWS_WITH((update<>{.target_kl = 0}.check()),
                    "update: target_kl is 0, expected a positive number (infinity: none)");
}

TEST_CASE("explained_variance: is Stable-Baselines3's, of large numbers too; none of targets that are equal",
          "[golden]") {
  for (std::string const file : {"ppo_discrete.txt", "ppo_gaussian.txt"}) {
    auto const rows = golden::read("preset/" + file);
    cpu backend;
    numbers value = golden::row(rows, "value"), target = golden::row(rows, "sb3/advantage");
    for (std::size_t i = 0; i < value.size(); ++i) target[i] += value[i];
    double const expected = golden::row(rows, "sb3/explained_variance")[0];
    auto of = [&] {
      return explained_variance(backend, view<double const>(all(value)), view<double const>(all(target)));
    };
    CHECK(close(of(), expected, 1e-12));
    for (auto* x : {&value, &target})
      for (double& v : *x) v = v * 1e200 + 1e201;
    CHECK(close(of(), expected, 1e-12));
    for (double& v : target) v = 3;
    CHECK(std::isnan(of()));
  }
}

TEST_CASE("explained_variance: a value stands for each of its row's targets") {
  cpu backend;
  numbers value{1, 5}, target{1, 2, 4, 6, 5, 5};
  // var(target - value) of {0, 1, 3, 1, 0, 0}, var(target) of {1, 2, 4, 6, 5, 5}
  double const error = 11 / 6. - 25 / 36., variance = 107 / 6. - 529 / 36.;
  CHECK(
      close(explained_variance(backend, view<double const>(all(value)), view<double const>(all(target)).reshaped(2, 3)),
            1 - error / variance, 1e-13));
}

TEST_CASE("as_in: CleanRL's PPO and the learner have the same parameters after 4 epochs of 4 minibatches, to 1e-9",
          "[golden]") {
  require_update("ppo_cleanrl.txt", categorical{3}, as_in::cleanrl{}, "cleanrl");
}
