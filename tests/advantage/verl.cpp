#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/advantage/whitened.hpp>
#include "../catch.hpp"
#include "grouped.hpp"
#include "verl_estimators.hpp"

// verl 0.9.1's estimators, as tests/golden/verl_core.py recorded them.

using verl::centered;
using verl::rloo;
using verl::rloo_vectorized;

namespace {

char const* const all_files[] = {"advantage/verl_outcome.txt", "advantage/verl_masked.txt",
                                 "advantage/verl_masked_reward.txt"};
/// Rewards on invalid steps are left out here; verl counts them in its scores.
char const* const files[] = {"advantage/verl_outcome.txt", "advantage/verl_masked.txt"};

/// verl divides by sqrt(var + 1e-8) and its sums by n + 1e-8; standardize by std + epsilon. In numbers about 1 that is
/// a difference of 1e-8.
constexpr double whitening = 3e-8;

/// Advantages of ours, whitened with verl's constants.
numbers with_verls_constants(recorded_groups const& g, numbers a) {
  double n = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (g.is_valid(i)) n += 1, sum += a[i];
  double mean = sum / (n + 1e-8);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (g.is_valid(i)) squares += (a[i] - mean) * (a[i] - mean);
  for (double& x : a) x = (x - mean) / std::sqrt(squares / (n + 1e-8) * n / (n - 1) + 1e-8);
  return a;
}
/// `estimator` whitened is what was recorded, and with verl's constants to 1e-10.
template <class E>
void require_whitened(recorded_groups const& g, E const& estimator, batch_view<double> const& b,
                      std::string const& name) {
  CAPTURE(name);
  REQUIRE(g.distance(advantages(whitened{estimator}, b), name) < whitening);
  REQUIRE(g.distance(with_verls_constants(g, advantages(estimator, b)), name) < 1e-10);
}

}  // namespace

TEST_CASE("verl: grpo, with and without the division, singletons raw", "[golden]") {
  for (auto file : files) {
    recorded_groups g(file);
    CAPTURE(file);
    // verl's singleton is its score over 1 + 1e-6
    numbers found = advantages(group_relative{.single = group_of_one::raw}, g.batch), expected = g.row("grpo");
    for (std::size_t i = 0; i < found.size(); ++i)
      if (g.is_valid(i))
        REQUIRE(close(found[i], i >= std::size_t(g.batch.offsets[14]) ? expected[i] * (1 + 1e-6) : expected[i], 1e-10,
                      1e-12));
    REQUIRE(g.distance(advantages(centered, g.batch), "grpo_no_std") < 1e-10);
    REQUIRE(g.distance(advantages(centered, g.batch), "grpo_vectorized_no_std") < 1e-10);
  }
}

TEST_CASE("verl: rloo, whose two forms differ in what a singleton gets", "[golden]") {
  for (auto file : files) {
    recorded_groups g(file);
    REQUIRE(g.distance(advantages(rloo, g.batch), "rloo") < 1e-10);
    REQUIRE(g.distance(advantages(rloo_vectorized, g.batch), "rloo_vectorized") < 1e-10);
  }
}

TEST_CASE("verl: opo and gpg", "[golden]") {
  for (auto file : files) {
    recorded_groups g(file);
    CAPTURE(file);
    REQUIRE(g.distance(advantages(opo{.single = group_of_one::raw}, g.batch), "opo") < 1e-10);
    REQUIRE(g.distance(advantages(gpg{.single = group_of_one::raw}, g.batch), "gpg") < 1e-10);
  }
}

TEST_CASE("verl: grpo_passk, of which singletons are refused there", "[golden]") {
  for (auto file : files) {
    recorded_groups g(file);
    REQUIRE(g.row("grpo_passk").size() == 96);
    REQUIRE(g.distance(advantages(best_of_group{}, g.batch), "grpo_passk") < 1e-10);
    REQUIRE(g.distance(advantages(best_of_group{.scale = false}, g.batch), "grpo_passk_no_std") < 1e-10);
  }
}

TEST_CASE("verl: remax, whose baseline is the greedy answer's score", "[golden]") {
  for (auto file : all_files) {
    recorded_groups g(file);
    auto b = g.batch.views();
    b.greedy_score = all(g.row("greedy_reward"));
    REQUIRE(g.distance(advantages(remax{}, b), "remax") < 1e-10);
  }
}

TEST_CASE("verl: reinforce_plus_plus and its form with a baseline are whitened returns", "[golden]") {
  for (auto file : all_files) {
    recorded_groups g(file);
    CAPTURE(file);
    monte_carlo plain{.gamma = .97};
    REQUIRE(g.distance(advantages(plain, g.batch), "reinforce_plus_plus_return") < 1e-10);
    require_whitened(g, plain, g.batch.views(), "reinforce_plus_plus");
  }
  for (auto file : files) {
    recorded_groups g(file);
    require_whitened(g, centered, g.batch.views(), "reinforce_plus_plus_baseline");
  }
}

TEST_CASE("verl: gae skips invalid steps, and is whitened after its returns are taken", "[golden]") {
  for (auto file : all_files) {
    recorded_groups g(file);
    CAPTURE(file);
    auto b = g.batch.views();
    numbers value = g.row("value"), next = g.next_valid(value);
    b.value = all(std::as_const(value));
    b.next_value = all(std::as_const(next));
    cpu backend;
    numbers advantage(value.size()), target(value.size());
    whitened{gae{.gamma = .97, .lambda = .9}}(backend, b, {all(advantage), all(target)});
    REQUIRE(g.distance(target, "gae_return") < 1e-10);
    require_whitened(g, gae{.gamma = .97, .lambda = .9}, b, "gae");
  }
}

TEST_CASE(
    "verl: the optimal token baseline; where steps are invalid, the form that counts valid steps; with importance "
    "weights",
    "[golden]") {
  for (auto file : all_files) {
    recorded_groups g(file);
    CAPTURE(file);
    auto b = g.batch.views();
    b.old_logp = all(g.row("old_logp"));
    b.sum_of_squares = all(g.row("sum_pi_squared"));
    numbers sampler = g.row("old_logp");
    for (std::size_t i = 0; i < sampler.size(); ++i) sampler[i] -= std::log(g.row("is_weight")[i]);
    b.sampler_logp = all(std::as_const(sampler));
    std::vector<std::string> forms{"tir_optimal_token_baseline"};
    if (file == std::string(all_files[0])) forms.push_back("optimal_token_baseline");
    for (auto const& form : forms) {
      REQUIRE(g.distance(advantages(optimal_token_baseline{}, b), form) < 1e-10);
      REQUIRE(g.distance(advantages(optimal_token_baseline{.alone_is_zero = false}, b), form + "_tail") < 1e-10);
      REQUIRE(g.distance(advantages(optimal_token_baseline{.importance = true}, b), form + "_is") < 1e-10);
      REQUIRE(g.distance(advantages(optimal_token_baseline{.alone_is_zero = false, .importance = true}, b),
                         form + "_is_tail") < 1e-10);
    }
  }
}

TEST_CASE("verl: gdpo", "[golden]") {
  for (auto file : files) {
    recorded_groups g(file);
    CAPTURE(file);
    gdpo estimator{.weights = g.row("gdpo_weights"), .how = {.single = group_of_one::raw}};
    auto check = [&](recorded_groups const& of, std::string const& name, double tolerance) {
      numbers scores = of.scores({"reward_a", "reward_b"});
      auto b = of.batch.views();
      b.scores = matrix(std::as_const(scores), std::ptrdiff_t(scores.size() / 2));
      REQUIRE(of.distance(advantages(estimator, b), name) < tolerance);
    };
    check(g, "gdpo", 3e-6);  // a singleton over 1 + 1e-6 there
    check(g.without_last_group(), "gdpo_several", whitening);
  }
}
