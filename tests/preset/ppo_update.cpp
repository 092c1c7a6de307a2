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
  auto const& advantage = golden::row(r.rows, name == "sb3_clip" ? "sb3/advantage" : name + "/advantage");
  for (std::size_t i = 0; i < advantage.size(); ++i)
    REQUIRE(close(r.collected.advantage.data()[i], advantage[i], 1e-12, 1e-12));

  auto how = convention.update();
  update<> updates{.epochs = 4,
                   .minibatch_size = 8,
                   .normalize = how.normalize,
                   .optimizer = adam{.rate = .01, .epsilon = how.optimizer.epsilon},
                   .max_gradient_norm = how.max_gradient_norm};
  learner<cpu, decltype(r.policy)> learner(r.backend, updates, convention.mean(), r.policy, 1);
  learner.learn(r.backend, convention.objective(), r.policy, r.collected, 0);
  numbers before = golden::in_our_order(r.rows, "parameters"),
          after = golden::in_our_order(r.rows, name + "/parameters");
  double furthest = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    INFO("parameter " << i << ": " << r.policy.parameters().data[i] << ", recorded " << after[i]);
    REQUIRE(std::abs(r.policy.parameters().data[i] - after[i]) < 1e-9);
    furthest = std::max(furthest, std::abs(after[i] - before[i]));
  }
  REQUIRE(furthest > .05);
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

TEST_CASE("as_in: CleanRL's PPO and the learner have the same parameters after 4 epochs of 4 minibatches, to 1e-9",
          "[golden]") {
  require_update("ppo_cleanrl.txt", categorical{3}, as_in::cleanrl{}, "cleanrl");
}
