#pragma once
#include <charconv>
#include <cmath>
#include <cohort/deploy/exported_actor.hpp>
#include <cohort/deploy/header_memory.hpp>
#include <cohort/version.hpp>
#include <cstddef>

// The text of a controller as a header of C++17.

namespace COHORT_NAMESPACE::detail {

/// One observation, some masks (of no numbers where there are none), and what was done with each.
struct header_examples {
  std::vector<float> observation;
  std::vector<std::vector<bool>> masks;
  std::vector<std::vector<double>> actions;
};
/// The number in the fewest characters that give it back; "0.5", and "inf" as C++ writes it.
inline std::string number_text(float x) {
  char buffer[32];
  auto const end = std::to_chars(buffer, buffer + sizeof buffer, x).ptr;
  std::string text(buffer, end);
  if (text.starts_with("0.")) text.erase(0, 1);
  if (text.starts_with("-0.")) text.erase(1, 1);
  return text;
}
template <class Numbers>
std::string numbers_text(Numbers const& numbers) {
  std::string all;
  std::size_t line = 0;
  for (auto x : numbers) {
    std::string const one = number_text(float(x));
    if (all.size() - line + one.size() > 118) all += "\n", line = all.size();
    all += one + ",";
  }
  if (!all.empty()) all.pop_back();
  return all;
}
inline std::string array_text(std::string const& name, std::vector<float> const& numbers) {
  return "constexpr float " + name + "[" + std::to_string(numbers.size()) + "] = {\n" + numbers_text(numbers) + "};\n";
}

/// From y to the action.
inline std::string header_mode(best_action best, bool masked) {
  switch (best) {
    case best_action::choices:
      if (masked)
        return "  const float* from = y;\n"
               "  for (int k = 0; k < actions; ++k) {\n"
               "    int best = -1;\n"
               "    for (int a = 0; a < choices[k]; ++a)\n"
               "      if (mask[a] && (best < 0 || from[a] > from[best])) best = a;\n"
               "    action[k] = best < 0 ? 0 : best;\n"
               "    from += choices[k], mask += choices[k];\n"
               "  }\n";
      return "  const float* from = y;\n"
             "  for (int k = 0; k < actions; ++k) {\n"
             "    action[k] = 0;\n"
             "    for (int a = 1; a < choices[k]; ++a)\n"
             "      if (from[a] > from[action[k]]) action[k] = a;\n"
             "    from += choices[k];\n"
             "  }\n";
    case best_action::bits:
      if (masked)
        return "  for (int k = 0; k < actions; ++k) action[k] = mask[2 * k + 1] && (y[k] > 0 || !mask[2 * k]) ? 1 : "
               "0;\n";
      return "  for (int k = 0; k < actions; ++k) action[k] = y[k] > 0 ? 1 : 0;\n";
    case best_action::numbers:
      return "  for (int d = 0; d < actions; ++d) action[d] = y[d];\n";
    case best_action::tanh_bounds:
      return "  for (int d = 0; d < actions; ++d)\n"
             "    action[d] = action_low[d] + (action_high[d] - action_low[d]) / (1 + std::exp(-2 * y[d]));\n";
    case best_action::beta_bounds:
      break;
  }
  return "  for (int d = 0; d < actions; ++d) {\n"
         "    const float a = softplus(y[d]), b = softplus(y[actions + d]);\n"
         "    const float share = a + b > 0 ? a / (a + b) : 0.5f;\n"
         "    action[d] = action_low[d] + (action_high[d] - action_low[d]) * share;\n"
         "  }\n";
}

/// What the environment calls the numbers, as an enumeration with units as comments.
inline std::string names_text(char const* in, char const* what, space_values const& space) {
  bool const choices = space.kind == "discrete";
  if (space.names.empty() && (space.units.empty() || choices)) return "";
  std::string all = std::string("\n// ") + what + "\n";
  auto unit = [&](std::size_t i) {
    return choices || space.units.empty() || space.units[i].empty() ? std::string() : "  // " + space.units[i];
  };
  std::size_t const count = std::max(space.names.size(), choices ? 0 : space.units.size());
  if (space.names.empty()) {
    for (std::size_t i = 0; i < count; ++i) all += "// [" + std::to_string(i) + "]" + unit(i) + "\n";
    return all;
  }
  all += std::string("namespace ") + in + " {\nenum {\n";
  for (std::size_t i = 0; i < count; ++i) all += "  " + space.names[i] + (i + 1 < count ? "," : "") + unit(i) + "\n";
  return all + "};\n}\n";
}

/// From an observation to what the first layer reads.
inline std::string normalization_text(exported_normalization const& by) {
  if (by.mean.empty()) return "";
  std::string const clip = number_text(by.clip);
  return "  float seen[observations];\n  for (int d = 0; d < observations; ++d) {\n"
         "    seen[d] = (observation[d] - observation_mean[d]) * observation_scale[d];\n" +
         (std::isfinite(by.clip) ? "    if (seen[d] > " + clip + ") seen[d] = " + clip + ";\n    if (seen[d] < -" +
                                       clip + ") seen[d] = -" + clip + ";\n"
                                 : "") +
         "  }\n";
}

/// What all hidden layers do that are not linear, since a header has one function for all.
inline activation hidden_activation(exported_actor const& n) {
  activation one = activation::linear;
  for (auto const& layer : n.layers) {
    if (layer.after == activation::linear) continue;
    if (one != activation::linear && one != layer.after)
      throw value_error("export_header: the actor is " + widths_of(n.layers) + ", and a header has one activation");
    one = layer.after;
  }
  return one;
}

/// Layer l, as statements.
inline std::string layer_text(exported_actor const& n, std::size_t l) {
  using kind = actor_layer::kind;
  auto const& layer = n.layers[l];
  auto value = [&](int v) {
    if (v == 0) return std::string(n.normalization.mean.empty() ? "observation" : "seen");
    return v == int(n.layers.size()) ? "y" : "y" + std::to_string(v - 1);
  };
  std::string const k = std::to_string(l), size = std::to_string(layer.outputs), from = value(layer.from[0]),
                    to = value(int(l) + 1), numbers = "(" + from + ", weight" + k + ", bias" + k + ", ";
  if (layer.what == kind::columns)
    return "  const float* " + to + " = " + from + " + " + std::to_string(layer.first) + ";\n";
  std::string all = "  float " + to + "[" + size + "];\n";
  if (layer.what == kind::dense)
    return all + "  layer<" + std::to_string(layer.inputs) + ", " + size + ", " +
           (layer.after == activation::linear ? "false" : "true") + ">" + numbers + to + ");\n";
  if (layer.remembered > 0) {
    int before = 0;
    for (std::size_t i = 0; i < l; ++i) before += n.layers[i].remembered;
    std::string given = from + ", weight" + k + ", bias" + k + ", ";
    if (!layer.recurrent_weight.empty()) given += "recurrent" + k + ", ";
    if (!layer.recurrent_bias.empty()) given += "recurrent_bias" + k + ", ";
    return all + "  " + name_of(layer.what) + "<" + std::to_string(layer.inputs) + ", " + size + ">(" + given +
           "remembered.numbers + " + std::to_string(before) + ", " + to + ");\n";
  }
  if (layer.what == kind::norm)
    return all + "  norm<" + size + ">" + numbers + number_text(float(layer.epsilon)) + ", " + to + ");\n";
  if (layer.what == kind::sum)
    return all + "  for (int o = 0; o < " + size + "; ++o) " + to + "[o] = " + from + "[o] + " + value(layer.from[1]) +
           "[o];\n";
  int first = 0;
  for (int v : layer.from) {
    int const count = v == 0 ? n.layers[0].inputs : n.layers[std::size_t(v - 1)].outputs;
    all += "  for (int o = 0; o < " + std::to_string(count) + "; ++o) " + to + "[" + std::to_string(first) +
           " + o] = " + value(v) + "[o];\n";
    first += count;
  }
  return all;
}

/// What the layers but dense ones call.
inline std::string norm_text(exported_actor const& n) {
  for (auto const& layer : n.layers)
    if (layer.what == actor_layer::kind::norm)
      return "template <int N>\n"
             "inline void norm(const float* x, const float* scale, const float* shift, float epsilon, float* y) {\n"
             "  float mean = 0, variance = 0;\n"
             "  for (int o = 0; o < N; ++o) mean += x[o] / N;\n"
             "  for (int o = 0; o < N; ++o) variance += (x[o] - mean) * (x[o] - mean) / N;\n"
             "  for (int o = 0; o < N; ++o)\n"
             "    y[o] = (x[o] - mean) / std::sqrt(variance + epsilon) * scale[o] + shift[o];\n}\n";
  return "";
}

inline std::string self_test_text(header_examples const& x, bool is_box, bool remembers) {
  std::string const number = is_box ? "float" : "int";
  bool const masked = !x.masks[0].empty();
  auto const rows = [](auto const& all) {
    std::string text;
    for (auto const& row : all) text += (text.empty() ? "{" : ", {") + numbers_text(row) + "}";
    return " = {" + text + "};\n";
  };
  return "\n// Whether it does here what the policy did when it was written.\ninline bool self_test() {\n"
         "  const float observation[observations] = {" +
         numbers_text(x.observation) + "};\n" + (masked ? "  const bool masks[][mask_size]" + rows(x.masks) : "") +
         "  const " + number + " expected[][actions]" + rows(x.actions) + (remembers ? "  memory remembered;\n" : "") +
         "  for (int k = 0; k < " + std::to_string(x.actions.size()) + "; ++k) {\n    " + number +
         " action[actions];\n    act(observation, " + (masked ? "masks[k], " : "") + (remembers ? "remembered, " : "") +
         "action);\n    for (int d = 0; d < actions; ++d)\n      if (" +
         (is_box ? "!(std::fabs(action[d] - expected[k][d]) <= 1e-5f * (1 + std::fabs(expected[k][d])))"
                 : "action[d] != expected[k][d]") +
         ") return false;\n  }\n  return true;\n}\n";
}

inline std::string header_text(exported_actor const& n, header_examples const& x, std::string const& name) {
  bool const is_box = n.spaces.actions.kind == "box", one = n.spaces.actions.kind == "discrete";
  std::string const number = is_box ? "float" : "int", mask = n.masks ? ", const bool* mask" : "";
  int const remembered = remembered_numbers(n);
  std::string const memory = remembered ? ", memory& remembered" : "";
  std::string arrays, steps = normalization_text(n.normalization);
  if (!steps.empty())
    arrays =
        array_text("observation_mean", n.normalization.mean) + array_text("observation_scale", n.normalization.scale);
  for (std::size_t l = 0; l < n.layers.size(); ++l) {
    std::string const k = std::to_string(l);
    if (!n.layers[l].weight.empty())
      arrays += array_text("weight" + k, n.layers[l].weight) + array_text("bias" + k, n.layers[l].bias);
    if (!n.layers[l].recurrent_weight.empty()) arrays += array_text("recurrent" + k, n.layers[l].recurrent_weight);
    if (!n.layers[l].recurrent_bias.empty()) arrays += array_text("recurrent_bias" + k, n.layers[l].recurrent_bias);
    steps += layer_text(n, l);
  }
  std::string all = "// A controller: what a trained policy does, as Cohort " COHORT_VERSION
                    " wrote it.\n// The network " +
                    widths_of(n.layers) + ", " + n.distribution +
                    ", its most probable action.\n#pragma once\n#include <cmath>\n\nnamespace " + name +
                    " {\n\nconstexpr int observations = " + std::to_string(n.layers.front().inputs) +
                    ", actions = " + std::to_string(n.spaces.actions.size()) + ";\n";
  if (!is_box) {
    all += "constexpr int choices[actions] = {";
    for (std::size_t k = 0; k < n.spaces.actions.n.size(); ++k)
      all += (k ? ", " : "") + std::to_string(n.spaces.actions.n[k]);
    all += "};  // each action is 0 to this less 1\n";
    if (n.masks)
      all += "constexpr int mask_size = " + std::to_string(n.masks) + ";  // " +
             (n.best == best_action::bits ? "of each bit, whether it may be 0, and whether it may be 1\n"
                                          : "whether each action is allowed, choice by choice\n");
  } else {
    auto const bounds = [&](char const* array, std::vector<double> const& b) {
      bool const finite = std::all_of(b.begin(), b.end(), [](double v) { return std::isfinite(v); });
      return finite ? std::string("constexpr float ") + array + "[actions] = {" + numbers_text(b) + "};\n" : "";
    };
    all += bounds("action_low", n.spaces.actions.low) + bounds("action_high", n.spaces.actions.high);
  }
  all += names_text("observed", "The numbers of an observation.", n.spaces.observations) +
         names_text("chosen", one ? "The actions." : "The numbers of an action.", n.spaces.actions);
  all += "\nnamespace detail {\n\n" + arrays +
         "\ntemplate <int Inputs, int Outputs, bool Hidden>\n"
         "inline void layer(const float* x, const float* weight, const float* bias, float* y) {\n"
         "  for (int o = 0; o < Outputs; ++o) y[o] = bias[o];\n"
         "  for (int i = 0; i < Inputs; ++i)\n"
         "    for (int o = 0; o < Outputs; ++o) y[o] += x[i] * weight[i * Outputs + o];\n"
         "  if (Hidden)\n    for (int o = 0; o < Outputs; ++o) y[o] = " +
         (hidden_activation(n) == activation::tanh ? "std::tanh(y[o])" : "y[o] > 0 ? y[o] : 0") + ";\n}\n" +
         norm_text(n) + recurrent_functions(n);
  if (n.best == best_action::beta_bounds)
    all += "inline float softplus(float x) { return (x > 0 ? x : 0) + std::log1p(std::exp(x > 0 ? -x : x)); }\n";
  all += "\n}  // namespace detail\n" + memory_text(remembered) +
         "\n// From an observation's numbers to the action's.\n" +
         std::string(n.masks ? "// Where the mask allows nothing of a choice, it is 0.\n" : "") +
         "inline void act(const float* observation" + mask + memory + ", " + number +
         "* action) {\n  using namespace detail;\n" + steps + header_mode(n.best, n.masks > 0) + "}\n";
  if (one)
    all += "inline int act(const float* observation" + mask + memory + ") {\n  int action = 0;\n  act(observation, " +
           (n.masks ? "mask, " : "") + (remembered ? "remembered, " : "") + "&action);\n  return action;\n}\n";
  all += self_test_text(x, is_box, remembered > 0) + "\n}  // namespace " + name + "\n";
  return all;
}

}  // namespace COHORT_NAMESPACE::detail
