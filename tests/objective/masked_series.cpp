#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/vespo.hpp>
#include <cohort/selection/divergence_bound.hpp>
#include <cohort/selection/importance_weights.hpp>
#include <cohort/selection/off_policy_series.hpp>
#include <cohort/selection/top_entropy.hpp>
#include <limits>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// TRL's, Liger's and TorchRL's losses on six series of which one has no valid step, with and without a KL:
// tests/golden/trl_objectives.py, liger_objectives.py and torchrl_objectives.py.

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
series_mean const counting{.empty = empty_series::count};
series_sum_mean const dr_grpo{.length = 50, .empty = empty_series::count};
series_sum_mean const luspo{.empty = empty_series::count};
clipped_ratio const clip{.epsilon = .2, .epsilon_high = .28};
gspo const by_series{.epsilon = .02, .epsilon_high = .03};
kl_penalty<k3> const kl{.weight = .04};
kl_penalty<ratio_corrected<k3>> const corrected{.weight = .04};
series_kl_penalty<k3> const corrected_by_series{.weight = .04};

/// Without a KL, with it and with the corrected one.
template <class O, class Mode, class Corrected>
void three(recorded_batch const& b, std::string const& name, O const& o, Mode const& mode, Corrected const& with) {
  CAPTURE(name);
  CHECK(b.distance(o, mode, name) < 1e-10);
  CHECK(b.distance(o + kl, mode, name + "_kl") < 1e-10);
  CHECK(b.distance(o + with, mode, name + "_kl_corrected") < 1e-10);
}

}  // namespace

TEST_CASE("trl: a series without a valid step counts in the means over series, by token and by sequence, with a KL",
          "[golden]") {
  recorded_batch b("objective/trl_masked.txt");
  auto check = [&](std::string const& name, auto const& mode) {
    three(b, name, clip, mode, corrected);
    CAPTURE(name);
    CHECK(b.distance(by_series, mode, name + "_sequence") < 1e-10);
    CHECK(b.distance(by_series + kl, mode, name + "_sequence_kl") < 1e-10);
    CHECK(b.distance(by_series + corrected_by_series, mode, name + "_sequence_kl_corrected") < 1e-10);
  };
  check("grpo", counting);
  check("dr_grpo", dr_grpo);
  check("bnpo", step_mean{});
  check("dapo", step_mean{});
  check("luspo", luspo);
  three(b, "cispo", cispo{.low = 0, .high = 2}, step_mean{}, corrected);
  three(b, "sapo", sapo{}, counting, corrected);
  three(b, "vespo", vespo{}, step_mean{}, corrected);
  CHECK(b.distance(clip, series_mean{}, "grpo") > 1e-3);  // what counting it makes is seen
}

TEST_CASE("trl: what weighs and what leaves out steps leaves their KL alone, as the entropy bonus does", "[golden]") {
  recorded_batch b("objective/trl_masked.txt");
  importance_weights const free{.high = infinity};
  CHECK(b.distance(weighted(free, clip) + kl, counting, "grpo_is_kl") < 1e-10);
  CHECK(b.distance(clip + aggregate(step_mean{}, entropy_bonus{.weight = .01}) + kl, counting, "grpo_bonus_kl") <
        1e-10);
  CHECK(b.distance(weighted(top_entropy{.share = .3}, clip) + kl, counting, "grpo_high_entropy_kl") < 1e-10);
  auto sampled_by_old = b;  // TRL measures from the policy that it calls old
  sampled_by_old.sampler_logp = b.row("old_logp");
  CHECK(sampled_by_old.distance(weighted(off_policy_series{.delta = .05}, clip) + kl, counting, "grpo_off_policy_kl") <
        1e-10);
  numbers of_series;
  for (auto n : b.series_of) of_series.push_back(b.row("is_weight_series")[std::size_t(n)]);
  CHECK(b.distance(by_series + aggregate(counting, kl), counting, "grpo_sequence_is_kl", of_series) < 1e-10);
}

TEST_CASE("trl: bnpo of two microbatches, each its own mean", "[golden]") {
  three(recorded_batch("objective/trl_masked.txt"), "bnpo_parts", clip, piecewise_step_mean{.series = 3}, corrected);
}

TEST_CASE("liger: a series without a valid step counts in the means over series, by token and by sequence, with a KL",
          "[golden]") {
  recorded_batch t("objective/liger_masked_token.txt"), s("objective/liger_masked_sequence.txt");
  auto check = [&](std::string const& name, auto const& mode) {
    three(t, name, clip, mode, corrected);
    three(s, name, by_series, mode, corrected_by_series);
    CAPTURE(name);
    CHECK(t.distance(two_sided_clip{.epsilon = .2, .epsilon_high = .28, .delta = 1.5}, mode, name + "_delta") < 1e-10);
    CHECK(s.distance(gspo{.epsilon = .02, .epsilon_high = .03, .delta = 1.08}, mode, name + "_delta") < 1e-10);
  };
  check("grpo", counting);
  check("dr_grpo", dr_grpo);
  check("bnpo", step_mean{});
  check("dapo", step_mean{});
  three(t, "cispo", cispo{.low = 0, .high = 2}, step_mean{}, corrected);
  three(t, "sapo", sapo{}, counting, corrected);
  three(t, "vespo", vespo{}, step_mean{}, corrected);
}

TEST_CASE(
    "torchrl: GRPO by token and by prompt, where a series without a valid step counts, and KL-Mask; with a KL over the "
    "padding",
    "[golden]") {
  recorded_batch b("objective/torchrl_masked.txt");
  clipped_ratio const same_on_both{.epsilon = .2};
  series_sum_mean const padding{.length = 9, .empty = empty_series::count};
  auto check = [&](std::string const& name, auto const& o, auto const& mode) {
    CAPTURE(name);
    CHECK(b.distance(o, mode, name) < 1e-10);
    CHECK(b.distance(o + aggregate(padding, kl), mode, name + "_kl") < 1e-10);
  };
  check("grpo", same_on_both, step_mean{});
  check("grpo_prompt", same_on_both, counting);
  // What KL-Mask leaves out has no KL either, and leaves the mean of the rest, not that of the KL.
  b.sampler_logp = b.row("old_logp");
  numbers kept = b.selected(kl_mask{.threshold = .08}, b.views());
  double valid = 0, left = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) valid += b.valid[i], left += kept[i];
  REQUIRE((left > 0 && left < valid));
  for (double& x : kept) x *= valid / left;
  CHECK(b.distance(same_on_both, step_mean{}, "grpo_kl_mask", kept) < 1e-10);
  auto masked = aggregate(padding, weighted(kl_mask{.threshold = .08}, kl));
  CHECK(b.distance(same_on_both + masked, step_mean{}, "grpo_kl_mask_kl", kept) < 1e-10);
}
