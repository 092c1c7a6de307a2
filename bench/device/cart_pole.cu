// PPO on CartPole, environments, policy and update on the device: steps a second by the number of lanes, and the
// seconds of training until 20 deterministic episodes return 475 on average.
#include <cohort/cohort.hpp>

#include "result.hpp"
#include "timing.hpp"

namespace device_bench {

namespace {

using namespace cohort;
using classic_control::cart_pole;

/// Four epochs of four minibatches, whatever the number of lanes.
auto ppo(int lanes_count) {
  return algorithm{
      .rollout = lanes{.count = lanes_count, .horizon = 32},
      .advantage = gae{.gamma = .98, .lambda = .8},
      .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
      .update = update{.epochs = 4, .minibatches = 4, .optimizer = adam{.rate = 5e-3}, .max_gradient_norm = .5},
  };
}

/// Of the updates after the first two, until they took as long as they are to.
struct pace {
  double limit;
  std::int64_t steps = 0;
  double seconds = 0;
  std::int64_t steps_before = 0;
  double seconds_before = 0;

  bool on_update(train_report const& r) {
    if (r.updates <= 2) {
      steps_before = r.steps, seconds_before = r.seconds;
      return false;
    }
    steps = r.steps - steps_before, seconds = r.seconds - seconds_before;
    return seconds >= limit;
  }
};

/// Stops after the first update at whose end the mean return of 20 episodes is what it should become.
struct judge {
  device& gpu;
  cart_pole const& environment;
  double threshold;
  bool reached = false;
  double best = 0;

  template <class Policy>
  bool on_update(train_report const& r, Policy& policy) {
    double mean = 0;
    for (double x : evaluate(gpu, environment, policy, 20, std::uint64_t(r.steps))) mean += x / 20;
    best = std::max(best, mean);
    return reached = mean >= threshold;
  }
};

}  // namespace

void cart_pole_speed(request const& asked) {
  for (int N : asked.small ? std::vector{8, 32} : std::vector{16, 64, 256, 1024, 4096, 16'384}) {
    device gpu;
    cart_pole environment;
    actor_critic policy{gpu, environment, {.hidden = {64, 64}}, random_seed{1}};
    pace measured{.limit = asked.size(2., 0.)};
    train(gpu, ppo(N), environment, policy, {.steps = std::int64_t(1) << 40, .seed = 1}, measured);
    print({"CartPole, PPO", with_commas(N) + " lanes", double(measured.steps) / measured.seconds / 1e6, "M steps/s"});
  }
}

void cart_pole_time(request const& asked) {
  double threshold = asked.size(475., 30.);
  std::vector<double> seconds, steps;
  for (std::uint64_t s = 1; s <= asked.size(5u, 1u); ++s) {
    device gpu;
    cart_pole environment;
    actor_critic policy{gpu, environment, {.hidden = {64, 64}}, random_seed{s}};
    judge hook{gpu, environment, threshold};
    auto report = train(gpu, ppo(asked.size(1024, 64)), environment, policy, {.steps = 3'000'000, .seed = s}, hook);
    if (!hook.reached)
      throw std::runtime_error("seed " + std::to_string(s) + " did not reach a mean return of " +
                               std::to_string(threshold) + " in " + with_commas(report.steps) +
                               " steps; the best was " + std::to_string(hook.best));
    seconds.push_back(report.seconds), steps.push_back(double(report.steps));
  }
  std::string to = " to " + std::to_string(int(threshold)) + ", median of " + std::to_string(seconds.size()) + " seeds";
  print(
      {"CartPole, seconds" + to, with_commas(asked.size(1024, 64)) + " lanes", median(seconds), "s (less is better)"});
  print(
      {"CartPole, steps" + to, with_commas(asked.size(1024, 64)) + " lanes", median(steps), "steps (less is better)"});
}

}  // namespace device_bench
