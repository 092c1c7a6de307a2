#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/vespo.hpp>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// Objectives of series against the libraries that have them: losses and gradients, tests/golden/*_objectives.py.

namespace {

series_mean const grpo{.empty = empty_series::count};
series_sum_mean const luspo{.empty = empty_series::count};
series_sum_mean const dr_grpo{.length = 50, .empty = empty_series::count};
gspo const liger{.epsilon = .02, .epsilon_high = .03};
gspo const two_sided{.epsilon = .02, .epsilon_high = .03, .delta = 1.08};

}  // namespace

TEST_CASE("liger: the ratio of a series, in each of its aggregations, with a delta, a KL and weights of importance",
          "[golden]") {
  recorded_batch b("objective/liger_sequence.txt");
  numbers by_series;
  for (auto n : b.series_of) by_series.push_back(b.row("is_weight_series")[std::size_t(n)]);
  auto check = [&](std::string const& name, auto const& mode) {
    CAPTURE(name);
    kl_penalty<k3> kl{.weight = .04};
    series_kl_penalty<k3> corrected{.weight = .04};
    CHECK(b.distance(liger, mode, name) < 1e-10);
    CHECK(b.distance(two_sided, mode, name + "_delta") < 1e-10);
    CHECK(b.distance(liger, mode, name + "_is", by_series) < 1e-10);
    if (name == "luspo") return;
    CHECK(b.distance(liger + kl, mode, name + "_kl") < 1e-10);
    CHECK(b.distance(liger + corrected, mode, name + "_kl_corrected") < 1e-10);
  };
  check("grpo", grpo);
  check("bnpo", step_mean{});
  check("dapo", step_mean{});
  check("dr_grpo", dr_grpo);
  check("luspo", luspo);
}

// Liger's mean is over the padded matrix of 40 columns, rows times their lengths: so is TRL's before 1.10. It has its
// gradient at steps that are not valid too, and in its loss what these and the padding cost.
TEST_CASE("liger: luspo with a KL, and by token, at the valid steps", "[golden]") {
  series_sum_mean const padded{.length = 40, .empty = empty_series::count, .times_own = true};
  auto check = [&](recorded_batch const& b, auto const& o, auto const& mode, std::string const& name,
                   numbers const& by_step = {}, numbers const& besides = {}) {
    CAPTURE(name);
    auto found = b(o, mode, by_step).logp;
    auto const& expected = b.row(name + "/logp");
    for (std::size_t i = 0; i < found.size(); ++i)
      if (b.valid[i]) CHECK(close(found[i] + (besides.empty() ? 0 : besides[i]), expected[i], 1e-10, 1e-14));
  };
  recorded_batch b("objective/liger_sequence.txt");
  kl_penalty<k3> kl{.weight = .04};
  check(b, liger + aggregate(padded, kl), luspo, "luspo_kl");
  // Corrected, the series' ratio multiplies the KL of steps that are not valid, too, and has a gradient at the others.
  numbers log_ratio(std::size_t(b.N), 0), unread(std::size_t(b.N), 0), steps = b.steps_of_series(), besides;
  for (std::size_t i = 0; i < b.valid.size(); ++i) {
    auto n = std::size_t(b.series_of[i]);
    double x = b.row("logp")[i] - b.row("ref_logp")[i];
    if (b.valid[i]) log_ratio[n] += b.row("logp")[i] - b.row("old_logp")[i];
    else unread[n] += std::exp(-x) - 1 + x;
  }
  for (std::size_t i = 0; i < b.valid.size(); ++i) {
    auto n = std::size_t(b.series_of[i]);
    besides.push_back(.04 / (double(b.N) * 40) * std::exp(log_ratio[n] / steps[i]) * unread[n]);
  }
  check(b, liger + aggregate(padded, series_kl_penalty<k3>{.weight = .04}), luspo, "luspo_kl_corrected", {}, besides);
  recorded_batch t("objective/liger_token.txt");
  clipped_ratio clip{.epsilon = .2, .epsilon_high = .28};
  kl_penalty<ratio_corrected<k3>> corrected_step{.weight = .04};
  check(t, clip, padded, "luspo");
  check(t, clip, padded, "luspo_is", t.row("is_weight"));
  check(t, clip + kl, padded, "luspo_kl");
  check(t, clip + corrected_step, padded, "luspo_kl_corrected");
  check(t, two_sided_clip{.epsilon = .2, .epsilon_high = .28, .delta = 1.5}, padded, "luspo_delta");
  // Where a series has no valid step, of 9 columns.
  series_sum_mean const narrower{.length = 9, .empty = empty_series::count, .times_own = true};
  recorded_batch few("objective/liger_masked_sequence.txt"), few_steps("objective/liger_masked_token.txt");
  check(few, liger, luspo, "luspo");
  check(few, liger + aggregate(narrower, kl), luspo, "luspo_kl");
  check(few_steps, clip, narrower, "luspo");
  check(few_steps, clip + kl, narrower, "luspo_kl");
  check(few_steps, clip + corrected_step, narrower, "luspo_kl_corrected");
}

TEST_CASE("trl: the ratio of a series, LUSPO's mask, and VESPO", "[golden]") {
  recorded_batch b("objective/trl_grpo.txt");
  auto check = [&](std::string const& name, auto const& mode) {
    CAPTURE(name);
    CHECK(b.distance(liger, mode, name) < 1e-10);
    CHECK(b.distance(liger + kl_penalty<k3>{.weight = .04}, mode, name + "_kl") < 1e-10);
    CHECK(b.distance(liger + series_kl_penalty<k3>{.weight = .04}, mode, name + "_kl_corrected") < 1e-10);
  };
  check("grpo_sequence", grpo);
  check("luspo_sequence", luspo);
  check("dr_grpo_sequence", dr_grpo);
  check("bnpo_sequence", step_mean{});
  check("dapo_sequence", step_mean{});
  CHECK(b.distance(vespo{}, step_mean{}, "vespo") < 1e-10);
  CHECK(b.distance(vespo<ratio_to::sampler>{}, step_mean{}, "vespo_is") < 1e-10);
}

TEST_CASE("liger: VESPO, also with a KL", "[golden]") {
  recorded_batch b("objective/liger_token.txt");
  CHECK(b.distance(vespo{}, step_mean{}, "vespo") < 1e-10);
  CHECK(b.distance(vespo<ratio_to::sampler>{}, step_mean{}, "vespo_is") < 1e-10);
  CHECK(b.distance(vespo{} + kl_penalty<k3>{.weight = .04}, step_mean{}, "vespo_kl") < 1e-10);
  CHECK(b.distance(vespo{} + kl_penalty{.estimator = ratio_corrected<k3>{}, .weight = .04}, step_mean{},
                   "vespo_kl_corrected") < 1e-10);
}
