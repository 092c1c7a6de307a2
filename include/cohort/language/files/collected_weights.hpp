#pragma once
#include <cohort/language/model/decoder_options.hpp>
#include <cohort/language/model/weight_factor.hpp>
#include <memory>
#include <optional>
#include <span>

namespace COHORT_NAMESPACE::detail {

/// A decoder's weights, gathered tensor by tensor as a file has them: matrices stay where they lie, unless they are
/// wanted in another type, and vectors become floats.
class collected_weights {
 public:
  collected_weights(decoder_options const& o, std::optional<stored_type> wanted, bool round_inputs)
      : options_(o), all_(lay_out(o)), wanted_(wanted), round_inputs_(round_inputs) {
    stored.layers.resize(std::size_t(o.layers));
    auto const vectors_alone = lay_out(o, false);
    auto next = vectors_alone.tensors.begin();
    for (auto const& t : all_.tensors)
      if (t.columns == 0) places_.push_back({t.offset, next++->offset});
    vectors.resize(std::size_t(vectors_alone.parameters()));
  }

  stored_weights stored;
  std::vector<float> vectors;

  /// Where the numbers of a vector, or of several that follow one another, belong.
  std::span<float> place_of(named_tensor const& t) {
    auto const at = std::find_if(places_.begin(), places_.end(), [&](auto const& p) { return p.first == t.offset; });
    return std::span(vectors).subspan(std::size_t(at->second), std::size_t(t.size()));
  }

  /// `t` is in the order of the flat array, of which it may be several tensors that follow one another.
  void add(named_tensor const& t, stored_matrix m) {
    if (wanted_ && m.type != *wanted_) m = converted(t, m);
    m.round_inputs = round_inputs_;
    if (t.offset == 0) stored.embedding = m;
    if (t.offset == all_.positions) stored.positions = m;
    if (t.offset == all_.head) stored.head = m;
    for (std::size_t l = 0; l < all_.layers.size(); ++l) {
      using enum decoder_part;
      auto const& p = all_.layers[l];
      auto const up_from = options_.gated ? p[gate] : p[up];
      auto& layer = stored.layers[l];
      if (t.offset >= p[queries] && t.offset <= p[values]) layer.qkv.push_back(m);
      else if (t.offset == p[out]) layer.out.push_back(m);
      else if (t.offset >= up_from && t.offset <= p[up]) layer.up.push_back(m);
      else if (t.offset == p[down]) layer.down.push_back(m);
    }
  }
  /// Floats that are nowhere else, which are kept.
  void add(named_tensor const& t, std::vector<float> numbers) {
    auto const& kept = floats_.emplace_back(std::make_unique<std::vector<float>>(std::move(numbers)));
    add(t, stored_matrix(stored_type::f32, kept->data(), t.rows, t.columns));
  }

 private:
  stored_matrix converted(named_tensor const& t, stored_matrix const& m) {
    auto const& to = facts_of(*wanted_);
    if (m.columns % std::ptrdiff_t(to.elements))
      throw value_error("load: tensor " + t.name + " has rows of " + std::to_string(m.columns) + " numbers, of which " +
                        std::string(to.name) + " cannot be made; expected a multiple of " +
                        std::to_string(to.elements));
    auto const n = std::size_t(stored_matrix::bytes_of(*wanted_, m.columns));
    auto const& kept = bytes_.emplace_back(std::make_unique_for_overwrite<std::byte[]>(n * std::size_t(m.rows)));
    std::vector<float> row(static_cast<std::size_t>(m.columns));
    for (std::ptrdiff_t r = 0; r < m.rows; ++r) {
      auto const from = std::as_bytes(std::span(m.row(r), std::size_t(stored_matrix::bytes_of(m.type, m.columns))));
      dequantize(m.type, from, row);
      quantize(*wanted_, row, {kept.get() + std::size_t(r) * n, n});
    }
    return {*wanted_, kept.get(), m.rows, m.columns};
  }

  decoder_options const& options_;
  decoder_layout all_;
  std::optional<stored_type> wanted_;
  bool round_inputs_;
  std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> places_;  // of vectors: in the flat array, and among vectors
  std::vector<std::unique_ptr<std::byte[]>> bytes_;
  std::vector<std::unique_ptr<std::vector<float>>> floats_;
};

}  // namespace COHORT_NAMESPACE::detail
