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
    if (name == "luspo") return;  // with a KL it sums over its padding
    CHECK(b.distance(liger + kl, mode, name + "_kl") < 1e-10);
    CHECK(b.distance(liger + corrected, mode, name + "_kl_corrected") < 1e-10);
  };
  check("grpo", grpo);
  check("bnpo", step_mean{});
  check("dapo", step_mean{});
  check("dr_grpo", dr_grpo);
  check("luspo", luspo);
}

TEST_CASE("trl: the ratio of a series, LUSPO's mask, and VESPO", "[golden]") {
  recorded_batch b("objective/trl_grpo.txt");
  CHECK(b.distance(liger, grpo, "grpo_sequence") < 1e-10);
  CHECK(b.distance(liger, luspo, "luspo_sequence") < 1e-10);
  CHECK(b.distance(liger + kl_penalty<k3>{.weight = .04}, luspo, "luspo_sequence_kl") < 1e-10);
  CHECK(b.distance(liger + series_kl_penalty<k3>{.weight = .04}, luspo, "luspo_sequence_kl_corrected") < 1e-10);
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
