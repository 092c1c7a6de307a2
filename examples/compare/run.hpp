#pragma once
#include <cohort/compare/result.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "settings.hpp"

namespace compare {

inline std::vector<std::string> known_environments() { return {"CartPole-v1", "Pendulum-v1"}; }
inline std::vector<std::string> known_algorithms() { return {"ppo", "grpo", "hybrid_grpo"}; }
inline double threshold_of(std::string const& environment) { return environment == "Pendulum-v1" ? -200 : 475; }

inline std::int64_t steps_of(settings const& asked) { return asked.steps > 0 ? asked.steps : 100'000; }

/// One run: an algorithm, an environment, a seed. Single-threaded, and safe to call from several threads at once. Stops
/// where it is after a signal.
run_result run(settings const& asked, std::string const& algorithm, std::uint64_t run_seed);

/// What an algorithm is made of, part by part, a part a line.
std::string hyperparameters(settings const& asked, std::string const& algorithm);

/// Steps of a rollout for each member of a group; 0 where there are no groups.
double steps_of_member(settings const& asked, std::string const& algorithm);

/// The commit that the program was built of, with -dirty behind it where files were changed; empty if that is not
/// known. Its source is written when the program is built.
extern char const commit[];

/// The backend that this program was built with, and by what.
char const* backend_name();
std::string compiled_by();

}  // namespace compare
