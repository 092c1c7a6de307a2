#pragma once
#include <cohort/preset/recorded_batch.hpp>
#include <functional>
#include "../catch.hpp"
#include "../support/arrays.hpp"

// Papers' formulas against presets: a small batch, the advantages and the loss that a test writes down in loops, and
// the loss's slopes by differences.
namespace paper {

using arrays::numbers;

/// Three groups of four answers, of 1 to 5 tokens; rewards are 0, 1 or between, those of the third group equal. With a
/// critic's values, and a sampler that differs.
struct answers {
  static constexpr int groups = 3, G = 4, N = 12;
  int length[N] = {3, 5, 2, 4, 1, 3, 5, 2, 4, 2, 3, 1}, first[N + 1] = {};
  double R[N] = {1, 0, .25, .75, 0, 0, 1, 0, .5, .5, .5, .5};
  numbers logp, old_logp, ref_logp, sampler_logp, value, entropy;
  cohort::preset::recorded_batch recorded;

  answers() {
    for (int i = 0; i < N; ++i) first[i + 1] = first[i] + length[i];
    int M = first[N];
    old_logp = arrays::uniform(M, 1, -3, -.05);
    logp = ref_logp = sampler_logp = old_logp;
    auto move = arrays::uniform(M, 2, -.5, .5), far = arrays::uniform(M, 3, -.6, .6),
         off = arrays::uniform(M, 4, -1, 1);
    for (int k = 0; k < M; ++k)
      logp[k] = std::min(logp[k] + move[k], -.01), ref_logp[k] += far[k], sampler_logp[k] += off[k];
    value = arrays::uniform(M, 5, -1, 1), entropy = arrays::uniform(M, 6, 0, 2);
    for (int g = 0; g < groups; ++g) {
      std::vector<cohort::preset::recorded_series> members;
      for (int i = g * G; i < (g + 1) * G; ++i) {
        cohort::preset::recorded_series s;
        auto own = [&](numbers const& v) { return numbers(v.begin() + first[i], v.begin() + first[i + 1]); };
        s.reward = numbers(length[i], 0), s.reward.back() = R[i];
        s.logp = own(logp), s.old_logp = own(old_logp), s.ref_logp = own(ref_logp), s.sampler_logp = own(sampler_logp),
        s.value = own(value), s.entropy = own(entropy);
        members.push_back(s);
      }
      recorded.add_group(members);
    }
  }
  int steps() const { return first[N]; }
};

/// One number for each answer, given to each of its tokens.
inline numbers each_token(answers const& b, std::function<double(int)> const& of_answer) {
  numbers a;
  for (int i = 0; i < b.N; ++i) a.insert(a.end(), std::size_t(b.length[i]), of_answer(i));
  return a;
}

/// Over an answer's group: the sum of f(j); of the scores the mean and the deviation.
template <class F>
double over_group(int i, F f) {
  double sum = 0;
  for (int j = i / answers::G * answers::G; j < (i / answers::G + 1) * answers::G; ++j) sum += f(j);
  return sum;
}
inline double mean_score(answers const& b, int i) {
  return over_group(i, [&](int j) { return b.R[j]; }) / b.G;
}
inline double score_deviation(answers const& b, int i) {
  double mean = mean_score(b, i);
  return std::sqrt(over_group(i, [&](int j) { return (b.R[j] - mean) * (b.R[j] - mean); }) / (b.G - 1));
}
/// DeepSeekMath 4.1.2, with verl's 1e-6.
inline numbers z_scores(answers const& b) {
  return each_token(b, [&](int i) { return (b.R[i] - mean_score(b, i)) / (score_deviation(b, i) + 1e-6); });
}

/// The mean over all tokens.
template <class F>
double tokens_mean(answers const& b, F f) {
  double sum = 0;
  for (int k = 0; k < b.steps(); ++k) sum += f(k) / b.steps();
  return sum;
}
/// PPO's gain of a token, its ratio clipped.
inline double clipped_gain(answers const& b, numbers const& A, numbers const& logp, int k, double low, double high) {
  double r = std::exp(logp[k] - b.old_logp[k]);
  return std::min(r * A[k], std::min(std::max(r, low), high) * A[k]);
}

/// What is compared: a preset's advantages to 1e-12, its loss to 1e-12, and the loss's slopes to the error of
/// five-point differences. `loss` has the log-probabilities and, for what a paper does not differentiate, their values
/// again.
template <class Algorithm>
void require_paper(Algorithm const& a, answers const& b, numbers const& advantage,
                   std::function<double(numbers const& logp, numbers const& held)> const& loss) {
  arrays::cpu backend;
  auto found =
      cohort::preset::apply(backend, a.advantage, cohort::at_progress(a.objective, 0.), a.aggregation, b.recorded);
  for (int k = 0; k < b.steps(); ++k) {
    INFO("step " << k << ": " << found.advantage[std::size_t(k)] << ", expected " << advantage[std::size_t(k)]);
    REQUIRE(arrays::close(found.advantage[std::size_t(k)], advantage[std::size_t(k)], 1e-12, 1e-12));
  }
  INFO("loss " << found.total << ", expected " << loss(b.logp, b.logp));
  REQUIRE(arrays::close(found.total, loss(b.logp, b.logp), 1e-12, 1e-13));
  double largest = 0;
  for (double slope : found.logp) largest = std::max(largest, std::abs(slope));
  REQUIRE(largest > 0);
  for (std::size_t k = 0; k < b.logp.size(); ++k) {
    auto moved = [&](double x) {
      numbers logp = b.logp;
      logp[k] = x;
      return loss(logp, b.logp);
    };
    double expected = arrays::slope(moved, b.logp[k], 1e-5);
    INFO("slope of step " << k << ": " << found.logp[k] << ", expected " << expected);
    REQUIRE(std::abs(found.logp[k] - expected) < 1e-8 * largest);
  }
}

}  // namespace paper
