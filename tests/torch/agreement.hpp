#pragma once
#include <cohort/backend/torch.hpp>
#include <cohort/cohort.hpp>
#include <cohort/torch/autograd.hpp>

#include "../catch.hpp"

namespace agreement {

using namespace cohort;
using B = cohort::torch::basic_backend<double>;

inline constexpr std::int64_t M = 401;

inline at::Tensor numbers(std::uint32_t which, double low, double high) {
  auto t = at::empty({M}, at::kDouble);
  random_stream draws(stream_id{5, draw_purpose::user, which});
  for (std::int64_t i = 0; i < M; ++i) t.data_ptr<double>()[i] = draws.uniform(low, high);
  return t;
}

/// Steps far inside, far outside and near the edges of every clip, with both signs of the advantage.
inline cohort::torch::step_tensors some_steps() {
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

inline double furthest(at::Tensor const& a, at::Tensor const& b) { return (a - b).abs().max().item<double>(); }

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

}  // namespace agreement
