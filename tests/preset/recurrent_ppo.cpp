#include <algorithm>
#include <cohort/network/all.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/optimizer/sgd.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/preset/as_in/stable_baselines3_2_9.hpp>
#include <cohort/update/learner.hpp>

#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

using namespace cohort;
using namespace arrays;

TEST_CASE("as_in: the loss and gradient of sb3-contrib's RecurrentPPO, to 1e-9", "[golden]") {
  constexpr int D = 3, H = 4;
  constexpr std::ptrdiff_t T = 9, N = 3, R = T * N, W = D + 1 + 4 * H;
  auto const recorded = golden::read("preset/recurrent_ppo.txt");
  auto row = [&](char const* name) { return golden::row(recorded, name); };
  cpu backend;
  actor_critic<cpu, categorical> policy(backend, categorical{3}, D, network{lstm{H}, dense{5}}, random_seed{1});
  REQUIRE(policy.observations() == W);
  REQUIRE(policy.parameters().rows == std::ptrdiff_t(row("parameters").size()));
  auto const before = row("parameters");
  std::copy(before.begin(), before.end(), policy.parameters().data);

  batch<cpu, std::int32_t> collected;
  collected.set_extents(policy);
  collected.R = R;
  collected.series = partition::lanes(T, N);
  numbers observation(R * W, 0.), series(R);
  auto const seen = row("observation"), starts = row("starts"), of_actor = row("actor_before"),
             of_critic = row("critic_before");
  for (std::ptrdiff_t r = 0; r < R; ++r) {
    double* const to = &observation[std::size_t(r * W)];
    std::copy_n(&seen[std::size_t(r * D)], D, to);
    to[D] = 1 - starts[std::size_t(r)];
    if (r >= N) continue;  // later ones remember what they will
    std::copy_n(&of_actor[std::size_t(r * 2 * H)], 2 * H, to + D + 1);
    std::copy_n(&of_critic[std::size_t(r * 2 * H)], 2 * H, to + D + 1 + 2 * H);
  }
  auto fill = [&]<class U>(auto& to, std::vector<U> const& from) { backend.assign(to, std::span<U const>(from)); };
  integers lane(R);
  for (std::ptrdiff_t r = 0; r < R; ++r) lane[std::size_t(r)] = std::int32_t(r % N);
  fill(collected.observation, observation);
  fill(collected.action, cast<std::int32_t>(row("action")));
  fill(collected.sampler_logp, row("old_logp")), fill(collected.value, row("value"));
  fill(collected.advantage, row("advantage")), fill(collected.target, row("target"));
  fill(collected.series_of, lane);
  collected.has_values = true;

  using as = preset::as_in::stable_baselines3_2_9;
  update<sgd> const how{.epochs = 1, .normalize = as{}.update().normalize, .optimizer = sgd{.rate = 1}};
  learner<cpu, decltype(policy)> learner(backend, how, as{}.mean(), policy, 1);
  auto const metrics = learner.learn(backend, as::objective() + entropy_bonus{.weight = .01}, policy, collected, 0);
  CHECK(close(metrics.loss, row("policy_loss")[0] + .5 * row("value_loss")[0] - .01 * row("entropy")[0], 1e-9));
  CHECK(close(metrics.value_loss, row("value_loss")[0], 1e-9));
  CHECK(close(metrics.entropy, row("entropy")[0], 1e-9));
  auto const gradient = row("gradient");
  double largest = 0;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    REQUIRE(close(before[k] - policy.parameters().data[k], gradient[k], 1e-9, 1e-12));
    largest = std::max(largest, std::abs(gradient[k]));
  }
  CHECK(largest > .1);
}
