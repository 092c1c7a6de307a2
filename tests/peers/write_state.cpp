// A run's file, and beside it the policy's parameters and what it thinks of two observations, as text.
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>
#include <fstream>
#include <string>

using namespace cohort;

int main(int, char** argv) {
  std::string const folder = argv[1];
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {8, 4}}, random_seed{1}};
  auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 16}, .objective = clipped_ratio{} + value_loss{}};
  training run{cpu, ppo, classic_control::cart_pole{}, policy, {.steps = 256, .seed = 1}};
  while (run.step()) {
  }
  save(cpu, run, folder + "/run.cohort");
  std::ofstream to(folder + "/expected.txt");
  to.precision(9);
  std::vector<float> numbers(std::size_t(policy.parameters().rows));
  cpu.download(std::span<float>(numbers), view<float const>(policy.parameters()));
  to << run.report().updates << ' ' << numbers.size() << '\n';
  for (float x : numbers) to << x << '\n';
}
