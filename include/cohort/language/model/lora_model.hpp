#pragma once
#include <cohort/language/model/adapted_decoder.hpp>
#include <cohort/language/model/language_model.hpp>

namespace COHORT_NAMESPACE {

/// A frozen language model with low-rank adapters, as a policy whose parameters are the adapters alone (lora_options
/// says how they start, lora_layout where they lie; with a value head its own follow). It trains, generates and is
/// saved as a language_model. The base is float numbers, or stays as it lies in a file, in any of a file's types: with
/// 4-bit weights this is QLoRA (Dettmers et al. 2023, arXiv:2305.14314), its adapters in the backend's numbers.
///
///     lora_model policy(cpu, language::load(cpu, "SmolLM2-135M-Instruct.Q4_1.gguf"), {.rank = 16});
///
/// The reference of an objective is a copy of the adapters as they were at the start, of the base there is one. Copies
/// of a policy share the base. Neither gradient nor optimizer has anything for it. `evaluate` without parameters (a
/// view of nothing) has the adapters off. What a file of its state does not have is the base.
///
/// Raises value_error for a target that the decoder has not, and where a number of the options is out of its range.
template <backend B, bool Critic>
struct basic_lora_model : basic_language_model<B, Critic, adapted_decoder<B>> {
  using base_type = basic_language_model<B, Critic, adapted_decoder<B>>;
  basic_lora_model(B& b, frozen_model<B> base, lora_options const& adapters = {}, random_seed s = {},
                   language_options const& settings = {})
      : basic_lora_model(b, adapted_decoder<B>(std::move(base), adapters), s, settings) {}

  lora_layout const& adapters() const { return base_type::network().adapters(); }
  frozen_model<B> const& base() const { return base_type::network().base(); }

 private:
  basic_lora_model(B& b, adapted_decoder<B> network, random_seed s, language_options const& settings)
      : base_type(b, network, network.starting_numbers(s), settings) {}
};

template <class B>
struct lora_model : basic_lora_model<B, false> {
  using basic_lora_model<B, false>::basic_lora_model;
};
template <class B>
lora_model(B&, frozen_model<B>, lora_options = {}, random_seed = {}, language_options = {}) -> lora_model<B>;

/// With a value head on the same hidden states, which is trained whole.
template <class B>
struct lora_model_with_value : basic_lora_model<B, true> {
  using basic_lora_model<B, true>::basic_lora_model;
};
template <class B>
lora_model_with_value(B&, frozen_model<B>, lora_options = {}, random_seed = {}, language_options = {})
    -> lora_model_with_value<B>;

}  // namespace COHORT_NAMESPACE
