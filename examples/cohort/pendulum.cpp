#include <cohort/environment/classic_control/pendulum.hpp>

#include "run_of.hpp"

namespace cli {

std::unique_ptr<any_run> pendulum_run(config const& c, chosen_algorithm const& algorithm) {
  return make_run<cohort::classic_control::pendulum>(c, algorithm);
}
std::unique_ptr<any_policy> pendulum_policy(std::filesystem::path const& from, bool with_critic) {
  return read_policy<cohort::classic_control::pendulum>(from, with_critic);
}

}  // namespace cli
