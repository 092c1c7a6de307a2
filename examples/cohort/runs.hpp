#pragma once
#include <cohort/checkpoint.hpp>
#include <cohort/environment/any_environment.hpp>
#include <cohort/picture/pixels.hpp>
#include <cohort/picture/shape.hpp>
#include <cohort/run/evaluate.hpp>
#include <cohort/run/training.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
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
  /// Whole episodes of the most probable actions.
  virtual std::vector<cohort::picture::moment> play(int episodes, std::uint64_t seed) = 0;
};

/// To be made in a file of its own for each kind of actions (run_of.hpp), since each is a minute's work for a compiler.
std::unique_ptr<any_run> run_with(cohort::environment_of<cohort::discrete> const&, config const&,
                                  chosen_algorithm const&);
std::unique_ptr<any_run> run_with(cohort::environment_of<cohort::box<cohort::dynamic>> const&, config const&,
                                  chosen_algorithm const&);
/// Raise value_error for a file of another environment or policy.
std::unique_ptr<any_policy> policy_for(cohort::environment_of<cohort::discrete> const&, std::filesystem::path const&,
                                       bool with_critic);
std::unique_ptr<any_policy> policy_for(cohort::environment_of<cohort::box<cohort::dynamic>> const&,
                                       std::filesystem::path const&, bool with_critic);
std::unique_ptr<any_policy> policy_for(cohort::any_environment const&, std::filesystem::path const&, bool with_critic);

struct chosen_environment {
  cohort::any_environment environment;
  std::optional<double> threshold;  ///< the mean return from which on it counts as solved, where there is one
  std::unique_ptr<any_run> run(config const&, chosen_algorithm const&) const;
};

std::vector<std::string> environment_names();
/// "gymnasium:LunarLander-v3", which Gymnasium makes with the parameters as its arguments.
chosen_environment gymnasium_environment(std::string const& name, std::vector<cohort::setting> const& parameters);
using rendering = std::function<void(cohort::picture::pixels const&, double rate)>;
/// The same, each of whose states goes to `how` as Gymnasium renders it. Raises value_error where Gymnasium renders it
/// to no pixels.
cohort::any_environment rendered_environment(std::string const& name, std::vector<cohort::setting> const& parameters,
                                             rendering how);
/// "4 observed, 2 actions, 500 steps".
std::string environment_text(std::string const& name);
struct stored_policy {
  std::filesystem::path file;
  cohort::any_environment environment;
  std::vector<cohort::setting> parameters;  ///< of the environment
  std::unique_ptr<any_policy> policy;
  bool with_critic;
};
/// The policy of a file, or of a run's folder. Which environment it is of, `name` says, or the run's config, or else
/// the spaces in the file. Raises program::usage_error for a name that there is not, runtime_error for a file of
/// another environment or of no policy.
stored_policy policy_in(std::filesystem::path const& from, std::string const& name = "");
/// Raises program::usage_error naming where it was asked for, and the nearest, for a name or a parameter that there is
/// not, and for parameters out of their range.
chosen_environment environment_of(config const& c);

}  // namespace cli
