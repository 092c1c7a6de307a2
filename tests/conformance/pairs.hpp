#pragma once
#include <cohort/objective/bradley_terry.hpp>
#include <cohort/objective/differentiate_pairs.hpp>
#include <cohort/objective/dpo.hpp>

#include "../support/own_objectives.hpp"
#include "reference.hpp"

namespace cohort::conformance {

/// Every objective of pairs in one, of which `which` has factor 1: so it is compiled once.
struct one_of_pairs {
  enum { of_dpo, of_ipo, of_hinge, of_bradley_terry, of_own, count };
  int which = 0;
  template <class S>
  constexpr S operator()(pair_terms<S> const& p) const {
    auto factor = [&](int k) { return k == which ? 1. : 0.; };
    return factor(of_dpo) * dpo{.beta = .5, .label_smoothing = .1}(p) + factor(of_ipo) * ipo{.beta = .5}(p) +
           factor(of_hinge) * preference_hinge{.beta = .5}(p) +
           factor(of_bradley_terry) * bradley_terry{.margin = .3, .center = .1}(p) +
           factor(of_own) * mine::of_pair{}(p);
  }
};

/// Steps of pairs in any order; one pair has a series without a valid step, one a series without any step.
struct pair_batch {
  static constexpr std::ptrdiff_t M = 211, N = 20;
  bool some_invalid;
  grid<std::uint8_t> valid = flags(M, 1, 51), last{M, 1};
  grid<std::int32_t> series_of = integers<std::int32_t>(M, 1, 52, 0, int(N) - 2);
  grid<float> logp = reals<float>(M, 1, 53, -.5, 0), ref_logp = reals<float>(M, 1, 54, -.5, 0),
              value = reals<float>(M, 1, 55, -2, 2);

  explicit pair_batch(bool some) : some_invalid(some) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    std::vector<std::ptrdiff_t> last_of(std::size_t(N), -1);
    for (std::ptrdiff_t i = 0; i < M; ++i) {
      if (series_of(i) == 6) valid(i) = 0;
      if (is_valid(i)) last_of[std::size_t(series_of(i))] = i;
      else logp(i) = ref_logp(i) = value(i) = nan;
    }
    for (std::ptrdiff_t i : last_of)
      if (i >= 0) last(i) = 1;
    for (std::ptrdiff_t i = 0; i < M; ++i)
      if (!last(i)) value(i) = nan;  // only a series' last value is its score
  }
  bool is_valid(std::ptrdiff_t i) const { return !some_invalid || valid(i); }
};

/// A loss of a pair, and its derivatives by the two log-probabilities and the two scores.
struct plain_pair {
  double loss, chosen_logp, rejected_logp, chosen_score, rejected_score;
};
inline plain_pair plain_loss_of_pair(int which, double const (&log_ratio)[2], double const (&score)[2],
                                     double const (&length)[2]) {
  auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  double d = log_ratio[0] - log_ratio[1], mean = log_ratio[0] / length[0] - log_ratio[1] / length[1],
         apart = score[0] - score[1], sum = score[0] + score[1];
  switch (which) {
    case one_of_pairs::of_dpo: {
      double p = sigmoid(.5 * d), slope = .5 * (.1 * p - .9 * (1 - p));
      return {-.9 * std::log(p) - .1 * std::log(1 - p), slope, -slope, 0, 0};
    }
    case one_of_pairs::of_ipo:
      return {(mean - 1) * (mean - 1), 2 * (mean - 1) / length[0], -2 * (mean - 1) / length[1], 0, 0};
    case one_of_pairs::of_hinge:
      return d < 2 ? plain_pair{1 - .5 * d, -.5, .5, 0, 0} : plain_pair{};
    case one_of_pairs::of_bradley_terry: {
      double p = sigmoid(apart - .3);
      return {-std::log(p) + .1 * sum * sum, 0, 0, -(1 - p) + .2 * sum, 1 - p + .2 * sum};
    }
    default: {
      double p = sigmoid(mean - .5), line = std::sqrt(1 + (apart - mean) * (apart - mean)),
             pull = .5 * (apart - mean) / line, slope = -(1 - p) - pull;
      return {-std::log(p) + .5 * line, slope / length[0], -slope / length[1], pull, -pull};
    }
  }
}

/// Loss and derivatives by logp and value, in a loop over the pairs.
inline grid<double> plain_pairs(pair_batch const& b, int which) {
  grid<double> out(b.M, 3);
  double pairs = 0;
  for (std::ptrdiff_t p = 0; p < b.N / 2; ++p) {
    double log_ratio[2] = {}, score[2] = {}, length[2] = {};
    auto side = [&](std::ptrdiff_t i) { return b.is_valid(i) && b.series_of(i) / 2 == p ? b.series_of(i) % 2 : -1; };
    for (std::ptrdiff_t i = 0; i < b.M; ++i)
      if (int s = side(i); s >= 0) {
        log_ratio[s] += double(b.logp(i)) - b.ref_logp(i), length[s] += 1;
        if (b.last(i)) score[s] = b.value(i);
      }
    if (length[0] == 0 || length[1] == 0) continue;
    auto pair = plain_loss_of_pair(which, log_ratio, score, length);
    for (std::ptrdiff_t i = 0; i < b.M; ++i)
      if (int s = side(i); s >= 0) {
        out(i, 1) = s ? pair.rejected_logp : pair.chosen_logp;
        if (b.last(i)) out(i, 2) = s ? pair.rejected_score : pair.chosen_score;
        if (b.last(i) && !s) out(i, 0) = pair.loss;
      }
    pairs += 1;
  }
  for (double& x : out.values) x /= pairs;
  return out;
}

template <class B>
grid<double> pairs_of(B& backend, pair_batch const& b, int which) {
  using T = value_t<B>;
  placed<B, T> logp(backend, as<T>(b.logp)), ref_logp(backend, as<T>(b.ref_logp)), value(backend, as<T>(b.value));
  placed<B, std::uint8_t> valid(backend, b.valid), last(backend, b.last);
  placed<B, std::int32_t> series_of(backend, b.series_of);
  step_views<T> steps{
      .logp = logp.in(), .ref_logp = ref_logp.in(), .value = value.in(), .series_of = series_of.in(), .series = b.N};
  if (b.some_invalid) steps.valid = valid.in();
  // Without derivatives, with either of them and with both, the results are the same to the bit.
  grid<T> both;
  for (int wanted = 3; wanted >= 0; --wanted) {
    placed<B, T> out(backend, b.M, 3);
    auto is_wanted = [&](int k) { return k == 0 || (wanted & k) != 0; };
    auto results = [&](int k) { return is_wanted(k) ? out.out().column(k) : view<T>{}; };
    differentiate_pairs(backend, one_of_pairs{which}, steps, last.in(),
                        {.loss = results(0), .logp = results(1), .value = results(2)});
    auto found = out.now();
    if (wanted == 3) both = found;
    for (std::ptrdiff_t i = 0; i < b.M; ++i)
      for (int k = 0; k < 3; ++k) REQUIRE((is_wanted(k) ? found(i, k) == both(i, k) : std::isnan(found(i, k))));
  }
  return as<double>(both);
}

template <class B>
void pairs(B& backend, tolerances const& tolerance) {
  SECTION("objectives of pairs, and one of a user's own: loss and gradient are those of a plain loop") {
    for (bool some_invalid : {false, true}) {
      pair_batch batch(some_invalid);
      for (int which = 0; which < one_of_pairs::count; ++which) {
        CAPTURE(which, some_invalid);
        REQUIRE(mismatch<B>(pairs_of(backend, batch, which), plain_pairs(batch, which), tolerance) == "");
      }
    }
  }
}

}  // namespace cohort::conformance
