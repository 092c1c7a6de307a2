#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace host {

/// A policy that learns inside another program, whatever its environment: a run, the controller of its policy, and an
/// instance of the environment for the program's own play. It computes on the thread that calls it, prints nothing and
/// handles no signals.
class learner {
 public:
  struct outcome {
    double reward;
    bool terminated, truncated;
  };
  struct progress {
    std::int64_t steps, episodes, updates;
    double mean_return;  ///< of the last 100 episodes of training; NaN before the first has ended
    double seconds;      ///< of training
  };

  virtual ~learner() = default;
  virtual int observations() const = 0;  ///< how many numbers an observation has
  virtual int choices() const = 0;       ///< how many actions there are: 0, 1, ...

  virtual void reset() = 0;
  virtual outcome step(int action) = 0;  ///< raises value_error where there is no such action, or the episode is over
  virtual void observe(std::span<double> to) const = 0;
  virtual int act(std::span<double const> observation) = 0;   ///< a draw
  virtual int best(std::span<double const> observation) = 0;  ///< the most probable action

  /// As training::step_for; whether an update is complete. What is learned, act and best go by at once.
  virtual bool train_for(double milliseconds) = 0;
  virtual progress report() const = 0;

  virtual void save(std::filesystem::path const&) = 0;
  virtual void load(std::filesystem::path const&) = 0;
  virtual std::vector<std::byte> saved_bytes() = 0;
  virtual void load(std::span<std::byte const>) = 0;
};

/// Environments: cart_pole, catch_ball, catch_ball_wide. Algorithms: ppo, a2c. Raises value_error for other names.
std::unique_ptr<learner> make_learner(std::string const& environment, std::string const& algorithm, std::uint64_t seed);

}  // namespace host
