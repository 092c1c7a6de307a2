#pragma once
#include <cohort/checkpoint.hpp>
#include <cohort/run/evaluate.hpp>
#include <cohort/run/training.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "algorithms.hpp"
#include "config.hpp"

namespace cli {

/// A run without the types of its environment and its policy.
class any_run {
 public:
  virtual ~any_run() = default;
  virtual bool step() = 0;
  virtual cohort::train_report const& report() const = 0;
  virtual void save(cohort::checkpoints& kept) = 0;
  virtual bool load_newest(cohort::checkpoints& kept) = 0;
  virtual void save_policy(std::filesystem::path const& to) = 0;
  virtual cohort::episode_returns evaluate(int episodes, std::uint64_t seed) = 0;
};

/// A policy that was read from a file, without its types.
class any_policy {
 public:
  virtual ~any_policy() = default;
  virtual void export_header(std::filesystem::path const& to, std::string const& name) = 0;
  virtual void export_onnx(std::filesystem::path const& to) = 0;
};

struct known_environment {
  char const* name;
  char const* is;
  double threshold;  ///< the mean return from which on it counts as solved
  std::unique_ptr<any_run> (*run)(config const&, chosen_algorithm const&);
  /// Raises value_error for a file of another environment or policy.
  std::unique_ptr<any_policy> (*read_policy)(std::filesystem::path const&, bool with_critic);
};

/// To be made in a file of its own for each environment (run_of.hpp), since each is a minute's work for a compiler.
std::unique_ptr<any_run> cart_pole_run(config const&, chosen_algorithm const&);
std::unique_ptr<any_run> pendulum_run(config const&, chosen_algorithm const&);
std::unique_ptr<any_policy> cart_pole_policy(std::filesystem::path const&, bool with_critic);
std::unique_ptr<any_policy> pendulum_policy(std::filesystem::path const&, bool with_critic);

inline std::vector<known_environment> environments() {
  return {{"CartPole-v1", "4 numbers, 2 actions, 500 steps", 475, cart_pole_run, cart_pole_policy},
          {"Pendulum-v1", "3 numbers, 1 action in [-2, 2], 200 steps", -200, pendulum_run, pendulum_policy}};
}
/// Raises program::usage_error naming where it was asked for and the nearest.
known_environment environment_of(config const& c);

}  // namespace cli
