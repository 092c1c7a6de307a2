#pragma once
#include <algorithm>
#include <cohort/selection/clip_cov.hpp>
#include <cohort/selection/high_return.hpp>
#include <cohort/selection/importance_weights.hpp>
#include <cohort/selection/kl_cov.hpp>
#include <cohort/selection/off_policy_series.hpp>
#include <cohort/selection/ratio_bounds.hpp>
#include <cohort/selection/top_entropy.hpp>

#include "series_batch.hpp"

namespace cohort::conformance {

inline constexpr stream_id selection_draws{3, draw_purpose::user, 5};

template <class B, class Selection>
grid<double> weights_by(B& backend, series_batch const& batch, Selection const& selection) {
  placed_batch<B> b(backend, batch);
  placed<B, value_t<B>> weight(backend, batch.M, 1);
  selection(backend, b.steps, selection_draws, weight.out());
  return as<double>(weight.now());
}

/// The same in loops over the steps.
struct plain_selections {
  series_batch const& b;
  std::vector<double> length = b.sums([](std::ptrdiff_t) { return 1.; });
  explicit plain_selections(series_batch const& batch) : b(batch) {}

  /// f(every valid step), and 0 for the others.
  template <class F>
  grid<double> each(F f) const {
    grid<double> weight(b.M);
    b.each([&](std::ptrdiff_t i) { weight(i) = f(i); });
    return weight;
  }
  grid<double> operator()(importance_weights const& w) const {
    auto rho = ratios(w.over);
    long double sum = 0, count = 0;
    auto weight = each([&](std::ptrdiff_t i) {
      if (w.beyond == beyond_bounds::mask) return rho(i) < w.low || rho(i) > w.high ? 0. : rho(i);
      return std::clamp(rho(i), w.low, w.high);
    });
    b.each([&](std::ptrdiff_t i) {
      long double share = w.over == ratio_over::step ? 1 : 1 / (long double)(length[b.series(i)]);
      sum += share * weight(i), count += share;
    });
    for (double& x : weight.values)
      if (w.normalize) x /= double(sum / count);
    return weight;
  }
  grid<double> operator()(ratio_bounds const& r) const {
    auto rho = ratios(r.over);
    return each([&](std::ptrdiff_t i) { return r.low <= rho(i) && rho(i) <= r.high; });
  }
  grid<double> operator()(off_policy_series const& o) const {
    auto moved = b.sums([&](std::ptrdiff_t i) { return double(b.sampler_logp(i)) - b.logp(i); });
    return each(
        [&](std::ptrdiff_t i) { return !(b.advantage(i) < 0 && moved[b.series(i)] / length[b.series(i)] > o.delta); });
  }
  grid<double> operator()(high_return const& h) const {
    double chosen = 0, all = 0;
    b.each([&](std::ptrdiff_t i) { chosen += b.target(i) > h.threshold, all += 1; });
    REQUIRE(chosen > 0);
    return each([&](std::ptrdiff_t i) { return b.target(i) > h.threshold ? h.normalize ? all / chosen : 1 : 0; });
  }
  grid<double> operator()(top_entropy const& t) const {
    std::vector<double> entropy;
    b.each([&](std::ptrdiff_t i) { entropy.push_back(b.entropy(i)); });
    std::sort(entropy.begin(), entropy.end());
    double at = double(entropy.size() - 1) * (1 - t.share), below = entropy[std::size_t(at)],
           above = entropy[std::min(std::size_t(at) + 1, entropy.size() - 1)];
    return each([&](std::ptrdiff_t i) { return b.entropy(i) >= below + (at - std::floor(at)) * (above - below); });
  }
  grid<double> operator()(kl_cov const& k) const {
    return marked(
        k.share, [](std::ptrdiff_t) { return true; },
        [&](std::ptrdiff_t i, std::ptrdiff_t j) { return covariance(i) > covariance(j); }, 1);
  }
  grid<double> operator()(clip_cov const& c) const {
    auto candidate = [&](std::ptrdiff_t i) {
      double r = std::exp(double(b.logp(i)) - b.old_logp(i)), x = covariance(i);
      return x > c.low && x < c.high && !(b.advantage(i) > 0 ? r > 1 + c.epsilon_high : r < 1 - c.epsilon);
    };
    auto draw = [](std::ptrdiff_t i) {
      auto words = selection_draws.words(std::uint32_t(i), 0);
      return std::uint64_t(words[0]) << 32 | words[1];
    };
    return marked(c.share, candidate, [&](std::ptrdiff_t i, std::ptrdiff_t j) { return draw(i) < draw(j); }, 0);
  }

 private:
  grid<double> ratios(ratio_over over) const {
    auto log_ratio = [&](std::ptrdiff_t i) { return double(b.old_logp(i)) - b.sampler_logp(i); };
    auto sum = b.sums(log_ratio);
    return each([&](std::ptrdiff_t i) {
      std::size_t n = b.series(i);
      return std::exp(over == ratio_over::step     ? log_ratio(i)
                      : over == ratio_over::series ? sum[n]
                                                   : sum[n] / length[n]);
    });
  }
  double covariance(std::ptrdiff_t i) const { return (b.advantage(i) - mean_advantage) * (b.logp(i) - mean_logp); }
  double mean(grid<float> const& x) const {
    double sum = 0, count = 0;
    b.each([&](std::ptrdiff_t i) { sum += x(i), count += 1; });
    return sum / count;
  }
  /// `value` at the first of the candidates in this order, as many as the share of all valid steps, and the other of 0
  /// and 1 elsewhere.
  template <class Candidate, class Before>
  grid<double> marked(double share, Candidate candidate, Before before, int value) const {
    std::vector<std::ptrdiff_t> order;
    double valid = 0;
    b.each([&](std::ptrdiff_t i) {
      valid += 1;
      if (candidate(i)) order.push_back(i);
    });
    std::sort(order.begin(), order.end(), before);
    REQUIRE(double(order.size()) > share * valid);
    order.resize(std::size_t(share * valid));
    return each([&](std::ptrdiff_t i) { return std::count(order.begin(), order.end(), i) ? value : 1 - value; });
  }
  double mean_advantage = mean(b.advantage), mean_logp = mean(b.logp);
};

template <class B>
void selections(B& backend, tolerances const& tolerance) {
  SECTION("selections: the weights are those of plain loops, and 0 where a step is not valid") {
    for (bool some_invalid : {false, true}) {
      series_batch batch(some_invalid);
      plain_selections plain(batch);
      auto check = [&](auto const& selection) {
        auto weight = weights_by(backend, batch, selection);
        REQUIRE(mismatch<B>(weight, plain(selection), tolerance) == "");
        for (std::ptrdiff_t i = 0; i < batch.M; ++i)
          if (!batch.is_valid(i)) REQUIRE(weight(i) == 0);
      };
      for (ratio_over over : {ratio_over::step, ratio_over::series, ratio_over::geometric_mean}) {
        CAPTURE(int(over), some_invalid);
        for (bool normalize : {false, true})
          check(importance_weights{.over = over, .low = .95, .high = 1.05, .normalize = normalize});
        check(importance_weights{.over = over, .beyond = beyond_bounds::mask, .low = .95, .high = 1.05});
        check(ratio_bounds{.over = over, .low = .95, .high = 1.05});
      }
      check(off_policy_series{.delta = .02});
      for (bool normalize : {false, true}) check(high_return{.threshold = .75, .normalize = normalize});
      check(top_entropy{.share = .3});
      check(kl_cov{.share = .1});
      check(clip_cov{.share = .05, .low = .2, .high = 2});
    }
  }
}

}  // namespace cohort::conformance
