#include <cohort/preset/sane2025.hpp>
#include "../catch.hpp"
#include "probes.hpp"

// What the variants of Hybrid GRPO estimate, by enumerating every group of G draws from a policy over three actions:
// nothing is random here.
using namespace probes;
using vector3 = std::array<double, 3>;

namespace {

constexpr vector3 pi{.5, .3, .2}, reward{1, -.5, 2.5};

/// One decision for each of the 3^G groups of actions; every probe ends at once, unless there is a state after it.
struct bandit {
  int G;
  probe_batch b;
  std::vector<std::vector<int>> action;
  numbers probability;

  explicit bandit(int G, double value = .7) : G(G) {
    int R = int(std::lround(std::pow(3, G)));
    b = {1, R, G, 1, {}, numbers(R, value), numbers(R, 0), numbers(R * G, 0), flags(R * G, 1), flags(R * G, 0), {}};
    for (int r = 0; r < R; ++r) {
      action.emplace_back();
      probability.push_back(1);
      for (int g = 0, code = r; g < G; ++g, code /= 3) {
        action.back().push_back(code % 3);
        b.reward.push_back(reward[code % 3]);
        probability.back() *= pi[code % 3];
      }
      b.executed.push_back(r * G);
    }
  }
  /// E of the sum over samples of weight(r, g) A d log pi(a) / d logits.
  template <class Estimator, class W>
  vector3 expected(Estimator const& o, W weight) const {
    numbers A = run(o, b).advantage;
    vector3 total{};
    for (std::size_t r = 0; r < action.size(); ++r)
      for (int g = 0; g < G; ++g)
        for (int k = 0; k < 3; ++k)
          total[k] += probability[r] * weight(int(r), g) * A[r * G + g] * ((action[r][g] == k) - pi[k]);
    return total;
  }
  template <class Estimator = hybrid_grpo>
  vector3 of_all(Estimator const& o) const {
    return expected(o, [this](int, int) { return 1. / G; });
  }
  template <class Estimator = hybrid_grpo>
  vector3 of_first(Estimator const& o) const {
    return expected(o, [](int, int g) { return double(g == 0); });
  }
};

/// The gradient of E f(r), which is what a policy gradient ought to be.
template <class F>
vector3 gradient_of_mean(F f) {
  double mean = 0;
  for (int a = 0; a < 3; ++a) mean += pi[a] * f(reward[a]);
  vector3 g;
  for (int k = 0; k < 3; ++k) g[k] = pi[k] * (f(reward[k]) - mean);
  return g;
}
vector3 policy_gradient() {
  return gradient_of_mean([](double r) { return r; });
}
void require_multiple(vector3 const& found, double factor, vector3 const& of) {
  for (int k = 0; k < 3; ++k) REQUIRE(close(found[k], factor * of[k], 0, 1e-14));
}

}  // namespace

TEST_CASE(
    "hybrid_grpo: one advantage for the whole group has 1/G of the policy gradient, taken over all samples or the "
    "executed one") {
  for (int G : {2, 3, 4, 6})
    for (baseline_mix baseline : {baseline_mix{.kappa = 0}, baseline_mix{.weight = 0}}) {
      hybrid_grpo o{.baseline = baseline, .averaged = true};
      require_multiple(bandit(G).of_all(o), 1. / G, policy_gradient());
      require_multiple(bandit(G).of_first(o), 1. / G, policy_gradient());
    }
}

TEST_CASE("hybrid_grpo: each sample's own advantage over V(s) has the policy gradient, whatever V is") {
  for (int G : {1, 2, 4})
    for (double value : {-3., 0., .7})
      require_multiple(bandit(G, value).of_all({.baseline = {.kappa = 0}}), 1, policy_gradient());
}

TEST_CASE(
    "hybrid_grpo: the group's mean as the baseline has (G - 1) / G of the policy gradient, the mean of the others all "
    "of it") {
  for (int G : {2, 3, 4, 6}) {
    require_multiple(bandit(G).of_all({.baseline = {.kappa = 1}}), (G - 1.) / G, policy_gradient());
    require_multiple(bandit(G).of_all({.baseline = {.kappa = 1, .leave_one_out = true}}), 1, policy_gradient());
  }
}

TEST_CASE("hybrid_grpo: the default mix has 1 - kappa / G of the policy gradient, and all of it with leave-one-out") {
  for (int G : {2, 4}) {
    require_multiple(bandit(G).of_all({}), 1 - .5 / G, policy_gradient());
    require_multiple(bandit(G).of_all({.baseline = {.leave_one_out = true}}), 1, policy_gradient());
  }
}

TEST_CASE(
    "chained_samples: a chain of siblings has the policy gradient, for one decision: their rewards are but noise to "
    "one another") {
  for (int G : {1, 2, 3, 4})
    for (double value : {-3., 0., .7})
      require_multiple(
          bandit(G, value).of_all(chained_samples{.gamma = .9, .lambda = .8, .transform = reward_transform::none}), 1,
          policy_gradient());
}

TEST_CASE(
    "advantage_as_reward: of the pull request's centered advantages the executed sample has (G - 1) / G of the policy "
    "gradient") {
  for (int G : {2, 3, 4}) {
    advantage_as_reward<hybrid_grpo> o{.estimator = {.baseline = {.kappa = 1}}, .transform = reward_transform::none};
    require_multiple(bandit(G).of_first(o), (G - 1.) / G, policy_gradient());
  }
}

TEST_CASE("hybrid_grpo: tanh of the rewards has the gradient of another objective, the mean of tanh(r)") {
  require_multiple(bandit(3).of_all({.baseline = {.kappa = 0}, .transform = reward_transform::tanh}), 1,
                   gradient_of_mean([](double r) { return std::tanh(r); }));
  double apart = 0;
  vector3 squashed = gradient_of_mean([](double r) { return std::tanh(r); }), plain = policy_gradient();
  for (int k = 0; k < 3; ++k) apart = std::max(apart, std::abs(squashed[k] - plain[k]));
  REQUIRE(apart > .1);
}

TEST_CASE(
    "hybrid_grpo: learning from the best probe alone, as if the policy had drawn it, is no multiple of the policy "
    "gradient") {
  for (int G : {2, 4}) {
    bandit b(G);
    vector3 found = b.expected(hybrid_grpo{.baseline = {.kappa = 0}}, [&](int r, int g) {
      for (int h = 0; h < G; ++h)
        if (reward[b.action[r][h]] > reward[b.action[r][g]] ||
            (h < g && reward[b.action[r][h]] == reward[b.action[r][g]]))
          return 0.;
      return 1.;
    });
    vector3 plain = policy_gradient();
    double dot = 0, a = 0, c = 0;
    for (int k = 0; k < 3; ++k) dot += found[k] * plain[k], a += found[k] * found[k], c += plain[k] * plain[k];
    REQUIRE(dot / std::sqrt(a * c) < .995);
  }
}

TEST_CASE("hybrid_grpo: with the group's mean alone V(s) cancels, and V(s') too where the probes share it") {
  probe_batch b = random(3, 4, 3, 1, 0), other = b;
  for (int r = 0; r < b.R(); ++r)
    for (int g = 0; g < 3; ++g)
      b.probe_value[r * 3 + g] = b.next_value[r], other.probe_value[r * 3 + g] = 5 - 3 * b.next_value[r];
  for (double& v : other.value) v = 2 * v + 1;
  for (bool leave_one_out : {false, true}) {
    hybrid_grpo o{.baseline = {.kappa = 1, .leave_one_out = leave_one_out}};
    auto x = run(o, b).advantage, y = run(o, other).advantage;
    for (int i = 0; i < b.M(); ++i) REQUIRE(close(x[i], y[i], 0, 1e-13));
  }
}

TEST_CASE(
    "hybrid_grpo: the group's mean of tanh(z) is 0 for two probes, and a skew for more: -0.040 for four exponential "
    "rewards") {
  hybrid_grpo o{
      .baseline = {.weight = 0}, .transform = reward_transform::tanh_of_group_score, .after = bootstrap::none};
  for (double x : run(o, random(5, 7, 2, 1)).target) REQUIRE(std::abs(x) < 1e-15);
  probe_batch b = random(1, 200'000, 4, 1, 0);
  for (double& r : b.reward) r = -std::log((r + 2) / 5);
  double mean = 0, square = 0;
  for (double x : run(o, b).target) mean += x / b.M(), square += x * x / b.M();
  REQUIRE(std::abs(mean + .040) < .0005 + 5 * std::sqrt(square / b.R()));
}
