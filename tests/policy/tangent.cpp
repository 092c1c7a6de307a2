#include "../catch.hpp"
#include "../support/golden.hpp"
#include "policies.hpp"

using namespace policies;

namespace {

constexpr int R = 5, D = 3;

numbers copy(view<double const> v) { return {v.data, v.data + v.rows}; }

/// Actions of which the mean over their probabilities is that of every polynomial of the fourth degree: all there are,
/// or the nodes of Gauss and Hermite.
struct weighted_actions {
  std::vector<std::vector<double>> actions;
  numbers probability;

  weighted_actions(categorical const&, double const* logits, int P) {
    double total = 0;
    for (int a = 0; a < P; ++a) total += std::exp(logits[a]);
    for (int a = 0; a < P; ++a) actions.push_back({double(a)}), probability.push_back(std::exp(logits[a]) / total);
  }
  weighted_actions(multi_categorical<2> const& d, double const* logits, int) {
    weighted_actions first(categorical{}, logits, d.n[0]), second(categorical{}, logits + d.n[0], d.n[1]);
    for (int a = 0; a < d.n[0]; ++a)
      for (int b = 0; b < d.n[1]; ++b)
        actions.push_back({double(a), double(b)}),
            probability.push_back(first.probability[std::size_t(a)] * second.probability[std::size_t(b)]);
  }
  weighted_actions(bits const&, double const* logits, int) {
    double const both[] = {0, logits[0], 0, logits[1]};
    *this = weighted_actions(multi_categorical<2>{{2, 2}}, both, 4);
  }
  weighted_actions(wide const&, double const* described, int) : weighted_actions(gaussian{}, described, 2) {}
  weighted_actions(decltype(squashed) const&, double const* described, int)
      : weighted_actions(gaussian{}, described, 2) {
    for (auto& a : actions) a.insert(a.begin(), 2, 0);
  }
  weighted_actions(gaussian const&, double const* described, int dimensions) {
    double nodes[] = {-std::sqrt(3.), 0, std::sqrt(3.)}, weights[] = {1 / 6., 2 / 3., 1 / 6.};
    actions = {{}}, probability = {1};
    for (int d = 0; d < dimensions; ++d) {
      std::vector<std::vector<double>> longer;
      numbers product;
      for (std::size_t i = 0; i < actions.size(); ++i)
        for (int k = 0; k < 3; ++k) {
          longer.push_back(actions[i]);
          longer.back().push_back(described[d] + std::exp(described[dimensions + d]) * nodes[k]);
          product.push_back(probability[i] * weights[k]);
        }
      actions = longer, probability = product;
    }
  }
};

template <class Policy, class Distribution>
numbers described(cpu& backend, Policy& policy, Distribution const&, numbers const& x) {
  numbers rows(std::size_t(R * policy.distribution_size()));
  policy.distribution_rows(backend, std::as_const(policy).parameters(), matrix(x, R), matrix(rows, R));
  return rows;
}

/// F v by its definition: the mean of (d log p . v) d log p over observations and actions.
template <class Policy, class Distribution>
numbers fisher_by_enumeration(cpu& backend, Policy& policy, Distribution const& d, numbers const& x, numbers const& v) {
  numbers result(v.size(), 0), rows = described(backend, policy, d, x), one{1}, none{0};
  for (int r = 0; r < R; ++r) {
    weighted_actions all_actions(d, &rows[std::size_t(r * policy.distribution_size())], d.parameters());
    for (std::size_t i = 0; i < all_actions.actions.size(); ++i) {
      std::vector<typename Distribution::action> a(all_actions.actions[i].begin(), all_actions.actions[i].end());
      policy.evaluate(backend, view<double const>(&x[std::size_t(r * D)], 1, D), matrix(std::as_const(a), 1), 1);
      policy.backward(backend, all(std::as_const(one)), all(std::as_const(none)), all(std::as_const(none)));
      numbers score = copy(policy.gradient());
      double along = 0;
      for (std::size_t k = 0; k < v.size(); ++k) along += score[k] * v[k];
      for (std::size_t k = 0; k < v.size(); ++k) result[k] += all_actions.probability[i] * along * score[k] / R;
    }
  }
  return result;
}

template <class Policy, class Distribution, class N = network_options>
void require_tangent_and_fisher(Distribution const& d, N const& o, int G) {
  cpu backend;
  Policy policy = make<Policy>(backend, d, D, o);
  int W = policy.distribution_size();
  numbers x = uniform(R * D, 13), v = uniform(policy.parameters().rows, 14), found(std::size_t(R * W)),
          product(v.size(), 7);
  auto action = actions_for(d, R * G);
  policy.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), G);
  policy.tangent(backend, all(std::as_const(v)), matrix(found, R));
  numbers gradient = copy(policy.gradient());
  policy.fisher_product(backend, all(std::as_const(v)), all(product));
  REQUIRE(copy(policy.gradient()) == gradient);

  numbers start = copy(policy.parameters());
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto moved = [&](double e) {
      for (std::size_t k = 0; k < v.size(); ++k) policy.parameters()[std::ptrdiff_t(k)] = start[k] + e * v[k];
      return described(backend, policy, d, x)[i];
    };
    REQUIRE(close(found[i], slope(moved, 0, 2e-4), 1e-9, 1e-9));
  }
  std::copy(start.begin(), start.end(), policy.parameters().data);

  numbers expected = fisher_by_enumeration(backend, policy, d, x, v);
  double largest = 0;
  for (std::size_t k = 0; k < v.size(); ++k) {
    REQUIRE(close(product[k], expected[k], 1e-10, 1e-12));
    largest = std::max(largest, std::abs(expected[k]));
  }
  REQUIRE(largest > .01);
  auto of_critic = policy.critic_part(all(product));
  REQUIRE(of_critic.rows ==
          (Policy::has_critic
               ? policy.parameters().rows - actor<cpu, Distribution>(backend, d, D, o, random_seed{1}).parameters().rows
               : 0));
  for (std::ptrdiff_t k = 0; k < of_critic.rows; ++k) REQUIRE(of_critic[k] == 0);
}

template <class Distribution>
void require_all(Distribution const& d) {
  for (int G : {1, 3})
    for (auto act : {activation::tanh, activation::relu})
      for (std::vector<int> hidden : {std::vector<int>{}, {5}, {4, 3}}) {
        require_tangent_and_fisher<actor<cpu, Distribution>>(d, {.hidden = hidden, .activation = act}, G);
        require_tangent_and_fisher<actor_critic<cpu, Distribution>>(d, {.hidden = hidden, .activation = act}, G);
      }
}

template <class Distribution>
void require_recorded(std::string const& file, Distribution d) {
  auto recorded = golden::read("trpo/" + file);
  auto place = golden::row(recorded, "inputs_first");
  auto ours = [&](std::string const& name) {
    numbers result;
    for (double i : place) result.push_back(golden::row(recorded, name)[std::size_t(i)]);
    return result;
  };
  cpu backend;
  actor<cpu, Distribution> policy(backend, d, 3, {.hidden = {8}}, random_seed{1});
  numbers parameters = ours("parameters"), v = ours("vector"), expected = ours("fisher_vector"), product(v.size()),
          x = golden::row(recorded, "observation");
  std::vector<typename Distribution::action> action;
  for (double a : golden::row(recorded, "action")) action.push_back(typename Distribution::action(a));
  std::copy(parameters.begin(), parameters.end(), policy.parameters().data);
  REQUIRE(policy.parameters().rows == std::ptrdiff_t(parameters.size()));
  policy.evaluate(backend, matrix(std::as_const(x), 32), matrix(std::as_const(action), 32), 1);
  policy.fisher_product(backend, all(std::as_const(v)), all(product));
  for (std::size_t k = 0; k < v.size(); ++k) REQUIRE(close(product[k], expected[k], 1e-10, 1e-12));
}

template <class Distribution>
void require_parts(Distribution d) {
  cpu backend;
  auto policy = make<actor_critic<cpu, Distribution>>(backend, d, D, {.hidden = {5}});
  numbers x = uniform(R * D, 1), one = uniform(R, 2), two = uniform(R, 3), three = uniform(R, 4);
  auto action = actions_for(d, R);
  auto run = [&](policy_part part) {
    auto now = policy.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), 1, {}, part);
    CHECK(bool(now.logp) == (part != policy_part::critic));
    CHECK(bool(now.entropy) == (part != policy_part::critic));
    CHECK(bool(now.value) == (part != policy_part::actor));
    policy.backward(backend, all(std::as_const(one)), all(std::as_const(two)), all(std::as_const(three)));
    return copy(policy.gradient());
  };
  numbers both = run(policy_part::all), of_actor = run(policy_part::actor), of_critic = run(policy_part::critic);
  for (std::size_t k = 0; k < both.size(); ++k) {
    auto own = policy.critic_part(policy.parameters());
    bool critics = policy.parameters().data + k >= own.data && policy.parameters().data + k < own.data + own.rows;
    REQUIRE(of_actor[k] == (critics ? 0 : both[k]));
    REQUIRE(of_critic[k] == (critics ? both[k] : 0));
  }
}

}  // namespace

TEST_CASE(
    "policy: a tangent is that of differences, and the Fisher-vector product the mean of score times score over all "
    "actions") {
  require_all(categorical{4});
}

TEST_CASE(
    "policy: a tangent is that of differences, and the Fisher-vector product the mean of score times score over "
    "Gaussian actions") {
  require_all(gaussian{2});
}

TEST_CASE(
    "policy: a tangent is that of differences, and the Fisher-vector product the mean of score times score over "
    "several choices, bits, and Gaussians whose deviations are the network's") {
  require_all(choices);
  require_all(bits{});
  require_all(wide{});
  require_all(squashed);
}

TEST_CASE("policy: tangents and Fisher-vector products of composed networks, also of an asymmetric critic's actor") {
  require_tangent_and_fisher<actor<cpu, categorical>>(categorical{4}, composed, 1);
  require_tangent_and_fisher<actor_critic<cpu, gaussian>>(gaussian{2}, asymmetric, 3);
}

TEST_CASE(
    "policy: the Fisher-vector product is the Hessian-vector product of the KL divergence that autograd recorded") {
  require_recorded("discrete.txt", categorical{3});
  require_recorded("gaussian.txt", gaussian{2});
}

TEST_CASE("policy: a part of it alone has the results and the gradient that it has in the whole") {
  require_parts(categorical{4});
  require_parts(gaussian{2});
}

TEST_CASE("policy: of a shared trunk no part can be evaluated alone") {
  cpu backend;
  auto policy =
      make<actor_critic<cpu, categorical>>(backend, categorical{3}, D, {.hidden = {5}, .trunk = trunk::shared});
  numbers x = uniform(R * D, 1);
  auto action = actions_for(categorical{3}, R);
  REQUIRE_THROWS_AS(policy.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), 1, {},
                                    policy_part::actor),
                    value_error);
}
