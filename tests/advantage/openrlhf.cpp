#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/clipped_reward.hpp>
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/advantage/whitened.hpp>
#include "../catch.hpp"
#include "grouped.hpp"

// OpenRLHF 0.11.2's estimators, as tests/golden/openrlhf_advantages.py recorded them.

namespace {

/// Its score stands on the last valid step of each series.
struct scored : recorded_groups {
  numbers next;
  explicit scored(std::string const& file) : recorded_groups(file), next(std::size_t(batch.offsets.back()), 0) {
    batch.reward.assign(next.size(), 0);
    for (std::size_t n = 0; n + 1 < batch.offsets.size(); ++n) {
      auto first = std::size_t(batch.offsets[n]), last = std::size_t(batch.offsets[n + 1]) - 1, scored_step = last;
      while (scored_step > first && !batch.valid[scored_step]) --scored_step;
      batch.reward[scored_step] = row("score")[n];
      for (std::size_t i = first; i < last; ++i) next[i] = batch.valid[i + 1] ? row("value")[i + 1] : 0;
    }
  }
  batch_view<double> with_reference() const {
    auto b = batch.views();
    b.old_logp = all(row("old_logp"));
    b.ref_logp = all(row("ref_logp"));
    return b;
  }
  batch_view<double> with_critic() const {
    auto b = with_reference();
    b.value = all(row("value"));
    b.next_value = all(next);
    return b;
  }
};
char const* const files[] = {"advantage/openrlhf_outcome.txt", "advantage/openrlhf_masked.txt"};
char const* const all_files[] = {files[0], files[1], "advantage/openrlhf_member.txt"};
standardize const over_all{.epsilon = 0, .ddof = 0}, only_moved{.ddof = 0, .divide = false};

}  // namespace

TEST_CASE(
    "openrlhf: reinforce, in which gamma decays over invalid steps, normalized by the batch's deviation; with a KL off "
    "each reward",
    "[golden]") {
  for (auto file : all_files) {
    scored s(file);
    CAPTURE(file);
    monte_carlo m{.gamma = .97, .invalid = invalid_steps::decay};
    REQUIRE(s.distance(advantages(m, s.batch), "reinforce_return") < 1e-10);
    REQUIRE(s.distance(advantages(whitened{m, over_all}, s.batch), "reinforce") < 1e-10);
    REQUIRE(s.distance(advantages(whitened{m, only_moved}, s.batch), "reinforce_no_std") < 1e-10);
    REQUIRE(s.distance(advantages(kl_in_reward{m}, s.with_reference()), "reinforce_kl_return") < 1e-10);
    REQUIRE(s.distance(advantages(whitened{kl_in_reward{m}, over_all}, s.with_reference()), "reinforce_kl") < 1e-10);
  }
}

TEST_CASE("openrlhf: gae, in which lambda decays over invalid steps, whose values are 0; with a KL off each reward",
          "[golden]") {
  for (auto file : all_files) {
    scored s(file);
    CAPTURE(file);
    cpu backend;
    gae g{.gamma = .97, .lambda = .9, .invalid = invalid_steps::decay};
    auto check = [&](auto const& estimator, std::string const& name) {
      numbers advantage(s.next.size()), target(s.next.size());
      whitened{estimator, over_all}(backend, s.with_critic(), {all(advantage), all(target)});
      REQUIRE(s.distance(target, name + "_return") < 1e-10);
      REQUIRE(s.distance(advantage, name) < 1e-10);
    };
    check(g, "gae");
    check(kl_in_reward{g}, "gae_kl");
    auto clipped = [&](auto const& estimator, std::string const& name) {
      numbers advantage(s.next.size()), target(s.next.size());
      estimator(backend, s.with_critic(), estimates<double>{all(advantage), all(target)});
      REQUIRE(s.distance(target, name) < 1e-10);
    };
    clipped(clipped_reward{g, -.5, .5}, "gae_clip_return");
    clipped(clipped_reward{kl_in_reward{g}, -.5, .5}, "gae_clip_kl_return");  // the score, before the KL
    numbers moved(s.next.size()), target(s.next.size());
    whitened{g, only_moved}(backend, s.with_critic(), {all(moved), all(target)});
    REQUIRE(s.distance(moved, "gae_no_std") < 1e-10);
  }
}

TEST_CASE(
    "openrlhf: rloo, dr_grpo, group_norm and reinforce_baseline; with the KL that is still to come, outside the "
    "baseline",
    "[golden]") {
  for (auto file : files) {
    scored s(file);
    CAPTURE(file);
    auto check = [&](auto const& estimator, std::string const& name) {
      REQUIRE(s.distance(advantages(estimator, s.batch), name) < 1e-10);
      REQUIRE(s.distance(advantages(kl_to_go{estimator}, s.with_reference()), name + "_kl") < 1e-10);
    };
    group_relative centered{.scale = group_scale::none};
    check(group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none}, "rloo");
    check(centered, "dr_grpo");
    check(group_relative{.epsilon = 1e-9}, "group_norm");
    REQUIRE(s.distance(advantages(whitened{centered, over_all}, s.batch), "reinforce_baseline") < 1e-10);
    REQUIRE(s.distance(advantages(kl_to_go{centered}, s.with_reference()), "reinforce_baseline_kl_return") < 1e-10);
    REQUIRE(s.distance(advantages(whitened{kl_to_go{centered}, over_all}, s.with_reference()),
                       "reinforce_baseline_kl") < 1e-10);
    check(clipped_advantage{group_relative{.epsilon = 1e-9}, .5}, "group_norm_clip");
  }
}

TEST_CASE("openrlhf: flash_reinforce is dr_grpo of the whole batch as one group", "[golden]") {
  for (auto file : files) {
    scored s(file);
    CAPTURE(file);
    s.batch.group_offsets = {0, std::int32_t(s.batch.offsets.size()) - 1};
    group_relative centered{.scale = group_scale::none};
    REQUIRE(s.distance(advantages(centered, s.batch), "flash_reinforce") < 1e-10);
    REQUIRE(s.distance(advantages(kl_to_go{centered}, s.with_reference()), "flash_reinforce_kl") < 1e-10);
  }
}

TEST_CASE("openrlhf: a series without a valid step counts in its group, as where the estimator is not told",
          "[golden]") {
  scored s(all_files[2]);
  auto untold = s.batch;
  untold.valid.clear();
  numbers ref = s.row("ref_logp");
  for (std::size_t i = 0; i < ref.size(); ++i)
    if (!s.is_valid(i)) ref[i] = s.row("old_logp")[i];  // what is not valid has no KL
  auto with_reference = untold.views();
  with_reference.old_logp = all(s.row("old_logp")), with_reference.ref_logp = all(std::as_const(ref));
  auto check = [&](auto const& estimator, std::string const& name) {
    CAPTURE(name);
    CHECK(s.distance(advantages(estimator, untold), name) < 1e-10);
    CHECK(s.distance(advantages(kl_to_go{estimator}, with_reference), name + "_kl") < 1e-10);
  };
  group_relative const centered{.scale = group_scale::none};
  check(group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none}, "rloo");
  check(centered, "dr_grpo");
  check(group_relative{.epsilon = 1e-9}, "group_norm");
  check(clipped_advantage{group_relative{.epsilon = 1e-9}, .5}, "group_norm_clip");
  CHECK(s.distance(advantages(centered, s.batch), "dr_grpo") > .01);
  // Normalized over the valid steps: after a baseline that is not told, in a step of its own.
  cpu backend;
  for (std::string name : {"reinforce_baseline", "reinforce_baseline_kl"}) {
    numbers found =
        name == "reinforce_baseline" ? advantages(centered, untold) : advantages(kl_to_go{centered}, with_reference);
    over_all(backend, all(found), all(std::as_const(s.batch.valid)));
    CHECK(s.distance(found, name) < 1e-10);
  }
  untold.group_offsets = {0, std::int32_t(untold.offsets.size()) - 1};
  with_reference = untold.views();
  with_reference.old_logp = all(s.row("old_logp")), with_reference.ref_logp = all(std::as_const(ref));
  check(centered, "flash_reinforce");
}
