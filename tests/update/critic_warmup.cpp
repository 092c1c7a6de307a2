#include <cohort/language.hpp>

#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/echo.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;

namespace {

numbers copied(view<double const> v) { return {v.data, v.data + v.rows}; }

struct run {
  numbers actor, critic;  ///< of an environment's policy: all parameters but the critic's, and those
  std::vector<update_metrics> metrics;
};
struct keep_metrics {
  std::vector<update_metrics>* seen;
  void on_update(train_report const& r) { seen->push_back(r.metrics); }
};

/// Some updates on CartPole.
template <class Objective, class Update>
run on_cart_pole(Objective const& objective, Update const& update, std::int64_t updates, trunk t = trunk::separate) {
  cpu backend;
  classic_control::cart_pole environment;
  actor_critic policy{backend, environment, {.hidden = {8}, .trunk = t}, random_seed{1}};
  run r;
  train(backend,
        algorithm{.rollout = lanes{.count = 2, .horizon = 16},
                  .advantage = decoupled{gae{}, monte_carlo{}},
                  .objective = objective,
                  .update = update},
        environment, policy, {.updates = updates, .seed = 3}, keep_metrics{&r.metrics});
  auto all = copied(policy.parameters());
  auto own = policy.critic_part(std::as_const(policy).parameters());
  auto first = own.data - policy.parameters().data;
  r.critic = copied(own);
  all.erase(all.begin() + first, all.begin() + first + own.rows);
  r.actor = all;
  return r;
}

decoder_options const shape{.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};

/// The parameters of a language model and of its value head after some updates.
template <class Task, class Update>
std::pair<numbers, numbers> on_completions(Task const& task, Update const& update, std::int64_t updates,
                                           double* largest_error = nullptr) {
  cpu backend;
  language_model_with_value model{backend, shape, random_seed{1}, {.initial_std = .2}};
  algorithm a{.rollout = completions{.prompts = 4, .group = 2, .max_tokens = 4},
              .advantage = monte_carlo{.gamma = 1, .bootstrap = false},
              .objective = clipped_ratio{} + value_loss{},
              .update = update};
  if (updates > 0) train(backend, a, task, model, {.updates = updates, .seed = 3});
  if (largest_error) {
    completions_collector<cpu, Task, decltype(model)> collector(backend, a.rollout, task, model, 5);
    rollout_summary summary;
    auto& batch = collector.collect(backend, model, 0, summary);
    *largest_error = 0;
    for (std::ptrdiff_t i = 0; i < batch.R; ++i)
      *largest_error = std::max(*largest_error, std::abs(batch.value.data()[i] - .75));
  }
  auto all = copied(model.parameters()), head = copied(model.critic_part(std::as_const(model).parameters()));
  all.resize(all.size() - head.size());
  return {all, head};
}

auto plain(double rate = .01) {
  return update{.epochs = 2, .minibatches = 2, .normalize = normalization::none, .optimizer = sgd{.rate = rate}};
}

struct always_the_same : support::echo {
  double score(row const&, std::span<std::int32_t const>, bool) const { return .75; }
};

}  // namespace

TEST_CASE(
    "critic_warmup: the actor stays as it was to the last bit while the critic learns what it would beside an actor "
    "without a loss, then both learn") {
  auto objective = clipped_ratio{} + .5 * value_loss{};
  auto start = on_cart_pole(0. * clipped_ratio{} + .5 * value_loss{}, plain(1e-300), 1);
  auto pretrained = on_cart_pole(objective, critic_warmup{.updates = 3, .critic = plain(), .then = plain(1)}, 3);
  auto critic_alone = on_cart_pole(0. * clipped_ratio{} + .5 * value_loss{}, plain(), 3);
  REQUIRE(pretrained.actor == start.actor);
  REQUIRE(pretrained.critic != start.critic);
  for (std::size_t i = 0; i < start.critic.size(); ++i)
    REQUIRE(close(pretrained.critic[i], critic_alone.critic[i], 1e-12, 1e-14));
  for (int u = 0; u < 3; ++u) {
    auto const &found = pretrained.metrics[std::size_t(u)], &expected = critic_alone.metrics[std::size_t(u)];
    REQUIRE(close(found.loss, expected.loss, 1e-12));
    REQUIRE(close(found.value_loss, expected.value_loss, 1e-12));
    REQUIRE((found.optimizer_steps == 4 && found.learning_rate == .01));
    REQUIRE(close(found.gradient_norm, expected.gradient_norm, 1e-12));
    REQUIRE((found.series == 2 && found.entropy == 0 && found.approximate_kl == 0));
  }
  auto near = plain();
  near.target_kl = 1e-12;  // of the policy, which the critic does not move
  auto watched = on_cart_pole(objective, critic_warmup{.updates = 3, .critic = near, .then = plain(1)}, 3);
  REQUIRE(watched.critic == pretrained.critic);
  auto slow = plain(1e-3), following = slow;  // whose rate would rise, since the policy does not move
  following.desired_kl = .01;
  REQUIRE(on_cart_pole(objective, critic_warmup{.updates = 3, .critic = following, .then = plain(1)}, 3).critic ==
          on_cart_pole(objective, critic_warmup{.updates = 3, .critic = slow, .then = plain(1)}, 3).critic);
  auto after = on_cart_pole(objective, critic_warmup{.updates = 3, .critic = plain(), .then = plain(1)}, 4);
  REQUIRE(after.actor != start.actor);
  REQUIRE(after.metrics.back().entropy > 0);
  auto none = on_cart_pole(objective, critic_warmup{.updates = 0, .critic = plain(), .then = plain()}, 2),
       without = on_cart_pole(objective, plain(), 2);
  REQUIRE((none.actor == without.actor && none.critic == without.critic));
}

TEST_CASE(
    "critic_warmup: of a language model only the value head moves, by the gradient that it has in a pass over all") {
  auto [network, head] = on_completions(support::echo{}, plain(), 0);
  update one{.epochs = 1, .normalize = normalization::none, .optimizer = sgd{.rate = .01}};
  auto [frozen, moved] = on_completions(support::echo{}, critic_warmup{.updates = 5, .critic = one, .then = one}, 1);
  auto [all, beside] = on_completions(support::echo{}, one, 1);
  REQUIRE(frozen == network);
  REQUIRE(all != network);
  REQUIRE(moved != head);
  for (std::size_t i = 0; i < head.size(); ++i) REQUIRE(close(moved[i], beside[i], 1e-12, 1e-15));
  REQUIRE(on_completions(support::echo{}, critic_warmup{.updates = 5, .critic = plain(), .then = plain()}, 5).first ==
          network);
  REQUIRE(on_completions(support::echo{}, critic_warmup{.updates = 5, .critic = plain(), .then = plain()}, 6).first !=
          network);
}

TEST_CASE("critic_warmup: a value head comes to the return that all answers have") {
  update steep{.epochs = 2, .normalize = normalization::none, .optimizer = adam{.rate = linear{.05, 0}}};
  double before = 0, after = 0;
  auto [network, head] = on_completions(always_the_same{}, steep, 0, &before);
  auto [still, learned] =
      on_completions(always_the_same{}, critic_warmup{.updates = 400, .critic = steep, .then = steep}, 400, &after);
  REQUIRE(before == .75);
  REQUIRE(after < .05);
  REQUIRE(still == network);
}

TEST_CASE("critic_warmup: the bytes of both optimizers count, and bad arguments and shared trunks are refused") {
  cpu backend;
  language_model_with_value model{backend, shape};
  std::size_t N = std::size_t(model.parameters().rows), bytes = 0;
  struct look {
    std::size_t* bytes;
    void on_start(train_report const& r) { *bytes = r.optimizer_bytes; }
  };
  algorithm a{.rollout = completions{.prompts = 1, .group = 1, .max_tokens = 2},
              .advantage = monte_carlo{},
              .objective = clipped_ratio{} + value_loss{},
              .update = critic_warmup{}};
  train(backend, a, support::echo{}, model, {.updates = 1}, look{&bytes});
  REQUIRE(bytes >= 2 * sizeof(double) * (N + 17));
  REQUIRE(bytes < 2 * sizeof(double) * (N + 17) + 256);

  auto objective = clipped_ratio{} + value_loss{};
  REQUIRE_THROWS_WITH(on_cart_pole(objective, critic_warmup{.updates = -1}, 1),
                      ContainsSubstring("critic_warmup: updates is -1, expected 0 or a positive number"));
  REQUIRE_THROWS_WITH(on_cart_pole(objective, critic_warmup{.critic = update{.epochs = 0}}, 1),
                      ContainsSubstring("epochs is 0"));
  REQUIRE_THROWS_WITH(on_cart_pole(objective, critic_warmup{.then = update{.epochs = -2}}, 1),
                      ContainsSubstring("epochs is -2"));
  REQUIRE_THROWS_WITH(on_cart_pole(objective, critic_warmup{}, 1, trunk::shared),
                      ContainsSubstring("critic_warmup: actor and critic share their trunk"));
  REQUIRE_THAT(text(algorithm{.update = critic_warmup{.updates = 2}}),
               ContainsSubstring("update       critic_warmup{updates = 2, critic = update{epochs = 10, "));
}
