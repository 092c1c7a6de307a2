#include <cohort/backend/torch.hpp>
#include <cohort/cohort.hpp>
#include <cohort/torch/autograd.hpp>

#include "../catch.hpp"
#include "../support/own_objectives.hpp"

// Objectives of pairs and of series on tensors: against the duals through the backend, and as one more scalar against
// plain doubles.

using namespace cohort;
using cohort::torch::graph_scalar;
using B = cohort::torch::basic_backend<double>;

namespace {

constexpr std::int64_t M = 203, N = 14;

at::Tensor numbers(std::int64_t n, std::uint32_t which, double low, double high) {
  auto t = at::empty({n}, at::kDouble);
  random_stream draws(stream_id{9, draw_purpose::user, which});
  for (std::int64_t i = 0; i < n; ++i) t.data_ptr<double>()[i] = draws.uniform(low, high);
  return t;
}
template <class T>
view<T const> all(at::Tensor const& t) {
  return {t.data_ptr<T>(), t.numel()};
}
double furthest(at::Tensor const& a, at::Tensor const& b) { return (a - b).abs().max().item<double>(); }

/// Steps of seven pairs; if some are invalid their numbers are NaN, and one pair's rejected series has no other.
struct steps_of_pairs {
  at::Tensor logp = numbers(M, 1, -1, 0), ref_logp = numbers(M, 2, -1, 0), value = numbers(M, 3, -2, 2),
             series_of = at::remainder(at::arange(M, at::kInt) * 5, N).to(at::kInt);
  at::Tensor valid = at::ones({M}, at::kByte), last = at::zeros({M}, at::kByte);

  explicit steps_of_pairs(bool some_invalid) {
    if (some_invalid) valid.copy_(at::remainder(at::arange(M), 3).ne(1).logical_and(series_of.ne(7)));
    for (auto* t : {&logp, &ref_logp, &value})
      *t = at::masked_fill(*t, valid.eq(0), std::numeric_limits<double>::quiet_NaN());
    for (std::int64_t n = 0; n < N; ++n)
      for (std::int64_t i = M; i-- > 0;)
        if (series_of.data_ptr<std::int32_t>()[i] == n && valid.data_ptr<std::uint8_t>()[i]) {
          last.data_ptr<std::uint8_t>()[i] = 1;
          break;
        }
    logp.requires_grad_(), value.requires_grad_();
  }
  /// The mean loss over the pairs that are there, on tensors from end to end.
  template <class O>
  at::Tensor mean_loss(O const& o) const {
    auto sums = [&](at::Tensor const& x, at::Tensor const& where) {
      return at::zeros({N}, at::kDouble)
          .index_add(0, series_of.to(at::kLong), at::masked_fill(x, where.eq(0), 0))
          .view({N / 2, 2});
    };
    auto length = sums(at::ones({M}, at::kDouble), valid), log_p = sums(logp, valid), ref = sums(ref_logp, valid),
         score = sums(value, last);
    auto there = length.select(1, 0).gt(0).logical_and(length.select(1, 1).gt(0));
    auto side = [&](at::Tensor const& x, int k) { return x.select(1, k).masked_select(there); };
    pair_terms<graph_scalar<double>> p;
    p.chosen_logp = side(log_p, 0), p.rejected_logp = side(log_p, 1), p.chosen_ref_logp = side(ref, 0),
    p.rejected_ref_logp = side(ref, 1);
    p.chosen_score = side(score, 0), p.rejected_score = side(score, 1), p.chosen_length = side(length, 0),
    p.rejected_length = side(length, 1);
    graph_scalar<double> loss = o(p);
    return loss.tensor.mean();
  }
};

template <class O>
void agree(O const& o) {
  for (bool some_invalid : {false, true}) {
    steps_of_pairs s(some_invalid);
    auto loss = s.mean_loss(o);
    loss.backward();
    for (std::int64_t loop_up_to : {std::int64_t(1) << 30, std::int64_t(0)}) {  // duals of numbers, and of tensors
      B backend({.loop_up_to = loop_up_to});
      step_views<double> in{.logp = all<double>(s.logp),
                            .ref_logp = all<double>(s.ref_logp),
                            .value = all<double>(s.value),
                            .series_of = all<std::int32_t>(s.series_of),
                            .series = N};
      if (some_invalid) in.valid = all<std::uint8_t>(s.valid);
      auto out = at::zeros({3, M}, at::kDouble);
      auto row = [&](int k) { return view<double>(out.data_ptr<double>() + k * M, M); };
      differentiate_pairs(backend, o, in, all<std::uint8_t>(s.last), {.loss = row(0), .logp = row(1), .value = row(2)});
      REQUIRE(furthest(out[0].sum(), loss.detach()) <= 1e-12);
      for (int k : {1, 2}) {
        auto const& slope = (k == 1 ? s.logp : s.value).grad();
        REQUIRE(furthest(out[k], slope.defined() ? slope : at::zeros({M}, at::kDouble)) <= 1e-12);
      }
    }
  }
}

template <class S>
constant_t<S> constant(S const& x) {
  if constexpr (std::is_same_v<S, constant_t<S>>) return x;
  else return x.value;
}

/// The largest difference of value and gradients, in roundings of T, between an objective of tensors of T under
/// autograd and the same formula of real<double>, number by number; Terms<S> are set from K numbers, of which the first
/// D are differentiated.
template <class T, int K, int D, class F>
double disagreement(F loss) {
  std::vector<at::Tensor> x;
  for (int k = 0; k < K; ++k)
    x.push_back(at::round(numbers(60, std::uint32_t(20 + k), k + 2 < K ? -2 : 1, k + 2 < K ? 2 : 9) * 64).div(64));
  std::array<graph_scalar<T>, K> on_graph;
  std::vector<at::Tensor> leaves;
  for (int k = 0; k < K; ++k) {
    leaves.push_back(x[std::size_t(k)].to(c10::CppTypeToScalarType<T>::value).requires_grad_(k < D));
    on_graph[std::size_t(k)] = leaves.back();
  }
  at::Tensor found = loss(on_graph).tensor;
  found.sum().backward();
  double worst = 0;
  auto compare = [&](double a, double b) {
    double difference = std::abs(a - b) / std::numeric_limits<T>::epsilon() / std::max(1., std::abs(b));
    worst = difference <= worst ? worst : difference;  // a NaN stays
  };
  for (std::int64_t i = 0; i < 60; ++i) {
    using dual_number = dual<real<double>, D>;
    std::array<dual_number, K> plain;
    for (int k = 0; k < K; ++k) {
      double number = x[std::size_t(k)][i].item<double>();
      plain[std::size_t(k)] = k < D ? dual_number::variable(number, k) : dual_number(number);
    }
    dual_number expected = loss(plain);
    compare(found[i].item<double>(), expected.value.value);
    for (int k = 0; k < D; ++k) {
      auto const& slope = leaves[std::size_t(k)].grad();
      compare(slope.defined() ? slope[i].item<double>() : 0, expected.tangent[k].value);
    }
  }
  return worst;
}
template <class T, class O>
double of_pair(O const& o) {
  return disagreement<T, 8, 4>([&]<class S>(std::array<S, 8> const& x) {
    pair_terms<S> p;
    p.chosen_logp = x[0], p.rejected_logp = x[1], p.chosen_score = x[2], p.rejected_score = x[3];
    p.chosen_ref_logp = constant(x[4]), p.rejected_ref_logp = constant(x[5]), p.chosen_length = constant(x[6]),
    p.rejected_length = constant(x[7]);
    S result = o(p);
    return result;
  });
}
template <class T, class O>
double of_series(O const& o) {
  return disagreement<T, 8, 2>([&]<class S>(std::array<S, 8> const& x) {
    series_terms<S> t;
    t.total = x[0], t.logp = x[1], t.old_logp = constant(x[2]), t.ref_logp = constant(x[3]),
    t.advantage = constant(x[4]), t.sampler_logp = constant(x[5]);
    t.length = constant(x[6]);
    S result = o(t) + .5 * cohort::detail::step_of(o, t);
    return result;
  });
}

}  // namespace

TEST_CASE(
    "torch: of pairs, too, autograd through the sums over series and the duals agree to 1e-12, some steps invalid or "
    "none") {
  agree(dpo{.beta = .5, .label_smoothing = .1});
  agree(ipo{.beta = .5});
  agree(preference_hinge{.beta = .5});
  agree(bradley_terry{.margin = .3, .center = .1});
  agree(mine::of_pair{});
}

TEMPLATE_TEST_CASE(
    "torch: tensors under autograd agree with double as every scalar does, value and gradient, on objectives of pairs "
    "and of series",
    "", float, double) {
  REQUIRE(of_pair<TestType>(dpo{.beta = .5, .label_smoothing = .1}) <= 4);
  REQUIRE(of_pair<TestType>(ipo{.beta = .5}) <= 4);
  REQUIRE(of_pair<TestType>(preference_hinge{.beta = .5}) <= 4);
  REQUIRE(of_pair<TestType>(bradley_terry{.margin = .3, .center = .1}) <= 4);
  REQUIRE(of_pair<TestType>(mine::of_pair{}) <= 4);
  REQUIRE(of_series<TestType>(gspo{.epsilon = .2, .epsilon_high = .28}) <= 4);
  REQUIRE(of_series<TestType>(gspo_step{.epsilon = .2, .epsilon_high = .28}) <= 4);
  REQUIRE(of_series<TestType>(gmpo{.epsilon = .2, .epsilon_high = .28}) <= 4);
  REQUIRE(of_series<TestType>(vespo<ratio_to::sampler>{}) <= 4);
  REQUIRE(of_series<TestType>(tic_grpo{}) <= 4);
  REQUIRE(of_series<TestType>(series_kl_penalty{.estimator = k3{}, .weight = .3}) <= 4);
  REQUIRE(of_series<TestType>(mine::of_series{}) <= 4);
}
