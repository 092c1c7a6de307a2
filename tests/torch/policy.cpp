#include <torch/csrc/autograd/autograd.h>
#include <cohort/backend/torch.hpp>
#include <cohort/language.hpp>
#include <cohort/torch/autograd.hpp>
#include <cohort/torch/modules.hpp>
#include <cohort/torch/optimizer.hpp>
#include <initializer_list>
#include <memory>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/spaces.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using B = cohort::torch::basic_backend<double>;
namespace nn = ::torch::nn;

namespace {

struct gaussian_impl : nn::Module {
  nn::Linear body{nullptr}, spread{nullptr}, judge{nullptr};
  gaussian_impl() {
    body = register_module("body", nn::Linear(3, 1));
    spread = register_module("spread", nn::Linear(3, 1));
    judge = register_module("judge", nn::Linear(3, 1));
    to(at::kDouble);
  }
  cohort::torch::module_output forward(at::Tensor x) {
    return {body->forward(x), spread->forward(x), judge->forward(x)};
  }
};
using gaussian = nn::ModuleHolder<gaussian_impl>;

struct wrong_impl : nn::Module {
  nn::Linear body{nullptr};
  wrong_impl() { body = register_module("body", nn::Linear(4, 3)); }
  at::Tensor forward(at::Tensor x) { return body->forward(x); }
};

struct say_three {  // reward for action 3 wherever the last token was even, for action 1 elsewhere
  struct state {
    std::array<int, 4> tokens;
  };
  static constexpr discrete actions{5};
  static constexpr box<4> observations{{0, 0, 0, 0}, {4, 4, 4, 4}};
  int max_episode_steps = 4;
  state reset(random_stream& draws) const {
    state s;
    for (int& t : s.tokens) t = int(draws.integer(5));
    return s;
  }
  outcome step(state& s, int action) const {
    bool right = action == (s.tokens[3] % 2 == 0 ? 3 : 1);
    s.tokens = {s.tokens[1], s.tokens[2], s.tokens[3], action};
    return {right ? 1. : 0., false};
  }
  std::array<float, 4> observe(state const& s) const {
    return {float(s.tokens[0]), float(s.tokens[1]), float(s.tokens[2]), float(s.tokens[3])};
  }
};

at::Tensor uniform(std::initializer_list<std::int64_t> sizes) {
  return ::torch::rand(at::IntArrayRef(sizes.begin(), sizes.size()), at::kDouble) - .5;
}

}  // namespace

TEST_CASE(
    "torch_policy: the gradient of a module's parameters is autograd's through the whole loss, log-probabilities of a "
    "Gaussian included") {
  ::torch::manual_seed(3);
  B backend;
  gaussian module;
  cohort::torch::torch_policy policy{backend, classic_control::pendulum{}, module};
  REQUIRE(policy.parameters().rows == 12);
  auto x = uniform({50, 3}), action = uniform({50, 1}), dlogp = uniform({50}), dentropy = uniform({50}),
       dvalue = uniform({50});
  auto now = policy.evaluate(backend, cohort::torch::view_of<double>(x), cohort::torch::view_of<double>(action), 1);
  auto at = [](at::Tensor const& t) { return view<double const>(cohort::torch::view_of<double>(t)); };
  policy.backward(backend, at(dlogp), at(dentropy), at(dvalue));
  auto ours = policy.gradient_tensor().clone();

  auto out = module->forward(x);
  auto z = (action - out.parameters) * ::torch::exp(-out.log_std);
  auto logp = (-.5 * z * z - out.log_std - .5 * std::log(2 * std::numbers::pi)).squeeze(1);
  auto entropy = (out.log_std + .5 + .5 * std::log(2 * std::numbers::pi)).squeeze(1);
  REQUIRE(((backend.tensor(now.logp) - logp).abs().max() < 1e-12).item<bool>());
  REQUIRE(((backend.tensor(now.entropy) - entropy).abs().max() < 1e-12).item<bool>());
  auto grads = ::torch::autograd::grad({(dlogp * logp + dentropy * entropy + dvalue * out.value.squeeze(1)).sum()},
                                       module->parameters());
  std::vector<at::Tensor> flat;
  for (auto& g : grads) flat.push_back(g.reshape({-1}));
  REQUIRE(((ours - ::torch::cat(flat)).abs().max() < 1e-12).item<bool>());
}

TEST_CASE(
    "torch_policy: under an action mask log-probabilities, entropies and gradients are autograd's of the softmax over "
    "what is allowed") {
  ::torch::manual_seed(3);
  B backend;
  cohort::torch::perceptron module(2, 4, std::vector<std::int64_t>{8});
  module->to(at::kDouble);
  spaces::doors environment;
  cohort::torch::torch_policy policy{backend, environment, module};
  REQUIRE(policy.observations() == 6);
  auto x = uniform({50, 2}), dlogp = uniform({50}), dentropy = uniform({50}), dvalue = uniform({50});
  auto allowed = uniform({50, 4}) > -.1;
  allowed.select(1, 2).fill_(true);
  auto rows = ::torch::cat({x, allowed.to(at::kDouble)}, 1).contiguous();
  auto action = allowed.to(at::kInt).argmax(1).to(at::kInt);
  auto at = [](at::Tensor const& t) { return view<double const>(cohort::torch::view_of<double>(t)); };
  auto now = policy.evaluate(backend, at(rows), cohort::torch::view_of<std::int32_t>(action), 1);
  policy.backward(backend, at(dlogp), at(dentropy), at(dvalue));
  auto ours = policy.gradient_tensor().clone();

  auto [logits, value] = module->forward(x);
  auto all = ::torch::log_softmax(logits.masked_fill(allowed.logical_not(), -1e30), 1);
  auto logp = all.gather(1, action.to(at::kLong).unsqueeze(1)).squeeze(1), entropy = -(all.exp() * all).sum(1);
  REQUIRE(((backend.tensor(now.logp) - logp).abs().max() < 1e-12).item<bool>());
  REQUIRE(((backend.tensor(now.entropy) - entropy).abs().max() < 1e-12).item<bool>());
  auto grads =
      ::torch::autograd::grad({(dlogp * logp + dentropy * entropy + dvalue * value).sum()}, module->parameters());
  std::vector<at::Tensor> flat;
  for (auto& g : grads) flat.push_back(g.reshape({-1}));
  REQUIRE(((ours - ::torch::cat(flat)).abs().max() < 1e-12).item<bool>());
}

TEST_CASE("torch_policy: the module's parameters are the policy's, and those of a reference leave them as they are") {
  ::torch::manual_seed(3);
  B backend;
  cohort::torch::perceptron module(4, 2, std::vector<std::int64_t>{8});
  module->to(at::kDouble);
  auto before = module->parameters()[0].clone();
  cohort::torch::torch_policy policy{backend, classic_control::cart_pole{}, module};
  REQUIRE(at::equal(module->parameters()[0], before));
  policy.parameters()[0] = 42;
  REQUIRE(module->parameters()[0].view({-1})[0].item<double>() == 42);
  auto reference = at::zeros({policy.parameters().rows}, at::kDouble);
  auto x = uniform({5, 4}), logp = uniform({5});
  auto action = at::zeros({5}, at::kInt);
  policy.log_probability(backend, cohort::torch::view_of<double>(reference), cohort::torch::view_of<double>(x),
                         cohort::torch::view_of<std::int32_t>(action), 1, cohort::torch::view_of<double>(logp));
  REQUIRE(((logp + std::log(2.)).abs().max() < 1e-12).item<bool>());
  REQUIRE(module->parameters()[0].view({-1})[0].item<double>() == 42);
}

TEST_CASE("torch_policy: torch's Adam and Cohort's take the same steps") {
  auto trained = [](auto optimizer) {
    ::torch::manual_seed(3);
    B backend;
    cohort::torch::perceptron module(4, 2, std::vector<std::int64_t>{8});
    module->to(at::kDouble);
    classic_control::cart_pole environment;
    cohort::torch::torch_policy policy{backend, environment, module};
    auto ppo =
        algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                  .objective = clipped_ratio{} + value_loss{.weight = .5},
                  .update = update{.epochs = 2, .minibatch_size = 32, .optimizer = optimizer, .max_gradient_norm = .5}};
    train(backend, ppo, environment, policy, {.steps = 192, .seed = 1});
    return policy.parameter_tensor().clone();
  };
  auto ours = trained(adam{.rate = 1e-3});
  auto theirs = trained(cohort::torch::optimizer<>{.settings = ::torch::optim::AdamOptions(1e-3).eps(1e-5)});
  REQUIRE(((ours - theirs).abs().max() < 1e-12).item<bool>());
  auto scheduled = trained(cohort::torch::optimizer<::torch::optim::Adam, ::torch::optim::AdamOptions, linear>{
      .settings = ::torch::optim::AdamOptions(1).eps(1e-5), .rate = linear{1e-3, 0}});
  auto ours_scheduled = trained(adam{.rate = linear{1e-3, 0}});
  REQUIRE(((ours_scheduled - scheduled).abs().max() < 1e-12).item<bool>());
}

TEST_CASE("torch_policy: a decoder learns by GRPO which token to say") {
  say_three environment;
  ::torch::manual_seed(1);
  cohort::torch::backend backend;
  cohort::torch::decoder module(
      cohort::torch::decoder_options{.vocabulary = 5, .width = 16, .layers = 1, .heads = 2, .hidden = 32});
  cohort::torch::torch_policy policy{backend, environment, module};
  static_assert(!decltype(policy)::has_critic);
  auto grpo =
      algorithm{.rollout = groups{.count = 4, .group = 8},
                .advantage = group_relative{.by = credit::return_to_go},
                .objective = clipped_ratio{} + kl_penalty{.weight = .001},
                .update = update{.epochs = 4, .normalize = normalization::none, .optimizer = adam{.rate = 1e-2}}};
  auto report = train(backend, grpo, environment, policy, {.steps = 8000, .seed = 1});
  REQUIRE(report.mean_return > 3.5);  // of 4; chance is 0.8
}

TEST_CASE("torch_policy: a module whose numbers or shapes do not fit is refused with what it gave") {
  cohort::torch::backend backend;
  classic_control::cart_pole environment;
  CHECK_THROWS_WITH((cohort::torch::torch_policy{backend, classic_control::pendulum{}, gaussian()}),
                    ContainsSubstring("body.weight is Double [1, 3] on cpu, expected Float"));
  cohort::torch::torch_policy policy{backend, environment, std::make_shared<wrong_impl>()};
  auto x = at::zeros({7, 4}, at::kFloat), logp = at::zeros({7}, at::kFloat);
  auto action = at::zeros({7}, at::kInt);
  CHECK_THROWS_WITH(policy.act(backend, cohort::torch::view_of<float>(x), stream_id{}, 1,
                               cohort::torch::view_of<std::int32_t>(action), cohort::torch::view_of<float>(logp)),
                    ContainsSubstring("logits or means are Float [7, 3] on cpu, expected Float [7, 2]"));
}
