#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/advantage/whitened.hpp>
#include "../catch.hpp"
#include "grouped.hpp"
#include "verl_estimators.hpp"

// verl 0.9.1's estimators where rewards stand on invalid steps and series have no valid step, and with a KL in the
// reward (tests/golden/verl_core.py): verl counts such a series in its group with its reward, and gives its KL no
// weight. Here that is an estimator which is not told what is valid, and an objective which is.

using verl::centered;
using verl::rloo;
using verl::rloo_vectorized;

namespace {

group_relative const grpo{.single = group_of_one::raw};

struct verl_batch : recorded_groups {
  numbers ref_logp;
  grouped<> untold;  ///< the batch that does not say what is valid

  explicit verl_batch(std::string const& file) : recorded_groups(file), ref_logp(row("ref_logp")), untold(batch) {
    untold.valid.clear();
    for (std::size_t i = 0; i < ref_logp.size(); ++i)
      if (!is_valid(i)) ref_logp[i] = row("old_logp")[i];
  }
  /// With the KL of valid steps.
  batch_view<double> with_reference(bool told) const {
    auto b = (told ? batch : untold).views();
    b.old_logp = all(row("old_logp")), b.ref_logp = all(ref_logp);
    b.greedy_score = all(row("greedy_reward"));
    return b;
  }
  /// grpo's singleton is its score over 1 + 1e-6 there.
  double distance_of_grpo(numbers found, std::string const& name) const {
    for (auto i = std::size_t(batch.offsets[std::size_t(batch.group_offsets.rbegin()[1])]); i < found.size(); ++i)
      found[i] /= 1 + 1e-6;
    return distance(found, name);
  }
};

}  // namespace

TEST_CASE("verl: rewards of invalid steps count, and so do series without a valid one, where the estimator is not told",
          "[golden]") {
  for (auto file : {"advantage/verl_masked_reward.txt", "advantage/verl_member.txt"}) {
    verl_batch g(file);
    CAPTURE(file);
    CHECK(g.distance_of_grpo(advantages(grpo, g.untold), "grpo") < 1e-10);
    CHECK(g.distance(advantages(centered, g.untold), "grpo_no_std") < 1e-10);
    CHECK(g.distance(advantages(centered, g.untold), "grpo_vectorized_no_std") < 1e-10);
    CHECK(g.distance(advantages(rloo, g.untold), "rloo") < 1e-10);
    CHECK(g.distance(advantages(rloo_vectorized, g.untold), "rloo_vectorized") < 1e-10);
    CHECK(g.distance(advantages(gpg{.single = group_of_one::raw}, g.untold), "gpg") < 1e-10);
    CHECK(g.distance(advantages(best_of_group{}, g.untold), "grpo_passk") < 1e-10);
    CHECK(g.distance(advantages(best_of_group{.scale = false}, g.untold), "grpo_passk_no_std") < 1e-10);
  }
  verl_batch g("advantage/verl_member.txt");
  CHECK(g.distance(advantages(gpg{.divisor = 4, .single = group_of_one::raw}, g.untold), "gpg_f_norm") < 1e-10);
  // Told, such a series is no member: its groups are others.
  CHECK(g.distance(advantages(centered, g.batch), "grpo_no_std") > .01);
}

TEST_CASE("verl: opo gives a series without a valid step no weight: told, all is equal but for what it leaves alone",
          "[golden]") {
  verl_batch g("advantage/verl_member.txt");
  numbers found = advantages(opo{.single = group_of_one::raw}, g.batch);
  for (auto i = std::size_t(g.batch.offsets[5]); i < std::size_t(g.batch.offsets[6]); ++i) {
    if (!g.is_valid(i)) continue;
    CHECK(g.row("opo")[i] == 0);  // its score less itself
    CHECK(found[i] != 0);         // nobody to compare it with
    found[i] = 0;
  }
  CHECK(g.distance(found, "opo") < 1e-10);
}

TEST_CASE("verl: the optimal token baseline of the form that counts valid steps has no use for such a series",
          "[golden]") {
  verl_batch g("advantage/verl_member.txt");
  auto b = g.batch.views();
  b.old_logp = all(g.row("old_logp")), b.sum_of_squares = all(g.row("sum_pi_squared"));
  numbers sampler = g.row("old_logp");
  for (std::size_t i = 0; i < sampler.size(); ++i) sampler[i] -= std::log(g.row("is_weight")[i]);
  b.sampler_logp = all(std::as_const(sampler));
  std::string const form = "tir_optimal_token_baseline";
  CHECK(g.distance(advantages(optimal_token_baseline{}, b), form) < 1e-10);
  CHECK(g.distance(advantages(optimal_token_baseline{.alone_is_zero = false}, b), form + "_tail") < 1e-10);
  CHECK(g.distance(advantages(optimal_token_baseline{.importance = true}, b), form + "_is") < 1e-10);
}

TEST_CASE("verl: what measures the batch, after a baseline that counts such a series, is measured again with the mask",
          "[golden]") {
  verl_batch g("advantage/verl_member.txt");
  cpu backend;
  auto check = [&](recorded_groups const& of, numbers found, std::string const& name) {
    CHECK(of.distance(found, name) > .01);
    standardize{}(backend, all(found), all(std::as_const(of.batch.valid)));
    CHECK(of.distance(found, name) < 3e-8);  // verl's 1e-8 stands in other places
  };
  check(g, advantages(whitened{centered}, g.untold), "reinforce_plus_plus_baseline");
  auto several = g.without_last_group();
  numbers scores = several.scores({"reward_a", "reward_b"});
  auto b = several.batch.views();
  b.scores = matrix(std::as_const(scores), std::ptrdiff_t(scores.size() / 2)), b.valid = {};
  check(several, advantages(gdpo{.weights = g.row("gdpo_weights")}, b), "gdpo_several");
}

TEST_CASE("verl: use_kl_in_reward takes the KL of valid steps off the score, inside the group's baseline", "[golden]") {
  verl_batch g("advantage/verl_member.txt");
  auto check = [&](auto const& estimator, std::string const& name) {
    CAPTURE(name);
    CHECK(g.distance(advantages(kl_in_reward{estimator}, g.with_reference(false)), name + "_kl") < 1e-10);
  };
  check(centered, "grpo_no_std");
  CHECK(g.distance_of_grpo(advantages(kl_in_reward{grpo}, g.with_reference(false)), "grpo_kl") < 1e-10);
  check(rloo, "rloo");
  check(rloo_vectorized, "rloo_vectorized");
  check(gpg{.single = group_of_one::raw}, "gpg");
  check(best_of_group{}, "grpo_passk");
  CHECK(g.distance(advantages(kl_in_reward{centered, clamped<k3>{}, .05}, g.with_reference(false)),
                   "grpo_no_std_low_var_kl") < 1e-10);
  // Where every series of a group has a valid step, what is not valid needs no care: the last two groups.
  numbers told = advantages(kl_in_reward{centered}, g.with_reference(true));
  for (auto i = std::size_t(g.batch.offsets[6]); i < told.size(); ++i)
    if (g.is_valid(i)) CHECK(close(told[i], g.row("grpo_no_std_kl")[i], 1e-10, 1e-12));
}

TEST_CASE("verl: use_kl_in_reward with a critic, with returns and with a greedy answer's score", "[golden]") {
  verl_batch g("advantage/verl_member.txt");
  auto b = g.with_reference(true);
  auto check = [&](auto const& estimator, std::string const& name) {
    CAPTURE(name);
    CHECK(g.distance(advantages(kl_in_reward{estimator}, b), name) < 1e-10);
  };
  check(monte_carlo{.gamma = .97}, "reinforce_plus_plus_return_kl");
  check(remax{}, "remax_kl");
  numbers value = g.row("value"), next = g.next_valid(value), advantage(value.size()), target(value.size());
  b.value = all(std::as_const(value)), b.next_value = all(std::as_const(next));
  cpu backend;
  auto returns = [&](auto const& estimator, std::string const& name) {
    estimator(backend, b, estimates<double>{all(advantage), all(target)});
    CHECK(g.distance(target, name) < 1e-10);
  };
  gae const critic{.gamma = .97, .lambda = .9};
  returns(kl_in_reward{critic}, "gae_return_kl");
  returns(kl_in_reward{critic, clamped<k3>{}, .05}, "gae_return_low_var_kl");
}
