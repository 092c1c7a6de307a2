#pragma once
#include <cohort/language.hpp>

#include "reference.hpp"

namespace cohort::conformance {

inline std::vector<std::vector<std::int32_t>> const some_prompts{{1, 2, 3, 4}, {5}, {6, 7, 8, 9, 10, 11}};

/// How far log-probabilities of the same tokens may be apart that came about in other ways.
template <class T>
inline constexpr double close = sizeof(T) == 4 ? 1e-5 : 1e-12;

/// Llama's parts with a tied head and without, Gemma 3's with a few of others', and GPT-2's: all parts that there are.
inline std::vector<decoder_options> small_decoders() {
  decoder_options const plain{.vocabulary = 23,
                              .hidden = 12,
                              .intermediate = 20,
                              .layers = 2,
                              .heads = 4,
                              .kv_heads = 2,
                              .head_size = 6,
                              .context = 24,
                              .tied = true};
  decoder_options untied = plain, gemma = plain, gpt = plain;
  untied.tied = false;
  gemma.norm = norm_kind::rms_plus_one, gemma.activation = decoder_activation::gelu_tanh;
  gemma.query_key_norms = gemma.norms_after = true;
  gemma.rotary_share = .7, gemma.adjacent_pairs = true;  // 4 of 6 numbers
  gemma.embedding_scale = 1.5, gemma.attention_scale = .5, gemma.attention_cap = 2, gemma.logit_cap = 3;
  gemma.window = 3, gemma.windowed = {true, false}, gemma.windowed_rope_base = 100;
  gpt.norm = norm_kind::layer, gpt.activation = decoder_activation::relu, gpt.gated = false;
  gpt.biased = gpt.biased_out = gpt.biased_feed = gpt.learned_positions = true;
  return {plain, untied, gemma, gpt};
}

/// A small decoder whose parameters are the same numbers on every backend.
template <template <class> class Model, class B>
struct small_model : Model<B> {
  using T = value_t<B>;
  small_model(B& backend, decoder_options const& shape) : Model<B>(backend, shape, {}, {.head_rows = 5}) {
    backend.upload(Model<B>::parameters(), std::span<T const>(inputs<T>(Model<B>::parameters().rows, 1, 1).values));
  }
};

template <class B, class Completions>
void pack_completions(B& backend, decoder_options const& shape, token_packing<B>& packing, Completions const& tokens_of,
                      std::size_t count, std::size_t group) {
  packing.clear();
  for (std::size_t n = 0; n < count; ++n) {
    if (n % group == 0) packing.prompt(shape, some_prompts[n / group]);
    packing.completion(shape, tokens_of(n));
  }
  packing.finish(backend, shape);
}

/// Of given completions: logp, entropy and value of each token, then the gradient of a sum of them.
template <class B>
std::pair<grid<double>, grid<double>> language_results(B& backend, decoder_options const& shape) {
  using T = value_t<B>;
  small_model<language_model_with_value, B> model(backend, shape);
  std::vector<std::vector<std::int32_t>> completions{{3, 1, 4, 1, 5}, {9}, {2, 6, 5}, {3, 5, 8}, {0, 22}, {7, 9, 3, 2}};
  token_packing<B> packing;
  pack_completions(
      backend, model.options(), packing, [&](std::size_t n) { return completions[n]; }, completions.size(), 2);
  std::ptrdiff_t M = packing.steps();
  placed<B, T> out(backend, M, 3), partials(backend, inputs<T>(M, 3, 2));
  auto found = [&](int k) { return out.out().column(k); };
  model.evaluate(backend, std::as_const(model).parameters(), packing, 1.4, {found(0), found(1), found(2)});
  placed<B, T> alone(backend, M, 3);  // log-probabilities without the others: the same to the bit
  model.evaluate(backend, std::as_const(model).parameters(), packing, 1.4, {alone.out().column(0), {}, {}});
  auto all = out.now(), one = alone.now();
  for (std::ptrdiff_t i = 0; i < M; ++i) REQUIRE((one(i, 0) == all(i, 0) && std::isnan(one(i, 1))));
  model.zero_gradient(backend);
  model.accumulate_gradient(backend, packing, 1.4, [&](std::ptrdiff_t first, auto const& now) {
    auto slope = [&](int k) { return partials.in().column(k).part(first, now.logp.rows); };
    return head_results<T const>{slope(0), slope(1), slope(2)};
  });
  grid<T> gradient(model.gradient().rows);
  backend.download(std::span<T>(gradient.values), view<T const>(model.gradient()));
  return {as<double>(out.now()), as<double>(gradient)};
}

template <class B>
void generates_as_the_reference(B& backend, token_sampler const& sampler, decoder_options const& shape) {
  using T = value_t<B>;
  archetype<double> plain;
  small_model<language_model, B> model(backend, shape);
  small_model<language_model, archetype<double>> reference(plain, shape);
  generation_options how{.group = 3, .max_tokens = 12, .stop = 0, .sampler = sampler};
  generator<B> generate;
  auto all = generate(backend, model, some_prompts, how, stream_id{2}),
       first = generate(backend, model, {some_prompts[0]}, how, stream_id{2});
  auto want = generator<archetype<double>>()(plain, reference, some_prompts, how, stream_id{2});
  CAPTURE(sampler.temperature, sampler.top_k, int(shape.norm), shape.tied);
  for (std::size_t n = 0; n < want.size(); ++n) {
    REQUIRE(all[n].tokens == want[n].tokens);
    REQUIRE(all[n].stopped == want[n].stopped);
    for (std::size_t t = 0; t < want[n].tokens.size(); ++t) {
      REQUIRE(std::abs(double(all[n].logp[t]) - want[n].logp[t]) <= close<T>);
      REQUIRE(std::abs(double(all[n].sampler_logp[t]) - want[n].sampler_logp[t]) <= close<T>);
    }
    if (n >= first.size()) continue;
    REQUIRE(all[n].tokens == first[n].tokens);
    for (std::size_t t = 0; t < first[n].logp.size(); ++t)
      REQUIRE(std::abs(double(all[n].logp[t]) - double(first[n].logp[t])) <= close<T>);
  }
  token_packing<B> packing;
  pack_completions(backend, model.options(), packing, [&](std::size_t n) { return all[n].tokens; }, all.size(), 3);
  placed<B, T> logp(backend, packing.steps(), 1);
  model.evaluate(backend, std::as_const(model).parameters(), packing, sampler.scale(), {logp.out(), {}, {}});
  grid<double> generated_logp(packing.steps());
  std::ptrdiff_t i = 0;
  for (auto const& g : all)
    for (T x : g.logp) generated_logp(i++) = double(x);
  REQUIRE(difference(logp.now(), generated_logp, 0, close<T>) == "");
}

/// Say the prompt's digit again, then stop. Half the score for each.
struct echo_task {
  using row = std::int32_t;
  row draw(random_stream& draws) const { return row(draws.integer(10)); }
  std::vector<std::int32_t> prompt(row digit) const { return {11, digit}; }
  double score(row digit, std::span<std::int32_t const> tokens, bool stopped) const {
    return .5 * (tokens[0] == digit) + .5 * (stopped && tokens.size() == 2);
  }
  std::int32_t stop() const { return 10; }
};

/// The parameters after GRPO's updates on one rollout: two epochs of two minibatches, each of several passes, with a
/// reference policy.
template <class B>
grid<double> after_a_rollout_of_completions(B& backend) {
  using T = value_t<B>;
  language_model model{backend,
                       {.vocabulary = 12, .hidden = 16, .intermediate = 24, .layers = 1, .heads = 2, .context = 16},
                       random_seed{1},
                       {.initial_std = .2, .rows_per_pass = 30}};
  // A large epsilon: Adam would make whole steps of gradients that are nothing but rounding.
  auto grpo = algorithm{.rollout = completions{.prompts = 6, .group = 6, .max_tokens = 4},
                        .advantage = group_relative{},
                        .objective = clipped_ratio{.epsilon = .2, .epsilon_high = .28} + entropy_bonus{.weight = .01} +
                                     kl_penalty{.weight = .1},
                        .aggregation = series_mean{},
                        .update = update{.epochs = 2,
                                         .minibatches = 2,
                                         .normalize = normalization::none,
                                         .optimizer = adam{.rate = 3e-3, .epsilon = 1e-2},
                                         .max_gradient_norm = 1}};
  auto report = train(backend, grpo, echo_task{}, model, {.updates = 1, .seed = 2});
  REQUIRE(report.updates == 1);
  REQUIRE(report.completions.count == 36);
  REQUIRE(report.completions.reward > 0);
  grid<T> parameters(model.parameters().rows);
  backend.download(std::span<T>(parameters.values), view<T const>(model.parameters()));
  return as<double>(parameters);
}

template <class B>
void language(B& backend, tolerances const& tolerance) {
  archetype<double> reference;
  tolerances layers = tolerance;
  layers.component *= 16;  // there and back through two of them
  SECTION(
      "language_model: log-probabilities, entropies, values and the gradient of completions that share prompts are "
      "those of double") {
    for (auto const& shape : small_decoders()) {
      CAPTURE(int(shape.norm), shape.tied);
      auto [got, got_slope] = language_results(backend, shape);
      auto [want, want_slope] = language_results(reference, shape);
      REQUIRE(mismatch<B>(got, want, layers) == "");
      REQUIRE(mismatch<B>(got_slope, want_slope, layers) == "");
    }
  }
  // With this stream no token changes where every parameter moves by 3e-4 of itself.
  SECTION(
      "generation: tokens are those of the reference, whatever is generated beside them, and their log-probabilities "
      "those of evaluate") {
    for (auto const& shape : small_decoders())
      for (token_sampler sampler :
           {token_sampler{}, {.temperature = 0}, {.temperature = 1.3, .top_k = 15, .top_p = .95, .min_p = .01}})
        generates_as_the_reference(backend, sampler, shape);
  }
  SECTION("training: GRPO on completions of a language model") {
    auto got = after_a_rollout_of_completions(backend), want = after_a_rollout_of_completions(reference);
    REQUIRE(difference(got, want, 0, sizeof(value_t<B>) == 4 ? 1e-5 : 1e-10) == "");
  }
}

}  // namespace cohort::conformance
