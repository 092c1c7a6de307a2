#include <cohort/cohort.hpp>
#include "../support/goes_on.hpp"
#include "differences.hpp"

using namespace policies;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int D = 3;
inline network const stacked{dense{4}, residual{gru{4}}, side_by_side{lstm{2}, network{min_gru{3}, dense{2}}}};
inline networks const apart{.actor = network{gru{3}}, .critic = network{lstm{4}, dense{3}}};
inline networks const in_common{.actor = network{lstm{4}}, .trunk = trunk::shared};

/// Series of 5, 3, 3 and 1 steps side by side; rows of which episodes begin in some.
struct rows_in_time {
  time_layout layout;
  numbers rows;

  explicit rows_in_time(int columns, int memory) : layout(4) {
    for (int n : {3, 3, 1, 1}) layout.add(n);
    rows = uniform(layout.size() * columns, 13);
    for (std::ptrdiff_t r = 0; r < layout.size(); ++r)
      rows[std::size_t(r * columns + columns - memory)] = r % 5 == 1 || r == 10 ? 0 : 1;
  }
};

template <class Policy, class Distribution, class N>
void require_differences(Distribution d, N const& o, int G = 1) {
  cpu backend;
  auto const policy = make<Policy>(backend, d, D, o);
  rows_in_time const x(policy.observations(), policy.memory());
  require_gradient_of_differences(policy, make<Policy>(backend, d, D, o), x.rows, actions_for(d, x.layout.size() * G),
                                  G, true, &x.layout);
}

/// One lane's or series' steps by themselves, each with what was remembered after the one before, by a policy that says
/// what it makes of each.
template <class Policy, class Batch, class F>
void step_by_step(Policy& policy, Batch& b, std::ptrdiff_t first, std::ptrdiff_t count, std::ptrdiff_t stride, F f) {
  cpu backend;
  int const W = b.observation_size, M = b.memory;
  numbers row(std::size_t(W), 0.), next(std::size_t(M), 0.);
  for (std::ptrdiff_t t = 0; t < count; ++t) {
    std::ptrdiff_t const r = first + t * stride;
    double const* recorded = b.observation.data() + r * W;
    std::copy(recorded, recorded + W, row.begin());
    if (t > 0 && recorded[W - M] != 0) std::copy(next.begin(), next.end(), row.end() - M);
    f(r, matrix(std::as_const(row), 1));
    std::vector<std::int32_t> action(1);
    policy.act_deterministic(backend, matrix(std::as_const(row), 1), matrix(action, 1));
    policy.remember(backend, matrix(std::as_const(row), 1), matrix(next, 1));
  }
}

}  // namespace

TEST_CASE("recurrent policy: the gradient through time is that of differences, for separate and shared networks") {
  require_differences<actor<cpu, categorical>>(categorical{4}, stacked);
  require_differences<actor_critic<cpu, gaussian>>(gaussian{2}, apart);
  require_differences<actor_critic<cpu, categorical>>(categorical{3}, in_common, 3);
}

TEST_CASE("recurrent policy: tangent and Fisher product through time are those of differences") {
  cpu backend;
  auto policy = make<actor_critic<cpu, gaussian>>(backend, gaussian{2}, D, networks{stacked, same_as_actor{}});
  rows_in_time const x(policy.observations(), policy.memory());
  std::ptrdiff_t const R = x.layout.size(), P = policy.parameters().rows;
  int const W = policy.distribution_size();
  auto const action = actions_for(gaussian{2}, R);
  numbers const start(policy.parameters().data, policy.parameters().data + P), v = uniform(P, 14), zero(R, 0.),
                                                                               mean(R, 1 / double(R));
  numbers old(R * W), tangent(R * W), product(P);
  auto evaluate = [&] {
    return policy.evaluate(backend, matrix(x.rows, R), matrix(action, R), 1, {{}, matrix(std::as_const(old), R)},
                           policy_part::actor, &x.layout);
  };
  auto moved = [&](double e) {
    for (std::ptrdiff_t k = 0; k < P; ++k) policy.parameters()[k] = start[k] + e * v[k];
  };
  policy.distribution_rows(backend, all(start), matrix(x.rows, R), matrix(old, R), &x.layout);
  evaluate();
  policy.tangent(backend, all(v), matrix(tangent, R));
  policy.fisher_product(backend, all(v), all(product));
  numbers last(R * W);
  policy.last_distribution_rows(backend, matrix(last, R));
  CHECK(last == old);
  for (std::size_t i = 0; i < tangent.size(); ++i) {
    auto described = [&](double e) {
      numbers rows(R * W);
      moved(e);
      policy.distribution_rows(backend, view<double const>(policy.parameters()), matrix(x.rows, R), matrix(rows, R),
                               &x.layout);
      return rows[i];
    };
    REQUIRE(close(tangent[i], slope(described, 0, 2e-4), 1e-9, 1e-9));
  }
  for (std::ptrdiff_t k = 0; k < P; ++k) {  // of the gradient of the mean KL(old || pi)
    auto of_divergence = [&](double e) {
      moved(e), evaluate();
      policy.backward(backend, all(zero), all(zero), all(zero), {}, all(mean));
      return policy.gradient()[k];
    };
    REQUIRE(close(product[k], slope(of_divergence, 0, 2e-4), 1e-8, 1e-9));
  }
}

TEST_CASE("recurrent policy: what it did step by step in any rollout is what it says through time, to the bit") {
  diagnostic::recall const e{.delay = 3};
  auto check = [&](auto rollout, auto update_of, int unroll = 0, int burn_in = 0) {
    cpu backend;
    actor_critic policy{backend, e, apart, random_seed{3}};
    auto const ppo =
        algorithm{.rollout = rollout,
                  .advantage = update_of.advantage,
                  .objective = clipped_ratio{} + value_loss{} + kl_penalty{.estimator = k3{}, .weight = 1.},
                  .update = update{.epochs = 1, .optimizer = sgd{.rate = .1}, .unroll = unroll, .burn_in = burn_in}};
    training run{backend, ppo, e, policy, {.updates = 3, .seed = 3}};
    while (run.step()) {
      auto const& m = run.report().metrics;  // of the first and only epoch: nothing has moved
      CHECK(m.ratio_max == 1);
      CHECK(m.ratio_min == 1);
      CHECK(m.clip_low == 0);
    }
    return run.report().updates;
  };
  struct by_gae {
    gae advantage;
  };
  struct by_probes {
    hybrid_grpo advantage;
  };
  CHECK(check(lanes{.count = 3, .horizon = 10}, by_gae{}) == 3);
  CHECK(check(lanes{.count = 3, .horizon = 10}, by_gae{}, 4) == 3);
  CHECK(check(lanes{.count = 3, .horizon = 10}, by_gae{}, 4, 3) == 3);
  CHECK(check(groups{.count = 2, .group = 3}, by_gae{}, 3, 2) == 3);
  CHECK(check(groups{.count = 2, .group = 3}, by_gae{}) == 3);
  CHECK(check(vine{.lanes = 2, .horizon = 6, .rollouts = 2}, by_gae{}) == 3);
  CHECK(check(probes{.lanes = 2, .horizon = 6, .group = 2, .depth = 2}, by_probes{}) == 3);
}

TEST_CASE("recurrent policy: a reference remembers what it itself would have, and values what the critic did") {
  diagnostic::recall const e{.delay = 3};
  cpu backend;
  auto check = [&](auto collector, auto& policy, auto series) {
    rollout_summary summary;
    auto& b = collector.collect(backend, policy, 1000, summary);
    auto other = policy;
    for (std::ptrdiff_t k = 0; k < other.parameters().rows; ++k) other.parameters()[k] += .3 * std::sin(double(k));
    b.evaluate_reference(backend, policy, view<double const>(other.numbers()));
    double differ = 0;
    for (auto [first, count, stride] : series(b))
      step_by_step(other, b, first, count, stride, [&](std::ptrdiff_t r, view<double const> row) {
        double logp = 0, value = 0;
        other.log_probability(backend, view<double const>(other.parameters()), row,
                              b.action.all().part(r, 1).reshaped(1), 1, view<double>(&logp, 1, 1));
        CHECK(b.ref_logp.data()[r] == logp);
        differ += std::abs(logp - b.sampler_logp.data()[r]);
        policy.value(backend, view<double const>(b.observation.data() + r * b.observation_size, 1, b.observation_size),
                     view<double>(&value, 1));
        CHECK(b.value.data()[r] == value);
      });
    CHECK(differ > .01);
  };
  struct part {
    std::ptrdiff_t first, count, stride;
  };
  auto policy = actor_critic{backend, e, apart, random_seed{3}};
  using P = decltype(policy);
  check(lanes_collector<cpu, diagnostic::recall, P>(backend, {.count = 2, .horizon = 9}, e, policy, 1), policy,
        [](auto&) { return std::vector<part>{{0, 9, 2}, {1, 9, 2}}; });
  check(groups_collector<cpu, diagnostic::recall, P>(backend, {.count = 2, .group = 2}, e, policy, 1), policy,
        [](auto& b) {
          std::vector<part> all;
          for (int n = 0; n < 4; ++n)
            all.push_back({b.offsets.data()[n], b.offsets.data()[n + 1] - b.offsets.data()[n], 1});
          return all;
        });
}

TEST_CASE("recurrent policy: runs go on to the bit; TRPO and the critic's warm-up learn through time too") {
  diagnostic::recall const e{.delay = 3};
  eigen::backend cpu;
  auto make_one = [&] { return actor_critic{cpu, e, apart, random_seed{3}}; };
  auto ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 10},
                       .objective = clipped_ratio{} + value_loss{},
                       .update = update{.epochs = 2, .minibatches = 2, .unroll = 4, .burn_in = 2}};
  support::goes_on_bit_by_bit(cpu, ppo, e, make_one, 2);
  auto policy = make_one();
  auto const trpo = algorithm{.rollout = lanes{.count = 16, .horizon = 16},
                              .objective = importance_ratio{} + value_loss{},
                              .update = trust_region{.target_kl = .02}};
  training run{cpu, trpo, e, policy, {.updates = 3, .seed = 1}};
  while (run.step()) {
    CHECK(run.report().metrics.approximate_kl < .02);
    CHECK(run.report().metrics.approximate_kl > .002);
  }
  auto warm = make_one();
  auto const warmed = algorithm{.rollout = lanes{.count = 4, .horizon = 10},
                                .objective = clipped_ratio{} + value_loss{},
                                .update = critic_warmup{.updates = 1}};
  CHECK(train(cpu, warmed, e, warm, {.updates = 2, .seed = 1}).updates == 2);
}
