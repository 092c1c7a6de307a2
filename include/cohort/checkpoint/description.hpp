#pragma once
#include <cmath>
#include <cohort/describe/enumerators.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/environment/spaces.hpp>
#include <cohort/file/json.hpp>
#include <cohort/network/built_layer.hpp>
#include <cohort/policy/network_options.hpp>
#include <variant>

// What is said of a policy in a file: all that has to agree before its parameters mean the same again.

namespace COHORT_NAMESPACE::detail {

/// JSON has no infinities.
inline file::json number_json(double x) {
  if (std::isfinite(x)) return x;
  return x > 0 ? "inf" : "-inf";
}
inline file::json bounds_json(std::vector<double> const& bounds) {
  file::json list = file::json::array();
  for (double x : bounds) list.push_back(number_json(x));
  return list;
}
inline file::json space_json(space_values const& s) {
  if (s.kind == "box") return {{"kind", s.kind}, {"low", bounds_json(s.low)}, {"high", bounds_json(s.high)}};
  return {{"kind", s.kind}, {"n", s.n}};
}

/// What a distribution is made of beside its name: f(name, number) of each that its model lists in numbers(f).
template <class D, class F>
void each_number_of_distribution(D const& d, F f) {
  if constexpr (requires { d.numbers(f); }) d.numbers(f);
  else if constexpr (requires { d.model.numbers(f); }) d.model.numbers(f);
  else if constexpr (requires { d.options.numbers(f); }) d.options.numbers(f);
}

/// Layers by their numbers in the sequence: {"0": {"kind": "dense", "units": 64, ...}, ...}.
inline file::json layers_json(std::vector<layer_description> const& layers) {
  file::json all = file::json::object();
  for (auto const& layer : layers) {
    file::json one{{"kind", layer.kind}};
    for (auto const& [name, value] : layer.numbers)
      std::visit(
          [&](auto const& x) {
            if constexpr (std::is_same_v<decltype(x), double const&>) {
              if (x == std::floor(x) && std::abs(x) < 1e15) one[name] = std::int64_t(x);
              else one[name] = x;
            } else {
              one[name] = x;
            }
          },
          value);
    for (auto const& inside : layer.inside) one["inside"][std::to_string(one["inside"].size())] = layers_json(inside);
    all[std::to_string(all.size())] = std::move(one);
  }
  return all;
}
/// Plain networks as {"hidden": [64, 64], "activation": "tanh", "trunk": "separate"}.
template <class Policy>
file::json network_json(Policy const& policy) {
  auto const& o = policy.options();
  file::json about{{"trunk", name_of(o.trunk)}};
  if (policy.has_plain_networks())
    about["hidden"] = std::vector<int>(o.hidden), about["activation"] = name_of(o.activation);
  else {
    about["actor"] = layers_json(policy.actor_layers());
    if (Policy::has_critic && !policy.shares_trunk()) about["critic"] = layers_json(policy.critic_layers());
  }
  return about;
}

template <class Policy>
file::json policy_json(Policy const& policy) {
  file::json about{{"parameters", policy.parameters().rows}};
  if constexpr (requires { policy.spaces(), policy.for_each_array([](auto const&...) {}); }) {
    file::json distribution{{"name", type_name<typename Policy::distribution_type>()}}, arrays = file::json::object();
    each_number_of_distribution(policy.distribution(), [&](char const* name, double x) { distribution[name] = x; });
    policy.for_each_array([&](std::string const& name, std::ptrdiff_t offset, int rows, int columns) {
      arrays[name] = {offset, rows, columns};
    });
    about["kind"] = Policy::has_critic ? "actor_critic" : "actor";
    about["network"] = network_json(policy);
    if (auto by = policy.options().normalize_observations)
      by->numbers([&](char const* name, double x) { about["normalize_observations"][name] = number_json(x); });
    about["distribution"] = distribution;
    about["observations"] = space_json(policy.spaces().observations);
    about["actions"] = space_json(policy.spaces().actions);
    about["arrays"] = arrays;
  } else if constexpr (requires { policy.options().rope_base; }) {
    auto const& o = policy.options();
    std::string const kind = requires { policy.adapters(); } ? "lora_model" : "language_model";
    about["kind"] = kind + (Policy::has_critic ? "_with_value" : "");
    if constexpr (requires { policy.adapters(); })
      policy.adapters().options.parameters([&](char const* name, auto const& x) { about["adapters"][name] = x; });
    about["network"] = {{"vocabulary", o.vocabulary},
                        {"hidden", o.hidden},
                        {"intermediate", o.intermediate},
                        {"layers", o.layers},
                        {"heads", o.heads},
                        {"kv_heads", o.keys()},
                        {"head_size", o.size_of_head()},
                        {"rope_base", o.rope_base},
                        {"epsilon", o.epsilon},
                        {"tied", o.tied}};
    // What is Llama's isn't said, as in files from before there was anything else.
    o.parts([&](char const* name, auto member) {
      if (o.*member == std::remove_cvref_t<decltype(o)>{}.*member) return;
      if constexpr (std::is_enum_v<std::remove_cvref_t<decltype(o.*member)>>)
        about["network"][name] = name_of(o.*member);
      else about["network"][name] = o.*member;
    });
    using positions = decltype(o.scaling.how);
    if (o.scaling.how != positions::none) {
      auto& scaling = about["network"]["scaling"];
      scaling["kind"] = name_of(o.scaling.how);
      o.scaling.numbers([&](char const* name, auto x) { scaling[name] = x; });
    }
  } else {
    about["kind"] = type_name<Policy>();
  }
  return about;
}

/// Plain networks layer by layer, to be compared with networks that are not plain.
inline void write_layers_out(file::json& policy) {
  auto& network = policy["network"];
  if (!network.is_object() || !network.contains("hidden") || !network["hidden"].is_array()) return;
  file::json layers = file::json::object();
  for (auto const& n : network["hidden"])
    layers[std::to_string(layers.size())] = {
        {"kind", "dense"}, {"units", n}, {"activation", network.value("activation", file::json())}};
  bool const has_critic = policy.value("kind", file::json()) == "actor_critic" && network["trunk"] == "separate";
  network = {{"trunk", network["trunk"]}, {"actor", layers}};
  if (has_critic) network["critic"] = layers;
}

/// Raises value_error for the first thing in which what a file says differs from what is expected of it, by its name:
/// what kind of thing it is first. Where its arrays lie follows from the rest.
inline void require_same(file::json const& given, file::json const& expected, std::string const& where,
                         std::string const& name) {
  if (expected.is_object() && given.is_object()) {
    if (auto kind = expected.find("kind"); kind != expected.end())
      require_same(given.value("kind", file::json()), *kind, where, name + ".kind");
    for (auto const& [key, value] : expected.items())
      if (key != "arrays" && key != "parameters")
        require_same(given.value(key, file::json()), value, where, name + "." + key);
    for (auto const& [key, value] : given.items())
      if (!expected.contains(key) && key != "arrays") require_same(value, file::json(), where, name + "." + key);
  } else if (given != expected) {
    auto text = [](file::json const& x) { return x.is_null() ? std::string("absent") : shown(x); };
    throw value_error(where + ": " + name + " is " + text(given) + ", expected " + text(expected));
  }
}

/// The same of policies, layer by layer where one of the networks is not plain.
inline void require_same_policy(file::json given, file::json expected, std::string const& where) {
  auto is_composed = [](file::json const& policy) {
    auto const network = policy.find("network");
    return network != policy.end() && network->is_object() && network->contains("actor");
  };
  if (is_composed(given) != is_composed(expected)) write_layers_out(given), write_layers_out(expected);
  require_same(given, expected, where, "policy");
}

}  // namespace COHORT_NAMESPACE::detail
