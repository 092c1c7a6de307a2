#pragma once
#include <cohort/checkpoint/described_networks.hpp>
#include <cohort/checkpoint/save.hpp>
#include <cohort/describe/enumerators.hpp>
#include <optional>

namespace COHORT_NAMESPACE {

namespace detail {

inline file::json const& part_of_file(file::described_state const& from, char const* part, std::string const& where) {
  auto const found = from.about.find(part);
  if (found == from.about.end() || !found->is_object())
    refuse_file(where, std::string("has no description of its ") + part);
  return *found;
}

/// What was saved, into a part that is described alike.
template <backend B, class Part>
void take_state(B& backend, Part& part, saved_state const& from, std::string const& where) {
  try {
    copy_in(backend, part, from);
  } catch (value_error const& e) {
    throw value_error(where + ": " + e.what());
  }
}

inline saved_numbers const& parameters_in(file::described_state const& from, std::string const& where) {
  auto const found = from.state.find("parameters");
  if (found == from.state.end()) refuse_file(where, "has no tensor \"parameters\"");
  return found->second;
}

/// The numbers of a file, into a policy of the same description.
template <backend B, class Policy>
void load_policy(B& backend, Policy& policy, file::described_state const& from, std::string const& where) {
  require_same_policy(part_of_file(from, "policy", where), policy_json(policy), where);
  policy_state<Policy> numbers{policy};
  saved_state its{{"parameters", parameters_in(from, where)}};
  for (auto const& [name, source] : sources_of(backend, numbers))  // a run's file has more
    if (auto const found = from.state.find(name); found != from.state.end()) its.insert(*found);
  take_state(backend, numbers, its, where);
}
template <backend B, class Run>
void load_run(B& backend, Run& run, file::described_state const& from, std::string const& where) {
  require_same(from.about.value("kind", file::json()), "run", where, "kind");
  require_same_policy(part_of_file(from, "policy", where), policy_json(run.policy()), where);
  require_same(part_of_file(from, "made_of", where), run_json(run).at("made_of"), where, "run");
  run.drop_step();
  take_state(backend, run, from.state, where);
}
template <backend B, class Saved>
void load_from(B& backend, Saved& to, file::described_state const& from, std::string const& where) {
  if constexpr (is_run<Saved>) load_run(backend, to, from, where);
  else load_policy(backend, to, from, where);
}

inline double number_in(file::json_fields const& fields, char const* name) {
  auto const& given = fields.at(name);
  if (given == "inf") return std::numeric_limits<double>::infinity();
  if (!given.is_number()) fields.wrong(name, "a number");
  return given.get<double>();
}

/// The networks that a file describes: plain ones, or composed of layers.
struct networks_in_file {
  network_options plain;
  std::optional<described_networks> composed;
};
inline networks_in_file networks_in(file::json const& policy, std::string const& where) {
  auto const object = policy.find("network");
  if (object == policy.end() || !object->is_object() || !object->contains("trunk"))
    refuse_file(where, "is not of a policy for controllers");
  file::json_fields const fields(*object, where + ", policy.network");
  networks_in_file all;
  auto one_of = [&]<class X>(char const* name, X& x) {
    auto const& given = fields.at(name);
    auto const found = enumerator_named<X>(given.is_string() ? given.template get<std::string>() : "");
    if (!found) fields.wrong(name, any_enumerator<X>());
    x = *found;
  };
  one_of("trunk", all.plain.trunk);
  if (auto const said = policy.find("normalize_observations"); said != policy.end()) {
    file::json_fields const numbers(*said, where + ", policy.normalize_observations");
    all.plain.normalize_observations.emplace().numbers(
        [&](char const* name, double& x) { x = number_in(numbers, name); });
  }
  all.plain.hidden.clear();
  if (fields.find("actor")) {
    auto layers = [&](char const* which) { return layers_in(fields.at(which), where + ", policy.network." + which); };
    all.composed.emplace();
    all.composed->actor = layers("actor"), all.composed->options = all.plain;
    if (fields.find("critic")) all.composed->critic = layers("critic");
    return all;
  }
  one_of("activation", all.plain.activation);
  auto const& hidden = fields.at("hidden");
  if (!hidden.is_array()) fields.wrong("hidden", "a list of positive integers");
  for (auto const& n : hidden) {
    if (!n.is_number_unsigned() || n.get<std::uint64_t>() - 1 >= std::uint64_t(std::numeric_limits<int>::max()))
      fields.wrong("hidden", "a list of positive integers");
    all.plain.hidden.push_back(n.get<int>());
  }
  return all;
}

/// make(the networks of a file), with the file's parameters, which have to be enough for them before they are made.
template <backend B, class Make>
auto new_from_file(B& backend, std::filesystem::path const& path, int observations, Make make) {
  auto const from = file::read_state(path);
  std::string const where = path.string();
  auto const networks = networks_in(part_of_file(from, "policy", where), where);
  double const room = double(parameters_in(from, where).bytes.size()) / 4;
  auto made = [&](auto const& of, double weights) {
    if (weights > room) refuse_file(where, "describes a network of more parameters than it has");
    auto policy = make(of);
    load_policy(backend, policy, from, where);
    return policy;
  };
  if (auto const& composed = networks.composed) {
    double weights = 0;
    try {
      weights = composed->template parameters<B>(observations);
    } catch (value_error const& e) {
      throw value_error(where + ": its network cannot be made: " + e.what());
    }
    return made(*composed, weights);
  }
  double weights = 0, units = 1;
  for (int const n : networks.plain.hidden) weights += (units + 1) * n, units = n;
  return made(networks.plain, weights);
}

}  // namespace detail

/// What `save` wrote becomes the policy's, or the run's, which has to be made like the one that was saved: of the same
/// network, distribution and spaces, a run also of the same parts and seed; what differs is a value_error that names
/// it, and nothing is changed. A run goes on as the saved one would have, bit by bit. A policy is read from a run's
/// file too. Raises io_error for a file that is damaged, of a later format or none of Cohort's.
template <backend B, class Saved>
void load(B& backend, Saved& to, std::filesystem::path const& path) {
  detail::load_from(backend, to, file::read_state(path), path.string());
}
/// The same from what saved_bytes gave.
template <backend B, class Saved>
void load(B& backend, Saved& to, std::span<std::byte const> bytes) {
  detail::load_from(backend, to, file::read_state(bytes), "load");
}

/// A policy with the network of the file, for an environment of the spaces that the file says; with a distribution of
/// your choice, the one that it was trained with. Raises value_error for a network with a layer of your own, which no
/// file can make: make the policy with it, and load into that.
///
///     auto policy = load<actor_critic>(cpu, environment, "cart_pole.cohort");
///     auto policy = load<actor>(cpu, environment, beta_distribution{}, "pendulum.cohort");
template <template <class, class> class Policy, backend B, environment E>
auto load(B& backend, E const& environment, std::filesystem::path const& path) {
  return detail::new_from_file(backend, path, detail::observation_count(environment),
                               [&](auto const& n) { return Policy{backend, environment, n}; });
}
template <template <class, class> class Policy, backend B, environment E, action_model Model>
auto load(B& backend, E const& environment, Model const& model, std::filesystem::path const& path) {
  return detail::new_from_file(backend, path, detail::observation_count(environment),
                               [&](auto const& n) { return Policy{backend, environment, model, n}; });
}

}  // namespace COHORT_NAMESPACE
