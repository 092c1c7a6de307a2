#include <algorithm>
#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/selection/importance_weights.hpp>
#include <cohort/selection/kl_cov.hpp>
#include <cohort/selection/ratio_bounds.hpp>
#include <limits>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// What verl's actor minimizes: its policy losses with its KL and its entropy bonus, on six series of which one has no
// valid step, tests/golden/verl_objectives.py.

namespace {

constexpr char const* file = "objective/verl_loss.txt";
constexpr double infinity = std::numeric_limits<double>::infinity();
kl_penalty<clamped<k3>> const kl{.weight = .04};
dual_clip const vanilla{.epsilon = .2, .epsilon_high = .28, .c = 3};
gspo_step const narrow{.epsilon = .02, .epsilon_high = .03};

/// f(verl's name, our mean, what verl's 1e-8 makes of its weights)
template <class F>
void each_mean(recorded_batch const& b, F const& f) {
  f("token-mean", step_mean{}, numbers{});
  f("token-sum", step_sum{}, numbers{});
  f("seq-mean-token-mean", series_mean{}, verl_mean(b));
  f("seq-mean-token-sum", series_sum_mean{}, numbers{});
  f("seq-mean-token-sum-norm", series_sum_mean{.length = 9}, numbers{});
}

}  // namespace

TEST_CASE("verl's whole loss: vanilla with a KL, and with weights of importance and an entropy bonus, in each mean",
          "[golden]") {
  recorded_batch b(file, false);
  each_mean(b, [&](std::string const& name, auto const& mode, numbers const& rounding) {
    CAPTURE(name);
    CHECK(b.distance(vanilla + kl, mode, "vanilla_" + name + "_kl", rounding) < 1e-10);
    auto all = weighted(importance_weights{.high = infinity}, vanilla) + kl + entropy_bonus{.weight = .01};
    CHECK(b.distance(all, mode, "vanilla_" + name + "_all", rounding) < 1e-10);
  });
}

TEST_CASE("verl's whole loss: in one of two processes", "[golden]") {
  recorded_batch b(file, false);
  auto check = [&](std::string const& name, numbers const& weight) {
    CAPTURE(name);
    CHECK(b.distance(vanilla + kl, step_sum{}, "vanilla_global_" + name + "_kl", weight) < 1e-10);
  };
  auto each = [&](double x) { return numbers(b.valid.size(), x); };
  check("token-mean", each(2 / 150.));
  check("token-sum", each(2));
  check("seq-mean-token-mean", verl_mean(b, true, 2 / 16.));
  check("seq-mean-token-sum", each(2 / 16.));
  check("seq-mean-token-sum-norm", each(2 / 16. / 50));
}

TEST_CASE("verl's whole loss: gspo with a KL in each mean, and with everything", "[golden]") {
  recorded_batch b(file);
  each_mean(b, [&](std::string const& name, auto const& mode, numbers const& rounding) {
    CAPTURE(name);
    CHECK(b.distance(narrow + kl, mode, "gspo_" + name + "_kl", rounding) < 1e-10);
  });
  CHECK(b.distance(weighted(importance_weights{.high = infinity}, narrow) + kl + entropy_bonus{.weight = .01},
                   series_mean{}, "gspo_seq-mean-token-mean_all", verl_mean(b)) < 1e-10);
}

TEST_CASE("verl's whole loss: each kind of KL, and its straight-through form", "[golden]") {
  recorded_batch b(file, false);
  auto check = [&]<class K>(std::string const& kind, K const& k) {
    CAPTURE(kind);
    CHECK(b.distance(vanilla + kl_penalty{.estimator = k, .weight = .04}, step_mean{}, "vanilla_kl_" + kind) < 1e-10);
    CHECK(b.distance(vanilla + kl_penalty{.estimator = straight_through{k}, .weight = .04}, step_mean{},
                     "vanilla_kl_" + kind + "+") < 1e-10);
  };
  check("kl", k1{});
  check("abs", absolute_log_ratio{});
  check("mse", k2{});
  check("low_var_kl", clamped<k3>{});
}

TEST_CASE(
    "verl's whole loss: the other policy losses with a KL; those with a mean of their own do not give it to the KL",
    "[golden]") {
  recorded_batch b(file, false), by_series(file);
  auto check = [&](std::string const& name, auto const& term) {
    CAPTURE(name);
    CHECK(b.distance(term + kl, step_mean{}, name + "_kl") < 1e-10);
  };
  check("gpg", policy_gradient{});
  check("cispo", cispo{.low = .8, .high = 1.28});
  check("dro", dro{.beta = .5});
  check("dppo_tv", dppo_tv{.low = .15, .high = .2});
  check("dppo_kl", dppo_kl{.low = .03, .high = .05});
  check("kl_cov", importance_ratio{} + weighted(kl_cov{.share = .1}, log_ratio_distance{.weight = .7}));
  auto kl_over_steps = aggregate(step_mean{}, kl);
  CHECK(b.distance(sapo{} + kl_over_steps, series_mean{}, "sapo_kl", verl_mean(b)) < 1e-10);
  numbers left = b.row("clip_cov/chosen");
  REQUIRE(std::count(left.begin(), left.end(), 1.) == 1);
  for (double& x : left) x = 1 - x;
  CHECK(b.distance(clipped_ratio{.epsilon = .2, .epsilon_high = .28} + kl_over_steps, step_mean{}, "clip_cov_kl",
                   left) < 1e-10);
  series_mean const counting{.empty = empty_series::count};
  verl_geo_mean const geo_mean{{.epsilon = .2, .epsilon_high = .28}};
  CHECK(by_series.distance(geo_mean + kl_over_steps, counting, "geo_mean_kl", verl_mean(b)) < 1e-10);
  CHECK(by_series.distance(geo_mean + aggregate(series_mean{}, kl), counting, "geo_mean_seq-mean-token-mean_kl",
                           verl_mean(b)) < 1e-10);
}

TEST_CASE("verl's whole loss: what is rejected leaves the policy loss and its mean, and keeps its KL", "[golden]") {
  recorded_batch b(file, false);
  auto at = b.views();  // in bypass mode what was recorded as old is the sampler
  at.sampler_logp = all(b.row("old_logp")), at.old_logp = all(b.row("logp"));
  numbers kept = b.selected(ratio_bounds{.low = 1 / 1.5, .high = 1 / .6}, at);
  double valid = 0, left = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) valid += b.valid[i], left += kept[i];
  REQUIRE((left > 0 && left < valid));
  for (double& x : kept) x *= valid / left;
  CHECK(b.distance(vanilla + aggregate(step_mean{}, kl), step_mean{}, "bypass_clip_reject_kl", kept) < 1e-10);
}
