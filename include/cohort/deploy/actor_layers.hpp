#pragma once
#include <algorithm>
#include <cohort/describe/enumerators.hpp>
#include <cohort/error.hpp>
#include <cohort/network/activation.hpp>
#include <cohort/network/built_layer.hpp>
#include <cstddef>
#include <map>

// An actor's network in plain numbers, layer by layer, as exports write it.

namespace COHORT_NAMESPACE::detail {

struct actor_layer {
  enum class kind { dense, norm, columns, sum, joined, gru, lstm, min_gru };

  int inputs, outputs;
  std::vector<float> weight, bias;  ///< weights inputs x outputs, row by row; of a norm its scale and shift
  activation after = activation::linear;
  kind what = kind::dense;
  std::vector<int> from{};  ///< the values that it reads: 0 is the observation, l + 1 what layer l gives
  int first = 0;            ///< of columns
  double epsilon = 0;       ///< of a norm
  std::vector<float> recurrent_weight{}, recurrent_bias{};  ///< of what remembers, as the layer has them
  int remembered = 0;                                       ///< its numbers

  void keep_columns(int n) {
    std::vector<float> kept;
    for (int i = 0; i < inputs; ++i)
      kept.insert(kept.end(), weight.begin() + std::ptrdiff_t(i) * outputs,
                  weight.begin() + std::ptrdiff_t(i) * outputs + n);
    weight = std::move(kept), outputs = n;
    bias.resize(std::size_t(n));
  }
};

/// "4-64-64-2 (tanh)"; of what is not dense its kind: "4-64-norm-64-sum-2 (tanh)".
inline std::string widths_of(std::vector<actor_layer> const& layers) {
  std::string all = std::to_string(layers[0].inputs), after;
  for (auto const& layer : layers)
    all += "-" + (layer.what == actor_layer::kind::dense ? std::to_string(layer.outputs) : name_of(layer.what));
  std::vector<activation> seen;
  for (std::size_t l = 0; l + 1 < layers.size(); ++l)
    if (auto const a = layers[l].after;
        layers[l].what == actor_layer::kind::dense && std::find(seen.begin(), seen.end(), a) == seen.end())
      after += (seen.empty() ? "" : ", ") + name_of(a), seen.push_back(a);
  return all + (after.empty() ? "" : " (" + after + ")");
}

/// Layers from their descriptions and their arrays, which have the names "PREFIX0.weight" and so on.
class actor_layers {
 public:
  std::vector<actor_layer> all;
  std::map<std::string, std::vector<float>> arrays;

  /// `where` and `what` are for messages; `remembers`: recurrent layers may be among them.
  actor_layers(std::string where, std::string what, int observations, bool remembers)
      : where_(std::move(where)), what_(std::move(what)), observations_(observations), remembers_(remembers) {}

  /// Adds the layers that read a value of so many numbers; the value that they give.
  int add(std::vector<layer_description> const& layers, std::string const& prefix, int value) {
    for (std::size_t l = 0; l < layers.size(); ++l) value = add(layers[l], prefix + std::to_string(l) + ".", value);
    return value;
  }
  int add_dense(std::string const& name, int value, activation after) {
    auto const &weight = arrays.at(name + "weight"), &bias = arrays.at(name + "bias");
    return push({int(weight.size() / bias.size()), int(bias.size()), weight, bias, after}, {value});
  }

 private:
  using kind = actor_layer::kind;

  int width(int value) const { return value == 0 ? observations_ : all[std::size_t(value - 1)].outputs; }
  int push(actor_layer layer, std::vector<int> from) {
    layer.from = std::move(from);
    all.push_back(std::move(layer));
    return int(all.size());
  }
  int add(layer_description const& d, std::string const& name, int value) {
    int const n = width(value);
    auto number = [&](std::size_t k) { return std::get<double>(d.numbers.at(k).second); };
    if (d.kind == "dense")
      return add_dense(name, value, *enumerator_named<activation>(std::get<std::string>(d.numbers.at(1).second)));
    if (d.kind == "layer_norm")
      return push({.inputs = n,
                   .outputs = n,
                   .weight = arrays.at(name + "scale"),
                   .bias = arrays.at(name + "shift"),
                   .what = kind::norm,
                   .epsilon = number(0)},
                  {value});
    if (d.kind == "columns")
      return push({.inputs = n,
                   .outputs = int(number(1)),
                   .weight = {},
                   .bias = {},
                   .what = kind::columns,
                   .first = int(number(0))},
                  {value});
    if (d.kind == "residual") {
      int const change = add(d.inside[0], name, value);
      return push({.inputs = n, .outputs = n, .weight = {}, .bias = {}, .what = kind::sum}, {value, change});
    }
    if (d.kind == "side_by_side") {
      std::vector<int> sides;
      int sum = 0;
      for (std::size_t k = 0; k < d.inside.size(); ++k) {
        sides.push_back(add(d.inside[k], name + std::to_string(k) + ".", value));
        sum += width(sides.back());
      }
      return push({.inputs = n, .outputs = sum, .weight = {}, .bias = {}, .what = kind::joined}, std::move(sides));
    }
    for (kind const k : {kind::gru, kind::lstm, kind::min_gru})
      if (remembers_ && d.kind == name_of(k)) {
        auto given = [&](char const* array) {
          return arrays.contains(name + array) ? arrays.at(name + array) : std::vector<float>{};
        };
        int const units = int(number(0));
        return push({.inputs = n,
                     .outputs = units,
                     .weight = arrays.at(name + "weight"),
                     .bias = arrays.at(name + "bias"),
                     .what = k,
                     .recurrent_weight = given("recurrent_weight"),
                     .recurrent_bias = given("recurrent_bias"),
                     .remembered = k == kind::lstm ? 2 * units : units},
                    {value});
      }
    throw value_error(where_ + ": " + name.substr(0, name.size() - 1) + " is " + d.kind + ", and " + what_ +
                      " has dense, layer_norm, residual, columns" +
                      (remembers_ ? ", side_by_side, gru, lstm and min_gru alone" : " and side_by_side alone"));
  }

  std::string where_, what_;
  int observations_;
  bool remembers_;
};

}  // namespace COHORT_NAMESPACE::detail
