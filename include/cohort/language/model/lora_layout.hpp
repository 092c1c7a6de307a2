#pragma once
#include <array>
#include <cohort/language/model/lora_options.hpp>

namespace COHORT_NAMESPACE {

/// The adapters of one of a layer's four products, whose weights may be those of several projections: all A follow one
/// another, since they have the same input.
struct product_adapters {
  struct target {
    std::ptrdiff_t column, outputs;  ///< which of the product's outputs are the projection's
    std::ptrdiff_t b;                ///< where B begins
  };
  std::ptrdiff_t a = 0, inputs = 0;
  std::vector<target> targets;
};

/// Where adapters lie in their flat array.
struct lora_layout {
  lora_options options;
  std::vector<named_tensor> tensors;  ///< "model.layers.0.self_attn.q_proj.lora_A.weight", in the order of the array
  std::vector<std::array<product_adapters, 4>> layers;  ///< queries, keys and values; out; gate and up; down

  std::ptrdiff_t parameters() const { return tensors.empty() ? 0 : tensors.back().offset + tensors.back().size(); }
};

inline lora_layout lay_out(decoder_options const& o, lora_options const& lora) {
  lora.check(o);
  lora_layout all{.options = lora, .tensors = {}, .layers = {}};
  auto const add = [&](std::string name, std::ptrdiff_t rows, std::ptrdiff_t columns) {
    auto const offset = all.parameters();
    all.tensors.push_back({std::move(name), offset, rows, columns});
    return offset;
  };
  for (int l = 0; l < o.layers; ++l) {
    struct found {
      std::string name;
      std::ptrdiff_t column, outputs, inputs;
    };
    std::array<std::vector<found>, 4> adapted;
    std::array<std::ptrdiff_t, 4> width{};
    detail::each_layer_tensor(
        o, [&](decoder_part part, std::string const& name, std::ptrdiff_t rows, std::ptrdiff_t columns, double) {
          if (columns == 0) return;
          using enum decoder_part;
          std::size_t const k = part == out ? 1 : part == gate || part == up ? 2 : part == down ? 3 : 0;
          std::string const stem = name.substr(0, name.rfind('.'));  // without .weight
          if (lora.adapts(stem.substr(stem.rfind('.') + 1)))
            adapted[k].push_back({"model.layers." + std::to_string(l) + "." + stem, width[k], rows, columns});
          width[k] += rows;
        });
    auto& places = all.layers.emplace_back();
    for (std::size_t k = 0; k < 4; ++k) {
      if (adapted[k].empty()) continue;
      places[k].a = all.parameters(), places[k].inputs = adapted[k][0].inputs;
      for (auto const& f : adapted[k]) add(f.name + ".lora_A.weight", lora.rank, f.inputs);
      for (auto const& f : adapted[k])
        places[k].targets.push_back({f.column, f.outputs, add(f.name + ".lora_B.weight", f.outputs, lora.rank)});
    }
  }
  return all;
}

}  // namespace COHORT_NAMESPACE
