#pragma once
#include <cohort/language/sampler/token_sampler.hpp>
#include <functional>
#include <numeric>

#include "reference.hpp"

namespace cohort::conformance {

struct drawn_token {
  std::int32_t token;
  double logp, sampler_logp;
};

/// A token drawn from logits by token_sampler's definition, in double and by sorting; u is uniform.
inline drawn_token plain_draw(std::vector<double> const& logits, token_sampler const& sampler, double u) {
  double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> weights;
  for (double l : logits) weights.push_back(std::exp((l - largest) / sampler.scale()));
  std::vector<double> sorted = weights;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  if (sampler.top_k > 0) sorted.resize(std::min(sorted.size(), std::size_t(sampler.top_k)));
  double wanted = sampler.top_p * std::accumulate(sorted.begin(), sorted.end(), 0.), mass = 0;
  std::size_t n = 0;
  while (sampler.top_p < 1 && n < sorted.size() && mass < wanted) mass += sorted[n++];
  if (sampler.top_p < 1) sorted.resize(n);
  double from = std::max(sorted.back(), sampler.greedy() ? 1. : sampler.min_p), to = 1, total = 0, kept = 0;
  if (sampler.typical_p < 1 && !sampler.greedy()) {
    double left = 0, logs = 0;
    for (double w : weights)
      if (w >= from && w > 0) left += w, logs += w * std::log(w);
    std::vector<double> typical;
    for (double w : weights)
      if (w >= from && w > 0) typical.push_back(w);
    std::sort(typical.begin(), typical.end(), [&](double a, double b) {
      return std::abs(std::log(a) - logs / left) < std::abs(std::log(b) - logs / left);
    });
    double most = 0, held = 0;
    for (std::size_t i = 0; i < typical.size() && held < sampler.typical_p * left; ++i)
      from = i == 0 ? typical[i] : std::min(from, typical[i]), most = std::max(most, typical[i]), held += typical[i];
    to = most;
  }
  for (double w : weights) total += w, kept += w >= from && w <= to ? w : 0;
  double rest = sampler.greedy() ? 0 : u * kept;
  std::int32_t token = -1;
  for (std::size_t v = 0; v < weights.size(); ++v) {
    if (weights[v] < from || weights[v] > to || weights[v] == 0) continue;
    token = std::int32_t(v);
    if ((rest -= weights[v]) <= 0) break;
  }
  double weight = weights[std::size_t(token)];
  return {token, std::log(weight / total), sampler.greedy() ? 0 : std::log(weight / kept)};
}

template <class B>
void draw_tokens_one(B& backend, token_sampler const& sampler, std::ptrdiff_t rows, std::ptrdiff_t V,
                     tolerances const& tolerance) {
  using T = value_t<B>;
  auto numbers = inputs<T>(rows, V, 1, -5, 5);
  for (std::ptrdiff_t r = 0; r < rows; r += 3) numbers(r, r % V) = -std::numeric_limits<T>::infinity();
  if (rows > 4) numbers(4, V / 2) = std::numeric_limits<T>::quiet_NaN();
  auto lanes = integers<std::int32_t>(rows, 1, 2, 0, 100'000);
  placed<B, std::int32_t> lane(backend, lanes);
  stream_id draws{5, draw_purpose::action, 6};
  std::uint32_t t = 9;
  grid<std::int32_t> want(rows);
  grid<double> want_logp(rows, 2);
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    std::vector<double> row;
    for (std::ptrdiff_t v = 0; v < V; ++v) row.push_back(double(numbers(r, v)));
    auto words = draws.words(std::uint32_t(lanes(r)), t);
    drawn_token d{-1, std::nan(""), std::nan("")};
    if (r != 4) d = plain_draw(row, sampler, open_unit(words[0], words[1]));
    want(r) = d.token, want_logp(r, 0) = d.logp, want_logp(r, 1) = d.sampler_logp;
  }
  CAPTURE(rows, V, sampler.temperature, sampler.top_k, sampler.top_p, sampler.min_p, sampler.typical_p);
  for (bool with_logp : {true, false})
    for (bool with_kept : {false, true}) {
      placed<B, T> logits(backend, numbers), logp(backend, rows, 2, order::transposed);
      placed<B, std::int32_t> token(backend, rows, 1), kept(backend, rows, (V + 31) / 32);
      draw_tokens(backend, sampler, draws, t, logits.out(), lane.in(), token.out(),
                  with_logp ? logp.out().column(0) : view<T>{}, logp.out().column(1), {},
                  with_kept ? kept.out() : view<std::int32_t>{});
      CAPTURE(with_logp, with_kept);
      REQUIRE(difference(token.now(), want) == "");
      auto found = as<double>(logp.now());
      auto bits = kept.now();
      for (std::ptrdiff_t r = 0; r < rows; ++r) {
        std::int32_t v = want(r);
        if (with_kept && v >= 0) REQUIRE((std::uint32_t(bits(r, v / 32)) >> v % 32 & 1) == 1);
        if (with_logp) continue;
        REQUIRE(std::isnan(found(r, 0)));
        found(r, 0) = want_logp(r, 0);
      }
      REQUIRE(mismatch<B>(found, want_logp, tolerance) == "");
    }
}

template <class B>
void token_samples(B& backend, tolerances const& tolerance) {
  SECTION(
      "draw_tokens: tokens and their log-probabilities are those of a plain loop in double, whatever cuts there are") {
    for (token_sampler sampler : {token_sampler{},
                                  {.temperature = 0},
                                  {.temperature = .7, .top_k = 5},
                                  {.temperature = 1.3, .top_p = .8},
                                  {.min_p = .1},
                                  {.temperature = .9, .top_k = 20, .top_p = .95, .min_p = .02},
                                  {.temperature = 0, .top_k = 3, .top_p = .5},
                                  {.typical_p = .4},
                                  {.temperature = 1.2, .top_k = 25, .typical_p = .8}}) {
      draw_tokens_one(backend, sampler, 203, 37, tolerance);
      draw_tokens_one(backend, sampler, 3, 1031, tolerance);
    }
    draw_tokens_one(backend, {}, 0, 5, tolerance);
  }
}

}  // namespace cohort::conformance
