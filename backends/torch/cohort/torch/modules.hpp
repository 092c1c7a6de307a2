#pragma once
#include <torch/nn/init.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <cohort/torch/policy.hpp>

/// Modules that make policies: a small perceptron and a decoder. Your own does as well.
namespace COHORT_NAMESPACE::torch {

/// Hidden layers with tanh, a last layer each for logits (or means) and, if asked for, the value, from hidden layers of
/// their own. Orthogonal weights as actor_critic has them.
class perceptron_impl : public ::torch::nn::Module {
 public:
  perceptron_impl(std::int64_t observations, std::int64_t outputs, std::vector<std::int64_t> hidden = {64, 64}) {
    actor_ = register_module("actor", layers(observations, hidden, outputs, .01));
    critic_ = register_module("critic", layers(observations, hidden, 1, 1));
  }
  std::pair<at::Tensor, at::Tensor> forward(at::Tensor x) {
    return {actor_->forward(x), critic_->forward(x).squeeze(1)};
  }

 private:
  static ::torch::nn::Sequential layers(std::int64_t inputs, std::vector<std::int64_t> const& hidden,
                                        std::int64_t outputs, double gain) {
    ::torch::nn::Sequential all;
    auto layer = [&](std::int64_t to, double g) {
      ::torch::nn::Linear linear(inputs, to);
      ::torch::nn::init::orthogonal_(linear->weight, g);
      ::torch::nn::init::zeros_(linear->bias);
      all->push_back(linear);
      inputs = to;
    };
    for (auto width : hidden) {
      layer(width, std::sqrt(2.));
      all->push_back(::torch::nn::Tanh());
    }
    layer(outputs, gain);
    return all;
  }
  ::torch::nn::Sequential actor_{nullptr}, critic_{nullptr};
};
using perceptron = ::torch::nn::ModuleHolder<perceptron_impl>;

/// The size of a decoder.
struct decoder_options {
  std::int64_t vocabulary = 0, width = 64, layers = 2, heads = 4, hidden = 192;
  double rotary_base = 10000, epsilon = 1e-5;
};

/// A decoder of the Llama family over windows of tokens: R x T token numbers (as the environment's observation gives
/// them) to the logits of the next token, R x vocabulary. RMSNorm, rotary positions, causal attention, SwiGLU, no
/// biases, the embedding's transpose as head.
class decoder_impl : public ::torch::nn::Module {
 public:
  explicit decoder_impl(decoder_options o) : o_(o) {
    cohort::detail::require(o.vocabulary > 0, "torch::decoder", "vocabulary", double(o.vocabulary),
                            "a positive number");
    cohort::detail::require(o.heads > 0 && o.width % (2 * o.heads) == 0, "torch::decoder", "width", double(o.width),
                            "an even multiple of heads");
    auto matrix = [&](std::string const& name, std::int64_t rows, std::int64_t columns) {
      return register_parameter(name, ::torch::randn({rows, columns}) * (.02));
    };
    embedding_ = matrix("embedding", o.vocabulary, o.width);
    final_norm_ = register_parameter("final_norm", ::torch::ones({o.width}));
    for (std::int64_t l = 0; l < o.layers; ++l) {
      std::string at = "layer" + std::to_string(l) + "_";
      layers_.push_back({register_parameter(at + "attention_norm", ::torch::ones({o.width})),
                         matrix(at + "qkv", 3 * o.width, o.width), matrix(at + "out", o.width, o.width),
                         register_parameter(at + "mlp_norm", ::torch::ones({o.width})),
                         matrix(at + "gate", o.hidden, o.width), matrix(at + "up", o.hidden, o.width),
                         matrix(at + "down", o.width, o.hidden)});
    }
  }
  at::Tensor forward(at::Tensor observation) {
    auto x = ::torch::embedding(embedding_, observation.to(at::kLong));
    auto [cosine, sine] = angles(x);
    auto future = ::torch::ones({x.size(1), x.size(1)}, at::TensorOptions(at::kBool).device(x.device())).triu(1);
    for (auto const& l : layers_) {
      x = x + attention(normalized(x, l.attention_norm), l, cosine, sine, future);
      auto h = normalized(x, l.mlp_norm);
      x = x + ::torch::matmul(::torch::silu(::torch::matmul(h, l.gate.t())) * ::torch::matmul(h, l.up.t()), l.down.t());
    }
    return ::torch::matmul(normalized(x.select(1, -1), final_norm_), embedding_.t());
  }

 private:
  struct layer {
    at::Tensor attention_norm, qkv, out, mlp_norm, gate, up, down;
  };
  at::Tensor normalized(at::Tensor const& x, at::Tensor const& weight) const {
    return x * ::torch::rsqrt(x.pow(2).mean(-1, true) + o_.epsilon) * weight;
  }
  std::pair<at::Tensor, at::Tensor> angles(at::Tensor const& x) const {
    std::int64_t half = o_.width / o_.heads / 2;
    auto options = x.options().requires_grad(false);
    auto speed = ::torch::pow(o_.rotary_base, -::torch::arange(half, options) / double(half));
    auto angle = ::torch::outer(::torch::arange(x.size(1), options), speed);
    return {::torch::cos(angle), ::torch::sin(angle)};
  }
  static at::Tensor rotated(at::Tensor const& x, at::Tensor const& cosine, at::Tensor const& sine) {
    auto halves = x.chunk(2, -1);
    return ::torch::cat({halves[0] * cosine - halves[1] * sine, halves[1] * cosine + halves[0] * sine}, -1);
  }
  at::Tensor attention(at::Tensor const& x, layer const& l, at::Tensor const& cosine, at::Tensor const& sine,
                       at::Tensor const& future) const {
    std::int64_t R = x.size(0), T = x.size(1), D = o_.width / o_.heads;
    auto heads = ::torch::matmul(x, l.qkv.t()).view({R, T, 3, o_.heads, D}).permute({2, 0, 3, 1, 4});
    auto q = rotated(heads[0], cosine, sine), k = rotated(heads[1], cosine, sine);
    auto scores = ::torch::matmul(q, k.transpose(-2, -1)) / std::sqrt(double(D));
    auto weights = ::torch::softmax(scores.masked_fill(future, -std::numeric_limits<double>::infinity()), -1);
    return ::torch::matmul(::torch::matmul(weights, heads[2]).transpose(1, 2).reshape({R, T, o_.width}), l.out.t());
  }

  decoder_options o_;
  at::Tensor embedding_, final_norm_;
  std::vector<layer> layers_;
};
using decoder = ::torch::nn::ModuleHolder<decoder_impl>;

}  // namespace COHORT_NAMESPACE::torch
