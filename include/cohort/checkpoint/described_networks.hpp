#pragma once
#include <cohort/file/json.hpp>
#include <cohort/network/described_layers.hpp>
#include <cohort/policy/networks.hpp>

namespace COHORT_NAMESPACE::detail {

/// Networks as layers_json describes them, to make a policy with.
struct described_networks {
  static constexpr bool describes_networks = true;
  std::vector<layer_description> actor, critic;  ///< without layers the critic's are the actor's
  network_options options;

  template <backend B>
  network_plan<B> plan(int observations) const {
    auto const of_actor = made<B>(actor, observations);
    return {of_actor, critic.empty() ? of_actor : made<B>(critic, observations), options};
  }
  /// The parameters that a file has at least.
  template <backend B>
  double parameters(int observations) const {
    double const of_critic = critic.empty() ? 0 : double(made<B>(critic, observations).end());
    return double(made<B>(actor, observations).end()) + of_critic;
  }

 private:
  template <backend B>
  static layer_sequence<B> made(std::vector<layer_description> const& layers, int observations) {
    layer_sequence<B> all{observations};
    add_described(all, layers);
    return all;
  }
};

/// The layers of a sequence that a file describes. Raises io_error for what layers_json does not write.
inline std::vector<layer_description> layers_in(file::json const& all, std::string const& where) {
  if (!all.is_object()) refuse_file(where, "is " + shown(all) + ", expected layers by their numbers");
  std::vector<layer_description> layers;
  for (std::size_t l = 0; l < all.size(); ++l) {
    std::string const number = std::to_string(l), here = where + "." + number;
    auto const one = all.find(number);
    if (one == all.end() || !one->is_object() || !one->value("kind", file::json()).is_string())
      refuse_file(where, "has no layer " + number + " with a kind");
    layer_description d;
    for (auto const& [name, value] : one->items()) {
      if (name == "kind") d.kind = value.get<std::string>();
      else if (name == "inside")
        for (std::size_t k = 0; k < value.size(); ++k)
          d.inside.push_back(layers_in(value.is_object() ? value.value(std::to_string(k), file::json()) : value, here));
      else if (value.is_number()) d.numbers.emplace_back(name, value.get<double>());
      else if (value.is_boolean()) d.numbers.emplace_back(name, value.get<bool>());
      else if (value.is_string()) d.numbers.emplace_back(name, value.get<std::string>());
      else refuse_file(here, "has " + name + " " + shown(value) + ", expected a number or a name");
    }
    layers.push_back(std::move(d));
  }
  return layers;
}

}  // namespace COHORT_NAMESPACE::detail
