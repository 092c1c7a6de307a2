#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/language/model/token_packing.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "../catch.hpp"

namespace support {

/// The logits of each token of a series, whichever class of models it is.
template <class B, class Model>
std::vector<double> logits_of(B& backend, Model& model, std::vector<std::int32_t> const& tokens) {
  cohort::token_packing<B> packing;
  packing.prompt(model.options(), tokens);
  packing.finish(backend, model.options());
  auto const parameters = std::as_const(model).parameters();
  auto const hidden = model.network().forward(backend, parameters, packing.tokens());
  std::vector<std::int32_t> rows(tokens.size());
  std::iota(rows.begin(), rows.end(), 0);
  auto const l = model.head().logits(backend, hidden, {rows.data(), std::ptrdiff_t(rows.size())},
                                     model.network().head_factor(parameters));
  std::vector<double> all;
  for (std::ptrdiff_t r = 0; r < l.rows; ++r)
    for (std::ptrdiff_t v = 0; v < l.columns; ++v) all.push_back(double(l(r, v)));
  return all;
}
/// The largest difference.
inline double distance(std::vector<double> const& a, std::vector<double> const& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace support
