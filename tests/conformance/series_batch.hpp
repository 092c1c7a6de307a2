#pragma once
#include <cohort/objective/terms.hpp>

#include "reference.hpp"

namespace cohort::conformance {

/// Steps of series in any order, as floats that a double holds too. One series is invalid throughout if any is, the
/// last one has no step, the one before a single one. Ratios of learner and sampler to the old policy lie on both sides
/// of every bound.
struct series_batch {
  static constexpr std::ptrdiff_t M = 1003, N = 40;
  bool some_invalid;
  grid<std::uint8_t> valid = flags(M, 1, 1);
  grid<std::int32_t> series_of = integers<std::int32_t>(M, 1, 2, 0, int(N) - 3);
  grid<float> old_logp = reals<float>(M, 1, 3, -3, 0), sampler_logp = moved(4, 5), logp = moved(6, 7),
              ref_logp = moved(8, 9), advantage = reals<float>(M, 1, 10, -2, 2), entropy = reals<float>(M, 1, 11, 0, 2),
              value = reals<float>(M, 1, 12, -2, 2), target = reals<float>(M, 1, 13, -2, 2),
              weight = reals<float>(M, 1, 14, 0, 1), own_weight = reals<float>(M, 1, 15, 0, 1);

  explicit series_batch(bool some) : some_invalid(some) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    series_of(500) = std::int32_t(N) - 2, valid(500) = 1;
    for (std::ptrdiff_t i = 0; i < M; ++i) {
      if (series_of(i) == 5) valid(i) = 0;
      if (i % 3 == 0) own_weight(i) = 0, value(i) = nan;  // of a step with a selection's weight of 0 nothing is read
      if (!is_valid(i))
        for (auto* x : {&old_logp, &sampler_logp, &logp, &ref_logp, &advantage, &entropy, &value, &target})
          (*x)(i) = nan;
    }
  }
  bool is_valid(std::ptrdiff_t i) const { return !some_invalid || valid(i); }

  /// f(every valid step).
  template <class F>
  void each(F f) const {
    for (std::ptrdiff_t i = 0; i < M; ++i)
      if (is_valid(i)) f(i);
  }
  /// For each series, x added up over its valid steps.
  template <class F>
  std::vector<double> sums(F x) const {
    std::vector<double> result(std::size_t(N), 0);
    each([&](std::ptrdiff_t i) { result[series(i)] += x(i); });
    return result;
  }
  std::size_t series(std::ptrdiff_t i) const { return std::size_t(series_of(i)); }

 private:
  /// The old policy's log-probabilities and a step each, most of it the same for all steps of a series.
  grid<float> moved(std::uint32_t of_series, std::uint32_t of_step) const {
    auto level = reals<float>(N, 1, of_series, -.1, .1), result = reals<float>(M, 1, of_step, -.3, .3);
    for (std::ptrdiff_t i = 0; i < M; ++i) result(i) += old_logp(i) + level(series_of(i));
    return result;
  }
};

/// The batch in a backend's memory.
template <class B>
struct placed_batch {
  using T = value_t<B>;
  placed<B, std::uint8_t> valid;
  placed<B, std::int32_t> series_of;
  placed<B, T> old_logp, sampler_logp, logp, ref_logp, advantage, entropy, value, target, weight, own_weight;
  step_views<T> steps;

  placed_batch(B& b, series_batch const& s)
      : valid(b, s.valid),
        series_of(b, s.series_of),
        old_logp(b, as<T>(s.old_logp)),
        sampler_logp(b, as<T>(s.sampler_logp)),
        logp(b, as<T>(s.logp)),
        ref_logp(b, as<T>(s.ref_logp)),
        advantage(b, as<T>(s.advantage)),
        entropy(b, as<T>(s.entropy)),
        value(b, as<T>(s.value)),
        target(b, as<T>(s.target)),
        weight(b, as<T>(s.weight)),
        own_weight(b, as<T>(s.own_weight)) {
    steps.sampler_logp = sampler_logp.in(), steps.old_logp = old_logp.in(), steps.logp = logp.in(),
    steps.ref_logp = ref_logp.in(), steps.advantage = advantage.in();
    steps.entropy = entropy.in(), steps.value = value.in(), steps.target = target.in(),
    steps.series_of = series_of.in(), steps.series = s.N;
    if (s.some_invalid) steps.valid = valid.in();
  }
};

}  // namespace cohort::conformance
