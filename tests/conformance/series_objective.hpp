#pragma once
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/tic_grpo.hpp>
#include <cohort/objective/vespo.hpp>
#include <cohort/selection/kl_cov.hpp>

#include "../support/own_objectives.hpp"
#include "series_batch.hpp"

namespace cohort::conformance {

enum : int {
  of_gspo,
  of_gspo_step,
  of_gmpo,
  of_vespo,
  of_tic_grpo,
  of_series_kl,
  of_own_series,
  of_own_step,
  terms_of_series
};
using factors = std::array<double, terms_of_series>;

/// All of them in one type, of which the factors choose: so it is compiled once.
inline auto every_term(factors const& f) {
  return f[of_gspo] * gspo{.epsilon = .02, .epsilon_high = .03} +
         f[of_gspo_step] * gspo_step{.epsilon = .02, .epsilon_high = .03} +
         f[of_gmpo] * gmpo{.epsilon = .15, .epsilon_high = .2} + f[of_vespo] * vespo<ratio_to::sampler>{} +
         f[of_tic_grpo] * tic_grpo{} + f[of_series_kl] * series_kl_penalty{.weight = .3} +
         f[of_own_series] * mine::of_series{} + weighted(kl_cov{}, f[of_own_step] * mine::of_step{});
}

/// A number and its derivative.
struct value_and_slope {
  double value, slope;
};
/// A loss of a step, and its derivatives by the total of its series and by its own logp.
struct plain_loss {
  double value, by_total = 0, by_logp = 0;
};

inline value_and_slope plain_of_step(int term, series_batch const& b, std::ptrdiff_t i) {
  double x = double(b.logp(i)) - b.old_logp(i), t = std::tanh(x);
  if (term == of_gmpo && b.advantage(i) > 0 && x > .2) return {.2, 0};
  if (term == of_gmpo && b.advantage(i) < 0 && x < -.15) return {-.15, 0};
  if (term == of_vespo) return {double(b.logp(i)) - b.sampler_logp(i), 1};
  if (term == of_own_series) return {t, 1 - t * t};
  return {x, 1};
}

inline plain_loss plain_term(int term, series_batch const& b, std::ptrdiff_t i, double total, double length) {
  double A = b.advantage(i), logp = b.logp(i), to_ref = logp - b.ref_logp(i), s = std::exp(total / length),
         W = std::exp(total);
  bool clipped = A > 0 ? s > 1.03 : s < .98;
  switch (term) {
    case of_gspo:
      return clipped ? plain_loss{-(A > 0 ? 1.03 : .98) * A} : plain_loss{-s * A, -s * A / length};
    case of_gspo_step:
      return clipped ? plain_loss{-(A > 0 ? 1.03 : .98) * A} : plain_loss{-s * A, 0, -s * A};
    case of_gmpo:
      return {-s * A, -s * A / length};
    case of_vespo: {
      double phi = A > 0 ? std::exp(3 * (1 - W)) * W * W : std::exp(2 * (1 - W)) * W * W * W;
      return {-phi * A * logp, 0, -phi * A};
    }
    case of_tic_grpo:
      return W > 1.2 ? plain_loss{-1.2 * A} : plain_loss{-W * A, -W * A};
    case of_series_kl: {
      double k3 = std::exp(-to_ref) - 1 + to_ref;
      return {.3 * s * k3, .3 * s * k3 / length, .3 * s * (1 - std::exp(-to_ref))};
    }
    default: {
      double r = std::exp(to_ref);
      return {-std::log(1 + s) * A + .1 * total * r, -s / (1 + s) / length * A + .1 * r, .1 * total * r};
    }
  }
}

/// Loss and derivatives by logp, entropy and value, in loops over the steps.
inline grid<double> plain_losses(series_batch const& b, factors const& f) {
  grid<double> out(b.M, 4);
  auto length = b.sums([](std::ptrdiff_t) { return 1.; });
  for (int term = 0; term < of_own_step; ++term) {
    auto total = b.sums([&](std::ptrdiff_t i) { return plain_of_step(term, b, i).value; });
    std::vector<double> by_total(std::size_t(b.N), 0);
    b.each([&](std::ptrdiff_t i) {
      auto loss = plain_term(term, b, i, total[b.series(i)], length[b.series(i)]);
      double w = f[std::size_t(term)] * b.weight(i);
      out(i, 0) += w * loss.value, out(i, 1) += w * loss.by_logp, by_total[b.series(i)] += w * loss.by_total;
    });
    b.each([&](std::ptrdiff_t i) { out(i, 1) += by_total[b.series(i)] * plain_of_step(term, b, i).slope; });
  }
  b.each([&](std::ptrdiff_t i) {
    double w = f[of_own_step] * b.own_weight(i), A = b.advantage(i), r = std::exp(double(b.logp(i)) - b.old_logp(i)),
           gate = 1 / (1 + std::exp(-2 * (r - 1)));
    double error = double(b.value(i)) - b.target(i), line = std::sqrt(1 + error * error), H = b.entropy(i);
    if (w == 0) return;
    out(i, 0) += w * (-2 * gate * A + line - .1 * H * H), out(i, 1) -= w * 4 * gate * (1 - gate) * r * A,
        out(i, 2) -= w * .2 * H, out(i, 3) += w * error / line;
  });
  return out;
}

template <class B>
grid<double> losses_of(B& backend, series_batch const& batch, factors const& f) {
  using T = value_t<B>;
  placed_batch<B> b(backend, batch);
  placed<B, T> out(backend, batch.M, 4);
  auto results = [&](int k) { return out.out().column(k); };
  differentiate(backend, every_term(f), b.steps, {b.weight.in(), b.own_weight.in()},
                {results(0), results(1), results(2), results(3)});
  return as<double>(out.now());
}

template <class B>
void series_objectives(B& backend, tolerances const& tolerance) {
  SECTION(
      "objectives of series, and two of a user's own: loss and gradient of each and of their sum are those of a plain "
      "loop") {
    for (bool some_invalid : {false, true}) {
      series_batch batch(some_invalid);
      factors sum;
      for (int term = 0; term < terms_of_series; ++term) {
        factors one{};
        one[std::size_t(term)] = 1, sum[std::size_t(term)] = .5 - .1 * term;
        CAPTURE(term, some_invalid);
        REQUIRE(mismatch<B>(losses_of(backend, batch, one), plain_losses(batch, one), tolerance) == "");
      }
      REQUIRE(mismatch<B>(losses_of(backend, batch, sum), plain_losses(batch, sum), tolerance) == "");
    }
  }
}

}  // namespace cohort::conformance
