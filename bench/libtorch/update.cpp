// The PPO update of bench/update.cpp written against LibTorch alone, step by step as CleanRL's ppo.py writes it in
// Python: what a program looks like, and what it takes, without Cohort. 2,048 steps of CartPole, two 64-64 tanh
// networks, one epoch.
#include <benchmark/benchmark.h>
#include <torch/torch.h>
#include <cmath>
#include <cstdint>
#include <tuple>

namespace {

torch::nn::Linear layer(int inputs, int outputs, double gain) {
  torch::nn::Linear linear(inputs, outputs);
  torch::nn::init::orthogonal_(linear->weight, gain);
  torch::nn::init::constant_(linear->bias, 0);
  return linear;
}

struct agent_impl : torch::nn::Module {
  torch::nn::Sequential critic, actor;

  agent_impl() {
    using torch::nn::Tanh;
    double hidden = std::sqrt(2.);
    critic = register_module(
        "critic", torch::nn::Sequential(layer(4, 64, hidden), Tanh(), layer(64, 64, hidden), Tanh(), layer(64, 1, 1)));
    actor = register_module(
        "actor", torch::nn::Sequential(layer(4, 64, hidden), Tanh(), layer(64, 64, hidden), Tanh(), layer(64, 2, .01)));
  }
  /// Log-probability and entropy of the actions, and the value.
  std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> evaluate(torch::Tensor const& observation,
                                                                   torch::Tensor const& action) {
    auto logits = actor->forward(observation);
    auto logp = logits - logits.logsumexp(-1, true);
    auto entropy = -(logp * logp.exp()).sum(-1);
    return {logp.gather(-1, action.unsqueeze(-1)).squeeze(-1), entropy, critic->forward(observation).view({-1})};
  }
};
using agent = torch::nn::ModuleHolder<agent_impl>;

struct batch {
  torch::Tensor observation, action, logp, advantage, target;
};

void update(agent& policy, torch::optim::Adam& optimizer, batch const& b, std::int64_t minibatch, double epsilon,
            double value_weight, double max_gradient_norm) {
  std::int64_t M = b.observation.size(0);
  auto order = torch::randperm(M);
  for (std::int64_t first = 0; first < M; first += minibatch) {
    auto index = order.slice(0, first, first + minibatch);
    auto [logp, entropy, value] =
        policy->evaluate(b.observation.index_select(0, index), b.action.index_select(0, index));
    auto ratio = (logp - b.logp.index_select(0, index)).exp();
    auto advantage = b.advantage.index_select(0, index);
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8);
    auto policy_loss =
        torch::max(-advantage * ratio, -advantage * torch::clamp(ratio, 1 - epsilon, 1 + epsilon)).mean();
    auto value_loss = (value - b.target.index_select(0, index)).pow(2).mean();
    auto loss = policy_loss + value_weight * value_loss;
    optimizer.zero_grad();
    loss.backward();
    torch::nn::utils::clip_grad_norm_(policy->parameters(), max_gradient_norm);
    optimizer.step();
  }
}

void ppo_update(benchmark::State& state) {
  at::set_num_threads(1);
  torch::manual_seed(1);
  agent policy;
  torch::optim::Adam optimizer(policy->parameters(), torch::optim::AdamOptions(1e-6).eps(1e-5));
  std::int64_t M = 2048;
  auto observation = torch::randn({M, 4}) * .5;
  auto action = torch::randint(0, 2, {M});
  batch b{observation, action, std::get<0>(policy->evaluate(observation, action)).detach(), torch::randn({M}),
          torch::randn({M})};
  for (auto _ : state) update(policy, optimizer, b, state.range(0), .2, .5, .5);
  state.SetItemsProcessed(state.iterations() * M);
}
BENCHMARK(ppo_update)->Arg(2048)->Arg(256)->Arg(64);

}  // namespace

BENCHMARK_MAIN();
