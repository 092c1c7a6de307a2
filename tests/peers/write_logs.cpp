#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/hook/tensorboard_log.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>

// Writes to a folder the three logs of one run; check_logs.py reads them.

using namespace cohort;

int main(int, char** argv) try {
  std::filesystem::path const folder = argv[1];
  eigen::backend cpu;
  classic_control::cart_pole environment;
  actor_critic policy{cpu, environment, {.hidden = {16}}, random_seed{1}};
  auto ppo = algorithm{.rollout = lanes{.count = 8, .horizon = 32},
                       .objective = clipped_ratio{} + value_loss{.weight = .5},
                       .update = update{.epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = linear{1e-3, 0}}}};
  std::vector<log_column> const own{
      {"mine/\"quoted\", \xc3\xbc\tand odd", [](train_report const& r) { return r.mean_return * 1e-7; }},
      {"mine/never", [](train_report const&) { return std::numeric_limits<double>::quiet_NaN(); }}};
  train(cpu, ppo, environment, policy, {.steps = 256 * 40, .seed = 1},
        csv_log{(folder / "run.csv").string(), existing::replace, own},
        json_lines{(folder / "run.jsonl").string(), existing::replace, own},
        tensorboard_log{folder / "events", existing::replace, own});
  return 0;
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
