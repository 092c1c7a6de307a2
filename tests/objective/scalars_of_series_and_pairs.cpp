#include <cohort/objective/bradley_terry.hpp>
#include <cohort/objective/dpo.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/simpo.hpp>
#include <cohort/objective/tic_grpo.hpp>
#include <cohort/objective/vespo.hpp>
#include "../catch.hpp"
#include "../support/own_objectives.hpp"
#include "../support/scalars.hpp"

// Objectives of series and of pairs over every scalar of the library, compared with real<double>; tests/torch has
// tensors.

using namespace cohort;

namespace {

/// Numbers that a float holds exactly.
std::vector<double> multiples(std::uint32_t which, double low, double high) {
  auto x = arrays::uniform(200, which, low, high);
  for (double& y : x) y = std::round(y * 64) / 64;
  return x;
}
/// The numbers from `first` on as one scalar; as variable k of a dual, or a constant if k < 0.
template <class S>
S taken(std::vector<double> const& x, std::size_t first, int k = -1) {
  auto number = [&](int i) { return x[(first + std::size_t(i)) % x.size()]; };
  if constexpr (scalars::is_dual<S>) {
    auto v = scalars::gather<typename S::constant>(number);
    return k < 0 ? S(v) : S::variable(v, k);
  } else {
    return scalars::gather<S>(number);
  }
}

/// Of a series: its total as variable 1, logp as variable 0.
template <class S, class O>
double of_series(O const& o) {
  auto points = scalars::exact_points();
  auto total = multiples(31, -2, 2), length = multiples(32, 1, 30);
  auto loss = [&]<class R>(R, std::size_t first) {
    series_terms<R> t;
    static_cast<step_terms<R>&>(t) = scalars::terms<R>(points, first);
    t.total = taken<R>(total, first, 1), t.length = taken<constant_t<R>>(length, first);
    return o(t);
  };
  auto step = [&]<class R>(R, std::size_t first) {
    return cohort::detail::step_of(o, scalars::terms<R>(points, first));
  };
  return std::max(scalars::disagreement_of<S>(loss, points.size()), scalars::disagreement_of<S>(step, points.size()));
}

/// Of a pair: once its log-probabilities are the variables, once its scores.
template <class S, class O>
double of_pair(O const& o) {
  std::vector<double> x[8];
  for (std::uint32_t k = 0; k < 8; ++k)
    x[k] = multiples(40 + k, k < 4 ? -6 : k < 6 ? -3 : 1, k < 4 ? 0 : k < 6 ? 3 : 9);
  auto worst = [&](int by_logp, int by_score) {
    auto loss = [&]<class R>(R, std::size_t first) {
      using C = constant_t<R>;
      auto variable = [&](int k, int slot) { return taken<R>(x[k], first, slot); };
      pair_terms<R> p;
      p.chosen_logp = variable(0, by_logp ? 0 : -1), p.rejected_logp = variable(1, by_logp ? 1 : -1);
      p.chosen_ref_logp = taken<C>(x[2], first), p.rejected_ref_logp = taken<C>(x[3], first);
      p.chosen_score = variable(4, by_score ? 0 : -1), p.rejected_score = variable(5, by_score ? 1 : -1);
      p.chosen_length = taken<C>(x[6], first), p.rejected_length = taken<C>(x[7], first);
      return o(p);
    };
    return scalars::disagreement_of<S>(loss, x[0].size());
  };
  return std::max(worst(1, 0), worst(0, 1));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE(
    "objectives of series: every scalar agrees with double, value and gradient, to 2 roundings, and vespo to 5", "",
    scalars::all) {
  auto check = [](auto const& o, double roundings = 2) { REQUIRE(of_series<TestType>(o) <= roundings); };
  check(gspo{.epsilon = .2, .epsilon_high = .28}), check(gspo_step{.epsilon = .2, .epsilon_high = .28}),
      check(gmpo{.epsilon = .2, .epsilon_high = .28});
  check(vespo{}, 5), check(vespo<ratio_to::sampler>{}, 5), check(tic_grpo{}),
      check(series_kl_penalty{.estimator = k3{}, .weight = .3}), check(mine::of_series{});
}

TEMPLATE_LIST_TEST_CASE("objectives of pairs: every scalar agrees with double, value and gradient, to 2 roundings", "",
                        scalars::all) {
  auto check = [](auto const& o) { REQUIRE(of_pair<TestType>(o) <= 2); };
  check(dpo{.beta = .5, .label_smoothing = .1}), check(ipo{.beta = .5}), check(preference_hinge{.beta = .5}),
      check(bradley_terry{.margin = .3, .center = .1}), check(simpo{.gamma = .5});
  check(mine::of_pair{});
}
