#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/frozen_model.hpp>
#include <cohort/language/model/token_packing.hpp>
#include <numeric>
#include <vector>

namespace serve {

using namespace cohort;

struct likely_token {
  std::int32_t token;
  float logp;
};
/// Tokens' natural log-probabilities, each given those before it, and the most probable ones in its place.
struct scored_tokens {
  std::vector<float> logp;
  std::vector<std::vector<likely_token>> top;
};

/// A series goes through the model once more, of which 64 rows of logits exist at a time.
class token_scorer {
 public:
  /// Of the tokens from `first` on, 1 or later.
  scored_tokens operator()(eigen::backend& cpu, frozen_model<eigen::backend>& model,
                           std::vector<std::int32_t> const& series, std::size_t first, int top) {
    scored_tokens all;
    if (series.size() < 2 || first >= series.size()) return all;
    packing_.clear();
    packing_.prompt(model.options(), std::span(series).first(series.size() - 1));
    packing_.finish(cpu, model.options());
    auto const hidden = model.network().forward(cpu, model.parameters(), packing_.tokens());
    constexpr std::size_t at_once = 64;
    for (std::size_t t = first; t < series.size(); t += at_once) {
      std::vector<std::int32_t> rows(std::min(at_once, series.size() - t));
      std::iota(rows.begin(), rows.end(), std::int32_t(t - 1));
      auto const logits = model.head().logits(cpu, hidden, {rows.data(), std::ptrdiff_t(rows.size())},
                                              model.network().head_factor(model.parameters()));
      for (std::size_t r = 0; r < rows.size(); ++r)
        add(std::span(&logits(std::ptrdiff_t(r), 0), std::size_t(logits.columns)), series[t + r], top, all);
    }
    return all;
  }

 private:
  void add(std::span<float const> logits, std::int32_t token, int top, scored_tokens& all) {
    float const most = *std::max_element(logits.begin(), logits.end());
    double total = 0;
    for (float l : logits) total += std::exp(double(l - most));
    double const log_total = double(most) + std::log(total);
    auto const logp = [&](std::int32_t v) { return float(double(logits[std::size_t(v)]) - log_total); };
    all.logp.push_back(logp(token));
    order_.resize(logits.size());
    std::iota(order_.begin(), order_.end(), 0);
    auto const end = order_.begin() + std::min<std::ptrdiff_t>(top, std::ptrdiff_t(order_.size()));
    std::partial_sort(order_.begin(), end, order_.end(), [&](auto a, auto b) {
      return logits[std::size_t(a)] != logits[std::size_t(b)] ? logits[std::size_t(a)] > logits[std::size_t(b)] : a < b;
    });
    auto& best = all.top.emplace_back();
    for (auto v = order_.begin(); v != end; ++v) best.push_back({*v, logp(*v)});
  }

  token_packing<eigen::backend> packing_;
  std::vector<std::int32_t> order_;
};

}  // namespace serve
