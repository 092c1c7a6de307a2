#include "../catch.hpp"
#include "grouped.hpp"
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/whitened.hpp>

// OpenRLHF 0.11.2's estimators, as tests/golden/openrlhf_advantages.py recorded them.

namespace {

/// Its score stands on the last valid step of each series.
struct scored : recorded_groups {
  numbers next;
  explicit scored(std::string const& file) : recorded_groups(file), next(std::size_t(batch.offsets.back()), 0) {
    batch.reward.assign(next.size(), 0);
    for (std::size_t n = 0; n + 1 < batch.offsets.size(); ++n) {
      auto first = std::size_t(batch.offsets[n]), last = std::size_t(batch.offsets[n + 1]) - 1, scored_step = last;
      while (!batch.valid[scored_step]) --scored_step;
      batch.reward[scored_step] = row("score")[n];
      for (std::size_t i = first; i < last; ++i) next[i] = batch.valid[i + 1] ? row("value")[i + 1] : 0;
    }
  }
  batch_view<double> with_critic() const {
    auto b = batch.views();
    b.value = all(row("value"));
    b.next_value = all(next);
    return b;
  }
};
char const* const files[] = {"advantage/openrlhf_outcome.txt", "advantage/openrlhf_masked.txt"};
standardize const over_all{.epsilon = 0, .ddof = 0};

}  // namespace

TEST_CASE("openrlhf: reinforce, in which gamma decays over invalid steps, normalized by the batch's deviation", "[golden]") {
  for (auto file : files) {
    scored s(file);
    CAPTURE(file);
    monte_carlo m{.gamma = .97, .invalid = invalid_steps::decay};
    REQUIRE(s.distance(advantages(m, s.batch), "reinforce_return") < 1e-10);
    REQUIRE(s.distance(advantages(whitened{m, over_all}, s.batch), "reinforce") < 1e-10);
  }
}

TEST_CASE("openrlhf: gae, in which lambda decays over invalid steps, whose values are 0", "[golden]") {
  for (auto file : files) {
    scored s(file);
    CAPTURE(file);
    cpu backend;
    numbers advantage(s.next.size()), target(s.next.size());
    whitened{gae{.gamma = .97, .lambda = .9, .invalid = invalid_steps::decay}, over_all}(backend, s.with_critic(), {all(advantage), all(target)});
    REQUIRE(s.distance(target, "gae_return") < 1e-10);
    REQUIRE(s.distance(advantage, "gae") < 1e-10);
  }
}

TEST_CASE("openrlhf: rloo, dr_grpo, group_norm and reinforce_baseline", "[golden]") {
  for (auto file : files) {
    scored s(file);
    CAPTURE(file);
    group_relative centered{.scale = group_scale::none};
    REQUIRE(s.distance(advantages(group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none}, s.batch), "rloo") < 1e-10);
    REQUIRE(s.distance(advantages(centered, s.batch), "dr_grpo") < 1e-10);
    REQUIRE(s.distance(advantages(group_relative{.epsilon = 1e-9}, s.batch), "group_norm") < 1e-10);
    REQUIRE(s.distance(advantages(whitened{centered, over_all}, s.batch), "reinforce_baseline") < 1e-10);
  }
}
