// Any bytes are a policy's ONNX file, or are refused.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/deploy/load_onnx.hpp>

#include "input.hpp"

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static eigen::backend cpu({.threads = 1});
  classic_control::pendulum const environment;
  auto const bytes = std::as_bytes(std::span(data, size));
  try {
    auto policy = detail::policy_from_onnx(
        cpu, bytes, "given", {}, observation_size<classic_control::pendulum>,
        [&](network_options const& n, random_seed seed) { return actor{cpu, environment, n, seed}; });
    std::array<float, 3> const seen{.1f, .2f, .3f};
    controller{cpu, environment, policy}.best(seen);
  } catch (cohort_error const&) {
  }
  return 0;
}
