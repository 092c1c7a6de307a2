#pragma once
#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/clipped_reward.hpp>
#include <cohort/advantage/decoupled.hpp>
#include <cohort/advantage/gigpo.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/n_step.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/advantage/v_trace.hpp>
#include <cohort/advantage/whitened.hpp>
#include <cohort/aggregation/group_mean.hpp>
#include <cohort/aggregation/sums.hpp>
#include <cohort/kl/exact.hpp>

#include "advantage.hpp"

namespace cohort::conformance {

/// Everything that an estimator may read beside what a rollout has: R steps, N series, of two rewards each, of which a
/// quarter is absent.
template <class B>
struct more_fields {
  using T = value_t<B>;
  placed<B, T> sampler_logp, old_logp, ref_logp, squares, greedy, scores;
  placed<B, std::uint8_t> scored;
  placed<B, std::int32_t> anchor;
  static constexpr int anchors = 7;

  more_fields(B& b, std::ptrdiff_t R, std::ptrdiff_t N)
      : sampler_logp(b, inputs<T>(R, 1, 11, -2, 0)),
        old_logp(b, inputs<T>(R, 1, 12, -2, 0)),
        ref_logp(b, inputs<T>(R, 1, 13, -2, 0)),
        squares(b, inputs<T>(R, 1, 14, 0, 1)),
        greedy(b, inputs<T>(N, 1, 15)),
        scores(b, some_absent(N)),
        scored(b, flags(R, 1, 16)),
        anchor(b, integers<std::int32_t>(R, 1, 17, 0, anchors - 1)) {}

  void add_to(batch_view<T>& v) {
    v.sampler_logp = sampler_logp.in(), v.old_logp = old_logp.in(), v.ref_logp = ref_logp.in(),
    v.sum_of_squares = squares.in();
    v.greedy_score = greedy.in(), v.scores = scores.in(), v.scored = scored.in(), v.anchor = anchor.in(),
    v.anchors = anchors;
  }

 private:
  static grid<T> some_absent(std::ptrdiff_t N) {
    auto g = inputs<T>(N, 2, 18);
    auto absent = rare_flags(2 * N, 19);
    for (std::size_t i = 0; i < g.values.size(); ++i)
      if (absent.values[i]) g.values[i] = std::numeric_limits<T>::quiet_NaN();
    return g;
  }
};

template <class B, class E>
grid<double> lanes_of(B& backend, E const& estimator, bool packed) {
  auto l = packed ? layout::ragged(30, 20, 1) : layout::lanes(19, 37);
  rollout<B> r(backend, l.steps);
  more_fields<B> more(backend, l.steps, 1);
  placed_series<B> s(backend, l, !packed);
  auto batch = r.batch(s.s);
  more.add_to(batch);
  return estimates_of(backend, estimator, batch, r);
}
template <class B, class E>
grid<double> groups_of(B& backend, E const& estimator, bool some_invalid) {
  auto l = layout::ragged(23, 12, 9);
  rollout<B> r(backend, l.steps);
  more_fields<B> more(backend, l.steps, 23);
  placed_series<B> s(backend, l, false), groups(backend, layout::segments({4, 1, 6, 2, 8, 2}), false);
  auto batch = r.batch(s.s);
  batch.groups = groups.s;
  batch.value = batch.next_value = {};
  more.add_to(batch);
  if (some_invalid) batch.valid = r.valid.in();
  estimator(backend, batch, {r.column(0), {}});
  if (some_invalid)
    backend.map(outputs{r.column(0)}, detail::where_valid{}, view<value_t<B> const>(r.column(0)), batch.valid);
  backend.map(outputs{r.column(1)}, detail::same{}, view<value_t<B> const>(r.column(0)));
  return as<double>(r.results.now());
}

template <class B, class Mode>
grid<double> weights_of(B& backend, Mode const& mode, bool some_invalid) {
  using T = value_t<B>;
  constexpr std::ptrdiff_t M = 301, N = 17;
  placed<B, std::int32_t> series_of(backend, integers<std::int32_t>(M, 1, 21, 0, int(N) - 1));
  placed<B, std::uint8_t> valid(backend, flags(M, 1, 22));
  placed<B, T> weight(backend, M, 1);
  placed_series<B> groups(backend, layout::segments({4, 1, 6, 2, 4}), false);
  aggregated_steps<T> steps{M, N, series_of.in(), {}, groups.s};
  if (some_invalid) steps.valid = valid.in();
  mode(backend, steps, weight.out());
  return as<double>(weight.now());
}

template <class B>
grid<double> divergence_of(B& backend, bool gaussian) {
  using T = value_t<B>;
  constexpr std::ptrdiff_t R = 37, D = 5;
  placed<B, T> a(backend, inputs<T>(R, D, 31)), b(backend, inputs<T>(R, D, 32)), c(backend, inputs<T>(R, D, 33)),
      d(backend, inputs<T>(R, D, 34)), out(backend, R, 1 + 2 * D);
  auto columns = [&](std::ptrdiff_t first, std::ptrdiff_t n) {
    auto v = out.out();
    return view<T>{v.data + first * v.column_stride, v.rows, n, v.row_stride, v.column_stride};
  };
  if (gaussian) gaussian_kl(backend, a.in(), b.in(), c.in(), d.in(), columns(0, 1), columns(1, D), columns(1 + D, D));
  else {
    categorical_kl(backend, a.in(), b.in(), columns(0, 1), columns(1, D));
    backend.map(outputs{columns(1 + D, D)}, detail::same{}, view<T const>(columns(1, D)));
  }
  return as<double>(out.now());
}

template <class B>
void estimators(B& backend, tolerances const& tolerance) {
  archetype<double> reference;
  SECTION("advantages of lanes and packed series: every estimator's are those of double") {
    auto check = [&](auto const& estimator) {
      for (bool packed : {false, true})
        REQUIRE(mismatch<B>(lanes_of(backend, estimator, packed), lanes_of(reference, estimator, packed), tolerance) ==
                "");
    };
    check(monte_carlo{.gamma = .9});
    check(monte_carlo{.gamma = .9, .bootstrap = false});
    check(decoupled{length_adaptive_gae{.alpha = .2}, monte_carlo{.gamma = .9, .bootstrap = false}});
    check(n_step{.n = 4, .gamma = .9});
    check(v_trace{.gamma = .9, .lambda = .8, .rho = 1.5});
    check(whitened{gae{}});
    check(clipped_advantage{.estimator = gae{}, .limit = .5});
    check(clipped_reward{.estimator = gae{}, .low = -.5, .high = .25});
    check(kl_in_reward{.estimator = gae{}, .kl = k3{}, .weight = .3});
    check(kl_to_go{.estimator = monte_carlo{}, .kl = k3{}, .weight = .3, .gamma = .9});
  }
  SECTION("advantages of groups: every estimator's are those of double, with and without invalid steps") {
    auto check = [&](auto const& estimator) {
      for (bool some_invalid : {false, true})
        REQUIRE(mismatch<B>(groups_of(backend, estimator, some_invalid), groups_of(reference, estimator, some_invalid),
                            tolerance) == "");
    };
    group_statistics soft{.epsilon = .1};
    check(opo{});
    check(gpg{.single = group_of_one::raw});
    check(best_of_group{.epsilon = .1});
    check(pass_at_k{.k = 3, .threshold = 0});
    check(optimal_token_baseline{.epsilon = .1});
    check(optimal_token_baseline{.epsilon = .1, .importance = true, .limit = 1.5});
    check(gigpo{.episodes = {.epsilon = .1}, .steps = soft});
    check(weighted_rewards{.weights = {1, .5}, .how = soft});
    check(clipped_reward{.estimator = weighted_rewards{.how = soft, .low = -.75, .high = .5}, .low = -.5, .high = .25});
    check(kl_in_reward{.estimator = weighted_rewards{.how = soft, .batch_wide = standardize{.epsilon = .1}},
                       .weight = .3});
    check(weighted_rewards{
        .how = {.scale = group_scale::none}, .batch_wide = standardize{.epsilon = .1}, .over = averaged_over::steps});
    check(gdpo{.weights = {1, .5}, .how = soft});
    check(gdpo{.how = soft, .over = averaged_over::series});
    check(group_relative{.by = credit::process, .gamma = .9, .epsilon = .1});
    check(group_relative{.by = credit::step, .epsilon = .5, .rule = epsilon_rule::floor});
    check(whitened{group_relative{.scale = group_scale::none}});
    check(whitened{.estimator = kl_to_go{.estimator = group_relative{.scale = group_scale::none}, .weight = .3},
                   .over = averaged_over::series});
    check(remax{.gamma = .9});
    check(kl_in_reward{.estimator = group_relative{.scale = group_scale::none}, .kl = k1{}, .weight = .3});
  }
  SECTION("max_rl: of rewards whose means are far from 0, as double") {
    auto run = [](auto& b) {
      using T = value_t<std::remove_reference_t<decltype(b)>>;
      using Backend = std::remove_reference_t<decltype(b)>;
      placed<Backend, T> reward(b, inputs<T>(24, 1, 41, 1, 2)), out(b, 24, 1);
      placed<Backend, std::uint8_t> none(b, grid<std::uint8_t>(24, 1));
      batch_view<T> batch;
      placed_series<Backend> s(b, layout::segments(std::vector<std::ptrdiff_t>(24, 1)), false),
          groups(b, layout::segments({4, 1, 6, 2, 8, 3}), false);
      batch.series = s.s, batch.groups = groups.s, batch.reward = reward.in(),
      batch.terminated = batch.truncated = none.in();
      max_rl{}(b, batch, {out.out(), {}});
      return as<double>(out.now());
    };
    REQUIRE(mismatch<B>(run(backend), run(reference), tolerance) == "");
  }
  SECTION("aggregations: every weight is that of double") {
    auto check = [&](auto const& mode) {
      for (bool some_invalid : {false, true})
        REQUIRE(mismatch<B>(weights_of(backend, mode, some_invalid), weights_of(reference, mode, some_invalid),
                            tolerance) == "");
    };
    check(step_mean{});
    check(step_sum{});
    check(series_mean{.empty = empty_series::count});
    check(series_sum_mean{.length = 7});
    check(piecewise_step_mean{.series = 4});
    check(group_mean{});
    check(group_mean{.empty = empty_series::count});
  }
  SECTION("kl: exact divergences and their slopes are those of double") {
    for (bool gaussian : {false, true})
      REQUIRE(mismatch<B>(divergence_of(backend, gaussian), divergence_of(reference, gaussian), tolerance) == "");
  }
}

}  // namespace cohort::conformance
