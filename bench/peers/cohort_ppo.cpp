// Our side of the comparison with other libraries (see README.md beside this file): trains PPO on one environment and
// prints one line of JSON.
//
//     cohort_ppo --env CartPole-v1|Pendulum-v1|Acrobot-v1 --preset zoo|tuned|rltools --seed S --steps N
//     [--until-threshold]
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace cohort;

namespace {

struct request {
  std::string environment = "CartPole-v1", preset = "zoo";
  std::uint64_t seed = 1;
  std::int64_t steps = 100'000;
  bool until_threshold = false;
};

/// Evaluates at the first update at or after each multiple of 5,000 steps, on 20 deterministic episodes.
template <class B, class E>
struct evaluations {
  B& backend;
  E const& environment;
  double threshold;
  request const& asked;
  std::string curve = {};
  std::int64_t next = 5000, steps_to_threshold = -1;
  double seconds_to_threshold = -1;

  template <class P>
  bool on_update(train_report const& report, P& policy) {
    bool done = report.steps >= asked.steps;
    if (report.steps < next) return done;
    next = report.steps / 5000 * 5000 + 5000;
    double mean = 0;
    for (double r : evaluate(backend, environment, policy, 20, std::uint64_t(report.steps))) mean += r / 20;
    char point[96];
    std::snprintf(point, sizeof point, "%s[%lld, %.4f, %.2f]", curve.empty() ? "" : ", ", (long long)report.steps,
                  report.seconds, mean);
    curve += point;
    if (mean < threshold || steps_to_threshold >= 0) return done;
    steps_to_threshold = report.steps;
    seconds_to_threshold = report.seconds;
    return done || asked.until_threshold;
  }
};

template <class E, class Algorithm>
void run(request const& asked, E const& environment, double threshold, network_options const& network,
         Algorithm const& algorithm) {
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, environment, network, random_seed{asked.seed}};
  evaluations<eigen::backend, E> hook{cpu, environment, threshold, asked};
  // Schedules span the presets' 100,000 steps, however early the run is to stop.
  auto report = train(cpu, algorithm, environment, policy,
                      {.steps = std::max<std::int64_t>(asked.steps, 100'000), .seed = asked.seed}, hook);
  auto or_null = [](double x) { return x < 0 ? std::string("null") : std::to_string(x); };
  std::printf(
      "{\"environment\": \"%s\", \"seed\": %llu, \"steps\": %lld, \"seconds\": %.4f, \"steps_per_second\": %.1f, "
      "\"steps_to_threshold\": %s, \"seconds_to_threshold\": %s, \"curve\": [%s]}\n",
      asked.environment.c_str(), (unsigned long long)asked.seed, (long long)report.steps, report.seconds,
      double(report.steps) / report.seconds,
      hook.steps_to_threshold < 0 ? "null" : std::to_string(hook.steps_to_threshold).c_str(),
      or_null(hook.seconds_to_threshold).c_str(), hook.curve.c_str());
}

auto clip(double from) {
  return scheduled{linear{from, 0}, [](double e) { return clipped_ratio{.epsilon = e}; }};
}

void cart_pole(request const& asked) {
  classic_control::cart_pole environment;
  if (asked.preset == "zoo")
    run(asked, environment, 475, {},
        algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                  .advantage = gae{.gamma = .98, .lambda = .8},
                  .objective = clip(.2) + value_loss{.weight = .5},
                  .aggregation = step_mean{},
                  .update = update{.epochs = 20,
                                   .minibatch_size = 256,
                                   .optimizer = adam{.rate = linear{1e-3, 0}},
                                   .max_gradient_norm = .5}});
  else
    run(asked, environment, 475, {},
        algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                  .advantage = gae{.gamma = .98, .lambda = .8},
                  .objective = clip(.2) + value_loss{.weight = .5},
                  .aggregation = step_mean{},
                  .update = update{.epochs = 6,
                                   .minibatch_size = 64,
                                   .optimizer = adam{.rate = linear{3e-3, 0}},
                                   .max_gradient_norm = .5}});
}

void pendulum(request const& asked) {
  classic_control::pendulum environment;
  if (asked.preset == "zoo")
    run(asked, environment, -200, {},
        algorithm{.rollout = lanes{.count = 4, .horizon = 1024},
                  .advantage = gae{.gamma = .9, .lambda = .95},
                  .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
                  .aggregation = step_mean{},
                  .update = update{
                      .epochs = 10, .minibatch_size = 64, .optimizer = adam{.rate = 1e-3}, .max_gradient_norm = .5}});
  else if (asked.preset == "rltools")
    run(asked, environment, -200, {.activation = activation::relu},
        algorithm{.rollout = lanes{.count = 4, .horizon = 1024},
                  .advantage = gae{.gamma = .9, .lambda = .95},
                  .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
                  .aggregation = step_mean{},
                  .update = update{.epochs = 2, .minibatch_size = 256, .optimizer = adam{.rate = linear{5e-3, 0}}}});
  else
    run(asked, environment, -200, {.activation = activation::relu},
        algorithm{.rollout = lanes{.count = 8, .horizon = 256},
                  .advantage = gae{.gamma = .9, .lambda = .95},
                  .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
                  .aggregation = step_mean{},
                  .update = update{.epochs = 3,
                                   .minibatch_size = 128,
                                   .optimizer = adam{.rate = linear{3e-3, 0}},
                                   .max_gradient_norm = .5}});
}

/// One setting: there is none of our own for it here.
void acrobot(request const& asked) {
  run(asked, classic_control::acrobot{}, -100, {},
      algorithm{.rollout = lanes{.count = 16, .horizon = 256},
                .advantage = gae{.gamma = .99, .lambda = .94},
                .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
                .aggregation = step_mean{},
                .update = update{
                    .epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = 3e-4}, .max_gradient_norm = .5}});
}

}  // namespace

int main(int argc, char** argv) {
  request asked;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--until-threshold") asked.until_threshold = true;
    else if (name == "--env") asked.environment = value, ++i;
    else if (name == "--preset") asked.preset = value, ++i;
    else if (name == "--seed") asked.seed = std::strtoull(value.c_str(), nullptr, 10), ++i;
    else if (name == "--steps") asked.steps = std::strtoll(value.c_str(), nullptr, 10), ++i;
    else return std::fprintf(stderr, "cohort_ppo: unknown option %s\n", argv[i]), 2;
  }
  try {
    if (asked.environment == "CartPole-v1") cart_pole(asked);
    else if (asked.environment == "Pendulum-v1") pendulum(asked);
    else if (asked.environment == "Acrobot-v1") acrobot(asked);
    else return std::fprintf(stderr, "cohort_ppo: unknown environment %s\n", asked.environment.c_str()), 2;
  } catch (std::exception const& e) {
    return std::fprintf(stderr, "cohort_ppo: %s\n", e.what()), 2;
  }
  return 0;
}
