#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/selection/clip_cov.hpp>
#include <cohort/selection/divergence_bound.hpp>
#include <cohort/selection/importance_weights.hpp>
#include <cohort/selection/kl_cov.hpp>
#include <cohort/selection/ratio_bounds.hpp>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// verl's policy losses that select or weigh steps, and those of series, as whole losses,
// tests/golden/verl_objectives.py; its others are in step_libraries.cpp.

namespace {

constexpr char const* file = "objective/verl_policy.txt";

/// In bypass mode what was recorded as old is the sampler, and ratios are those of the policy now to it.
step_views<double> bypass(recorded_batch const& b) {
  auto at = b.views();
  at.sampler_logp = all(b.row("old_logp")), at.old_logp = all(b.row("logp"));
  return at;
}
/// The batch without the steps that a selection leaves out.
template <class Selection>
recorded_batch kept(recorded_batch b, Selection const& selection) {
  numbers weight = b.selected(selection, bypass(b));
  double before = 0, after = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) before += b.valid[i], after += weight[i];
  REQUIRE((after > 0 && after < before));
  b.valid = cast<std::uint8_t>(weight);
  return b;
}

}  // namespace

TEST_CASE(
    "verl: clip_cov as a whole, its choice by steps and by a seed that draws the same, with and without importance "
    "weights",
    "[golden]") {
  recorded_batch b(file, false);
  numbers kept = b.row("clip_cov/chosen");
  for (double& x : kept) x = 1 - x;
  clipped_ratio clip{.epsilon = .2, .epsilon_high = .28};
  CHECK(b.distance(clip, step_mean{}, "clip_cov", kept) < 1e-10);
  CHECK(b.distance(clip, step_mean{}, "clip_cov_is", product(kept, b.row("is_weight"))) < 1e-10);
  CHECK(b.distance(clip, step_mean{}, "clip_cov") > 1e-4);  // what is left out is seen
  auto selecting = weighted(clip_cov{.share = .05, .low = .2, .high = 1.5, .epsilon = .2, .epsilon_high = .28}, clip);
  stream_id same_choice{1, draw_purpose::user, 1107};
  CHECK(b.distance(selecting, step_mean{}, "clip_cov", {}, same_choice) < 1e-10);
  CHECK(b.distance(selecting, step_mean{}, "clip_cov_is", b.row("is_weight"), same_choice) < 1e-10);
}

TEST_CASE("verl: kl_cov as a whole, with and without importance weights", "[golden]") {
  recorded_batch b(file, false);
  auto whole = importance_ratio{} + weighted(kl_cov{.share = .1}, log_ratio_distance{.weight = .7});
  CHECK(b.distance(whole, step_mean{}, "kl_cov") < 1e-10);
  CHECK(b.distance(whole, step_mean{}, "kl_cov_is", b.row("is_weight")) < 1e-10);
}

TEST_CASE("verl: bypass_mode, PPO and REINFORCE by what sampled, with each kind of importance weights and of rejection",
          "[golden]") {
  recorded_batch b(file, false);
  auto weights = [&](importance_weights const& w) { return b.selected(w, bypass(b)); };
  dual_clip vanilla{.epsilon = .2, .epsilon_high = .28, .c = 3};
  CHECK(b.distance(vanilla, step_mean{}, "bypass_clip") < 1e-10);
  CHECK(kept(b, ratio_bounds{.low = 1 / 1.5, .high = 1 / .6}).distance(vanilla, step_mean{}, "bypass_clip_reject") <
        1e-10);
  CHECK(b.distance(policy_gradient{}, step_mean{}, "bypass_reinforce") < 1e-10);
  CHECK(b.distance(policy_gradient{}, step_mean{}, "bypass_reinforce_token", weights({.high = 2})) < 1e-10);
  CHECK(b.distance(policy_gradient{}, step_mean{}, "bypass_reinforce_token_normalized",
                   weights({.high = 2, .normalize = true})) < 1e-10);
  CHECK(b.distance(policy_gradient{}, step_mean{}, "bypass_reinforce_icepop",
                   weights({.beyond = beyond_bounds::mask, .low = .5, .high = 2})) < 1e-10);
  CHECK(kept(b, divergence_bound<k3>{.most = .09, .over = bounded_over::series_mean})
            .distance(policy_gradient{}, step_mean{}, "bypass_reinforce_sequence_reject",
                      weights({.over = ratio_over::series, .high = 2})) < 1e-10);
}

TEST_CASE("verl: gspo step by step, aggregated by step and by series, with and without importance weights",
          "[golden]") {
  recorded_batch b(file), by_step(file, false);
  gspo_step step{.epsilon = .02, .epsilon_high = .03};
  numbers const& w = b.row("is_weight");
  CHECK(b.distance(step, step_mean{}, "gspo_token-mean") < 1e-10);
  CHECK(b.distance(step, step_mean{}, "gspo_token-mean_is", w) < 1e-10);
  CHECK(b.distance(step, series_mean{}, "gspo_seq-mean-token-mean", verl_mean(b)) < 1e-10);
  CHECK(b.distance(step, series_mean{}, "gspo_seq-mean-token-mean_is", product(w, verl_mean(b))) < 1e-10);
  CHECK(by_step.distance(step, series_mean{}, "gspo_token_advantage", verl_mean(b)) < 1e-10);
}

TEST_CASE("verl: geo_mean, with and without importance weights, one of a series", "[golden]") {
  recorded_batch b(file), by_step(file, false);
  series_mean counting{.empty = empty_series::count};
  verl_geo_mean term{{.epsilon = .2, .epsilon_high = .28}};
  CHECK(b.distance(term, counting, "geo_mean", verl_mean(b)) < 1e-10);
  CHECK(by_step.distance(term, counting, "geo_mean_token_advantage", verl_mean(b)) < 1e-10);
  CHECK(b.distance(gmpo{.epsilon = .2, .epsilon_high = .28}, counting, "geo_mean") <
        1e-8);  // its 1e-8 is all that is between
  numbers steps = b.steps_of_series(), mean_log(std::size_t(b.N), 0), of_series;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (b.valid[i])
      mean_log[std::size_t(b.series_of[i])] += std::log(b.row("is_weight")[i] + 1e-10) / (steps[i] + 1e-8);
  for (auto n : b.series_of) of_series.push_back(std::exp(mean_log[std::size_t(n)]));
  CHECK(b.distance(term, counting, "geo_mean_is", product(of_series, verl_mean(b))) < 1e-10);
}
