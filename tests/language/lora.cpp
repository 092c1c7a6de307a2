// Low-rank adapters beside frozen weights, as a policy.
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/language.hpp>
#include <cohort/language/model/lora_model.hpp>

#include <deque>

#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Llama's parts; Gemma's with a window; GPT-2's with biases.
std::vector<decoder_options> shapes() {
  decoder_options const plain{.vocabulary = 13,
                              .hidden = 32,
                              .intermediate = 32,
                              .layers = 2,
                              .heads = 4,
                              .kv_heads = 2,
                              .head_size = 8,
                              .context = 16};
  decoder_options gemma = plain, gpt = plain;
  gemma.norm = norm_kind::rms_plus_one, gemma.query_key_norms = gemma.norms_after = true, gemma.tied = false;
  gemma.embedding_scale = 1.5, gemma.attention_cap = 2, gemma.logit_cap = 3, gemma.window = 3;
  gpt.norm = norm_kind::layer, gpt.activation = decoder_activation::gelu_tanh, gpt.gated = false;
  gpt.biased = gpt.biased_out = gpt.biased_feed = gpt.learned_positions = true;
  return {plain, gemma, gpt};
}

template <class T>
std::vector<T> normal(std::ptrdiff_t n, double std, std::uint32_t which) {
  random_stream draws(stream_id{4, draw_purpose::user, which});
  std::vector<T> x(static_cast<std::size_t>(n));
  for (auto& v : x) v = T(std * draws.normal());
  return x;
}

/// The same numbers of a base as an array, and as rows of Q8_0.
template <class B>
struct bases {
  using T = value_t<B>;
  decoder_options shape;
  std::vector<T> numbers;
  std::deque<std::vector<std::byte>> bytes;
  stored_weights stored;
  std::vector<T> vectors;

  explicit bases(decoder_options const& o) : shape(o) {
    auto const all = lay_out(o);
    auto const drawn = normal<float>(all.parameters(), .2, 1);
    numbers.assign(drawn.begin(), drawn.end());
    stored.layers.resize(std::size_t(o.layers));
    for (auto const& t : all.tensors) {
      auto const values = std::span(numbers).subspan(std::size_t(t.offset), std::size_t(t.size()));
      if (t.columns == 0) vectors.insert(vectors.end(), values.begin(), values.end());
      else place(all, t, rounded(values, t.columns));
    }
    if (o.tied) stored.head = stored.embedding;
  }
  frozen_model<B> array(B& b) const { return {b, shape, std::span<T const>(numbers)}; }
  frozen_model<B> in_q8_0(B& b) const { return {b, shape, stored, std::span<T const>(vectors), nullptr}; }

 private:
  std::byte const* rounded(std::span<T> values, std::ptrdiff_t K) {
    std::vector<float> x(values.begin(), values.end());
    auto& to =
        bytes.emplace_back(x.size() / std::size_t(K) * std::size_t(stored_matrix::bytes_of(stored_type::q8_0, K)));
    quantize(stored_type::q8_0, x, to);
    dequantize(stored_type::q8_0, to, x);
    std::copy(x.begin(), x.end(), values.begin());
    return to.data();
  }
  void place(decoder_layout const& all, named_tensor const& t, std::byte const* at) {
    stored_matrix const m(stored_type::q8_0, at, t.rows, t.columns);
    if (t.offset == 0) stored.embedding = m;
    if (t.offset == all.positions) stored.positions = m;
    if (t.offset == all.head) stored.head = m;
    for (std::size_t l = 0; l < all.layers.size(); ++l) {
      using enum decoder_part;
      auto const& p = all.layers[l];
      auto& layer = stored.layers[l];
      for (auto part : {queries, keys, values})
        if (t.offset == p[part]) layer.qkv.push_back(m);
      if (t.offset == p[out]) layer.out.push_back(m);
      if (t.offset == p[gate] || t.offset == p[up]) layer.up.push_back(m);
      if (t.offset == p[down]) layer.down.push_back(m);
    }
  }
};

template <class B>
void pack(B& b, token_packing<B>& packing, decoder_options const& o) {
  packing.prompt(o, std::vector<std::int32_t>{1, 2, 3});
  packing.completion(o, std::vector<std::int32_t>{4, 5, 6, 7});
  packing.completion(o, std::vector<std::int32_t>{8});
  packing.prompt(o, std::vector<std::int32_t>{12});
  packing.completion(o, std::vector<std::int32_t>{9, 10});
  packing.finish(b, o);
}

/// A policy's log-probabilities of the packing's tokens.
template <class B, class Policy>
std::vector<value_t<B>> logp_of(B& b, Policy& policy, token_packing<B> const& packing,
                                view<value_t<B> const> parameters) {
  using T = value_t<B>;
  typename B::template array<T> out;
  b.resize(out, packing.steps());
  policy.evaluate(b, parameters, packing, 1.2, {out.all(), {}, {}});
  std::vector<T> all(std::size_t(out.size()), 0);
  b.download(std::span<T>(all), view<T const>(out.all()));
  return all;
}

/// The gradient of sum((1 + i / 2) logp_i + entropy_i / 3).
template <class B, class Policy>
std::vector<value_t<B>> slope_of(B& b, Policy& policy, token_packing<B> const& packing) {
  using T = value_t<B>;
  typename B::template array<T> dlogp, dentropy;
  policy.zero_gradient(b);
  policy.accumulate_gradient(b, packing, 1.2, [&](std::ptrdiff_t first, auto const& now) {
    std::vector<T> slopes;
    for (std::ptrdiff_t i = 0; i < now.logp.rows; ++i) slopes.push_back(T(1) + T(first + i) / 2);
    b.assign(dlogp, std::span<T const>(slopes));
    b.assign(dentropy, std::span<T const>(std::vector<T>(slopes.size(), T(1) / 3)));
    return head_results<T const>{dlogp.all(), dentropy.all(), {}};
  });
  std::vector<T> all(std::size_t(policy.gradient().size()), 0);
  b.download(std::span<T>(all), view<T const>(policy.gradient()));
  return all;
}
template <class B, class Policy>
double loss_of(B& b, Policy& policy, token_packing<B> const& packing) {
  using T = value_t<B>;
  typename B::template array<T> out;
  b.resize(out, 2 * packing.steps());
  auto const M = packing.steps();
  policy.evaluate(b, std::as_const(policy).parameters(), packing, 1.2,
                  {out.all().part(0, M), out.all().part(M, M), {}});
  double sum = 0;
  for (std::ptrdiff_t i = 0; i < M; ++i) sum += (1 + double(i) / 2) * out.all()[i] + out.all()[M + i] / 3;
  return sum;
}

}  // namespace

TEST_CASE(
    "lora_model: the gradients of A and B are those of five-point differences, beside numbers and 8-bit weights") {
  using B = eigen::basic_backend<double>;
  B cpu;
  for (auto const& shape : shapes())
    for (bool in_file : {false, true})
      for (bool all : {true, false}) {
        bases<B> const base(shape);
        lora_options o{.rank = 3, .alpha = 5, .rank_stabilized = !all};
        if (!all) o.targets = {"q_proj", "v_proj", "down_proj"};
        lora_model policy(cpu, in_file ? base.in_q8_0(cpu) : base.array(cpu), o);
        auto const start = normal<double>(policy.parameters().rows, .3, 2);
        cpu.upload(policy.parameters(), std::span<double const>(start));
        token_packing<B> packing;
        pack(cpu, packing, shape);
        auto const slope = slope_of(cpu, policy, packing);
        for (auto const& t : policy.adapters().tensors) {
          double largest = 0, furthest = 0;
          random_stream draws(stream_id{5, draw_purpose::user, std::uint32_t(t.offset)});
          for (int i = 0; i < 4; ++i) {
            auto const at = t.offset + std::ptrdiff_t(draws.integer(std::uint32_t(t.size())));
            double const h = 1e-3;
            double values[4];
            int k = 0;
            for (double step : {-2., -1., 1., 2.}) {
              policy.parameters()[at] = start[std::size_t(at)] + step * h;
              values[k++] = loss_of(cpu, policy, packing);
            }
            policy.parameters()[at] = start[std::size_t(at)];
            double const want = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h);
            largest = std::max(largest, std::abs(want));
            furthest = std::max(furthest, std::abs(slope[std::size_t(at)] - want));
          }
          CAPTURE(t.name, int(shape.norm), in_file, largest, furthest);
          CHECK(furthest <= 1e-7 * std::max(1., largest));
          CHECK(largest > 1e-6);
        }
      }
}

TEMPLATE_TEST_CASE(
    "lora_model: new adapters change nothing, trained ones do, and without them it is the base, to the bit", "",
    eigen::basic_backend<float>, eigen::basic_backend<double>, archetype<double>) {
  using B = TestType;
  using T = value_t<B>;
  B cpu;
  for (auto const& shape : shapes()) {
    bases<B> const base(shape);
    language_model<B> plain(cpu, shape);
    cpu.upload(plain.parameters(), std::span<T const>(base.numbers));
    token_packing<B> packing;
    pack(cpu, packing, shape);
    auto const want = logp_of(cpu, plain, packing, std::as_const(plain).parameters());
    lora_model policy(cpu, base.array(cpu), {.rank = 2});
    CHECK(logp_of(cpu, policy, packing, std::as_const(policy).parameters()) == want);
    std::vector<T> some = normal<T>(policy.parameters().rows, .3, 2);
    cpu.upload(policy.parameters(), std::span<T const>(some));
    CHECK(logp_of(cpu, policy, packing, std::as_const(policy).parameters()) != want);
    CHECK(logp_of(cpu, policy, packing, {}) == want);
  }
}

TEST_CASE("lora_model: A starts as PEFT's does, within 1 / sqrt(inputs), and B at 0; a seed draws the same again") {
  eigen::backend cpu;
  bases<eigen::backend> const base(shapes()[0]);
  lora_model policy(cpu, base.array(cpu), {.rank = 8}, random_seed{3}),
      again(cpu, base.array(cpu), {.rank = 8}, random_seed{3}),
      other(cpu, base.array(cpu), {.rank = 8}, random_seed{4});
  for (auto const& t : policy.adapters().tensors) {
    float most = 0;
    double squares = 0;
    for (std::ptrdiff_t i = t.offset; i < t.offset + t.size(); ++i)
      most = std::max(most, std::abs(policy.parameters()[i])), squares += std::pow(policy.parameters()[i], 2);
    CAPTURE(t.name);
    if (t.name.ends_with("lora_B.weight")) {
      CHECK(most == 0);
      continue;
    }
    double const bound = 1 / std::sqrt(32.);
    CHECK((most <= bound && most > .9 * bound));
    CHECK(squares / double(t.size()) == Approx(bound * bound / 3).epsilon(.2));
  }
  CHECK(
      std::equal(&policy.parameters()[0], &policy.parameters()[0] + policy.parameters().rows, &again.parameters()[0]));
  CHECK(policy.parameters()[0] != other.parameters()[0]);
}

TEST_CASE("lora_model: activations that are computed again give the same gradients to the bit, in less memory") {
  eigen::backend cpu;
  for (auto shape : shapes()) {
    shape.layers = 5;
    bases<eigen::backend> const base(shape);
    token_packing<eigen::backend> packing;
    pack(cpu, packing, shape);
    language_model plain(cpu, shape, random_seed{1}, {.initial_std = .2}),
        again(cpu, shape, random_seed{1}, {.initial_std = .2, .recompute = true});
    CHECK(slope_of(cpu, plain, packing) == slope_of(cpu, again, packing));
    CHECK(3 * again.network().activation_bytes() < plain.network().activation_bytes() * 2);
    lora_model kept(cpu, base.in_q8_0(cpu)), recomputed(cpu, base.in_q8_0(cpu), {}, {}, {.recompute = true});
    auto const some = normal<float>(kept.parameters().rows, .3, 2);
    for (auto* policy : {&kept, &recomputed}) cpu.upload(policy->parameters(), std::span<float const>(some));
    CHECK(slope_of(cpu, kept, packing) == slope_of(cpu, recomputed, packing));
  }
}

TEST_CASE("lora_model: a value head beside the adapters is trained, alone where the critic is") {
  eigen::backend cpu;
  auto const shape = shapes()[0];
  bases<eigen::backend> const base(shape);
  lora_model_with_value policy(cpu, base.in_q8_0(cpu), {.rank = 2});
  CHECK(policy.parameters().rows == policy.adapters().parameters() + shape.hidden + 1);
  CHECK(policy.layout().matrices.back().first == policy.adapters().parameters());
  token_packing<eigen::backend> packing;
  pack(cpu, packing, shape);
  std::vector<float> const ones(std::size_t(packing.steps()), 1);
  for (auto part : {policy_part::all, policy_part::critic}) {
    policy.zero_gradient(cpu);
    policy.accumulate_gradient(
        cpu, packing, 1,
        [&](std::ptrdiff_t first, auto const& now) {
          view<float const> const slope = view<float const>(ones.data(), packing.steps()).part(first, now.logp.rows);
          return head_results<float const>{slope, slope, slope};
        },
        part);
    auto const g = policy.gradient();
    auto const moved = [&](std::ptrdiff_t first, std::ptrdiff_t n) {
      return std::any_of(&g[first], &g[first] + n, [](float x) { return x != 0; });
    };
    CHECK(moved(policy.adapters().parameters(), shape.hidden + 1));
    CHECK(moved(0, policy.adapters().parameters()) == (part == policy_part::all));
  }
}

TEST_CASE("lora_model: targets and numbers that cannot be are refused with what was expected") {
  eigen::backend cpu;
  bases<eigen::backend> const base(shapes()[0]), gpt(shapes()[2]);
  auto const refused = [&](lora_options const& o, char const* why) {
    CHECK_THROWS_WITH(lora_model(cpu, base.array(cpu), o), ContainsSubstring(why));
  };
  refused({.targets = {"q_proj", "lm_head"}},
          "lora: a target is \"lm_head\", expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, "
          "down_proj");
  refused({.targets = {}}, "lora: there is no target, expected some of q_proj");
  refused({.rank = 0}, "lora: rank is 0, expected a positive number");
  refused({.alpha = -1}, "lora: alpha is -1, expected a positive number");
  CHECK_THROWS_WITH(lora_model(cpu, gpt.array(cpu), {.targets = {"gate_proj"}}),
                    ContainsSubstring("v_proj, o_proj, up_proj, down_proj"));
  archetype<float> plain;
  lora_model without(plain, bases<archetype<float>>(shapes()[0]).array(plain), {.rank = 1});
  CHECK(without.parameters().rows > 0);
}
