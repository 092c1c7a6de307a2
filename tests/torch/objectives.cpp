#include <cohort/backend/torch.hpp>
#include <cohort/cohort.hpp>
#include <cohort/torch/autograd.hpp>

#include "../catch.hpp"
#include "../support/own_objectives.hpp"

using namespace cohort;
using B = cohort::torch::basic_backend<double>;

namespace {

constexpr std::int64_t M = 401;

at::Tensor numbers(std::uint32_t which, double low, double high) {
  auto t = at::empty({M}, at::kDouble);
  random_stream draws(stream_id{5, draw_purpose::user, which});
  for (std::int64_t i = 0; i < M; ++i) t.data_ptr<double>()[i] = draws.uniform(low, high);
  return t;
}

/// Steps far inside, far outside and near the edges of every clip, with both signs of the advantage.
cohort::torch::step_tensors some_steps() {
  cohort::torch::step_tensors s;
  s.old_logp = numbers(1, -4, 0);
  s.sampler_logp = s.old_logp + numbers(2, -.1, .1);
  s.logp = (s.old_logp + numbers(3, -1, 1) * numbers(4, 0, 1)).requires_grad_();
  s.ref_logp = s.old_logp + numbers(5, -1, 1);
  s.advantage = numbers(6, -2, 2);
  s.entropy = numbers(7, 0, 2).requires_grad_();
  s.value = numbers(8, -3, 3).requires_grad_();
  s.old_value = s.value.detach() + numbers(9, -1, 1);
  s.target = numbers(10, -3, 3);
  s.kl = numbers(11, 0, 2).requires_grad_();
  s.old_kl = numbers(12, 0, 2).requires_grad_();
  s.series_of = at::remainder(at::arange(M, at::kInt) * 7, 13).to(at::kInt);
  return s;
}

double furthest(at::Tensor const& a, at::Tensor const& b) { return (a - b).abs().max().item<double>(); }

/// Losses and gradients by autograd against those of the duals, evaluated on tensors by the backend and on plain
/// numbers by the reference.
template <class O>
void agree(O const& o) {
  auto s = some_steps();
  INFO("reads " << terms_read_by(o));
  auto loss = cohort::torch::losses(o, s);
  loss.sum().backward();
  B backend;
  auto at = [](at::Tensor const& t) { return view<double const>(t.data_ptr<double>(), M); };
  step_views<double> in{at(s.sampler_logp), at(s.old_logp), at(s.logp),  at(s.ref_logp),
                        at(s.advantage),    at(s.entropy),  at(s.value), at(s.old_value),
                        at(s.target),       at(s.kl),       at(s.old_kl)};
  in.series_of = view<std::int32_t const>(s.series_of.data_ptr<std::int32_t>(), M), in.series = 13;
  auto out = at::zeros({6, M}, at::kDouble);
  auto row = [&](int k) { return view<double>(out.data_ptr<double>() + k * M, M); };
  auto one = at::ones({1}, at::kDouble);
  std::array<view<double const>, 1 + cohort::detail::aggregations_in<O>> weights;
  for (auto& w : weights) w = broadcast(view<double const>(one.data_ptr<double>(), 1), M);
  differentiate(backend, o, in, weights, {row(0), row(1), row(2), row(3), row(4), row(5)});
  REQUIRE(furthest(out[0], loss.detach()) <= 1e-12);
  int k = 1;
  for (auto const* t : {&s.logp, &s.entropy, &s.value, &s.kl, &s.old_kl}) {
    if (t->grad().defined()) REQUIRE(furthest(out[k], t->grad()) <= 1e-12);
    else REQUIRE(out[k].abs().max().item<double>() == 0);
    ++k;
  }
}

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

TEST_CASE(
    "torch: autograd through the totals of series agrees with the duals' way back, and exact divergences are terms "
    "like others") {
  agree(gspo{.epsilon = .1, .epsilon_high = .1});
  agree(gspo_step{.epsilon = .1, .epsilon_high = .1});
  agree(gmpo{.epsilon = .3});
  agree(vespo{});
  agree(tic_grpo{});
  agree(series_kl_penalty{.estimator = k3{}, .weight = .3});
  agree(mine::of_series{} + mine::of_step{});
  agree(clipped_ratio{} + .5 * gspo{.epsilon = .05, .epsilon_high = .05} + exact_kl_penalty{.weight = .2} +
        old_kl_penalty{.weight = .1});
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
  auto valid = at::ones({M}, at::kBool);
  valid.data_ptr<bool>()[3] = valid.data_ptr<bool>()[7] = false;
  auto poisoned = s.logp.detach().clone();
  poisoned.data_ptr<double>()[3] = poisoned.data_ptr<double>()[7] = std::numeric_limits<double>::quiet_NaN();
  s.logp = poisoned.requires_grad_();
  auto loss = cohort::torch::losses(clipped_ratio{} + kl_penalty{}, s, valid);
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
