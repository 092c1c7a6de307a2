#pragma once
#include <cohort/deploy/onnx_network.hpp>
#include <cohort/describe/names.hpp>
#include <cohort/file/mapped_file.hpp>

namespace COHORT_NAMESPACE {

struct onnx_options {
  std::string output{};  ///< what the actor gives; "": the first of "logits", "parameters", "mean" that there is, else
                         ///< the file's first output
  std::string value{};   ///< what the critic gives; "": "value", if there is one
  double log_std = 0;    ///< where no observation changes it and the file has no "log_std"
  random_seed seed{};    ///< of a critic that the file has not
};

namespace detail {

/// The name asked for, or the first of the usual ones that is an output; "" for none.
inline std::string output_of(onnx_file const& file, std::string const& asked, std::vector<std::string> const& usual) {
  auto const& all = file.outputs();
  auto has = [&](std::string const& name) { return std::find(all.begin(), all.end(), name) != all.end(); };
  if (!asked.empty() && !has(asked) && !file.maker(asked)) throw unknown_name(file.where(), "output", asked, all);
  if (!asked.empty()) return asked;
  for (auto const& name : usual)
    if (has(name)) return name;
  return "";
}

/// Layers of a policy's numbers, under the names that begin with `part`.
template <class Policy, class T>
void put_layers(Policy& policy, std::string const& part, std::vector<actor_layer> const& layers, std::vector<T>& to) {
  auto from = layers.begin();
  policy.for_each_array([&](std::string const& name, std::ptrdiff_t offset, int, int) {
    if (!name.starts_with(part)) return;
    bool const is_weight = name.ends_with(".weight");
    auto const& numbers = is_weight ? from->weight : from->bias;
    std::copy(numbers.begin(), numbers.end(), to.begin() + offset);
    if (!is_weight) ++from;
  });
}

/// What a policy is made of, as a file has it.
struct onnx_parts {
  network_options network;
  std::vector<actor_layer> actor, critic;  ///< the critic's are none where the file has none
  std::optional<onnx_network::matrix> log_std;
  std::string output, widths;  ///< what messages call the actor
  std::string mask;            ///< the input for an action mask; "" for none
};
inline onnx_parts parts_in(std::span<std::byte const> bytes, std::string const& where, onnx_options const& o,
                           int observations, std::string const& distribution, bool has_critic) {
  onnx_file const file(bytes, where);
  auto read = [&](std::string const& output) {
    onnx_network network(file, bytes.size());
    network.read(output);
    return network;
  };
  std::string output = output_of(file, o.output, {"logits", "parameters", "mean"});
  if (output.empty() && file.outputs().empty()) file.refuse("has no output");
  if (output.empty()) output = file.outputs()[0];
  auto actor = read(output);
  std::string const widths = widths_of(actor.layers);
  if (actor.layers[0].inputs != observations)
    throw value_error(where + ": the network " + widths + " reads " + std::to_string(actor.layers[0].inputs) +
                      " numbers, and an observation has " + std::to_string(observations));
  if (auto const said = file.metadata().find("distribution");
      said != file.metadata().end() && said->second != distribution)
    throw value_error(where + ": the distribution is " + shown(said->second) + ", expected " + shown(distribution));

  onnx_parts parts{{.activation = actor.hidden, .log_std = o.log_std}, {}, {}, {}, output, widths, {}};
  for (char const* usual : {"action_mask", "action_masks"})
    if (file.is_input(usual)) parts.mask = usual;
  parts.network.hidden.clear();
  for (std::size_t l = 0; l + 1 < actor.layers.size(); ++l) parts.network.hidden.push_back(actor.layers[l].outputs);
  if (std::string const value = has_critic ? output_of(file, o.value, {"value"}) : ""; !value.empty()) {
    auto critic = read(value);
    auto like_critic = actor.layers;
    like_critic.back().outputs = 1;
    std::string const found = widths_of(critic.layers), like = widths_of(like_critic);
    if (found != like)
      throw value_error(where + ": " + shown(value) + " is that of a network " + found + ", expected " + like +
                        ": a policy's two networks are alike but for their last layer");
    parts.critic = std::move(critic.layers);
  }
  parts.actor = std::move(actor.layers);
  parts.log_std = onnx_network(file, bytes.size()).constant("log_std");
  if (auto const* made = file.maker("log_std"); made && !parts.log_std)
    file.refuse_node(*made, "makes \"log_std\" of what is observed, expected a constant");
  return parts;
}

/// make(network, seed), with the layers of a file.
template <backend B, class Make>
auto policy_from_onnx(B& backend, std::span<std::byte const> bytes, std::string const& where, onnx_options const& o,
                      int observations, Make make) {
  using Policy = decltype(make(network_options{}, o.seed));
  using T = value_t<B>;
  std::string const distribution = distribution_name<typename Policy::distribution_type>();
  auto const parts = parts_in(bytes, where, o, observations, distribution, Policy::has_critic);
  Policy policy = make(parts.network, o.seed);
  if (!parts.mask.empty() && policy.observations() == observations)
    throw value_error(where + ": the actions are those that the input " + shown(parts.mask) +
                      " allows, and the environment has no action mask");
  int const needed = policy.distribution().parameters(), free = policy.distribution().free_parameters();
  auto require_size = [&](std::string const& what, int given, int expected) {
    if (given != expected)
      throw value_error(where + ": " + what + " has " + std::to_string(given) + " numbers, and " + distribution +
                        " is made of " + std::to_string(expected));
  };
  require_size(shown(parts.output) + " of the network " + parts.widths, parts.actor.back().outputs, needed);
  if (parts.log_std) require_size("\"log_std\"", int(parts.log_std->numbers.size()), free);
  std::vector<T> all(std::size_t(policy.parameters().rows));
  backend.download(std::span<T>(all), view<T const>(policy.parameters()));
  put_layers(policy, "actor.", parts.actor, all);
  if (!parts.critic.empty()) put_layers(policy, "critic.", parts.critic, all);
  if (parts.log_std) std::copy(parts.log_std->numbers.begin(), parts.log_std->numbers.end(), all.end() - free);
  backend.upload(policy.parameters(), std::span<T const>(all));
  return policy;
}

}  // namespace detail

/// A policy to be trained on, with the weights of an ONNX file: of `export_onnx`, of PyTorch's exporter, of
/// examples/convert (Stable-Baselines3, CleanRL), or of your own.
///
///     auto policy = load_onnx<actor>(cpu, environment, "controller.onnx");
///     auto policy = load_onnx<actor_critic>(cpu, environment, tanh_gaussian{}, "sac.onnx", {.output = "parameters"});
///
/// The actor is what makes onnx_options.output, back to the file's input: layers of Gemm, or of MatMul and Add, with
/// Tanh or Relu between them, and Identity, Flatten, Reshape, Cast, Dropout anywhere; Add, Sub, Mul and Div by
/// constants before a layer become a part of it. An actor_critic's critic is what makes "value", of hidden layers like
/// the actor's, or new if the file has none. "log_std" is read if there is one.
///
/// Where the environment has an action mask the policy reads it behind the file's network, whether or not the file
/// does.
///
/// Raises io_error, naming the node, for any other graph and for a damaged file, value_error where what is read does
/// not fit the environment or the distribution, such as a file with a mask for an environment without.
template <template <class, class> class Policy, backend B, environment E>
auto load_onnx(B& backend, E const& environment, std::filesystem::path const& path, onnx_options const& o = {}) {
  file::mapped_file const file(path);
  return detail::policy_from_onnx(
      backend, file.bytes(), path.string(), o, detail::observation_count(environment),
      [&](network_options const& n, random_seed seed) { return Policy{backend, environment, n, seed}; });
}
template <template <class, class> class Policy, backend B, environment E, action_model Model>
auto load_onnx(B& backend, E const& environment, Model const& model, std::filesystem::path const& path,
               onnx_options const& o = {}) {
  file::mapped_file const file(path);
  return detail::policy_from_onnx(
      backend, file.bytes(), path.string(), o, detail::observation_count(environment),
      [&](network_options const& n, random_seed seed) { return Policy{backend, environment, model, n, seed}; });
}

}  // namespace COHORT_NAMESPACE
