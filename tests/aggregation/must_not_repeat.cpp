#include <cohort/aggregation/sums.hpp>
#include <cohort/cohort.hpp>
#include <numeric>
#include "../catch.hpp"
#include "weights.hpp"

// Mistakes that libraries of policy optimization were reported to have made with means of losses, each named as it was
// reported.

namespace {

double const nan_ = std::numeric_limits<double>::quiet_NaN();

template <class F>
void each_aggregation(F f) {
  f("step_mean", step_mean{});
  f("step_sum", step_sum{});
  f("series_mean", series_mean{});
  f("series_mean, empty series counted", series_mean{.empty = empty_series::count});
  f("series_sum_mean", series_sum_mean{});
  f("series_sum_mean, constant length", series_sum_mean{.length = 20, .empty = empty_series::count});
  f("piecewise_step_mean", piecewise_step_mean{.series = 2});
}

/// Five series, of which the fourth has no valid step.
struct steps_of_series {
  integers series_of{0, 0, 0, 0, 1, 2, 2, 2, 3, 3, 4, 4, 4, 4, 4, 4};
  flags valid{1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1};
  static constexpr int M = 16, N = 5;
};

/// The loss of each step and its derivative, of clipped_ratio and a KL with these weights.
struct losses {
  numbers logp = uniform(16, 1, -3, 0), old_logp = uniform(16, 2, -3, 0), ref_logp = uniform(16, 3, -3, 0),
          advantage = uniform(16, 4);
  flags valid{};

  numbers operator()(numbers const& weight, std::ptrdiff_t first = 0, std::ptrdiff_t n = 16) const {
    cpu backend;
    numbers result(std::size_t(2 * n), -99);
    auto in = [&](auto const& x) { return all(x).part(first, n); };
    step_views<double> at{
        .old_logp = in(old_logp), .logp = in(logp), .ref_logp = in(ref_logp), .advantage = in(advantage)};
    if (!valid.empty()) at.valid = in(valid);
    partial_views<double> to{.loss = all(result).part(0, n), .logp = all(result).part(n, n)};
    differentiate(backend, clipped_ratio{.epsilon = .2} + kl_penalty{.weight = .1}, at,
                  std::array<view<double const>, 1>{in(weight)}, to);
    return result;
  }
};

}  // namespace

TEST_CASE(
    "NaN times 0 (OpenRLHF#1240): whatever an invalid step's log-probabilities and advantage are, its loss and "
    "gradient are 0") {
  steps_of_series s;
  each_aggregation([&](char const* name, auto const& mode) {
    CAPTURE(name);
    numbers weight = weights(mode, s.series_of, s.N, s.valid);
    losses clean, poisoned;
    clean.valid = poisoned.valid = s.valid;
    for (int i = 0; i < s.M; ++i)
      if (!s.valid[i]) poisoned.logp[i] = poisoned.old_logp[i] = poisoned.ref_logp[i] = poisoned.advantage[i] = nan_;
    REQUIRE(poisoned(weight) == clean(weight));
    for (int i = 0; i < s.M; ++i)
      if (!s.valid[i]) REQUIRE((weight[i] == 0 && poisoned(weight)[i] == 0 && poisoned(weight)[s.M + i] == 0));
  });
}

TEST_CASE("NaN times 0: weights do not depend on what stood in their memory before") {
  steps_of_series s;
  cpu backend;
  each_aggregation([&](char const* name, auto const& mode) {
    for (flags const& valid : {flags{}, s.valid}) {
      CAPTURE(name, valid.empty());
      numbers found(s.M, nan_);
      mode(backend,
           {s.M, s.N, all(std::as_const(s.series_of)), valid.empty() ? view<std::uint8_t const>{} : all(valid)},
           all(found));
      REQUIRE(found == weights(mode, s.series_of, s.N, valid));
    }
  });
}

TEST_CASE(
    "per-micro-batch denominators (trl#5619, verl#5863, verl#7321): the steps of an optimizer step, however cut, have "
    "the loss and gradient of the whole") {
  steps_of_series s;
  each_aggregation([&](char const* name, auto const& mode) {
    CAPTURE(name);
    numbers weight = weights(mode, s.series_of, s.N, s.valid);
    losses l;
    l.valid = s.valid;
    numbers whole = l(weight);
    for (std::vector<int> cut : {std::vector<int>{0, 4, 16}, {0, 8, 10, 16}, {0, 1, 3, 7, 15, 16}}) {
      numbers joined(2 * s.M);
      for (std::size_t p = 1; p < cut.size(); ++p) {
        int first = cut[p - 1], n = cut[p] - first;
        numbers part = l(weight, first, n);
        for (int i = 0; i < n; ++i) joined[first + i] = part[i], joined[s.M + first + i] = part[n + i];
      }
      REQUIRE(joined == whole);
    }
  });
  // What was reported: each piece's own mean, averaged, weighs the lone step of series 1 as much as the six of series 2
  // to 4 that follow.
  integers pieces{0, 1, 1, 1, 1, 1, 1};
  REQUIRE(weights(piecewise_step_mean{}, pieces, 2)[0] == .5);
  REQUIRE(weights(step_mean{}, pieces, 2)[0] == 1. / 7);
}

TEST_CASE(
    "gradients divided by the group's size again (ms-swift#10117): a mean's weights add up to 1 whatever is invalid") {
  steps_of_series s;
  auto total = [](numbers const& w) { return std::accumulate(w.begin(), w.end(), 0.); };
  for (flags const& valid : {flags{}, s.valid}) {
    REQUIRE(close(total(weights(step_mean{}, s.series_of, s.N, valid)), 1, 1e-15));
    REQUIRE(close(total(weights(series_mean{}, s.series_of, s.N, valid)), 1, 1e-15));
  }
}

TEST_CASE("padding in means (TorchRL's KL): steps that are only there to fill up change no other's weight") {
  steps_of_series s;
  integers padded_of;
  flags padded_valid;
  std::vector<std::size_t> at;  // of the packed steps
  for (int n = 0; n < s.N; ++n)
    for (int i = 0, own = 0; i < s.M || own < 9; ++i)
      if (i >= s.M) padded_of.push_back(n), padded_valid.push_back(0), ++own;
      else if (s.series_of[i] == n)
        at.push_back(padded_of.size()), padded_of.push_back(n), padded_valid.push_back(s.valid[i]), ++own;
  REQUIRE(padded_of.size() == 45);
  each_aggregation([&](char const* name, auto const& mode) {
    CAPTURE(name);
    numbers packed = weights(mode, s.series_of, s.N, s.valid), padded = weights(mode, padded_of, s.N, padded_valid);
    for (int i = 0; i < s.M; ++i) REQUIRE(padded[at[i]] == packed[i]);
  });
}

TEST_CASE(
    "zero-variance groups in the denominator (trl#6365): steps of advantage 0 count as steps, and only invalid ones "
    "leave the mean") {
  integers of{0, 0, 1, 1};
  numbers with = weights(step_mean{}, of, 2), left = weights(step_mean{}, of, 2, {1, 1, 0, 0});
  REQUIRE(with == numbers{.25, .25, .25, .25});
  REQUIRE(left == numbers{.5, .5, 0, 0});
}

TEST_CASE("lengths that count tool steps (OpenRLHF#1252): a series' mean is over its valid steps") {
  integers of{0, 0, 0, 0, 1};
  REQUIRE(weights(series_mean{}, of, 2, {1, 0, 0, 1, 1}) == numbers{.25, 0, 0, .25, .5});
}
