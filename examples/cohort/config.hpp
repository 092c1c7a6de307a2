#pragma once
#include <cohort/describe/enumerators.hpp>
#include <cohort/policy/network_options.hpp>
#include <cohort/run/settings.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

// What a run is made of, as a file and the command line say it.

namespace cli {

using value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>>;

/// "objective.epsilon", .1, "run.toml:7".
struct field {
  std::string name;
  value given;
  std::string where;
};

/// A parameter of the algorithm or the environment, and where it was asked for.
struct asked_setting {
  cohort::setting set;
  std::string where;
};

struct config {
  std::string environment = "CartPole-v1", algorithm = "ppo", preset = "best";
  std::int64_t seed = 1, steps = 100'000, updates = std::numeric_limits<std::int64_t>::max(), threads = 1;
  std::vector<std::int64_t> hidden{64, 64};
  cohort::activation activation = cohort::activation::tanh;
  std::string network{}, critic{};  ///< layers as C++ has them, in the place of `hidden` and `activation`
  cohort::trunk trunk = cohort::trunk::separate;
  cohort::initial_weights weights = cohort::initial_weights::orthogonal;
  double log_std = 0;
  bool normalize_observations = false;
  std::int64_t evaluate_every = 10, evaluate_episodes = 10;
  std::int64_t checkpoint_every = 10, checkpoints_kept = 3;
  std::int64_t stop_after_steps = std::numeric_limits<std::int64_t>::max();
  double stop_at_return = std::numeric_limits<double>::infinity(),
         stop_after_seconds = std::numeric_limits<double>::infinity();
  std::vector<asked_setting> settings{};       ///< of the algorithm
  std::vector<asked_setting> parameters{};     ///< of the environment, with.NAME
  std::map<std::string, std::string> where{};  ///< each field that was given

  /// "run.toml:2", or the field's name where nobody gave it.
  std::string place_of(std::string const& field) const { return where.contains(field) ? where.at(field) : field; }
};

/// f(name, member, what it may be, whether it is) for each field but the parameters of environment and algorithm.
template <class C, class F>
void each_field(C& c, F f) {
  auto any = [](auto const&) { return true; };
  auto positive = [](auto n) { return n > 0; };
  auto not_negative = [](auto n) { return n >= 0; };
  auto one_of = [](auto... names) { return [=](std::string const& s) { return ((s == names) || ...); }; };
  f("environment", c.environment, "the name of an environment", any);
  f("algorithm", c.algorithm, "the name of an algorithm", any);
  f("preset", c.preset, "\"tuned\", \"paper\" or \"best\" (tuned where there is one)",
    one_of("tuned", "paper", "best"));
  f("seed", c.seed, "a whole number, 0 or more", not_negative);
  f("steps", c.steps, "a whole number, 1 or more", positive);
  f("updates", c.updates, "a whole number, 1 or more", positive);
  f("threads", c.threads, "a whole number from 1 to 1024", [](auto n) { return n > 0 && n <= 1024; });
  f("policy.hidden", c.hidden, "a list of whole numbers from 1 to 65536", [](auto const& all) {
    for (auto n : all)
      if (n < 1 || n > 65536) return false;
    return true;
  });
  f("policy.activation", c.activation, cohort::detail::any_enumerator<cohort::activation>(), any);
  f("policy.network", c.network, "layers, such as gru{64}, dense{64}", any);
  f("policy.critic", c.critic, "layers, such as dense{256}, dense{256}", any);
  f("policy.trunk", c.trunk, cohort::detail::any_enumerator<cohort::trunk>(), any);
  f("policy.weights", c.weights, cohort::detail::any_enumerator<cohort::initial_weights>(), any);
  f("policy.log_std", c.log_std, "a number from -20 to 20", [](double x) { return x >= -20 && x <= 20; });
  f("policy.normalize_observations", c.normalize_observations, "true or false", any);
  f("evaluation.every", c.evaluate_every, "a whole number of updates, 0 (never) or more", not_negative);
  f("evaluation.episodes", c.evaluate_episodes, "a whole number from 1 to 100000",
    [](auto n) { return n > 0 && n <= 100'000; });
  f("checkpoints.every", c.checkpoint_every, "a whole number of updates, 1 or more", positive);
  f("checkpoints.keep", c.checkpoints_kept, "a whole number from 1 to 1000000",
    [](auto n) { return n > 0 && n <= 1'000'000; });
  f("stop.steps", c.stop_after_steps, "a whole number, 1 or more; schedules go by steps and not by this", positive);
  f("stop.mean_return", c.stop_at_return, "a number (inf: never)", [](double x) { return x == x; });
  f("stop.seconds", c.stop_after_seconds, "a positive number (inf: never)", [](double x) { return x > 0; });
}

/// What the fields say, the later ones over the earlier ones. Raises program::usage_error naming where a field is
/// wrong, what was given and what is expected; the parameters of an algorithm are checked with it.
void set_fields(config& to, std::vector<field> const& fields);

/// Those of a TOML file, but for what stands in its table `apart`.
std::vector<field> fields_of_file(std::string const& path, std::string const& apart = "");
/// A value as a TOML file and a command line have it.
std::string shown(value const& given);
/// Those of a command line: --steps 1000 --objective.epsilon=.1
std::vector<field> fields_of_arguments(std::vector<std::string> const& arguments);
/// And back: "--objective.epsilon=0.1".
std::string as_argument(field const& f);

/// As a TOML file that gives the same again, with all parameters of the algorithm.
std::string as_toml(config const& c, std::string const& algorithm_text, std::vector<cohort::setting> const& settings);

}  // namespace cli
