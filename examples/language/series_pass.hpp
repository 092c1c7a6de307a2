#pragma once
#include <array>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/frozen_model.hpp>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace program {

/// Passes a series of tokens through a model, a few hundred at a time, which leave their keys and values to the next:
/// so neither activations nor logits ever take more memory than those few hundred need.
template <class T>
class series_pass {
  using backend = cohort::eigen::basic_backend<T>;

 public:
  /// f(hidden states, first, n) for the tokens first, ..., first + n - 1.
  template <class F>
  void operator()(backend& cpu, cohort::frozen_model<backend>& model, std::span<std::int32_t const> tokens, F f) {
    auto const& o = model.options();
    auto const all = [](auto const& list) {
      return cohort::view<std::int32_t const>(list.data(), std::ptrdiff_t(list.size()));
    };
    model.network().reserve(cpu, cache_, std::ptrdiff_t(tokens.size()));
    for (std::size_t first = 0; first < tokens.size(); first += rows_at_once) {
      auto const part = tokens.subspan(first, std::min(rows_at_once, tokens.size() - first));
      auto const n = std::int32_t(part.size());
      std::vector<std::int32_t> position(part.size()), segment_of(part.size(), 0);
      std::iota(position.begin(), position.end(), std::int32_t(first));
      cohort::attention_segment const segment{.query = 0, .queries = n, .key = 0, .keys = std::int32_t(first) + n};
      auto const fields = segment.fields();
      cohort::attention_layout const layout{{fields.data(), 1, 7}, all(segment_of), {&segment, 1}, o.heads, o.keys(),
                                            o.size_of_head()};
      f(model.network().forward(cpu, model.parameters(), {all(part), all(position), layout}, cache_, all(position)),
        first, part.size());
    }
  }

 private:
  static constexpr std::size_t rows_at_once = 512;
  typename cohort::decoder<backend>::cache cache_;
};

}  // namespace program
