#pragma once
#include <cohort/language/model/decoder.hpp>
#include <cohort/language/model/token_head.hpp>
#include <memory>
#include <span>
#include <utility>

namespace COHORT_NAMESPACE {

/// A language model that scores and generates, and is not trained: it has no gradient, and its weights stay where they
/// lie, in a file's own types, or are the backend's numbers. A generator takes it as it takes a language_model, and a
/// lora_model as what its adapters stand beside. Copies share its numbers.
template <backend B>
class frozen_model {
  using T = value_t<B>;

 public:
  /// `vectors` are the norms' weights and the biases, in the order of lay_out(options, false); `keeps` is what the
  /// weights lie in.
  frozen_model(B& b, decoder_options const& o, stored_weights weights, std::span<T const> vectors,
               std::shared_ptr<void const> keeps)
    requires stored_products<B>
      : keeps_(std::move(keeps)), network_(b, o, std::move(weights)), head_(256, o.logit_cap) {
    if (std::ptrdiff_t(vectors.size()) != network_.parameters())
      throw shape_error("frozen_model: there are " + std::to_string(vectors.size()) +
                        " numbers of norms and biases, expected " + std::to_string(network_.parameters()));
    b.assign(*parameters_, vectors);
  }
  /// With all parameters in an array, as lay_out(options) has them.
  frozen_model(B& b, decoder_options const& o, std::span<T const> parameters)
      : network_(b, o), head_(256, o.logit_cap) {
    if (std::ptrdiff_t(parameters.size()) != network_.parameters())
      throw shape_error("frozen_model: there are " + std::to_string(parameters.size()) + " parameters, expected " +
                        std::to_string(network_.parameters()));
    network_.keep(activations::dropped);
    b.assign(*parameters_, parameters);
  }

  decoder_options const& options() const { return network_.options(); }
  decoder<B>& network() { return network_; }
  decoder<B> const& network() const { return network_; }
  token_head<B>& head() { return head_; }
  view<T const> parameters() const { return std::as_const(*parameters_).all(); }

 private:
  std::shared_ptr<void const> keeps_;
  decoder<B> network_;
  token_head<B> head_;
  using array = typename B::template array<T>;
  std::shared_ptr<array> parameters_ = std::make_shared<array>();
};

}  // namespace COHORT_NAMESPACE
