#include <cohort/aggregation/means.hpp>
#include <cohort/cohort.hpp>
#include "../catch.hpp"

using namespace cohort;

namespace mine {

struct own_term {
  template <class S>
  constexpr S operator()(step_terms<S> const& s) const {
    return -s.advantage * s.logp;
  }
};

}  // namespace mine

TEST_CASE("text: an objective prints its terms, with their factors and parameters") {
  CHECK(text(clipped_ratio{.epsilon = .2, .epsilon_high = .28}) == "clipped_ratio{epsilon = 0.2, epsilon_high = 0.28}");
  CHECK(
      text(clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04} + .5 * value_loss{.weight = 1}) ==
      "clipped_ratio{epsilon = 0.2, epsilon_high = 0.2} + kl_penalty{k3, weight = 0.04} + 0.5 value_loss{weight = 1}");
  CHECK(text(2 * (log_likelihood{} + mine::own_term{})) == "2 log_likelihood{} + 2 own_term{}");
  CHECK(text(dpo{.beta = .1}) == "dpo{beta = 0.1, label_smoothing = 0}");
  CHECK(text(prime_rl_loss{}) == "prime_rl_loss{low = 0.2, high = 0.2, symmetric = false, weight = 0.001}");
  CHECK(text(clipped_value_loss{.rule = value_clip::clipped}) ==
        "clipped_value_loss{weight = 0.5, clip = 0.2, rule = clipped}");
  CHECK(text(value_loss{.distance = absolute_error{}}) == "value_loss{weight = 0.5, absolute_error}");
  CHECK(text(clipped_value_loss{.distance = huber_error{.delta = 2}}) ==
        "clipped_value_loss{weight = 0.5, clip = 0.2, rule = larger_error, huber_error{delta = 2}}");
}

TEST_CASE(
    "text: aggregations, selections, estimators and controllers print their parameters too, wherever they stand") {
  CHECK(
      text(aggregate(series_mean{}, weighted(top_entropy{}, gspo_step{}))) ==
      "aggregate(series_mean, weighted(top_entropy{share = 0.2}, gspo_step{epsilon = 0.0003, epsilon_high = 0.0004}))");
  CHECK(text(weighted(importance_weights{.over = ratio_over::series, .beyond = beyond_bounds::mask, .normalize = true},
                      log_likelihood{})) ==
        "weighted(importance_weights{over = series, beyond = mask, low = 0, high = 2, normalize = true}, "
        "log_likelihood{})");
  CHECK(text(weighted(ratio_bounds{.over = ratio_over::geometric_mean}, log_likelihood{})) ==
        "weighted(ratio_bounds{over = geometric_mean, low = 0.5, high = 2}, log_likelihood{})");
  CHECK(text(weighted(divergence_bound{.over = bounded_over::series_max, .divergence = k2{}},
                      weighted(kl_mask{}, log_likelihood{}))) ==
        "weighted(divergence_bound{k2, most = 0.1, over = series_max}, weighted(kl_mask{threshold = 0.1}, "
        "log_likelihood{}))");
  CHECK(text(weighted(off_policy_series{}, weighted(clip_cov{}, log_likelihood{})) +
             weighted(kl_cov{}, log_ratio_distance{})) ==
        "weighted(off_policy_series{delta = 0.5}, weighted(clip_cov{share = 0.0002, low = 1, high = 5, epsilon = 0.2, "
        "epsilon_high = 0.2}, log_likelihood{})) + weighted(kl_cov{share = 0.0002}, log_ratio_distance{weight = 1})");
  CHECK(text(aggregate(series_sum_mean{.length = 40, .empty = empty_series::count}, log_likelihood{})) ==
        "aggregate(series_sum_mean{length = 40, empty = count}, log_likelihood{})");
  CHECK(text(kl_penalty<clamped<k3>>{}) == "kl_penalty{clamped{k3, log_ratio = 20, value = 10}, weight = 0.04}");
  CHECK(text(kl_penalty<straight_through<k3, k2>, doubling_kl>{}) ==
        "kl_penalty{straight_through{k3, k2}, weight = doubling_kl{weight = 1, target = 0.01, tolerance = 1.5, factor "
        "= 2}}");
  CHECK(text(entropy_bonus<entropy_target>{}) ==
        "entropy_bonus{weight = entropy_target{target = 0.2, step = 0.005, most = 1, coefficient = 0}}");
}

TEST_CASE("text: a multiple of a sum is one of each of its terms, and so are aggregations and selections of a sum") {
  CHECK(text(2 * (aggregate(series_mean{}, log_likelihood{}) + value_loss{})) ==
        "2 aggregate(series_mean, log_likelihood{}) + 2 value_loss{weight = 0.5}");
  CHECK(text(2 * aggregate(series_mean{}, log_likelihood{} + value_loss{})) ==
        "2 aggregate(series_mean, log_likelihood{}) + 2 aggregate(series_mean, value_loss{weight = 0.5})");
  CHECK(text(.5 * (3 * (log_likelihood{} + policy_gradient{}))) == "1.5 log_likelihood{} + 1.5 policy_gradient{}");
  CHECK(
      text(weighted(kl_mask{}, log_likelihood{} + 2 * policy_gradient{})) ==
      "weighted(kl_mask{threshold = 0.1}, log_likelihood{}) + 2 weighted(kl_mask{threshold = 0.1}, policy_gradient{})");
}

TEST_CASE("text: a scheduled term says how its number changes, and what it is at first") {
  auto shrinking = scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{.epsilon = e}; }};
  CHECK(text(shrinking + 2 * policy_gradient{}) ==
        "scheduled(linear{from = 0.2, to = 0}, at first clipped_ratio{epsilon = 0.2, epsilon_high = 0.2}) + 2 "
        "policy_gradient{}");
  CHECK_THAT(explained(.5 * shrinking), Catch::Matchers::ContainsSubstring("\n  clipped_ratio: -min(r A, "));
}

TEST_CASE("text: below it stand formula and source of each term; one of the user's own has just its name") {
  CHECK(explained(clipped_ratio{} + mine::own_term{}) ==
        "clipped_ratio{epsilon = 0.2, epsilon_high = 0.2} + own_term{}\n"
        "  clipped_ratio: -min(r A, clamp(r, 1 - epsilon, 1 + epsilon_high) A) (Schulman et al. 2017, "
        "arXiv:1707.06347, eq. 7; epsilon_high: DAPO, arXiv:2503.14476, eq. 10)\n"
        "  own_term\n");
}

TEST_CASE("text: and those of the parts of a term and of aggregations, each once") {
  CHECK(explained(aggregate(step_mean{}, kl_penalty<k3, fixed_kl>{}) +
                  2 * aggregate(step_mean{}, kl_penalty<k3, fixed_kl>{})) ==
        "aggregate(step_mean, kl_penalty{k3, weight = fixed_kl{weight = 0.04}}) + 2 aggregate(step_mean, "
        "kl_penalty{k3, weight = fixed_kl{weight = 0.04}})\n"
        "  kl_penalty: weight KL^(logp, ref_logp) (Shao et al. 2024, arXiv:2402.03300, eq. 3 and 4, with k3 and 0.04)\n"
        "    k3: exp(-x) - 1 + x, x = log pi - log ref (Schulman 2020, Approximating KL divergence)\n"
        "    fixed_kl: the weight stays (a number)\n"
        "  step_mean: every valid step weighs 1 / M (DAPO, arXiv:2503.14476, eq. 8)\n");
}

TEST_CASE("text: and those of selections") {
  CHECK(explained(weighted(divergence_bound<k2>{}, log_likelihood{})) ==
        "weighted(divergence_bound{k2, most = 0.1}, log_likelihood{})\n"
        "  log_likelihood: -logp (" +
            std::string(log_likelihood::notes.source) +
            ")\n"
            "  divergence_bound: 1 where D(sampler_logp, old_logp) <= most, else 0 (verl 0.9.1 (rollout_rs))\n"
            "    k2: x^2 / 2, x = log pi - log ref (Schulman 2020, Approximating KL divergence)\n");
}

TEST_CASE("check: each term with a parameter out of its range says which, and train asks") {
  CHECK_THROWS_WITH(detail::check_objective(clipped_ratio{.epsilon = -.2}),
                    "clipped_ratio: epsilon is -0.2, expected a positive number");
  CHECK_THROWS_WITH(
      detail::check_objective(log_likelihood{} + .5 * aggregate(series_mean{}, cispo{.low = 2, .high = 1})),
      "cispo: high is 1, expected a number above low");
  CHECK_THROWS_WITH(detail::check_objective(value_loss{.distance = huber_error{.delta = -1}}),
                    "huber_error: delta is -1, expected a positive number");
  CHECK_THROWS_WITH(detail::check_objective(clipped_value_loss{.distance = huber_error{.delta = 0}}),
                    "huber_error: delta is 0, expected a positive number");
  CHECK_THROWS_WITH(detail::check_objective(dpo{.beta = 0}), "dpo: beta is 0, expected a positive number");
  CHECK_THROWS_WITH(detail::check_objective(kl_penalty{.weight = -1.}),
                    "kl_penalty: weight is -1, expected 0 or a positive number");
  CHECK_THROWS_WITH(detail::check_objective(log_likelihood{} + weighted(top_entropy{.share = 2}, policy_gradient{})),
                    "top_entropy: share is 2, expected a number in [0, 1]");
  CHECK_NOTHROW(detail::check_objective(mine::own_term{} + weighted(importance_weights{}, clipped_ratio{})));
}
