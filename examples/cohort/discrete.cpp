#include "run_of.hpp"

namespace cli {

using environment = cohort::environment_of<cohort::discrete>;

std::unique_ptr<any_run> run_with(environment const& e, config const& c, chosen_algorithm const& algorithm) {
  return make_run(e, c, algorithm);
}
std::unique_ptr<any_policy> policy_for(environment const& e, std::filesystem::path const& from, bool with_critic) {
  return read_policy(e, from, with_critic);
}

}  // namespace cli
