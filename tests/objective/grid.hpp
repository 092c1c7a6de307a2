#pragma once
#include <cohort/objective/terms.hpp>
#include "../catch.hpp"
#include "../support/scalars.hpp"

// A grid of steps for objectives, and what is asked of every objective on it.
namespace grid {

using arrays::close;
using scalars::plain;
using scalars::point;

inline point step(double log_ratio, double advantage, double old_logp = -1.5) {
  point p{};
  p.old_logp = old_logp, p.sampler_logp = old_logp - .05, p.logp = old_logp + log_ratio,
  p.ref_logp = old_logp + .4 * log_ratio - .1;
  p.advantage = advantage, p.entropy = .7, p.value = 1.3 + advantage, p.old_value = 1.13, p.target = .9;
  return p;
}

/// Both signs of the advantage, large ones and none; |log ratio| up to 30, and 0.01 on both sides of each of these
/// ratios; actions from certain to hopeless. No probability exceeds 1.
inline std::vector<point> steps(std::vector<double> const& ratios = {.8, 1.2, 1.28, 1.5, 3}) {
  std::vector<double> log_ratios{-30, -21, -19, -3, -.9, -.5, -.3, -.1, -.03, .04, .13, .3, .6, 1.2, 2.5, 19, 21, 30};
  for (double r : ratios) log_ratios.insert(log_ratios.end(), {std::log(r) - .01, std::log(r) + .01});
  std::vector<point> points;
  for (double A : {-1e3, -2., -.3, 0., .4, 1.7, 1e3})
    for (double x : log_ratios)
      for (double likelier : {-35., -1.5, -.2}) points.push_back(step(x, A, likelier - std::max(x, 0.)));
  return points;
}

/// No difference may reach over the clamp of the log-ratio.
inline bool off_the_clamp(point const& p) { return std::abs(std::abs((p.logp - p.old_logp).value) - 20) > .01; }

/// Duals against five-point differences: to 1e-9, and where a derivative is small beside the loss, to 1e-11 of that:
/// the differences' own rounding is 1.5 / h roundings of the loss, 3e-13, times those that the loss is of, a dozen.
/// Returns how many steps were compared.
template <class O, class Where>
int compare_differences(O const& o, std::vector<point> const& points, Where where) {
  int compared = 0;
  for (point const& p : points) {
    if (!where(p)) continue;
    auto exact = scalars::partials(o, p), difference = scalars::differences(o, p);
    double size = std::abs(plain(o(p)).value);
    CAPTURE(p.logp.value, p.old_logp.value, p.advantage.value, p.value.value, size);
    for (int k = 0; k < 3; ++k) {
      CAPTURE(k, exact[k], difference[k]);
      REQUIRE(close(difference[k], exact[k], 1e-9, 1e-11 * size));
    }
    ++compared;
  }
  return compared;
}

/// The derivative by logp on an edge is that on one of its sides.
template <class O>
void require_one_sided(O const& o, point const& p) {
  auto slope_at = [&](double moved) {
    point q = p;
    q.logp = p.logp.value + moved;
    return scalars::partials(o, q)[0];
  };
  double on = slope_at(0), below = slope_at(-1e-10), above = slope_at(1e-10);
  CAPTURE(p.logp.value, p.advantage.value, on, below, above);
  REQUIRE((close(on, below, 1e-9) || close(on, above, 1e-9)));
}

}  // namespace grid
