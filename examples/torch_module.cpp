// Your own torch network, trained by GRPO: no base class, no registration. Only the forward counts.
#include <ATen/Parallel.h>
#include <torch/nn/modules/linear.h>
#include <cohort/backend/torch.hpp>
#include <cohort/cohort.hpp>
#include <cohort/torch/policy.hpp>
#include <cstdio>

struct my_network_impl : torch::nn::Module {
  torch::nn::Linear first{nullptr}, second{nullptr}, logits{nullptr};
  my_network_impl() {
    first = register_module("first", torch::nn::Linear(4, 32));
    second = register_module("second", torch::nn::Linear(32, 32));
    logits = register_module("logits", torch::nn::Linear(32, 2));
  }
  at::Tensor forward(at::Tensor x) {
    x = torch::silu(first->forward(x));
    x = x + torch::silu(second->forward(x));
    return logits->forward(x);
  }
};
using my_network = torch::nn::ModuleHolder<my_network_impl>;

int main() {
  using namespace cohort;  // from here on LibTorch's namespace is ::torch, the backend's cohort::torch
  at::set_num_threads(1);
  ::torch::manual_seed(1);
  my_network network;
  cohort::torch::backend backend;
  classic_control::cart_pole environment;
  cohort::torch::torch_policy policy{backend, environment, network};

  auto grpo = algorithm{
      .rollout = groups{.count = 2, .group = 8},
      .advantage = group_relative{.by = credit::return_to_go, .gamma = .99},
      .objective = clipped_ratio{.epsilon = .2} + kl_penalty{.estimator = k3{}, .weight = .001},
      .update = update{.epochs = 10,
                       .minibatch_size = 256,
                       .normalize = normalization::none,
                       .optimizer = adam{.rate = 2e-3},
                       .max_gradient_norm = .5},
  };
  auto report = train(backend, grpo, environment, policy, {.steps = 30'000, .seed = 1});
  std::printf("%lld steps, %lld updates; the last 100 episodes returned %.0f of 500\n", (long long)report.steps,
              (long long)report.updates, report.mean_return);

  // The network is the policy: what was trained is in it, and ::torch::save writes it.
  auto upright = network->forward(::torch::zeros({1, 4}));
  std::printf("its logits for a pole that stands still: %.3f and %.3f\n", upright[0][0].item<float>(),
              upright[0][1].item<float>());
}
