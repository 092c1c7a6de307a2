#pragma once
#include <cohort/checkpoint/description.hpp>
#include <cohort/deploy/exported_actor.hpp>
#include <cohort/deploy/onnx_graph.hpp>
#include <cohort/file/new_file.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

namespace detail {

/// A norm of the rows of `from`, in operators that are older than LayerNormalization: a mean is a product with 1 / n.
inline void write_norm(onnx_graph& graph, actor_layer const& layer, std::string const& k, std::string const& from,
                       std::string const& to) {
  std::string const mean = "one_nth" + k, centered = "centered" + k, deviation = "deviation" + k;
  graph.constant(mean, {layer.inputs, 1}, std::vector<float>(std::size_t(layer.inputs), 1 / float(layer.inputs)));
  graph.constant("epsilon" + k, {}, {float(layer.epsilon)});
  graph.constant("scale" + k, {layer.outputs}, layer.weight), graph.constant("shift" + k, {layer.outputs}, layer.bias);
  graph.node("MatMul", {from, mean}, "mean" + k);
  graph.node("Sub", {from, "mean" + k}, centered);
  graph.node("Mul", {centered, centered}, "squares" + k);
  graph.node("MatMul", {"squares" + k, mean}, "variance" + k);
  graph.node("Add", {"variance" + k, "epsilon" + k}, "positive" + k);
  graph.node("Sqrt", {"positive" + k}, deviation);
  graph.node("Div", {centered, deviation}, "normal" + k);
  graph.node("Mul", {"normal" + k, "scale" + k}, "scaled" + k);
  graph.node("Add", {"scaled" + k, "shift" + k}, to);
}

/// The columns of `from` that begin with `first`.
inline void write_columns(onnx_graph& graph, std::string const& from, int first, int count, std::string const& to) {
  graph.constant("begin_of_" + to, first), graph.constant("end_of_" + to, first + count);
  graph.constant("axis_of_" + to, 1);
  graph.node("Slice", {from, "begin_of_" + to, "end_of_" + to, "axis_of_" + to}, to);
}

/// The network, from "observation" to `end`.
inline void write_layers(onnx_graph& graph, exported_actor const& actor, std::string const& end) {
  using kind = actor_layer::kind;
  std::string read = "observation";
  if (auto const& by = actor.normalization; !by.mean.empty()) {
    int const D = int(by.mean.size());
    graph.constant("observation_mean", {D}, by.mean), graph.constant("observation_scale", {D}, by.scale);
    graph.node("Sub", {read, "observation_mean"}, "centered");
    graph.node("Mul", {"centered", "observation_scale"}, read = "normalized");
    if (std::isfinite(by.clip)) {
      graph.constant("lowest", {}, {-by.clip}), graph.constant("highest", {}, {by.clip});
      graph.node("Clip", {"normalized", "lowest", "highest"}, read = "clipped");
    }
  }
  std::vector<std::string> values{read};
  for (std::size_t l = 0; l < actor.layers.size(); ++l) {
    auto const& layer = actor.layers[l];
    std::string const k = std::to_string(l), weight = "weight" + k, bias = "bias" + k;
    std::vector<std::string> from;
    for (int v : layer.from) from.push_back(values[std::size_t(v)]);
    values.push_back("hidden" + k);
    if (layer.what == kind::norm) write_norm(graph, layer, k, from[0], values.back());
    else if (layer.what == kind::columns) write_columns(graph, from[0], layer.first, layer.outputs, values.back());
    else if (layer.what == kind::sum) graph.node("Add", from, values.back());
    else if (layer.what == kind::joined) graph.node("Concat", from, values.back(), {{"axis", 1}});
    else {
      bool const is_linear = layer.after == activation::linear, is_last = l + 1 == actor.layers.size();
      std::string const linear = is_last ? end : "linear" + k;
      graph.constant(weight, {layer.inputs, layer.outputs}, layer.weight);
      graph.constant(bias, {layer.outputs}, layer.bias);
      graph.node("Gemm", {from[0], weight, bias}, linear);
      if (is_linear) values.back() = linear;
      else graph.node(layer.after == activation::tanh ? "Tanh" : "Relu", {linear}, values.back());
    }
  }
}

/// What stands for the bounds of actions: low + (high - low) share.
inline void write_bounded(onnx_graph& graph, space_values const& box, std::string const& share) {
  std::vector<float> const low(box.low.begin(), box.low.end());
  std::vector<float> width;
  for (std::size_t d = 0; d < low.size(); ++d) width.push_back(float(box.high[d] - box.low[d]));
  graph.constant("low", {int(low.size())}, low);
  graph.constant("width", {int(low.size())}, width);
  graph.node("Mul", {share, "width"}, "above_low");
  graph.node("Add", {"above_low", "low"}, "action");
}

/// "masked_logits": -inf where "action_mask" forbids an action; of a bit, -inf where it may not be 1, inf where it may
/// not be 0 alone.
inline void write_mask(onnx_graph& graph, exported_actor const& actor) {
  float const infinity = std::numeric_limits<float>::infinity();
  graph.constant("forbidden", {}, {0}), graph.constant("never", {}, {-infinity});
  if (actor.best == best_action::choices) {
    graph.node("Equal", {"action_mask", "forbidden"}, "is_forbidden");
    return graph.node("Where", {"is_forbidden", "never", "logits"}, "masked_logits");
  }
  graph.constant("always", {}, {infinity});
  graph.constant("end_of_mask", actor.masks), graph.constant("axis_of_mask", 1), graph.constant("two_columns", 2);
  for (std::string const bit : {"0", "1"}) {
    graph.constant("begin_of_" + bit, bit == "1");
    graph.node("Slice", {"action_mask", "begin_of_" + bit, "end_of_mask", "axis_of_mask", "two_columns"},
               "may_be_" + bit);
    graph.node("Equal", {"may_be_" + bit, "forbidden"}, "may_not_be_" + bit);
  }
  graph.node("Where", {"may_not_be_0", "always", "logits"}, "not_0");
  graph.node("Where", {"may_not_be_1", "never", "not_0"}, "masked_logits");
}

/// From what the network gives, `y`, to "action".
inline void write_best_action(onnx_graph& graph, exported_actor const& actor, std::string const& y) {
  auto const& actions = actor.spaces.actions;
  int const size = int(actions.size());
  auto columns = [&](int first, int count, std::string const& to) { write_columns(graph, y, first, count, to); };
  switch (actor.best) {
    case best_action::choices: {
      if (actions.kind == "discrete") return graph.node("ArgMax", {y}, "action", {{"axis", 1}, {"keepdims", 0}});
      std::vector<std::string> all;
      int first = 0;
      for (int n : actions.n) {
        std::string const k = std::to_string(all.size());
        columns(first, n, "logits" + k);
        graph.node("ArgMax", {"logits" + k}, "choice" + k, {{"axis", 1}, {"keepdims", 1}});
        all.push_back("choice" + k), first += n;
      }
      return graph.node("Concat", all, "action", {{"axis", 1}});
    }
    case best_action::bits:
      graph.constant("zero", {}, {0});
      graph.node("Greater", {y, "zero"}, "is_set");
      return graph.node("Cast", {"is_set"}, "action", {{"to", onnx::tensor::is_int64}});
    case best_action::numbers:
      return columns(0, size, "action");
    case best_action::tanh_bounds:
      columns(0, size, "mean");
      graph.constant("two", {}, {2});
      graph.node("Mul", {"mean", "two"}, "twice");
      graph.node("Sigmoid", {"twice"}, "share");
      return write_bounded(graph, actions, "share");
    case best_action::beta_bounds:
      columns(0, size, "first"), columns(size, size, "second");
      graph.node("Softplus", {"first"}, "alpha_less_1"), graph.node("Softplus", {"second"}, "beta_less_1");
      graph.node("Add", {"alpha_less_1", "beta_less_1"}, "both");
      graph.constant("zero", {}, {0}), graph.constant("half", {}, {.5f});
      graph.node("Div", {"alpha_less_1", "both"}, "quotient");
      graph.node("Greater", {"both", "zero"}, "is_hump");
      graph.node("Where", {"is_hump", "quotient", "half"}, "share");
      return write_bounded(graph, actions, "share");
  }
}

inline std::string onnx_text(exported_actor const& actor) {
  bool const is_box = actor.spaces.actions.kind == "box";
  int const size = int(actor.spaces.actions.size()), given = actor.layers.back().outputs;
  std::string const y = !is_box ? "logits" : given == size ? "action" : "parameters";
  onnx_graph graph;
  graph.input("observation", onnx::tensor::is_float, {0, actor.layers.front().inputs});
  if (actor.masks) graph.input("action_mask", onnx::tensor::is_float, {0, actor.masks});
  write_layers(graph, actor, y);
  if (actor.masks) write_mask(graph, actor);
  if (y != "action") write_best_action(graph, actor, actor.masks ? "masked_logits" : y);
  graph.output("action", is_box ? onnx::tensor::is_float : onnx::tensor::is_int64,
               actor.spaces.actions.kind == "discrete" ? std::vector{0} : std::vector{0, size});
  if (y != "action") graph.output(y, onnx::tensor::is_float, {0, given});
  if (actor.masks) graph.output("masked_logits", onnx::tensor::is_float, {0, given});
  if (int const n = int(actor.free.size())) {
    std::vector<int> const shape = n == size ? std::vector{size} : std::vector{n / size, size};
    graph.constant("log_std_value", shape, actor.free);
    graph.node("Identity", {"log_std_value"}, "log_std");
    graph.output("log_std", onnx::tensor::is_float, shape);
  }
  std::vector<std::pair<std::string, std::string>> said{{"library", "Cohort " COHORT_VERSION},
                                                        {"distribution", actor.distribution},
                                                        {"observations", space_json(actor.spaces.observations).dump()},
                                                        {"actions", space_json(actor.spaces.actions).dump()}};
  auto names = [&](char const* key, std::vector<std::string> const& all) {
    if (!all.empty()) said.emplace_back(key, file::json(all).dump());
  };
  names("observation_names", actor.spaces.observations.names), names("action_names", actor.spaces.actions.names);
  return graph.model(said);
}

}  // namespace detail

/// Writes a policy's most probable actions as an ONNX file of standard operators (opset 11):
///
///     observation, N x D floats  ->  action, N (discrete), N x K integers of 64 bits, or N x K floats (box)
///
/// Beside the action it gives what the distribution is made of: "logits" of discrete, multi_discrete and binary
/// actions, "parameters" of a box's where the network gives more than the action (parameter k of number d in column k K
/// + d), and "log_std" where no observation changes it. metadata_props name the library, the distribution, the
/// spaces and what the environment calls their numbers. Actions are the policy's to 1e-6, and not clipped to their
/// space, as the policy's are not. Replaces what stands there unless told to refuse.
///
///     export_onnx(cpu, policy, "controller.onnx");
///
/// Where the environment has an action mask, "action_mask" is an input beside the observation: N x M floats, 0 where an
/// action is forbidden, in the order of the environment's (floats, as in ML-Agents' files and in RLlib's observations,
/// since not every runtime takes bools). "logits" are those before the mask, "masked_logits" those behind it. A choice
/// or bit of which it allows nothing is 0.
///
/// Raises value_error, with nothing written, for a policy without an environment, or with a distribution of your own,
/// not_finite_error for numbers that are not finite, io_error for the file.
template <backend B, class Policy>
void export_onnx(B& backend, Policy& policy, std::filesystem::path const& path, existing what = existing::replace) {
  file::write_text(path, detail::onnx_text(detail::exported(backend, policy, "export_onnx", "an ONNX file")), what);
}

}  // namespace COHORT_NAMESPACE
