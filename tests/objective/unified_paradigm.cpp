#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include "grid.hpp"

// DeepSeekMath's unified paradigm (arXiv:2402.03300, section 5.2.1): the gradient of each method is the mean of GC grad
// logp, and the methods differ by where their samples come from and by the coefficient GC, which is minus the
// derivative of our loss by logp.

using namespace cohort;
using arrays::close;
using scalars::point;

namespace {

template <class O>
double coefficient(O const& o, point const& p) {
  return -scalars::partials(o, p)[0];
}
constexpr double beta = .04;

}  // namespace

TEST_CASE("unified paradigm: SFT has the coefficient 1, whatever the sample") {
  for (auto const& p : grid::steps()) REQUIRE(coefficient(log_likelihood{}, p) == 1);
}

TEST_CASE(
    "unified paradigm: rejection fine-tuning, from the first policy's samples or the present one's, has 1 for the "
    "correct answers and 0 for the others") {
  for (auto p : grid::steps())
    for (double correct : {0., 1.}) {
      p.advantage = correct;
      REQUIRE(coefficient(positive_likelihood{.threshold = .5}, p) == correct);
    }
}

TEST_CASE("unified paradigm: PPO has A, on policy exactly and with the clip or without") {
  for (double A : {-3., -.2, 0., .7, 1e6})
    for (double logp : {-30., -1.5, 0.}) {
      point p = grid::step(0, A, logp);
      REQUIRE(coefficient(policy_gradient{}, p) == A);
      REQUIRE(coefficient(importance_ratio{}, p) == A);
      REQUIRE(coefficient(clipped_ratio{}, p) == A);
    }
}

TEST_CASE("unified paradigm: GRPO has A + beta (ref / pi - 1), on policy, with the clip or without") {
  for (double A : {-3., -.2, 0., .7})
    for (double x : {-2., -.3, 0., .1, 4.}) {
      point p = grid::step(0, A);
      p.ref_logp = p.logp.value + x;
      double expected = A + beta * std::expm1(x);
      REQUIRE(close(coefficient(clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = beta}, p), expected, 1e-14,
                    1e-15));
      REQUIRE(close(coefficient(importance_ratio{} + kl_penalty{.estimator = k3{}, .weight = beta}, p), expected, 1e-14,
                    1e-15));
    }
}

TEST_CASE("unified paradigm: for samples of an older policy PPO's and GRPO's A is multiplied by the ratio") {
  for (double A : {-3., .7})
    for (double x : {-.15, .1, 1.5}) {
      point p = grid::step(x, A);
      double ratio = std::exp(x), to_ref = std::expm1((p.ref_logp - p.logp).value);
      REQUIRE(close(coefficient(importance_ratio{}, p), ratio * A, 1e-14));
      REQUIRE(close(coefficient(importance_ratio{} + kl_penalty{.estimator = k3{}, .weight = beta}, p),
                    ratio * A + beta * to_ref, 1e-13));
    }
}
