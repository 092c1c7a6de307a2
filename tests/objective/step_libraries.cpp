#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/value_loss.hpp>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// Objectives of steps against the libraries that have them: losses and gradients, tests/golden/*_objectives.py.

namespace {

series_mean const counting{.empty = empty_series::count};
series_sum_mean const luspo{.empty = empty_series::count};
series_sum_mean const dr_grpo{.length = 50, .empty = empty_series::count};
clipped_ratio const clip{.epsilon = .2, .epsilon_high = .28};
kl_penalty<k3> const kl{.weight = .04};
kl_penalty<ratio_corrected<k3>> const corrected{.weight = .04};

/// The same number for each step.
numbers each(recorded_batch const& b, double x) { return numbers(b.valid.size(), x); }

}  // namespace

TEST_CASE("liger: grpo, bnpo, dr_grpo, dapo, cispo and sapo by token, with a delta, a KL and weights of importance",
          "[golden]") {
  recorded_batch b("objective/liger_token.txt");
  numbers const& w = b.row("is_weight");
  auto with_kl = [&](std::string const& name, auto const& term, auto const& mode) {
    CAPTURE(name);
    CHECK(b.distance(term, mode, name) < 1e-10);
    CHECK(b.distance(term + kl, mode, name + "_kl") < 1e-10);
    CHECK(b.distance(term + corrected, mode, name + "_kl_corrected") < 1e-10);
    CHECK(b.distance(term, mode, name + "_is", w) < 1e-10);
  };
  // Importance weights on the surrogate and not on the KL.
  auto all_of_it = [&](std::string const& name, auto const& term, auto const& mode) {
    CAPTURE(name);
    CHECK(b.distance(term + aggregate(mode, corrected), mode, name + "_all", w) < 1e-10);
  };
  two_sided_clip two_sided{.epsilon = .2, .epsilon_high = .28, .delta = 1.5};
  auto clipped = [&](std::string const& name, auto const& mode) {
    with_kl(name, clip, mode);
    CHECK(b.distance(two_sided, mode, name + "_delta") < 1e-10);
    all_of_it(name, two_sided, mode);
  };
  clipped("grpo", counting);
  clipped("bnpo", step_mean{});
  clipped("dapo", step_mean{});
  clipped("dr_grpo", dr_grpo);
  with_kl("cispo", cispo{.low = 0, .high = 2}, step_mean{});
  with_kl("sapo", sapo{}, counting);
  all_of_it("cispo", cispo{.low = 0, .high = 2}, step_mean{});
  all_of_it("sapo", sapo{}, counting);
  CHECK(b.distance(clip, step_sum{}, "dapo_items", each(b, 1 / 120.)) < 1e-10);
  CHECK(b.distance(cispo{.low = 0, .high = 2}, step_sum{}, "cispo_items", each(b, 1 / 120.)) < 1e-10);
}

TEST_CASE("trl: its losses by token, and the entropy bonus beside them", "[golden]") {
  recorded_batch b("objective/trl_grpo.txt");
  auto check = [&](std::string const& name, auto const& mode) {
    CAPTURE(name);
    CHECK(b.distance(clip, mode, name) < 1e-10);
    CHECK(b.distance(clip + kl, mode, name + "_kl") < 1e-10);
    CHECK(b.distance(clip + corrected, mode, name + "_kl_corrected") < 1e-10);
  };
  check("grpo", counting);
  check("bnpo", step_mean{});
  check("dr_grpo", dr_grpo);
  check("dapo", step_mean{});
  check("luspo", luspo);
  CHECK(b.distance(cispo{.low = 0, .high = 2}, step_mean{}, "cispo") < 1e-10);
  CHECK(b.distance(sapo{}, counting, "sapo") < 1e-10);
  CHECK(b.distance(clip + aggregate(step_mean{}, entropy_bonus{.weight = .01}), counting, "grpo_bonus") < 1e-10);
  numbers const &w = b.row("is_weight"), &undecided = b.row("high_entropy_mask");
  CHECK(b.distance(clip, counting, "grpo_is", w) < 1e-10);
  CHECK(b.distance(sapo{}, counting, "sapo_is", w) < 1e-10);
  CHECK(b.distance(clip, luspo, "luspo_is", w) < 1e-10);
  CHECK(b.distance(clip, step_sum{}, "dapo_parts", each(b, 1 / (120. * 2 / 4))) < 1e-10);
  CHECK(b.distance(clip, counting, "grpo_high_entropy", undecided) < 1e-10);
}

TEST_CASE("trl: the coefficient that holds the entropy at its target", "[golden]") {
  auto rows = golden::read("objective/trl_grpo.txt");
  entropy_target c{.target = .2, .step = .005, .most = .02, .coefficient = .002};
  for (std::size_t i = 0; i < golden::row(rows, "adaptive_entropy").size(); ++i) {
    // TRL applies the coefficient from before the update that saw the low entropy; here the one after it holds for the
    // next update.
    double before = c.coefficient;
    bool low = i > 0 && golden::row(rows, "adaptive_entropy")[i - 1] <= .2;
    CHECK(golden::row(rows, "adaptive_applied")[i] == Approx(low ? before : 0).margin(1e-15));
    CHECK(c.weight == Approx(low ? before : 0).margin(1e-15));
    c.update(golden::row(rows, "adaptive_entropy")[i]);
    CHECK(c.coefficient == Approx(golden::row(rows, "adaptive_coef")[i]).margin(1e-15));
  }
}

TEST_CASE(
    "verl: vanilla with and without its dual clip, in each aggregation, with weights, and at log-ratios beyond 20",
    "[golden]") {
  recorded_batch b("objective/verl_policy.txt", false), by_series("objective/verl_policy.txt");
  numbers const& w = b.row("is_weight");
  dual_clip vanilla{.epsilon = .2, .epsilon_high = .28, .c = 3};
  CHECK(b.distance(vanilla, step_mean{}, "vanilla") < 1e-10);
  CHECK(b.distance(vanilla, step_mean{}, "vanilla_is", w) < 1e-10);
  CHECK(by_series.distance(vanilla, step_mean{}, "vanilla_series") < 1e-10);
  CHECK(b.distance(clip, step_mean{}, "vanilla_single") < 1e-10);
  CHECK(b.distance(vanilla, step_sum{}, "vanilla_token-sum") < 1e-10);
  CHECK(b.distance(vanilla, series_mean{}, "vanilla_seq-mean-token-mean", verl_mean(b)) < 1e-10);
  CHECK(b.distance(vanilla, series_sum_mean{}, "vanilla_seq-mean-token-sum") < 1e-10);
  CHECK(b.distance(vanilla, series_sum_mean{.length = 40}, "vanilla_seq-mean-token-sum-norm") < 1e-10);
  // One of two processes, with 150 steps and 16 series in all and a length of 50.
  CHECK(b.distance(vanilla, step_sum{}, "vanilla_global_token-mean", each(b, 2 / 150.)) < 1e-10);
  CHECK(b.distance(vanilla, step_sum{}, "vanilla_global_token-sum", each(b, 2)) < 1e-10);
  CHECK(b.distance(vanilla, step_sum{}, "vanilla_global_seq-mean-token-mean", verl_mean(b, true, 2 / 16.)) < 1e-10);
  CHECK(b.distance(vanilla, step_sum{}, "vanilla_global_seq-mean-token-sum", each(b, 2 / 16.)) < 1e-10);
  CHECK(b.distance(vanilla, step_sum{}, "vanilla_global_seq-mean-token-sum-norm", each(b, 2 / 16. / 50)) < 1e-10);
  auto const& x = b.row("extreme_log_ratio");
  double loss = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    using D = dual<real<double>, 1>;
    step_terms<D> s;
    s.logp = D::variable(x[i], 0), s.advantage = b.row("extreme_advantage")[i];
    D found = importance_ratio{}(s);
    loss += found.value.value / double(x.size());
    CHECK(close(found.tangent[0].value / double(x.size()), b.row("vanilla_extreme/logp")[i], 1e-10, 1e-12));
  }
  CHECK(close(loss, b.row("vanilla_extreme")[0], 1e-10, 0));
}

TEST_CASE("verl: gpg, cispo, sapo, dro, dppo", "[golden]") {
  recorded_batch b("objective/verl_policy.txt", false);
  numbers const& w = b.row("is_weight");
  auto check = [&](auto const& term, std::string const& name) {
    CAPTURE(name);
    CHECK(b.distance(term, step_mean{}, name) < 1e-10);
    CHECK(b.distance(term, step_mean{}, name + "_is", w) < 1e-10);
  };
  check(policy_gradient{}, "gpg");
  check(cispo{.low = .8, .high = 1.28}, "cispo");
  CHECK(b.distance(cispo{.low = 0, .high = 2}, step_mean{}, "cispo_one_sided") < 1e-10);
  check(dro{.beta = .5}, "dro");
  check(dppo_tv{.low = .15, .high = .2}, "dppo_tv");
  check(dppo_kl{.low = .03, .high = .05}, "dppo_kl");
  check(dppo_tv{.low = .15, .high = .2, .limit = 3}, "dppo_tv_default");
  check(dppo_kl{.low = .03, .high = .05, .limit = 3}, "dppo_kl_default");
  CHECK(b.distance(sapo{}, series_mean{}, "sapo", verl_mean(b)) < 1e-10);
  CHECK(b.distance(sapo{}, series_mean{}, "sapo_is", product(w, verl_mean(b))) < 1e-10);
}

TEST_CASE("verl: the clipped value loss in each aggregation", "[golden]") {
  recorded_batch b("objective/verl_value.txt");
  auto in_each = [&](auto const& o, std::string const& name) {
    b.same_value_loss(o, step_mean{}, name + "_token-mean");
    b.same_value_loss(o, step_sum{}, name + "_token-sum");
    b.same_value_loss(o, series_mean{}, name + "_seq-mean-token-mean", verl_mean(b));
    b.same_value_loss(o, series_sum_mean{}, name + "_seq-mean-token-sum");
    b.same_value_loss(o, series_sum_mean{.length = 40}, name + "_seq-mean-token-sum-norm");
  };
  in_each(clipped_value_loss{.weight = .5, .clip = .5}, "clipped");
  in_each(value_loss{.weight = .5}, "plain");
}
