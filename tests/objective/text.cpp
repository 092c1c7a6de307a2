#include "../catch.hpp"
#include <cohort/aggregation/means.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

namespace mine {

struct soft_gate {
  template <class S>
  constexpr S operator()(step_terms<S> const& s) const {
    return -s.advantage * s.logp;
  }
};

}  // namespace mine

TEST_CASE("text: an objective prints itself as it was composed, with its parameters") {
  CHECK(text(clipped_ratio{.epsilon = .2, .epsilon_high = .28}) == "clipped_ratio{epsilon = 0.2, epsilon_high = 0.28}");
  CHECK(text(clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04} + .5 * value_loss{.weight = 1}) ==
        "clipped_ratio{epsilon = 0.2, epsilon_high = 0.2} + kl_penalty{k3, weight = 0.04} + 0.5 value_loss{weight = 1}");
  CHECK(text(2 * (log_likelihood{} + mine::soft_gate{})) == "2 (log_likelihood{} + soft_gate{})");
  CHECK(text(aggregate(series_mean{}, weighted(top_entropy{}, gspo_step{}))) ==
        "aggregate(series_mean, weighted(top_entropy, gspo_step{epsilon = 0.0003, epsilon_high = 0.0004}))");
  CHECK(text(dpo{.beta = .1}) == "dpo{beta = 0.1, label_smoothing = 0}");
}

TEST_CASE("text: below it stand formula and source of each term; one of the user's own has just its name") {
  CHECK(explained(clipped_ratio{} + mine::soft_gate{}) ==
        "clipped_ratio{epsilon = 0.2, epsilon_high = 0.2} + soft_gate{}\n"
        "  clipped_ratio: -min(r A, clamp(r, 1 - epsilon, 1 + epsilon_high) A) (Schulman et al. 2017, arXiv:1707.06347, eq. 7)\n"
        "  soft_gate\n");
}

TEST_CASE("check: each term with a parameter out of its range says which, and train asks") {
  CHECK_THROWS_WITH(detail::check_objective(clipped_ratio{.epsilon = -.2}), "clipped_ratio: epsilon is -0.2, expected a positive number");
  CHECK_THROWS_WITH(detail::check_objective(log_likelihood{} + .5 * aggregate(series_mean{}, cispo{.low = 2, .high = 1})),
                    "cispo: high is 1, expected a number above low");
  CHECK_THROWS_WITH(detail::check_objective(dpo{.beta = 0}), "dpo: beta is 0, expected a positive number");
  CHECK_THROWS_WITH(detail::check_objective(kl_penalty{.weight = -1.}), "kl_penalty: weight is -1, expected 0 or a positive number");
  CHECK_NOTHROW(detail::check_objective(mine::soft_gate{} + clipped_ratio{}));
}
