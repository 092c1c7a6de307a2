#pragma once
#include <cohort/environment/autoreset.hpp>
#include <cohort/environment/spaces.hpp>
#include <cohort/error.hpp>
#include <cohort/random/stream.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cohort::python {

/// A step or a reset where another one was due: Gymnasium's ResetNeeded.
struct reset_needed : cohort_error {
  using cohort_error::cohort_error;
};

/// Environments of one kind as Gymnasium steps them, in lanes. Each lane draws by a seed of its own, so that it is what
/// an environment by itself is with that seed. Here is what all kinds have in common: seeds, limits of steps, and what
/// follows the end of an episode; the rules are in rule_lanes.hpp.
class environment_lanes {
 public:
  struct options {
    std::string name;
    int lanes = 1;
    int limit = 0;           ///< steps after which an episode is truncated, though it has terminated, as by TimeLimit
    bool own_limit = false;  ///< whether the environment's own limit truncates, too: unless it has terminated
    autoreset mode = autoreset::disabled;
    std::uint64_t seed = 0;  ///< lane n's is so many more, until a reset gives others
  };
  using seeds = std::vector<std::optional<std::uint64_t>>;

  virtual ~environment_lanes() = default;
  virtual std::unique_ptr<environment_lanes> clone() const = 0;

  int lanes() const { return options_.lanes; }
  environment_spaces const& spaces() const { return spaces_; }
  bool discrete() const { return spaces_.actions.kind == "discrete"; }

  /// A new episode in some lanes, or in all. The draws are those of the lane's seed from their beginning on, or go on
  /// where there is no other.
  void reset(seeds const& given, std::optional<std::span<bool const>> which);
  /// One step of all lanes; how many episodes have ended. Raises before anything moves.
  int step(std::span<std::int64_t const> choices, std::span<double> reward, std::span<bool> terminated,
           std::span<bool> truncated);
  int step(std::span<float const> numbers, std::span<double> reward, std::span<bool> terminated,
           std::span<bool> truncated);

  std::span<float const> seen() const { return seen_; }    ///< lanes x columns
  std::span<float const> final() const { return final_; }  ///< of the episodes that ended in the last step, in order
  virtual int numbers_of_state() const = 0;
  virtual double state(int lane, int k) const = 0;
  void states(std::span<double const> given);  ///< lanes x numbers_of_state

 protected:
  environment_lanes(options const& o, environment_spaces const& spaces, int own_limit);

  virtual void start(int lane, random_stream&) = 0;               ///< and what it shows to seen_
  virtual void put(int lane, std::span<double const> state) = 0;  ///< the same
  virtual void advance() = 0;  ///< choices_ or numbers_ to reward_, terminated_ and seen_
  random_stream draws(int lane, draw_purpose use) const {
    return random_stream(stream_id{seed_[std::size_t(lane)], use, time_[std::size_t(lane)]});
  }
  std::size_t columns() const { return spaces_.observations.size(); }

  std::vector<std::int32_t> choices_;
  std::vector<float> numbers_, seen_;
  std::vector<double> reward_;
  std::vector<std::uint8_t> terminated_;

 private:
  void begin(std::size_t lane);
  void require_ready() const;
  int follow(std::span<double> reward, std::span<bool> terminated, std::span<bool> truncated);
  [[noreturn]] void refuse(std::size_t i, double given, std::string const& expected) const;

  options options_;
  environment_spaces spaces_;
  int own_limit_;
  std::vector<std::uint64_t> seed_;
  std::vector<std::uint32_t> time_;  ///< steps since the seed was given; and resets that followed one another
  std::vector<std::int32_t> elapsed_;
  std::vector<std::uint8_t> started_, over_;
  std::vector<float> final_;
  bool waiting_ = false;  ///< whether the next step begins episodes
};

}  // namespace cohort::python
