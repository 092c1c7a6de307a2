#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/frozen_model.hpp>
#include <numeric>
#include <vector>

#include "../series_pass.hpp"

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
    auto const head = model.network().head_factor(model.parameters());
    constexpr std::size_t at_once = 64;
    pass_(cpu, model, std::span(series).first(series.size() - 1),
          [&](view<float const> hidden, std::size_t begin, std::size_t n) {
            for (std::size_t t = std::max(begin + 1, first); t < begin + 1 + n; t += at_once) {
              std::vector<std::int32_t> rows(std::min(at_once, begin + 1 + n - t));
              std::iota(rows.begin(), rows.end(), std::int32_t(t - 1 - begin));
              auto const logits = model.head().logits(cpu, hidden, {rows.data(), std::ptrdiff_t(rows.size())}, head);
              for (std::size_t r = 0; r < rows.size(); ++r)
                add(std::span(&logits(std::ptrdiff_t(r), 0), std::size_t(logits.columns)), series[t + r], top, all);
            }
          });
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

  program::series_pass<float> pass_;
  std::vector<std::int32_t> order_;
};

}  // namespace serve
