#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/length_adaptive_gae.hpp>
#include <cohort/preset/sane2025.hpp>

#include "reference.hpp"
#include "scan.hpp"

namespace cohort::conformance {

namespace sane2025 = preset::sane2025;

/// Flags of which one in four is set.
inline grid<std::uint8_t> rare_flags(std::ptrdiff_t n, std::uint32_t which) {
  auto g = integers<std::uint8_t>(n, 1, which, 0, 3);
  for (auto& x : g.values) x = x == 0;
  return g;
}

/// The arrays of a batch: R decisions, G actions tried at each, K steps of a probe.
template <class B>
struct rollout {
  using T = value_t<B>;
  placed<B, T> reward, value, next_value, probe_value;
  placed<B, std::uint8_t> terminated, truncated, valid;
  placed<B, std::int32_t> executed;
  placed<B, T> results;  // advantage, target

  rollout(B& b, std::ptrdiff_t R, std::ptrdiff_t G = 1, std::ptrdiff_t K = 1)
      : reward(b, inputs<T>(K * R * G, 1, 1)),
        value(b, inputs<T>(R, 1, 2)),
        next_value(b, inputs<T>(R, 1, 3)),
        probe_value(b, inputs<T>(R * G, 1, 4)),
        terminated(b, rare_flags(K * R * G, 5)),
        truncated(b, rare_flags(K * R * G, 6)),
        valid(b, flags(R, 1, 7)),
        executed(b, chosen(R, G)),
        results(b, R * G, 2, order::transposed) {}

  batch_view<T> batch(partition series, std::ptrdiff_t G = 1, std::ptrdiff_t K = 1) {
    batch_view<T> v;
    v.series = series;
    v.group = G;
    v.depth = K;
    v.reward = reward.in();
    v.terminated = terminated.in();
    v.truncated = truncated.in();
    v.value = value.in();
    v.next_value = next_value.in();
    v.probe_value = probe_value.in();
    v.executed = executed.in();
    return v;
  }
  view<T> column(int k) { return results.out().column(k); }

 private:
  static grid<std::int32_t> chosen(std::ptrdiff_t R, std::ptrdiff_t G) {
    auto g = integers<std::int32_t>(R, 1, 8, 0, int(G) - 1);
    for (std::ptrdiff_t r = 0; r < R; ++r) g(r) += std::int32_t(r * G);
    return g;
  }
};

/// Advantages and targets, a column each; without the targets the advantages are the same to the bit.
template <class B, class E>
grid<double> estimates_of(B& backend, E const& estimator, batch_view<value_t<B>> const& batch, rollout<B>& r) {
  placed<B, value_t<B>> alone(backend, r.results.rows(), 1);
  estimator(backend, batch, {alone.out(), {}});
  estimator(backend, batch, {r.column(0), r.column(1)});
  auto both = as<double>(r.results.now()), advantage = as<double>(alone.now());
  for (std::ptrdiff_t i = 0; i < both.rows; ++i) REQUIRE(advantage(i) == both(i, 0));
  return both;
}

template <class B, class E>
grid<double> gae_of(B& backend, E const& estimator, layout const& l, bool lanes, bool some_invalid) {
  rollout<B> r(backend, l.steps);
  placed_series<B> s(backend, l, lanes);
  auto batch = r.batch(s.s);
  if (some_invalid) batch.valid = r.valid.in();
  return estimates_of(backend, estimator, batch, r);
}

template <class B>
grid<double> group_relative_of(B& backend, group_relative const& estimator) {
  auto l = layout::ragged(23, 12, 9);
  rollout<B> r(backend, l.steps);
  placed_series<B> s(backend, l, false), groups(backend, layout::segments({4, 1, 6, 2, 8, 2}), false);
  auto batch = r.batch(s.s);
  batch.groups = groups.s;
  estimator(backend, batch, {r.column(0), {}});
  backend.map(outputs{r.column(1)}, detail::same{}, view<value_t<B> const>(r.column(0)));
  return as<double>(r.results.now());
}

template <class B, class Estimator>
grid<double> probes_of(B& backend, Estimator const& estimator, std::ptrdiff_t K) {
  constexpr std::ptrdiff_t T = 11, N = 19, G = 4;
  rollout<B> r(backend, T * N, G, K);
  return estimates_of(backend, estimator, r.batch(partition::lanes(T, N), G, K), r);
}

template <class B>
void advantages(B& backend, tolerances const& tolerance) {
  archetype<double> reference;
  SECTION(
      "gae, with one lambda or one for each length: advantages and targets, in lanes and packed, with and without "
      "invalid steps, are those of double") {
    auto check = [&](auto const& estimator) {
      for (auto const& [l, lanes] :
           {std::pair(layout::lanes(40, 37), true), {layout::lanes(9, 3), true}, {layout::ragged(30, 20, 1), false}})
        for (bool some_invalid : {false, true})
          REQUIRE(mismatch<B>(gae_of(backend, estimator, l, lanes, some_invalid),
                              gae_of(reference, estimator, l, lanes, some_invalid), tolerance) == "");
    };
    check(gae{});
    check(length_adaptive_gae{.gamma = .9, .alpha = .3});
  }
  SECTION("group_relative: advantages by every baseline, scale and credit are those of double") {
    for (auto by : {credit::episode, credit::return_to_go})
      for (auto baseline : {group_baseline::mean, group_baseline::leave_one_out, group_baseline::none})
        for (auto scale : {group_scale::group_std, group_scale::batch_std, group_scale::none})
          for (auto finished : {finished_episodes::leave, finished_episodes::count_as_zero}) {
            // Two numbers that nearly agree are divided by their difference: a large epsilon keeps the rounding from
            // growing with it.
            group_relative estimator{
                .by = by, .gamma = .9, .baseline = baseline, .scale = scale, .finished = finished, .epsilon = .1};
            CAPTURE(int(by), int(baseline), int(scale), int(finished));
            REQUIRE(mismatch<B>(group_relative_of(backend, estimator), group_relative_of(reference, estimator),
                                tolerance) == "");
          }
  }
  SECTION("hybrid_grpo: advantages and targets of one-step and longer probes are those of double") {
    for (auto scale : {group_scale::none, group_scale::group_std, group_scale::batch_std})
      for (auto transform : {reward_transform::none, reward_transform::tanh, reward_transform::tanh_of_group_score,
                             reward_transform::tanh_of_batch_score, reward_transform::weighted_in_group})
        for (bool averaged : {false, true}) {
          hybrid_grpo one_step{.scale = scale,
                               .transform = transform,
                               .target = critic_target::lambda_return,
                               .tail = true,
                               .averaged = averaged,
                               .epsilon = .1};
          hybrid_grpo longer{.baseline = {.kappa = 1, .leave_one_out = true},
                             .scale = scale,
                             .transform = transform,
                             .averaged = averaged,
                             .epsilon = .1};
          CAPTURE(int(scale), int(transform), averaged);
          REQUIRE(mismatch<B>(probes_of(backend, one_step, 1), probes_of(reference, one_step, 1), tolerance) == "");
          REQUIRE(mismatch<B>(probes_of(backend, longer, 3), probes_of(reference, longer, 3), tolerance) == "");
        }
  }
  SECTION("hybrid_grpo: the author's other forms are those of double") {
    auto check = [&](auto estimator, std::ptrdiff_t K) {
      estimator.epsilon = .1;
      REQUIRE(mismatch<B>(probes_of(backend, estimator, K), probes_of(reference, estimator, K), tolerance) == "");
    };
    check(sane2025::first_pull_request, 1);
    for (std::ptrdiff_t K : {1, 3}) {
      check(sane2025::pull_request_second_pass, K);
      check(sane2025::fork_mean_target, K);
      check(sane2025::fork_centered, K);
    }
  }
}

}  // namespace cohort::conformance
