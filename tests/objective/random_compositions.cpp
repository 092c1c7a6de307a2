#include <cohort/cohort.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

// Compositions of up to four terms, of steps and of series, with parameters, factors and aggregations drawn at random:
// every derivative against five-point differences of the whole loss.

using namespace cohort;
using namespace arrays;

namespace {

constexpr int M = 24, N = 5;

struct drawn_batch {
  random_stream draws;
  numbers old_logp, sampler_logp, logp, ref_logp, advantage, entropy, value, old_value, target, kl, old_kl;
  integers series_of;
  flags valid;

  explicit drawn_batch(std::uint64_t s) : draws(stream_id{s, draw_purpose::user}) {
    for (int i = 0; i < M; ++i) {
      old_logp.push_back(draws.uniform(-3, -.2));
      sampler_logp.push_back(old_logp.back() + draws.uniform(-.2, .2));
      logp.push_back(old_logp.back() + draws.uniform(-.9, .9));
      ref_logp.push_back(logp.back() + draws.uniform(-1, 1));
      advantage.push_back(draws.uniform(-2, 2));
      for (auto* v : {&entropy, &kl, &old_kl}) v->push_back(draws.uniform(0, 2));
      for (auto* v : {&value, &old_value, &target}) v->push_back(draws.uniform(-2, 2));
      series_of.push_back(std::int32_t(draws.integer(N)));
      valid.push_back(draws.integer(6) != 0);
    }
  }
  double number(double low, double high) { return draws.uniform(low, high); }
};

template <class O>
double total(O const& o, drawn_batch const& b, numbers* slopes = nullptr) {
  cpu backend;
  constexpr int slots = 1 + detail::aggregations_in<O>;
  numbers w(std::size_t(slots * M)), out(std::size_t(6 * M));
  aggregated_steps<double> steps{M, N, all(b.series_of), all(b.valid)};
  series_mean{}(backend, steps, all(w).part(0, M));
  std::apply([&, k = 1](auto const&... mode) mutable { (mode(backend, steps, all(w).part(k++ * M, M)), ...); },
             detail::composed(o).modes);
  std::array<view<double const>, slots> weights;
  for (int k = 0; k < slots; ++k) weights[std::size_t(k)] = all(std::as_const(w)).part(k * M, M);
  step_views<double> v{all(b.sampler_logp), all(b.old_logp), all(b.logp),  all(b.ref_logp),
                       all(b.advantage),    all(b.entropy),  all(b.value), all(b.old_value),
                       all(b.target),       all(b.kl),       all(b.old_kl)};
  v.valid = all(b.valid), v.series_of = all(b.series_of), v.series = N;
  auto part = [&](int k) { return all(out).part(k * M, M); };
  differentiate(backend, o, v, weights, {part(0), part(1), part(2), part(3), part(4), part(5)});
  if (slopes) slopes->assign(out.begin() + M, out.end());
  double sum = 0;
  for (int i = 0; i < M; ++i) sum += out[std::size_t(i)];
  return sum;
}

template <class O>
void require_differences(O const& o, drawn_batch b) {
  CAPTURE(text(o));
  numbers slopes;
  total(o, b, &slopes);
  int k = 0, loose = 0;
  for (auto* field : {&b.logp, &b.entropy, &b.value, &b.kl, &b.old_kl}) {
    for (int i = 0; i < M; ++i) {
      double& x = (*field)[std::size_t(i)];
      double before = x, found = slopes[std::size_t(k * M + i)];
      auto at = [&](double y) { return x = y, total(o, b); };
      double wide = slope(at, before, 2e-4), narrow = slope(at, before, 1e-4);
      x = before;
      // Where both steps disagree an edge of a clip lies between.
      if (std::abs(wide - narrow) > 1e-8) ++loose;
      else REQUIRE(close(found, narrow, 1e-9, 2e-10));
    }
    ++k;
  }
  REQUIRE(loose < 6);
}

}  // namespace

TEST_CASE("random compositions: the gradient of the whole is that of its differences") {
  for (std::uint64_t s = 1; s <= 6; ++s) {
    drawn_batch b(s);
    double e = b.number(.1, .3), f = b.number(-1, 2), g = b.number(.1, 2);
    require_differences(clipped_ratio{.epsilon = e} + g * kl_penalty{.estimator = k3{}, .weight = f * f} +
                            value_loss{.weight = g} + entropy_bonus{.weight = e},
                        b);
    require_differences(f * dual_clip{.epsilon = e, .c = 1.4 + g} + aggregate(step_mean{}, g * dro{.beta = e}) +
                            clipped_value_loss{.clip = g},
                        b);
    require_differences(aggregate(step_sum{}, f * sapo{.tau = g} + log_likelihood{}) +
                            value_loss{.weight = 1, .distance = huber_error{.delta = g}} +
                            exact_kl_penalty{.weight = g},
                        b);
    require_differences(gspo{.epsilon = e, .epsilon_high = e} + f * gmpo{.epsilon = e} + old_kl_penalty{.weight = e} +
                            policy_gradient{},
                        b);
    require_differences(aggregate(series_sum_mean{.length = g}, tic_grpo{.epsilon = e}) +
                            g * (two_sided_clip{.epsilon = e, .delta = 2} + f * importance_ratio{}),
                        b);
    require_differences(series_kl_penalty{.estimator = k2{}, .weight = g} +
                            kl_penalty{.estimator = ratio_corrected<k1>{}, .weight = e} +
                            positive_likelihood{.threshold = f} + log_ratio_distance{.weight = g},
                        b);
    require_differences(2 * (f * (prime_rl_loss{.weight = g} + kl_penalty{.estimator = k1{}})) +
                            .5 * aggregate(step_mean{}, gspo{.epsilon = g / 4}),
                        b);
  }
}
