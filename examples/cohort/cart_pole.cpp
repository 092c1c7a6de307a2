#include <cohort/environment/classic_control/cart_pole.hpp>

#include "run_of.hpp"

namespace cli {

std::unique_ptr<any_run> cart_pole_run(config const& c, chosen_algorithm const& algorithm) {
  return make_run<cohort::classic_control::cart_pole>(c, algorithm);
}
std::unique_ptr<any_policy> cart_pole_policy(std::filesystem::path const& from, bool with_critic) {
  return read_policy<cohort::classic_control::cart_pole>(from, with_critic);
}

}  // namespace cli
