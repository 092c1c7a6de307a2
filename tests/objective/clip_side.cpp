#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_steps.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/tic_grpo.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

// Where a term says that it clips, there its policy gradient is 0, as the duals have it; and steps are counted one by
// one.

using namespace cohort;
using namespace arrays;

namespace {

using plain = real<double>;
using slope_of = dual<plain, 1>;

/// f(log-ratio, advantage) over a grid without edges.
template <class F>
void over_grid(F f) {
  for (double A : {-1.5, -.2, 0., .3, 2.})
    for (int i = -60; i <= 60; ++i) f(.0517 * i, A);
}
/// A step of probability e^-3 before.
template <class S>
void set(step_terms<S>& s, S const& log_ratio, double A) {
  s.old_logp = s.sampler_logp = -3, s.advantage = A, s.logp = log_ratio + (-3);
}

/// The side that a loss without a gradient is on: that of the ratio. What is clipped is clipped to 1, so the grid's 1
/// itself never is.
double expected_side(double slope, double log_ratio, double A) {
  return A != 0 && slope == 0 ? (log_ratio > 0 ? 1 : -1) : 0;
}

template <class O>
void require_of_step(O const& o) {
  int found = 0;
  over_grid([&](double x, double A) {
    step_terms<slope_of> s;
    set(s, slope_of::variable(plain(x), 0), A);
    step_terms<plain> p;
    set(p, plain(x), A);
    double side = plain(o.clipped(p)).value;
    CAPTURE(x, A);
    REQUIRE(side == expected_side(o(s).tangent[0].value, x, A));
    found += side != 0;
  });
  REQUIRE(found > 0);
}
template <class O>
void require_of_series(O const& o) {
  int found = 0;
  over_grid([&](double mean, double A) {
    series_terms<slope_of> s;
    set(s, slope_of(plain(.1)), A);
    s.length = 2, s.total = slope_of::variable(plain(2 * mean), 0);
    series_terms<plain> p;
    set(p, plain(.1), A);
    p.length = 2, p.total = 2 * mean;
    double side = plain(o.clipped(p)).value;
    CAPTURE(mean, A);
    REQUIRE(side == expected_side(o(s).tangent[0].value, mean, A));
    found += side != 0;
  });
  REQUIRE(found > 0);
}

/// One's own joins by one member.
struct half_clip {
  double high = 1.1;
  template <class S>
  constexpr S operator()(step_terms<S> const& s) const {
    return -min(exp(s.logp - s.old_logp), S(high)) * s.advantage;
  }
  template <class S>
  constexpr S clipped(step_terms<S> const& s) const {
    return select((exp(s.logp - s.old_logp) > high) & (s.advantage != 0), S(1), S(0));
  }
};
/// Stands for a selection, whose weights the test makes itself.
struct everything {
  static constexpr unsigned reads = 0;
};
static_assert(detail::has_clip<half_clip> && detail::has_clip<decltype(entropy_bonus{} + gspo{})> &&
              !detail::has_clip<decltype(entropy_bonus{} + sapo{})>);

}  // namespace

TEST_CASE(
    "clipped: a step is clipped where its advantage is not 0 and its gradient is, on the side to which the ratio has "
    "moved") {
  require_of_step(clipped_ratio{.epsilon = .2, .epsilon_high = .28});
  require_of_step(dual_clip{.epsilon = .2, .epsilon_high = .28, .c = 2});
  require_of_step(two_sided_clip{.epsilon = .3, .epsilon_high = .28, .delta = 2.5});
  require_of_step(dppo_tv{.low = .02, .high = .05});
  require_of_step(dppo_kl{.low = .01, .high = .02});
  require_of_step(prime_rl_loss{.low = .02, .high = .05, .weight = 0});
  require_of_step(prime_rl_loss{.low = .02, .high = .05, .symmetric = true, .weight = 0});
  require_of_step(half_clip{});
}

TEST_CASE("clipped: a series' steps are where its ratio has no gradient") {
  require_of_series(gspo{.epsilon = .2, .epsilon_high = .28});
  require_of_series(gspo{.epsilon = .2, .epsilon_high = .28, .delta = 2});
  require_of_series(tic_grpo{.epsilon = .3});
  over_grid([&](double mean, double A) {
    gspo_step o{.epsilon = .2, .epsilon_high = .28};
    series_terms<slope_of> s;
    set(s, slope_of::variable(plain(.1), 0), A);
    s.length = 2, s.total = slope_of(plain(2 * mean));
    series_terms<plain> p;
    set(p, plain(.1), A);
    p.length = 2, p.total = 2 * mean;
    REQUIRE(plain(o.clipped(p)).value == expected_side(o(s).tangent[0].value, mean, A));
  });
  over_grid([&](double x, double A) {  // in GMPO each step has a clip of its own
    gmpo o{.epsilon = .2, .epsilon_high = .28};
    step_terms<slope_of> s;
    set(s, slope_of::variable(plain(x), 0), A);
    step_terms<plain> p;
    set(p, plain(x), A);
    REQUIRE(plain(o.clipped(p)).value == expected_side(o.of_step(s).tangent[0].value, x, A));
  });
}

TEST_CASE("clipped: of cispo it is the weight, whichever way the advantage points, and the gradient stays") {
  cispo o{.low = .8, .high = 1.5};
  over_grid([&](double x, double A) {
    step_terms<slope_of> s;
    set(s, slope_of::variable(plain(x), 0), A);
    step_terms<plain> p;
    set(p, plain(x), A);
    double r = std::exp(x);
    REQUIRE(plain(o.clipped(p)).value == (A == 0 ? 0 : r > 1.5 ? 1 : r < .8 ? -1 : 0));
    REQUIRE((o(s).tangent[0].value == 0) == (A == 0));
  });
}

TEST_CASE(
    "count_clipped: a step counts once on a side, whichever and however many terms clip it, unless a selection has "
    "left it out") {
  constexpr int M = 301, N = 9;
  numbers logp = uniform(M, 1, -2, 0), old_logp = uniform(M, 2, -2, 0), advantage = uniform(M, 3, -1, 1),
          entropy = uniform(M, 4), one(M, 1), kept = cast<double>(coins(M, 5, .6));
  integers series_of(M);
  for (int i = 0; i < M; ++i) series_of[i] = i / 20 % N;
  numbers broken = logp;
  for (int i = 0; i < M; ++i)
    if (kept[i] == 0) broken[i] = std::nan("");
  for (bool own : {false, true}) {
    step_views<double> at{.old_logp = all(old_logp),
                          .logp = own ? all(broken) : all(logp),
                          .advantage = all(advantage),
                          .entropy = all(entropy)};
    at.series_of = all(series_of), at.series = N;
    auto counted = [&](auto const& o, auto const& weights) {
      cpu backend;
      numbers room(100 * M), found(2);
      auto sums = detail::sum_series(backend, o, at, weights, all(room));
      detail::count_clipped(backend, o, at, weights, sums, all(found));
      return found;
    };
    auto by_hand = [&](auto side) {
      numbers found(2);
      for (int i = 0; i < M; ++i) {
        auto [low, high] = side(i);
        found[0] += low, found[1] += high;
      }
      return found;
    };
    auto ratio = [&](int i) { return std::exp(logp[i] - old_logp[i]); };
    auto of_series = [&](int i) {
      double total = 0, length = 0;
      for (int j = 0; j < M; ++j)
        if (series_of[j] == series_of[i]) total += logp[j] - old_logp[j], length += 1;
      return std::exp(total / length);
    };
    auto ones = view<double const>(all(one));
    if (own) {
      auto some = weighted(everything{}, half_clip{});
      CHECK(counted(some + entropy_bonus{}, std::array{ones, view<double const>(all(kept))}) ==
            by_hand([&](int i) { return std::pair(0, kept[i] == 1 && ratio(i) > 1.1); }));
      continue;
    }
    CHECK(counted(half_clip{.high = 1.3} + half_clip{}, std::array{ones}) ==
          by_hand([&](int i) { return std::pair(0, ratio(i) > 1.1); }));
    gspo a{.epsilon = .05, .epsilon_high = .1};
    clipped_ratio b{.epsilon = .4, .epsilon_high = .9};
    CHECK(counted(entropy_bonus{} + a + 2. * b, std::array{ones}) == by_hand([&](int i) {
            double s = of_series(i), r = ratio(i);
            return std::pair(advantage[i] < 0 && (s < .95 || r < .6), advantage[i] > 0 && (s > 1.1 || r > 1.9));
          }));
  }
}
