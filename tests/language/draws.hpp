#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/host_array.hpp>
#include <cohort/language/sampler/token_sampler.hpp>
#include <cohort/language/sampler/token_support.hpp>
#include <cohort/random/stream.hpp>
#include <numeric>
#include "../catch.hpp"

// What tests of draws of tokens share.
namespace cohort {

template <class T>
struct drawn {
  std::int32_t token = 0;
  T logp = 0, sampler_logp = 0;
  std::vector<std::int32_t> kept;
};

/// One row, drawn once for each lane.
template <class B, class T = value_t<B>>
std::vector<drawn<T>> draw(B& backend, token_sampler const& sampler, std::vector<T> const& logits, int lanes = 1,
                           std::vector<T> const& temperatures = {}, bool whole_softmax = true) {
  std::ptrdiff_t R = lanes, V = std::ptrdiff_t(logits.size()), words = token_support::words_of(V);
  host_array<T> rows(R * V), logp(2 * R), scales(R);
  host_array<std::int32_t> lane(R), token(R), kept(R * words);
  for (std::ptrdiff_t r = 0; r < R; ++r) {
    std::copy(logits.begin(), logits.end(), rows.data() + r * V);
    lane.data()[r] = std::int32_t(r);
    if (!temperatures.empty()) scales.data()[r] = temperatures[std::size_t(r)];
  }
  draw_tokens(backend, sampler, stream_id{4}, 2, rows.matrix(R, V), view<std::int32_t const>(lane.all()), token.all(),
              whole_softmax ? logp.all().part(0, R) : view<T>{}, logp.all().part(R, R),
              temperatures.empty() ? view<T const>{} : view<T const>(scales.all()), kept.matrix(R, words));
  std::vector<drawn<T>> result;
  for (std::ptrdiff_t r = 0; r < R; ++r) {
    token_support all{int(V)};
    all.add_bits(std::span<std::int32_t const>(kept.data() + r * words, std::size_t(words)));
    result.push_back({token.data()[r], logp.data()[r], logp.data()[R + r], all.tokens(0)});
  }
  return result;
}

/// The kept set by its definition: sorted, one filter after the other. Weights are given.
inline std::vector<std::int32_t> by_sorting(std::vector<double> const& weights, token_sampler const& s) {
  std::vector<std::int32_t> kept(weights.size());
  std::iota(kept.begin(), kept.end(), 0);
  std::erase_if(kept, [&](auto v) { return weights[std::size_t(v)] == 0; });
  auto w = [&](std::int32_t v) { return weights[std::size_t(v)]; };
  auto mass = [&] {
    return std::accumulate(kept.begin(), kept.end(), 0., [&](double sum, auto v) { return sum + w(v); });
  };
  auto fewest = [&](auto key, double wanted) {  // the first that hold so much, in ascending order of a key
    std::stable_sort(kept.begin(), kept.end(), [&](auto a, auto b) { return key(a) < key(b); });
    double sum = 0;
    std::size_t n = 0;
    while (n < kept.size() && sum < wanted) sum += w(kept[n++]);
    while (n < kept.size() && key(kept[n]) == key(kept[n - 1])) ++n;
    kept.resize(n);
  };
  auto largest = [&](auto v) { return -w(v); };
  if (s.top_k > 0 && std::size_t(s.top_k) < kept.size()) {
    std::stable_sort(kept.begin(), kept.end(), [&](auto a, auto b) { return w(a) > w(b); });
    double last = w(kept[std::size_t(s.top_k) - 1]);
    std::erase_if(kept, [&](auto v) { return w(v) < last; });
  }
  if (s.top_p < 1) fewest(largest, s.top_p * mass());
  if (s.min_p > 0) std::erase_if(kept, [&](auto v) { return w(v) < s.min_p; });
  if (s.typical_p < 1) {
    double total = mass(), entropy = 0;
    for (auto v : kept) entropy -= w(v) / total * std::log(w(v) / total);
    fewest([&](auto v) { return std::abs(-std::log(w(v) / total) - entropy); }, s.typical_p * total);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

inline std::vector<double> normals(std::size_t n, double scale, std::uint32_t seed) {
  random_stream draws(stream_id{seed, draw_purpose::user});
  std::vector<double> x(n);
  for (auto& l : x) l = scale * draws.normal();
  return x;
}

inline token_sampler const some_samplers[] = {
    {},
    {.temperature = .7, .top_k = 5},
    {.top_k = 50},
    {.temperature = 1.4, .top_k = 1900},
    {.top_p = .9},
    {.top_p = .1},
    {.temperature = 2, .top_p = .999},
    {.min_p = .05},
    {.typical_p = .2},
    {.typical_p = .95},
    {.temperature = 1.3, .top_k = 400, .top_p = .95, .min_p = .001, .typical_p = .9}};

}  // namespace cohort
