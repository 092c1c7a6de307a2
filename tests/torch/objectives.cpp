#include "agreement.hpp"

using namespace cohort;
using namespace agreement;

namespace {

struct discards_an_overflow {
  template <class S>
  constexpr S operator()(step_terms<S> const& s) const {
    S ratio = exp(1000 * s.logp);
    return select(s.logp > 0, S(0), ratio * s.advantage) + select(s.logp > 0, s.logp, sqrt(-s.logp));
  }
};

}  // namespace

TEST_CASE("torch: autograd and the duals agree to 1e-12 on every objective, and on sums of them") {
  agree(clipped_ratio{.epsilon = .2});
  agree(value_loss{});
  agree(value_loss{.weight = .5});
  agree(entropy_bonus{.weight = .01});
  agree(kl_penalty{.estimator = k1{}, .weight = .3});
  agree(kl_penalty{.estimator = k2{}, .weight = .3});
  agree(kl_penalty{.estimator = k3{}, .weight = .3});
  agree(clipped_ratio{.epsilon = .1} + value_loss{.weight = .5} + entropy_bonus{.weight = .01});
  agree(2 * (clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04}) + aggregate(series_mean{}, value_loss{}));
}

TEST_CASE("torch: weights that are not differentiated are constants to autograd too; the other objectives of steps") {
  agree(policy_gradient{} + .5 * importance_ratio{} + positive_likelihood{.threshold = .3});
  agree(dual_clip{.epsilon = .2, .epsilon_high = .28, .c = 1.5});
  agree(two_sided_clip{.delta = 1.5});
  agree(cispo{.low = .8, .high = 1.28});
  agree(sapo{});
  agree(dro{} + log_ratio_distance{.weight = .3});
  agree(dppo_tv{.low = .05, .high = .05, .limit = 1.5});
  agree(dppo_kl{.low = .02, .high = .02, .limit = 1.5});
  agree(prime_rl_loss{.low = .1, .high = .1, .symmetric = true});
  agree(clipped_value_loss{.clip = .3} + value_loss{.distance = huber_error{.delta = .7}});
  agree(clipped_value_loss{.clip = .3, .distance = absolute_error{}} +
        clipped_value_loss{.rule = value_clip::clipped, .distance = huber_error{.delta = .7}});
}

TEST_CASE("torch: what a select discards has no gradient, though its slope is infinite there") {
  auto s = some_steps();
  s.logp = at::tensor({1., -.5, 800., -1e-300}, at::kDouble).requires_grad_();
  s.advantage = at::ones({4}, at::kDouble);
  cohort::torch::losses(discards_an_overflow{}, s).sum().backward();
  REQUIRE(s.logp.grad().isfinite().all().item<bool>());
  REQUIRE(s.logp.grad()[0].item<double>() == 1);
  REQUIRE(s.logp.grad()[2].item<double>() == 1);
  double p = -.5;
  REQUIRE(s.logp.grad()[1].item<double>() == Approx(1000 * std::exp(1000 * p) - .5 / std::sqrt(-p)).epsilon(1e-12));
}

TEST_CASE("torch: an invalid step has loss and gradient 0, though its numbers are NaN") {
  auto s = some_steps();
  auto& valid = s.valid = at::ones({M}, at::kBool);
  valid.data_ptr<bool>()[3] = valid.data_ptr<bool>()[7] = false;
  auto poisoned = s.logp.detach().clone();
  poisoned.data_ptr<double>()[3] = poisoned.data_ptr<double>()[7] = std::numeric_limits<double>::quiet_NaN();
  s.logp = poisoned.requires_grad_();
  auto loss = cohort::torch::losses(clipped_ratio{} + kl_penalty{}, s);
  loss.sum().backward();
  REQUIRE(loss.isfinite().all().item<bool>());
  REQUIRE(s.logp.grad().isfinite().all().item<bool>());
  REQUIRE(loss[3].item<double>() == 0);
  REQUIRE(s.logp.grad()[7].item<double>() == 0);
}

TEST_CASE("torch: losses names the term that is missing or does not fit") {
  using Catch::Matchers::ContainsSubstring;
  auto s = some_steps();
  s.ref_logp = at::Tensor();
  CHECK_THROWS_WITH(cohort::torch::losses(kl_penalty{}, s), ContainsSubstring("ref_logp"));
  s = some_steps();
  s.advantage = at::ones({M + 1}, at::kDouble);
  CHECK_THROWS_WITH(cohort::torch::losses(clipped_ratio{}, s), ContainsSubstring("advantage is Double [402]"));
  s.advantage = at::ones({M}, at::kFloat);
  CHECK_THROWS_WITH(cohort::torch::losses(clipped_ratio{}, s), ContainsSubstring("advantage is Float [401]"));
}
