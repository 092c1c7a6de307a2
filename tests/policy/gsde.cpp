#include <cohort/backend/eigen.hpp>
#include "../support/spaces.hpp"
#include "differences.hpp"

using namespace policies;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int R = 6, D = 3;

template <class Policy, class N = network_options>
void require_differences(gsde const& model, N const& o, int G) {
  cpu backend;
  auto d = model.distribution<double, 2>(detail::plan_of<cpu>(o, D).actor.out().size);
  auto policy = make<Policy>(backend, d, D, o);
  require_gradient_of_differences(policy, policy, uniform(R * D, 13), uniform(R * G * 2, 11, -2, 2), G, true);
}

/// A tangent is that of differences, and F v how the gradient of the mean KL(old || pi) changes along v, from pi = old
/// on.
template <class N = network_options>
void require_tangent_and_fisher(gsde const& model, N const& o) {
  cpu backend;
  auto d = model.distribution<double, 2>(detail::plan_of<cpu>(o, D).actor.out().size);
  using distribution = decltype(d);
  auto policy = make<actor<cpu, distribution>>(backend, d, D, o);
  int W = policy.distribution_size();
  REQUIRE(W == 2 + d.features + 2 * d.features);
  numbers x = uniform(R * D, 13), action = uniform(R * 2, 11), v = uniform(policy.parameters().rows, 14),
          moved(std::size_t(R * W)), now(std::size_t(R * W)), product(v.size()), old(std::size_t(R * W)), none(R, 0),
          mean(R, 1. / R), start(policy.parameters().data, policy.parameters().data + policy.parameters().rows);
  auto rows = [&] { return matrix(std::as_const(x), R); };
  auto move = [&](double t) {
    for (std::size_t i = 0; i < v.size(); ++i) policy.parameters()[std::ptrdiff_t(i)] = start[i] + t * v[i];
  };
  policy.distribution_rows(backend, std::as_const(policy).parameters(), rows(), matrix(old, R));
  policy.evaluate(backend, rows(), matrix(std::as_const(action), R), 1);
  policy.tangent(backend, all(std::as_const(v)), matrix(moved, R));
  for (int i = 0; i < R * W; ++i) {
    int column = i % W;
    bool held =
        !model.learn_features && column >= 2 && column < 2 + d.features;  // the noise does not see the layer move
    double expected = slope(
        [&](double t) {
          return move(t), policy.distribution_rows(backend, std::as_const(policy).parameters(), rows(), matrix(now, R)),
                 now[std::size_t(i)];
        },
        0, 2e-4);
    REQUIRE(close(moved[std::size_t(i)], held ? 0 : expected, 1e-9, 1e-9));
  }
  auto gradient_at = [&](double t, std::size_t k) {
    move(t);
    policy.evaluate(backend, rows(), matrix(std::as_const(action), R), 1, {.old = matrix(std::as_const(old), R)});
    policy.backward(backend, all(std::as_const(none)), all(std::as_const(none)), {}, {}, all(std::as_const(mean)));
    return policy.gradient()[std::ptrdiff_t(k)];
  };
  gradient_at(0, 0);
  policy.fisher_product(backend, all(std::as_const(v)), all(product));
  if (!model.learn_features) return;  // of features that are held the gradient is not that of the divergence
  for (std::size_t k = 0; k < v.size(); ++k) {
    double expected = slope([&](double t) { return gradient_at(t, k); }, 0, 2e-4);
    CAPTURE(k, product[k], expected);
    REQUIRE(close(product[k], expected, 1e-7, 1e-9));
  }
}

}  // namespace

TEST_CASE(
    "gsde: a policy's gradients of log-probabilities, entropies, values and divergences are those of differences, the "
    "hidden layers' through the noise included") {
  for (bool expln : {false, true})
    for (int G : {1, 3})
      for (std::vector<int> hidden : {std::vector<int>{}, {5}, {4, 3}}) {
        gsde model{.learn_features = true, .expln = expln};
        using distribution = gsde_gaussian<gsde, double, 2>;
        require_differences<actor<cpu, distribution>>(model, {.hidden = hidden}, G);
        for (auto t : {trunk::separate, trunk::shared})
          require_differences<actor_critic<cpu, distribution>>(model, {.hidden = hidden, .trunk = t}, G);
      }
  require_differences<actor<cpu, gsde_gaussian<gsde, double, 2>>>(gsde{.learn_features = true}, composed, 1);
}

TEST_CASE("gsde: features that are held get no gradient from the noise: it is that of means and deviations alone") {
  cpu backend;
  gsde held{}, learned{.learn_features = true};
  network_options o{.hidden = {5}};
  auto a = make<actor<cpu, gsde_gaussian<gsde, double, 2>>>(backend, held.distribution<double, 2>(5), D, o);
  auto b = make<actor<cpu, gsde_gaussian<gsde, double, 2>>>(backend, learned.distribution<double, 2>(5), D, o);
  numbers x = uniform(R * D, 13), action = uniform(R * 2, 11), one(R, 1), none(R, 0);
  auto gradient = [&](auto& p, numbers const& dlogp, numbers const& dentropy) {
    p.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), 1);
    p.backward(backend, all(dlogp), all(dentropy), {});
    return numbers(p.gradient().data, p.gradient().data + p.gradient().rows);
  };
  numbers entropy_held = gradient(a, none, one), entropy_learned = gradient(b, none, one);
  std::size_t network = std::size_t((D + 1) * 5 + (5 + 1) * 2);
  for (std::size_t k = 0; k < entropy_held.size(); ++k) {
    if (k < network) REQUIRE(entropy_held[k] == 0);
    else REQUIRE((entropy_held[k] == entropy_learned[k] && entropy_held[k] != 0));
  }
  REQUIRE(entropy_learned[0] != 0);
}

TEST_CASE("gsde: tangents are those of differences, Fisher-vector products those of the divergence's gradient") {
  for (bool learn : {false, true})
    for (std::vector<int> hidden : {std::vector<int>{}, {5}, {4, 3}})
      for (auto act : {activation::tanh, activation::relu})
        require_tangent_and_fisher({.learn_features = learn}, {.hidden = hidden, .activation = act});
  require_tangent_and_fisher({.learn_features = true}, composed);
  require_tangent_and_fisher({.learn_features = true}, network{columns{1, 2}});  // whose output does not change
}

TEST_CASE("gsde: a policy takes it for a box of actions, with a deviation for each unit of the last hidden layer") {
  eigen::backend cpu;
  auto policy =
      actor_critic{cpu, spaces::numbers{}, gsde{.sample_every = 8}, {.hidden = {8, 5}, .log_std = -2}, random_seed{1}};
  STATIC_REQUIRE(std::is_same_v<decltype(policy), actor_critic<eigen::backend, gsde_gaussian<gsde, float, 2>>>);
  REQUIRE(policy.distribution().features == 5);
  REQUIRE(policy.distribution().options.sample_every == 8);
  REQUIRE(policy.distribution().free_parameters() == 10);
  auto parameters = policy.parameters();
  for (std::ptrdiff_t k = parameters.rows - 10; k < parameters.rows; ++k) REQUIRE(parameters[k] == -2);
  REQUIRE((actor{cpu, spaces::numbers{}, gsde{}, {.hidden = {}}}.distribution().features) == 2);
  REQUIRE((actor{cpu, spaces::numbers{}, gsde{}, network{dense{7}, layer_norm{}}}.distribution().features) == 7);
  REQUIRE_THROWS_WITH((actor{cpu, spaces::numbers{}, gsde{.sample_every = 0}}),
                      ContainsSubstring("gsde: sample_every is 0, expected a positive number of steps"));
  REQUIRE_THROWS_WITH((actor{cpu, spaces::numbers{}, gsde{.epsilon = -1}}),
                      ContainsSubstring("gsde: epsilon is -1, expected 0 or a positive number"));
}
