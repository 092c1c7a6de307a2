#include <cohort/language.hpp>

#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/echo.hpp"

using namespace cohort;
using namespace arrays;

namespace {

/// The parameters after two updates with an aggregation.
template <class Rollout, class Task, class Policy, class Mean>
numbers trained(cpu& backend, Rollout const& rollout, Task const& task, Policy policy, Mean const& mean,
                int minibatches) {
  algorithm a{
      .rollout = rollout,
      .advantage = group_relative{.scale = group_scale::none},
      .objective = policy_gradient{},
      .aggregation = mean,
      .update = update{
          .epochs = 1, .minibatches = minibatches, .normalize = normalization::none, .optimizer = sgd{.rate = .1}}};
  train(backend, a, task, policy, {.updates = 2, .seed = 4});
  return {policy.parameters().data, policy.parameters().data + policy.parameters().rows};
}

template <class Make>
void require_same_as_pieces(Make make, int group, std::vector<int> const& minibatches) {
  for (int n : minibatches) {
    numbers by_groups = make(group_mean{}, n), by_pieces = make(piecewise_step_mean{.series = group}, n),
            by_steps = make(step_mean{}, n);
    REQUIRE(by_groups != by_steps);
    for (std::size_t i = 0; i < by_groups.size(); ++i) REQUIRE(close(by_groups[i], by_pieces[i], 1e-12, 1e-14));
  }
}

}  // namespace

TEST_CASE(
    "group_mean: where all groups are full it is the mean over pieces of as many series, of completions and of "
    "episodes, in minibatches too") {
  cpu backend;
  require_same_as_pieces(
      [&](auto const& mean, int minibatches) {
        decoder_options const shape{
            .vocabulary = 12, .hidden = 8, .intermediate = 8, .layers = 1, .heads = 1, .context = 8};
        language_model model{backend, shape, random_seed{1}, {.initial_std = .3}};
        return trained(backend, completions{.prompts = 6, .group = 3, .max_tokens = 5}, support::echo{}, model, mean,
                       minibatches);
      },
      3, {1, 3});
  require_same_as_pieces(
      [&](auto const& mean, int minibatches) {
        classic_control::cart_pole environment;
        actor policy{backend, environment, {.hidden = {4}}, random_seed{1}};
        return trained(backend, groups{.count = 4, .group = 3}, environment, policy, mean, minibatches);
      },
      3, {1});
}
