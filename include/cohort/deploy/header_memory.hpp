#pragma once
#include <cohort/deploy/exported_actor.hpp>

// What a header has of recurrent layers.

namespace COHORT_NAMESPACE::detail {

inline int remembered_numbers(exported_actor const& n) {
  int sum = 0;
  for (auto const& layer : n.layers) sum += layer.remembered;
  return sum;
}

/// A step of each kind of them that there is, on gates that `layer` has made of what comes in.
inline std::string recurrent_functions(exported_actor const& n) {
  using kind = actor_layer::kind;
  auto const has = [&](kind k) {
    return std::any_of(n.layers.begin(), n.layers.end(), [&](auto const& layer) { return layer.what == k; });
  };
  std::string all;
  if (remembered_numbers(n) > 0)
    all +=
        "inline float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }\n"
        "// to += h U, of whose Width columns those from First on.\n"
        "template <int Units, int Width, int First, int Count>\n"
        "inline void recur(const float* h, const float* recurrent, float* to) {\n"
        "  for (int i = 0; i < Units; ++i)\n"
        "    for (int o = 0; o < Count; ++o) to[o] += h[i] * recurrent[i * Width + First + o];\n}\n";
  std::string const begin = "template <int Inputs, int Units>\ninline void ",
                    x = "(const float* x, const float* weight, const float* bias, ", u = "const float* recurrent, ",
                    each = "  for (int o = 0; o < Units; ++o) ";
  auto const gates = [](char const* count) {
    return std::string("  float gates[") + count + " * Units];\n  layer<Inputs, " + count +
           " * Units, false>(x, weight, bias, gates);\n";
  };
  if (has(kind::gru))
    all += begin + "gru" + x + u + "const float* recurrent_bias, float* h, float* y) {\n" + gates("3") +
           "  float more[Units];\n" + each +
           "more[o] = recurrent_bias[o];\n"
           "  recur<Units, 3 * Units, 0, 2 * Units>(h, recurrent, gates);\n"
           "  recur<Units, 3 * Units, 2 * Units, Units>(h, recurrent, more);\n" +
           each +
           "{\n"
           "    const float r = sigmoid(gates[o]), z = sigmoid(gates[Units + o]);\n"
           "    const float now = std::tanh(gates[2 * Units + o] + r * more[o]);\n"
           "    y[o] = now + z * (h[o] - now);\n  }\n" +
           each + "h[o] = y[o];\n}\n";
  if (has(kind::lstm))
    all += begin + "lstm" + x + u + "float* h, float* y) {\n" + gates("4") +
           "  recur<Units, 4 * Units, 0, 4 * Units>(h, recurrent, gates);\n  float* c = h + Units;\n" + each +
           "{\n"
           "    const float in = sigmoid(gates[o]), keep = sigmoid(gates[Units + o]);\n"
           "    c[o] = keep * c[o] + in * std::tanh(gates[2 * Units + o]);\n"
           "    y[o] = h[o] = sigmoid(gates[3 * Units + o]) * std::tanh(c[o]);\n  }\n}\n";
  if (has(kind::min_gru))
    all += begin + "min_gru" + x + "float* h, float* y) {\n" + gates("2") + each +
           "y[o] = h[o] += sigmoid(gates[o]) * (gates[Units + o] - h[o]);\n}\n";
  return all;
}

/// What goes from one step to the next.
inline std::string memory_text(int numbers) {
  if (numbers == 0) return "";
  return "\n// What goes from one step to the next; memory{} begins an episode.\nstruct memory {\n  float numbers[" +
         std::to_string(numbers) + "] = {};\n};\n";
}

}  // namespace COHORT_NAMESPACE::detail
