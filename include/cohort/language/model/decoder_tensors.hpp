#pragma once
#include <array>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// One tensor of a model in its flat parameter array: rows x columns, row by row; columns = 0 for a vector of `rows`
/// elements.
struct named_tensor {
  std::string name;
  std::ptrdiff_t offset = 0, rows = 0, columns = 0;
  double start = 0;     ///< of a vector's elements in a model that is not trained yet
  bool turned = false;  ///< whether a file has it columns x rows
  std::ptrdiff_t size() const { return rows * (columns ? columns : 1); }
};

/// What a layer may have.
enum class decoder_part {
  norm1,
  norm1_shift,
  queries,
  keys,
  values,
  query_bias,
  key_bias,
  value_bias,
  query_norm,
  key_norm,
  out,
  out_bias,
  norm1_after,
  norm1_after_shift,
  norm2,
  norm2_shift,
  gate,
  up,
  gate_bias,
  up_bias,
  down,
  down_bias,
  norm2_after,
  norm2_after_shift,
};

/// Where a layer's tensors begin in the flat array; -1 for one that it has not.
class layer_places {
  std::array<std::ptrdiff_t, std::size_t(decoder_part::norm2_after_shift) + 1> at_;

 public:
  layer_places() { at_.fill(-1); }
  std::ptrdiff_t& operator[](decoder_part p) { return at_[std::size_t(p)]; }
  std::ptrdiff_t operator[](decoder_part p) const { return at_[std::size_t(p)]; }
};

struct decoder_layout {
  std::vector<named_tensor> tensors;  ///< in the order of the array; the first is the embedding
  std::vector<layer_places> layers;
  std::ptrdiff_t positions = -1, final_norm = 0, final_shift = -1;
  std::ptrdiff_t head = 0;  ///< the embedding's place where they are tied

  std::ptrdiff_t parameters() const { return tensors.empty() ? 0 : tensors.back().offset + tensors.back().size(); }
};

}  // namespace COHORT_NAMESPACE
