#include "networks.hpp"

#include <cohort/backend/eigen.hpp>
#include <cohort/network/layer_text.hpp>
#include <vector>

#include "../program/exit_status.hpp"

namespace cli {

cohort::detail::described_networks networks_of(config const& c, int observations) {
  auto refuse = [&](std::string const& field, std::string const& what) {
    throw program::usage_error(c.place_of(field) + ": " + what);
  };
  using layers = std::vector<cohort::detail::layer_description>;
  auto checked = [&](std::string const& field, auto make) {
    try {
      layers const made = make();
      cohort::detail::layer_sequence<cohort::eigen::backend> all{observations};
      cohort::detail::add_described(all, made);
      return made;
    } catch (cohort::value_error const& e) {
      throw program::usage_error(c.place_of(field) + ": " + e.what());
    }
  };
  auto read = [&](std::string const& field, std::string const& text) {
    return checked(field, [&] { return cohort::detail::layer_reader(text).all(); });
  };
  cohort::detail::described_networks all;
  if (c.network.empty())
    all.actor = checked("policy.hidden", [&] {
      layers plain;
      for (auto const units : c.hidden)
        plain.push_back(cohort::detail::description_of(cohort::dense{int(units), c.activation}));
      return plain;
    });
  else {
    for (std::string const field : {"policy.hidden", "policy.activation"})
      if (c.where.contains(field)) refuse(field, "policy.network says what the layers are, expected one of both");
    all.actor = read("policy.network", c.network);
  }
  if (!c.critic.empty()) {
    all.critic = read("policy.critic", c.critic);
    if (c.trunk == cohort::trunk::shared) refuse("policy.critic", "policy.trunk is \"shared\", expected one of both");
  }
  all.options.trunk = c.trunk;
  all.options.weights = c.weights;
  all.options.log_std = c.log_std;
  if (c.normalize_observations) all.options.normalize_observations = cohort::running_normalization{};
  return all;
}

}  // namespace cli
