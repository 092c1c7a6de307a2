#include "differences.hpp"

using namespace policies;

namespace {

constexpr int R = 6, D = 3;

template <class Policy, class Distribution, class N = network_options>
void require_differences(Distribution d, N const& o, int G, bool with_divergences) {
  cpu backend;
  require_gradient_of_differences(make<Policy>(backend, d, D, o), make<Policy>(backend, d, D, o), uniform(R * D, 13),
                                  actions_for(d, R * G), G, with_divergences);
}

template <class Distribution>
void require_all(Distribution d, bool with_divergences = false) {
  for (int G : {1, 3})
    for (std::vector<int> hidden : {std::vector<int>{}, {5}, {4, 3}}) {
      require_differences<actor<cpu, Distribution>>(d, {.hidden = hidden}, G, with_divergences);
      for (auto t : {trunk::separate, trunk::shared})
        require_differences<actor_critic<cpu, Distribution>>(d, {.hidden = hidden, .trunk = t}, G, with_divergences);
    }
}

}  // namespace

TEST_CASE(
    "policy: the gradient of a loss of log-probabilities, entropies and values is that of differences, for categorical "
    "actions") {
  require_all(categorical{4});
}

TEST_CASE(
    "policy: the gradient of a loss of log-probabilities, entropies and values is that of differences, for Gaussian "
    "actions and their log_std") {
  require_all(gaussian{2});
}

TEST_CASE(
    "policy: the gradient of a loss of log-probabilities, entropies and values is that of differences, for several "
    "choices, bits, Gaussians and beta distributions") {
  require_all(choices);
  require_all(bits{});
  require_all(wide{});
  require_all(humped);
}

TEST_CASE(
    "policy: a loss of exact divergences from a reference and from the old policy has the gradient of differences "
    "too") {
  require_all(categorical{4}, true);
  require_all(gaussian{2}, true);
  require_all(choices, true);
  require_all(bits{}, true);
  require_all(wide{}, true);
  require_all(humped, true);
}

TEST_CASE("policy: the gradient is that of differences for composed networks, separate, asymmetric and shared") {
  require_differences<actor<cpu, categorical>>(categorical{4}, composed, 3, true);
  require_differences<actor_critic<cpu, gaussian>>(gaussian{2}, composed, 1, true);
  require_differences<actor_critic<cpu, gaussian>>(gaussian{2}, asymmetric, 1, true);
  require_differences<actor_critic<cpu, categorical>>(categorical{4}, shared, 3, true);
}

TEST_CASE("policy: the divergence from other parameters is that which evaluate gives from their distributions") {
  auto require_same = [](auto d) {
    cpu backend;
    auto policy = make<actor<cpu, decltype(d)>>(backend, d, D, {.hidden = {5}});
    numbers x = uniform(R * D, 13),
            other(policy.parameters().data, policy.parameters().data + policy.parameters().rows), kl(R);
    for (std::size_t k = 0; k < other.size(); ++k) other[k] += .4 * std::sin(double(k));
    numbers rows(std::size_t(R * policy.distribution_size()));
    policy.distribution_rows(backend, all(std::as_const(other)), matrix(std::as_const(x), R), matrix(rows, R));
    policy.kl_to(backend, all(std::as_const(other)), matrix(std::as_const(x), R), all(kl));
    auto action = actions_for(d, R);
    auto found = policy.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), 1,
                                 {.reference = matrix(std::as_const(rows), R)});
    for (int r = 0; r < R; ++r) {
      REQUIRE(kl[r] > 1e-4);
      REQUIRE(close(kl[r], found.kl[r], 1e-14, 0));
    }
  };
  require_same(categorical{4});
  require_same(gaussian{2});
  require_same(choices);
  require_same(squashed);
}

TEST_CASE("policy: backward overwrites the gradient, it does not add to it") {
  cpu backend;
  auto policy = make<actor_critic<cpu, categorical>>(backend, categorical{3}, D, {.hidden = {5}});
  numbers x = uniform(R * D, 1), one = uniform(R, 2), two = uniform(R, 3), three = uniform(R, 4);
  auto action = actions_for(categorical{3}, R);
  auto run = [&] {
    policy.evaluate(backend, matrix(std::as_const(x), R), matrix(std::as_const(action), R), 1);
    policy.backward(backend, all(std::as_const(one)), all(std::as_const(two)), all(std::as_const(three)));
    return numbers(policy.gradient().data, policy.gradient().data + policy.gradient().rows);
  };
  numbers first = run();
  REQUIRE(run() == first);
}
