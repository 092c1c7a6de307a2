#include "training.hpp"

namespace cohort::conformance {

std::vector<double> reference_run(int k) {
  std::vector<double> parameters;
  each_run([&](char const*, auto const& algorithm, auto const& environment) {
    if (k-- != 0) return;
    archetype<double> reference;
    parameters = after_three_updates(reference, algorithm, environment);
  });
  return parameters;
}

}  // namespace cohort::conformance
