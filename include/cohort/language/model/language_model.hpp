#pragma once
#include <algorithm>
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/token_head.hpp>
#include <cohort/language/model/token_packing.hpp>
#include <cohort/language/model/value_head_part.hpp>
#include <cohort/policy/policy_part.hpp>

namespace COHORT_NAMESPACE {

/// How a language model works through a batch; none of it changes what is computed but for rounding.
struct language_options {
  double initial_std = .02;             ///< of all weights but the norms', which start at 1
  std::ptrdiff_t rows_per_pass = 1024;  ///< tokens that go through the network at once (a prompt and one completion may
                                        ///< be more); gradients add up over the passes
  std::ptrdiff_t head_rows = 256;       ///< rows of logits that exist at once
  bool recompute = false;               ///< whether a pass keeps what goes into each layer alone, and computes the rest
                                        ///< again for the gradient: a third more work, a tenth of the memory
  bool value_bias = true;               ///< whether the value head has a bias; a reward model's has none
};

/// A decoder with its head as a policy: the parameters in one flat array, first the network's as tensors_of names them
/// (or its adapters', see adapted_decoder), then those of the value head (H weights, and 1 bias unless it is left out)
/// if there is one, on the same hidden states. Its steps are tokens.
template <backend B, bool Critic, class Network = decoder<B>>
class basic_language_model {
 public:
  using T = value_t<B>;
  using action = std::int32_t;
  static constexpr bool has_critic = Critic;
  using evaluation = head_results<T const>;  ///< logp, entropy, value: M each; value only with a critic

  basic_language_model(B& backend, decoder_options const& o, random_seed s = {}, language_options const& settings = {})
    requires std::is_same_v<Network, decoder<B>>
      : basic_language_model(backend, Network(backend, o), starting_numbers(o, s, settings.initial_std), settings) {}

  decoder_options const& options() const { return network_.options(); }
  language_options const& settings() const { return settings_; }
  view<T> parameters() { return parameters_.all(); }
  view<T const> parameters() const { return parameters_.all(); }
  view<T> gradient() { return gradient_.all(); }
  parameter_layout layout() const {
    std::vector<parameter_matrix> all;
    network_.for_each_matrix([&](parameter_matrix const& m) { all.push_back(m); });
    if (Critic) all.push_back({network_.parameters(), 1, options().hidden, matrix_place::output});
    return {parameters_.size(), std::move(all)};
  }

  /// For the steps of some packed completions, under any parameters of this shape (such as a frozen reference's).
  /// Absent outputs are not written. Completions packed with a temperature of their own, or with what was kept of each
  /// token, get log-probabilities and entropies of that distribution.
  void evaluate(B& backend, view<T const> parameters, token_packing<B> const& in, double temperature,
                head_results<T> const& out) {
    view<T> hidden = network_.forward(backend, parameters, in.tokens());
    head_.evaluate(backend, inputs(hidden, in, temperature), network_.head_factor(parameters), weights(parameters),
                   out);
    note_activations();
  }

  /// Adds to gradient() that of a loss, of which partials(first, evaluation) gives the derivatives with respect to
  /// logp, entropy and value of the steps first, first + 1, ... block by block. Of the critic alone: to that of the
  /// head, the network's is left as it is.
  template <class F>
  void accumulate_gradient(B& backend, token_packing<B> const& in, double temperature, F partials,
                           policy_part part = policy_part::all) {
    view<T const> const now = parameters();
    view<T> hidden = network_.forward(backend, now, in.tokens());
    backend.resize(dhidden_, hidden.size());
    view<T> dhidden = dhidden_.matrix(hidden.rows, hidden.columns);
    detail::fill_with(backend, dhidden, 0);
    head_.accumulate_gradient(backend, inputs(hidden, in, temperature), network_.head_factor(now), weights(now),
                              dhidden, weights(gradient()), partials);
    if (part != policy_part::critic) network_.backward(backend, now, in.tokens(), dhidden, gradient());
    note_activations();
  }
  /// The value head's part of an array like parameters().
  template <class U>
  view<U> critic_part(view<U> all) const
    requires Critic
  {
    return all.part(network_.parameters(), size_of_critic());
  }
  void zero_gradient(B& backend) { detail::fill_with(backend, gradient(), 0); }

  /// For generation: the network and the head, token by token.
  Network& network() { return network_; }
  Network const& network() const { return network_; }
  token_head<B>& head() { return head_; }

  /// What the largest pass up to now left in memory: activations and the blocks of the head. (Scratch memory is the
  /// backend's.)
  std::size_t activation_bytes() const { return most_bytes_; }

 protected:
  /// With the numbers of the network's parameters at the start.
  basic_language_model(B& backend, Network network, std::vector<T> start, language_options const& settings)
      : settings_(settings), network_(std::move(network)), head_(settings.head_rows, network_.options().logit_cap) {
    network_.keep(settings.recompute ? activations::recomputed : activations::kept);
    start.resize(std::size_t(network_.parameters() + size_of_critic()), T(0));
    backend.assign(parameters_, std::span<T const>(start));
    backend.resize(gradient_, parameters_.size());
  }

 private:
  std::ptrdiff_t size_of_critic() const { return Critic ? options().hidden + (settings_.value_bias ? 1 : 0) : 0; }
  static std::vector<T> starting_numbers(decoder_options const& o, random_seed s, double std) {
    std::vector<T> start(std::size_t(lay_out(o).parameters()), T(0));
    std::uint32_t number = 0;
    for (auto const& t : tensors_of(o)) {
      random_stream draws(stream_id{s.value, draw_purpose::initialization, number++});
      for (std::ptrdiff_t i = 0; i < t.size(); ++i)
        if (t.columns == 0) start[std::size_t(t.offset + i)] = T(t.start);
        else if (std != 0)  // as of a model whose parameters are read from a file
          start[std::size_t(t.offset + i)] = T(std * draws.normal());
    }
    return start;
  }
  void note_activations() {
    most_bytes_ =
        std::max(most_bytes_, network_.activation_bytes() + head_.bytes() + std::size_t(dhidden_.size()) * sizeof(T));
  }
  static head_inputs<T> inputs(view<T> hidden, token_packing<B> const& in, double temperature) {
    return {hidden, in.head_row(), in.target(), temperature, in.temperature(), in.kept()};
  }
  template <class U>
  head_weights<U> weights(view<U> all) const {
    head_weights<U> w{network_.head(all), {}, {}};
    if constexpr (Critic) {
      w.value_weight = all.part(network_.parameters(), options().hidden);
      if (settings_.value_bias) w.value_bias = all.part(network_.parameters() + options().hidden, 1);
    }
    return w;
  }

  language_options settings_;
  Network network_;
  token_head<B> head_;
  typename B::template array<T> parameters_, gradient_, dhidden_;
  std::size_t most_bytes_ = 0;
};

/// A language model as GRPO has it: language_model{backend, {.vocabulary = 64, .hidden = 128, ...}, random_seed{1}}.
template <class B>
struct language_model : basic_language_model<B, false> {
  using base = basic_language_model<B, false>;
  using base::base;
  language_model(B&, ...) = delete;  // backend, decoder_options, random_seed, language_options
};
template <class B>
language_model(B&, decoder_options, random_seed = {}, language_options = {}) -> language_model<B>;
template <class B>
language_model(B&, ...) -> language_model<B>;

/// With a value head on the same hidden states, as PPO and Hybrid GRPO have it.
template <class B>
struct language_model_with_value : basic_language_model<B, true> {
  using base = basic_language_model<B, true>;
  using base::base;
  language_model_with_value(B&, ...) = delete;  // backend, decoder_options, random_seed, language_options
};
template <class B>
language_model_with_value(B&, decoder_options, random_seed = {}, language_options = {}) -> language_model_with_value<B>;
template <class B>
language_model_with_value(B&, ...) -> language_model_with_value<B>;

}  // namespace COHORT_NAMESPACE
