// What a generator can be asked for beside the tokens: how many at a time, from where on, until when, with which
// logits.
#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/generate.hpp>

#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/refusal.hpp"

using namespace cohort;

namespace {

using prompts = std::vector<std::vector<std::int32_t>>;

decoder_options const shape{.vocabulary = 23,
                            .hidden = 16,
                            .intermediate = 24,
                            .layers = 2,
                            .heads = 4,
                            .kv_heads = 2,
                            .head_size = 8,
                            .context = 40};
prompts const some{{1, 2, 3}, {4}, {5, 6, 7, 8, 9, 10, 11}, {12, 13}, {14, 2, 1, 0, 22}};

template <class T>
void same(std::vector<generated<T>> const& a, std::vector<generated<T>> const& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t n = 0; n < a.size(); ++n) {
    CHECK(a[n].tokens == b[n].tokens);
    CHECK(a[n].stopped == b[n].stopped);
    CHECK(a[n].logp == b[n].logp);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("generation: as many at once as wanted, and prompts by pieces, with the same bits", "",
                   archetype<double>, eigen::basic_backend<float>) {
  TestType backend{};
  language_model model{backend, shape, random_seed{3}, {.initial_std = .5}};
  generator<TestType> generate;
  generation_options o{.group = 3, .max_tokens = 9, .stop = {0, 3, 7, 12}};
  auto const want = generate(backend, model, some, o, stream_id{5});
  std::size_t stopped = 0, lengths = 0;
  for (auto const& g : want) stopped += g.stopped, lengths += g.tokens.size();
  CHECK(stopped > 3);
  CHECK(stopped < want.size());
  CHECK(lengths > 40);
  for (int at_once : {1, 3, 7, 100})
    for (std::ptrdiff_t rows : {1, 4, 1024}) {
      CAPTURE(at_once, rows);
      o.at_once = at_once;
      generate.prompt_rows = rows;
      same(generate(backend, model, some, o, stream_id{5}), want);
    }
}

TEMPLATE_TEST_CASE("generation: what the last call left is gone on from, with the same bits", "", archetype<double>,
                   eigen::basic_backend<float>) {
  TestType backend{};
  language_model model{backend, shape, random_seed{3}, {.initial_std = .5}};
  generator<TestType> anew, resumed;
  generation_options o{.max_tokens = 6};
  int room = 10;
  std::vector<std::int32_t> text{1, 2, 3};
  auto both = [&](std::vector<std::int32_t> const& prompt) {
    o.resume = 0;
    auto const want = anew(backend, model, {prompt}, o, stream_id{8});
    o.resume = room;
    same(resumed(backend, model, {prompt}, o, stream_id{8}), want);
    return want[0].tokens;
  };
  for (int turn = 0; turn < 4; ++turn) {
    auto const said = both(text);
    text.insert(text.end(), said.begin(), said.end());
    text.push_back(4);
    room = turn == 0 ? 10 : 40;  // the second turn needs more than there is
  }
  both(text);                              // the same prompt
  both({text.begin(), text.begin() + 5});  // the beginning of it
  both({1, 2, 9, 9, 9});                   // another turn
  both({7});                               // nothing in common
  CHECK(support::message_of([&] { resumed(backend, model, some, o, stream_id{}); }) ==
        "generate: resume is set, and there are 5 prompts with a group of 1, expected one of each");
}

TEST_CASE("generation: a cache in 16 bits, which is read anew after one in another type") {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{3}, {.initial_std = .5}};
  generator<eigen::backend> generate;
  prompts const one{some[2]};
  auto with = [&](stored_type type, int resume) {
    return generate(cpu, model, one, {.max_tokens = 9, .resume = resume, .cache = type}, stream_id{5})[0].logp;
  };
  auto const whole = with(stored_type::f32, 0), half = with(stored_type::f16, 0), bfloat = with(stored_type::bf16, 0);
  CHECK(half != whole);
  CHECK(bfloat != half);
  for (auto [type, want] :
       {std::pair(stored_type::f32, &whole), {stored_type::f16, &half}, {stored_type::bf16, &bfloat}})
    for (int again = 0; again < 2; ++again) CHECK(with(type, 30) == *want);
  auto group = [&](int at_once) {
    return generate(cpu, model, some, {.group = 3, .max_tokens = 9, .at_once = at_once, .cache = stored_type::f16},
                    stream_id{5});
  };
  same(group(0), group(4));
  CHECK(support::message_of([&] { with(stored_type::q8_0, 0); }) ==
        "the cache of keys and values is to be Q8_0, expected F32, F16 or BF16");
  archetype<double> other;
  language_model slow{other, shape, random_seed{3}};
  generator<archetype<double>> plain;
  CHECK(support::message_of([&] {
          plain(other, slow, one, {.max_tokens = 9, .cache = stored_type::f16}, stream_id{});
        }) == "the cache of keys and values is to be F16, expected F32, which is all that this backend has");
}

TEST_CASE("generation: on_token sees every token, and ends a completion") {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{3}, {.initial_std = .5}};
  generator<eigen::backend> generate;
  std::vector<std::vector<std::int32_t>> seen(10);
  auto const all = generate(cpu, model, some,
                            {.group = 2,
                             .max_tokens = 8,
                             .on_token =
                                 [&](std::size_t n, std::int32_t token) {
                                   seen[n].push_back(token);
                                   return n != 3 || seen[n].size() < 4;
                                 }},
                            stream_id{5});
  for (std::size_t n = 0; n < all.size(); ++n) {
    CHECK(all[n].tokens == seen[n]);
    CHECK(seen[n].size() == (n == 3 ? 4 : 8));
    CHECK_FALSE(all[n].stopped);
  }
}

TEST_CASE("generation: a bias is added to its token's logit; penalties are on what stands in the completion") {
  archetype<double> plain;
  language_model model{plain, shape, random_seed{3}, {.initial_std = .5}};
  generator<archetype<double>> generate;
  constexpr double presence = .7, frequency = .4, temperature = .8;
  std::vector<token_bias> const bias{{5, 2.5}, {6, -1}, {5, .5}};
  auto const all =
      generate(plain, model, some,
               {.group = 2,
                .max_tokens = 10,
                .sampler = {.temperature = temperature, .presence_penalty = presence, .frequency_penalty = frequency},
                .bias = bias},
               stream_id{5});
  // Without any of it, after the same tokens, one at a time.
  std::size_t repeated = 0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    auto before = some[n / 2];
    std::vector<std::int32_t> drawn;
    for (std::size_t t = 0; t < all[n].tokens.size(); ++t) {
      token_packing<archetype<double>> packing;
      packing.prompt(shape, before);
      packing.finish(plain, shape);
      auto const hidden = model.network().forward(plain, std::as_const(model).parameters(), packing.tokens());
      std::vector<std::int32_t> const last{std::int32_t(before.size()) - 1};
      auto const logits = model.head().logits(plain, hidden, {last.data(), 1},
                                              model.network().head_factor(std::as_const(model).parameters()));
      std::vector<double> l(std::size_t(shape.vocabulary));
      double total = 0;
      for (std::size_t v = 0; v < l.size(); ++v) {
        auto const count = double(std::count(drawn.begin(), drawn.end(), std::int32_t(v)));
        l[v] = logits(0, std::ptrdiff_t(v)) +
               (v == 5   ? 3
                : v == 6 ? -1
                         : 0) -
               (count > 0 ? presence : 0) - frequency * count;
        total += std::exp(l[v] / temperature);
        repeated += count > 1;
      }
      auto const token = all[n].tokens[t];
      CHECK(std::abs(all[n].logp[t] - (l[std::size_t(token)] / temperature - std::log(total))) < 1e-12);
      before.push_back(token), drawn.push_back(token);
    }
  }
  CHECK(repeated > 0);
  CHECK(support::message_of([&] { generate(plain, model, some, {.max_tokens = 2, .bias = {{23, 1}}}, stream_id{}); }) ==
        "generate: the bias of token 23 is 1, expected a number for one of the vocabulary's 23");
}
