#include "networks.hpp"

#include <cohort/backend/eigen.hpp>

#include "../program/exit_status.hpp"

namespace cli {

policy_networks networks_of(config const& c, int observations) {
  auto checked = [&](std::string const& field, std::string const& layers) {
    try {
      cohort::network_text{layers}.sequence<cohort::eigen::backend>(observations);
    } catch (cohort::value_error const& e) {
      throw program::usage_error(c.place_of(field) + ": " + e.what());
    }
    return cohort::network_text{layers};
  };
  std::string plain;
  for (auto const units : c.hidden)
    plain += (plain.empty() ? "" : ", ") + ("dense{" + std::to_string(units)) + ", " +
             cohort::detail::name_of(c.activation) + "}";
  if (!c.network.empty())
    for (std::string const field : {"policy.hidden", "policy.activation"})
      if (c.where.contains(field))
        throw program::usage_error(c.place_of(field) +
                                   ": policy.network says what the layers are, expected one of both");
  policy_networks all{.actor = checked("policy.network", c.network.empty() ? plain : c.network)};
  all.critic = c.critic.empty() ? all.actor : checked("policy.critic", c.critic);
  if (!c.critic.empty() && c.trunk == cohort::trunk::shared)
    throw program::usage_error(c.place_of("policy.critic") + ": policy.trunk is \"shared\", expected one of both");
  all.trunk = c.trunk;
  all.weights = c.weights;
  all.log_std = c.log_std;
  if (c.normalize_observations) all.normalize_observations = cohort::running_normalization{};
  return all;
}

}  // namespace cli
