#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include "../catch.hpp"
#include "grouped.hpp"

// TRL 1.16.0's GRPO and RLOO trainers, as tests/golden/trl_grpo.py recorded them: three weighted rewards, some of them
// absent.

namespace {

struct trl_batch : recorded_groups {
  std::size_t N = batch.offsets.size() - 1;
  numbers all_scores;  ///< N x 3

  trl_batch() : recorded_groups("advantage/trl.txt") {
    all_scores = scores({"reward/accuracy", "reward/format", "reward/length"});
    batch.reward.assign(std::size_t(batch.offsets.back()), 0);
  }
  batch_view<double> views() const {
    auto b = batch.views();
    b.scores = matrix(all_scores, std::ptrdiff_t(N));
    b.old_logp = all(row("old_logp"));
    b.ref_logp = all(row("ref_logp"));
    return b;
  }
  void same(numbers const& found, std::string const& name) const {
    for (std::size_t n = 0; n < N; ++n) {
      CAPTURE(name, n);
      for (auto i = batch.offsets[n]; i < batch.offsets[n + 1]; ++i)
        REQUIRE(close(found[std::size_t(i)], row(name)[n], 1e-10, 1e-12));
    }
  }
};

}  // namespace

TEST_CASE("trl: scale_rewards group, batch and none", "[golden]") {
  trl_batch b;
  auto check = [&](group_scale scale, std::string const& name) {
    b.same(
        advantages(weighted_rewards{.weights = b.row("weights"), .how = {.scale = scale, .epsilon = 1e-4}}, b.views()),
        name);
  };
  check(group_scale::group_std, "scale_group");
  check(group_scale::batch_std, "scale_batch");
  check(group_scale::none, "scale_none");
}

TEST_CASE("trl: normalize_then_sum is GDPO over series", "[golden]") {
  trl_batch b;
  gdpo g{.weights = b.row("weights"),
         .how = {.epsilon = 1e-4},
         .batch_wide = {.epsilon = 1e-4},
         .over = averaged_over::series};
  b.same(advantages(g, b.views()), "normalize_then_sum");
}

TEST_CASE(
    "trl: rloo; with the KL of the whole series off the reward, clipped before that, normalized over the series that "
    "have a score and company",
    "[golden]") {
  trl_batch b;
  weighted_rewards rloo{.weights = b.row("weights"),
                        .how = {.baseline = group_baseline::leave_one_out, .scale = group_scale::none}};
  b.same(advantages(rloo, b.views()), "rloo");
  b.same(advantages(kl_in_reward{rloo}, b.views()), "rloo_kl");
  auto clipped = rloo, normalized = rloo;
  clipped.low = -1, clipped.high = 1;
  b.same(advantages(kl_in_reward{clipped}, b.views()), "rloo_clip");
  normalized.batch_wide = standardize{.epsilon = 1e-4};
  b.same(advantages(kl_in_reward{normalized}, b.views()), "rloo_normalized");
}

TEST_CASE("trl: a truncated completion that is masked counts in its group, as where the estimator is not told",
          "[golden]") {
  trl_batch b;
  weighted_rewards scaled{.weights = b.row("weights"), .how = {.epsilon = 1e-4}};
  b.same(advantages(scaled, b.views()), "truncated");
  flags valid(b.batch.reward.size(), 1);
  auto const& left = b.row("truncated_steps");
  for (std::size_t n = 0; n < b.N; ++n) {
    REQUIRE((left[n] == 0 || left[n] == b.batch.offsets[n + 1] - b.batch.offsets[n]));
    if (left[n] == 0) std::fill(valid.begin() + b.batch.offsets[n], valid.begin() + b.batch.offsets[n + 1], 0);
  }
  auto told = b.views();
  told.valid = all(std::as_const(valid));
  auto at = std::size_t(b.batch.offsets[1]);  // of the first group, whose first is masked
  REQUIRE((valid[0] == 0 && valid[at] == 1));
  REQUIRE(std::abs(advantages(scaled, told)[at] - b.row("truncated")[1]) > .01);
}
