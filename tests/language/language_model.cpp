#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/generate.hpp>
#include <set>

#include "../catch.hpp"
#include "../support/archetype.hpp"

using namespace cohort;

namespace {

decoder_options small(bool tied = true) {
  return {.vocabulary = 13,
          .hidden = 8,
          .intermediate = 12,
          .layers = 2,
          .heads = 2,
          .kv_heads = 1,
          .context = 24,
          .tied = tied};
}
std::vector<std::vector<std::int32_t>> const prompts{{1, 2, 3, 4}, {5}, {6, 7, 8, 9, 10, 11}};

template <class B>
std::vector<value_t<B>> on_host(B& backend, view<value_t<B> const> v) {
  std::vector<value_t<B>> all(std::size_t(v.size()));
  backend.download(std::span<value_t<B>>(all), v);
  return all;
}

template <class B>
void pack(B& backend, token_packing<B>& packing, decoder_options const& o,
          std::vector<generated<value_t<B>>> const& completions, int group) {
  packing.clear();
  for (std::size_t n = 0; n < completions.size(); ++n) {
    if (n % std::size_t(group) == 0) packing.prompt(o, prompts[n / std::size_t(group)]);
    packing.completion(o, completions[n].tokens);
  }
  packing.finish(backend, o);
}

}  // namespace

TEMPLATE_TEST_CASE("generation: its log-probabilities are those of evaluate", "", archetype<float>, archetype<double>,
                   eigen::basic_backend<float>, eigen::basic_backend<double>) {
  using T = value_t<TestType>;
  TestType backend;
  for (bool tied : {true, false}) {
    language_model model{backend, small(tied), random_seed{3}, {.initial_std = .5}};
    generator<TestType> generate;
    generation_options o{.group = 3, .max_tokens = 12, .stop = 0, .sampler = {.temperature = 1.3}};
    auto all = generate(backend, model, prompts, o, stream_id{1});
    token_packing<TestType> packing;
    pack(backend, packing, model.options(), all, o.group);
    typename TestType::template array<T> room;
    backend.resize(room, packing.steps());
    model.evaluate(backend, std::as_const(model).parameters(), packing, 1.3, {room.all(), {}, {}});
    auto logp = on_host(backend, view<T const>(room.all()));
    std::size_t i = 0;
    for (auto const& g : all) {
      CHECK(g.stopped == (g.tokens.back() == 0));
      CHECK((g.stopped || g.tokens.size() == 12));
      CHECK(std::count(g.tokens.begin(), g.tokens.end(), 0) == g.stopped);
      for (T x : g.logp) CHECK(double(logp[i++]) == Approx(double(x)).epsilon(0).margin(sizeof(T) == 4 ? 1e-5 : 1e-12));
      CHECK(g.logp == g.sampler_logp);
    }
  }
}

TEST_CASE("generation: any of several stop tokens ends a completion, where one alone would let it go on") {
  eigen::backend backend;
  language_model model{backend, small(), random_seed{3}, {.initial_std = .5}};
  generator<eigen::backend> generate;
  generation_options o{.group = 8, .max_tokens = 12, .sampler = {.temperature = 1.3}};
  auto const whole = generate(backend, model, prompts, o, stream_id{7});
  o.stop = {0, 3};
  auto const ended = generate(backend, model, prompts, o, stream_id{7});
  std::set<std::int32_t> ends;
  for (std::size_t n = 0; n < ended.size(); ++n) {
    auto const first = std::find_if(whole[n].tokens.begin(), whole[n].tokens.end(),
                                    [](std::int32_t token) { return token == 0 || token == 3; });
    bool const stopped = first != whole[n].tokens.end();
    CHECK(ended[n].stopped == stopped);
    CHECK(ended[n].tokens == std::vector<std::int32_t>(whole[n].tokens.begin(), first + stopped));
    if (stopped) ends.insert(*first);
  }
  CHECK(ends.size() == 2);
}

TEMPLATE_TEST_CASE("generation: a completion does not depend on what is generated beside it", "", archetype<float>,
                   eigen::basic_backend<float>) {
  TestType backend;
  language_model model{backend, small(), random_seed{3}, {.initial_std = .5}};
  generator<TestType> generate;
  generation_options o{.group = 4, .max_tokens = 10, .stop = 0, .sampler = {.top_k = 9, .top_p = .95, .min_p = .001}};
  auto together = generate(backend, model, prompts, o, stream_id{7});
  auto first_prompt = generate(backend, model, {prompts[0]}, o, stream_id{7});
  for (std::size_t n = 0; n < 4; ++n) {
    CHECK(together[n].tokens == first_prompt[n].tokens);
    CHECK(together[n].logp == first_prompt[n].logp);
  }
}

TEST_CASE("generation: at temperature 0 each token is the most probable one, whatever the stream") {
  archetype<double> backend;
  language_model model{backend, small(), random_seed{3}, {.initial_std = .5}};
  generator<archetype<double>> generate;
  generation_options o{.group = 2, .max_tokens = 8, .sampler = {.temperature = 0}};
  auto all = generate(backend, model, prompts, o, stream_id{1});
  for (std::size_t n = 0; n < all.size(); n += 2) CHECK(all[n].tokens == all[n + 1].tokens);
  // Every other token in its place is less probable.
  token_packing<archetype<double>> packing;
  host_array<double> logp;
  for (std::int32_t v = 0; v < 13; ++v) {
    auto other = all;
    other[0].tokens.resize(4);
    other[0].tokens[3] = v;
    packing.clear();
    packing.prompt(model.options(), prompts[0]);
    packing.completion(model.options(), other[0].tokens);
    packing.finish(backend, model.options());
    logp.resize(4);
    model.evaluate(backend, std::as_const(model).parameters(), packing, 1, {logp.all(), {}, {}});
    CHECK((v == all[0].tokens[3] ? logp.data()[3] == Approx(all[0].logp[3]) : logp.data()[3] < all[0].logp[3]));
  }
}

TEMPLATE_TEST_CASE(
    "language_model: the gradient of a pass is that of five-point differences, value head and temperature included", "",
    archetype<double>, eigen::basic_backend<double>) {
  using B = TestType;
  B backend;
  for (bool tied : {true, false}) {
    // A block of 4 rows of logits: the 12 steps are three blocks.
    language_model_with_value model{backend, small(tied), random_seed{4},
                                    language_options{.initial_std = .4, .head_rows = 4}};
    token_packing<B> packing;
    std::vector<generated<double>> completions(4);
    completions[0].tokens = {3, 1, 4, 1, 5}, completions[1].tokens = {9}, completions[2].tokens = {2, 6, 5},
    completions[3].tokens = {3, 5, 8};
    pack(backend, packing, model.options(), completions, 2);
    std::ptrdiff_t M = packing.steps();
    REQUIRE(M == 12);
    std::vector<double> w(std::size_t(3 * M));
    random_stream draws(stream_id{2, draw_purpose::user});
    for (auto& x : w) x = draws.uniform(-1, 1);
    host_array<double> weights, room;
    backend.assign(weights, std::span<double const>(w));
    backend.resize(room, 3 * M);
    auto part = [&](int k) { return weights.all().part(k * M, M); };
    auto loss = [&] {
      model.evaluate(backend, std::as_const(model).parameters(), packing, .7,
                     {room.all().part(0, M), room.all().part(M, M), room.all().part(2 * M, M)});
      double sum = 0;
      for (std::ptrdiff_t i = 0; i < 3 * M; ++i) sum += room.data()[i] * w[std::size_t(i)];
      return sum;
    };
    model.zero_gradient(backend);
    double same = 0;
    model.accumulate_gradient(backend, packing, .7, [&](std::ptrdiff_t first, auto const& now) {
      std::ptrdiff_t n = now.logp.rows;
      for (std::ptrdiff_t i = 0; i < n; ++i)
        same +=
            now.logp[i] * part(0)[first + i] + now.entropy[i] * part(1)[first + i] + now.value[i] * part(2)[first + i];
      return head_results<double const>{part(0).part(first, n), part(1).part(first, n), part(2).part(first, n)};
    });
    CHECK(same == Approx(loss()).epsilon(1e-12));
    auto slope = on_host(backend, view<double const>(model.gradient()));
    auto p = model.parameters();
    for (int i = 0; i < 60; ++i) {
      auto at = std::ptrdiff_t(i < 9 ? p.rows - 1 - i : draws.integer(std::uint32_t(p.rows)));
      double h = 2e-4, kept = p[at], values[4];
      int k = 0;
      for (double step : {-2., -1., 1., 2.}) {
        p[at] = kept + step * h;
        values[k++] = loss();
      }
      p[at] = kept;
      double want = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h);
      CAPTURE(at, tied);
      CHECK(slope[std::size_t(at)] == Approx(want).epsilon(1e-7).margin(1e-8));
    }
  }
}

TEST_CASE("generation: what cannot be is named") {
  archetype<float> backend;
  language_model model{backend, small()};
  generator<archetype<float>> generate;
  CHECK_THROWS_WITH(generate(backend, model, {{1}, {}}, {}, stream_id{}),
                    "prompt 1 is empty, expected one token or more");
  CHECK_THROWS_WITH(
      generate(backend, model, {{1, 2, 3}}, {.max_tokens = 22}, stream_id{}),
      "generate: a prompt of 3 and max_tokens of 22 tokens, expected no more than the context's 24 together");
  CHECK_THROWS_WITH(generate(backend, model, {{1}}, {.max_tokens = 2, .sampler = {.temperature = -1}}, stream_id{}),
                    "token_sampler: temperature is -1, expected 0 (the most probable token) or a number from 1e-6 up");
  CHECK_THROWS_WITH(generate(backend, model, {{1}}, {.max_tokens = 2, .sampler = {.top_p = 0}}, stream_id{}),
                    "token_sampler: top_p is 0, expected a number in (0, 1]");
  model.parameters()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(generate(backend, model, {{1}}, {.max_tokens = 2}, stream_id{}),
                    "generate: prompt 0, sample 0, token 0: a logit is NaN, expected finite ones");
}

TEST_CASE("generation: logits that cannot be drawn from are named by prompt, sample and token") {
  archetype<double> backend;
  language_model model{backend, small(false), random_seed{3}, {.initial_std = .5}};
  generator<archetype<double>> generate;
  auto head = model.network().head(model.parameters());
  double was = head(6, 2), infinity = std::numeric_limits<double>::infinity();
  for (token_sampler const& sampler : {token_sampler{}, {.temperature = 0}, {.top_p = .5}}) {
    head(6, 2) = std::nan("");
    CHECK_THROWS_WITH(
        generate(backend, model, {{1}, {2}}, {.group = 2, .max_tokens = 2, .sampler = sampler}, stream_id{}),
        "generate: prompt 0, sample 0, token 0: a logit is NaN, expected finite ones");
    allowed_tokens others{.always = std::vector<std::uint8_t>(13, 1)};
    others.always[6] = 0;
    CHECK_NOTHROW(generate(backend, model, {{1}, {2}},
                           {.group = 2, .max_tokens = 2, .sampler = sampler, .allowed = others}, stream_id{}));
    std::vector<double> kept;
    for (std::ptrdiff_t h = 0; h < 8; ++h) {
      kept.push_back(head(6, h));
      head(6, h) = 0;
    }
    head(6, 2) = infinity;
    bool threw = false;
    for (std::int32_t first = 0; first < 13 && !threw; ++first) {  // of some prompt it is +inf
      try {
        generate(backend, model, {{first}}, {.max_tokens = 1, .sampler = sampler}, stream_id{});
      } catch (value_error const& e) {
        CHECK(std::string(e.what()) ==
              "generate: prompt 0, sample 0, token 0: a logit is infinite, expected finite ones");
        threw = true;
      }
    }
    CHECK(threw);
    for (std::ptrdiff_t h = 0; h < 8; ++h) head(6, h) = kept[std::size_t(h)];
    head(6, 2) = was;
  }
  for (std::int32_t v = 0; v < 13; ++v) head(v, 2) = -infinity;
  bool threw = false;
  for (std::int32_t first = 0; first < 13 && !threw; ++first) {
    try {
      generate(backend, model, {{first}}, {.max_tokens = 1}, stream_id{});
    } catch (value_error const& e) {
      threw =
          std::string(e.what()) == "generate: prompt 0, sample 0, token 0: all logits are -inf, expected finite ones";
    }
  }
  CHECK(threw);
}

TEMPLATE_TEST_CASE("generation: only allowed tokens are drawn, by the softmax over them, and that is what is kept", "",
                   archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  language_model model{backend, small(), random_seed{3}, {.initial_std = .5}};
  generator<TestType> generate;
  std::vector<std::vector<std::int32_t>> asked;
  allowed_tokens ascending{.always = std::vector<std::uint8_t>(13, 1),  // each token larger than the last, and never 4
                           .here = [&](std::span<std::int32_t const> prompt, std::span<std::int32_t const> completion,
                                       std::span<std::uint8_t> allowed) {
                             CHECK(allowed[4] == 0);
                             asked.emplace_back(prompt.begin(), prompt.end());
                             asked.back().insert(asked.back().end(), completion.begin(), completion.end());
                             for (std::int32_t v = 0; v < 12; ++v) allowed[std::size_t(v)] &= v > asked.back().back();
                           }};
  ascending.always[4] = 0;
  std::vector<std::vector<std::int32_t>> const starts{{1, 2}, {5}};
  auto all = generate(backend, model, starts,
                      {.group = 5, .max_tokens = 4, .stop = 12, .allowed = ascending, .keep = true}, stream_id{7});
  std::size_t drawn = 0;
  token_packing<TestType> packing;
  for (std::size_t n = 0; n < all.size(); ++n) {
    auto const& g = all[n];
    std::int32_t last = starts[n / 5].back();
    for (std::size_t t = 0; t < g.tokens.size(); ++t, ++drawn) {
      std::vector<std::int32_t> may;
      for (std::int32_t v = last + 1; v < 13; ++v)
        if (v != 4) may.push_back(v);
      CHECK(g.kept.tokens(t) == may);
      CHECK(std::count(may.begin(), may.end(), g.tokens[t]) == 1);
      last = g.tokens[t];
    }
    if (n % 5 == 0) packing.prompt(model.options(), starts[n / 5]);
    packing.completion(model.options(), g.tokens, {.kept = &g.kept});
  }
  CHECK(asked.size() == drawn);
  packing.finish(backend, model.options());
  typename TestType::template array<double> room;
  backend.resize(room, packing.steps());
  model.evaluate(backend, std::as_const(model).parameters(), packing, 1, {room.all(), {}, {}});
  auto logp = on_host(backend, view<double const>(room.all()));
  std::size_t i = 0;
  for (auto const& g : all)
    for (double x : g.sampler_logp) CHECK(std::abs(logp[i++] - x) < 1e-12);

  allowed_tokens nothing{.always = {},
                         .here = [](auto, std::span<std::int32_t const> completion, std::span<std::uint8_t> allowed) {
                           if (completion.size() == 2) std::fill(allowed.begin(), allowed.end(), std::uint8_t(0));
                         }};
  CHECK_THROWS_WITH(generate(backend, model, {{1}}, {.max_tokens = 3, .allowed = nothing}, stream_id{}),
                    "generate: prompt 0, sample 0, token 2: `allowed` allows no token");
  CHECK_THROWS_WITH(generate(backend, model, {{1}}, {.max_tokens = 3, .allowed = {.always = {1, 1}}}, stream_id{}),
                    "generate: allowed.always has 2 flags, expected one for each of the vocabulary's 13");
}

TEMPLATE_TEST_CASE("generation: the repetition penalty is on prompt and completion, each token once", "",
                   archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  language_model model{backend, small(), random_seed{3}, {.initial_std = .5}};
  generator<TestType> generate;
  std::vector<std::vector<std::int32_t>> const starts{{1, 2, 1, 3}, {5}};
  constexpr double penalty = 1.7, temperature = .8;
  auto all =
      generate(backend, model, starts,
               {.group = 3, .max_tokens = 8, .sampler = {.temperature = temperature, .repetition_penalty = penalty}},
               stream_id{7});
  for (std::size_t n = 0; n < all.size(); ++n) {
    token_packing<TestType> packing;
    packing.prompt(model.options(), starts[n / 3]);
    packing.completion(model.options(), all[n].tokens);
    packing.finish(backend, model.options());
    view<double> hidden = model.network().forward(backend, std::as_const(model).parameters(), packing.tokens());
    view<double> l = model.head().logits(backend, view<double const>(hidden), packing.head_row(),
                                         model.network().head_factor(std::as_const(model).parameters()));
    std::vector<std::int32_t> before = starts[n / 3];
    for (std::ptrdiff_t t = 0; t < packing.steps(); ++t) {
      double total = 0, of_token = 0;
      for (std::int32_t v = 0; v < 13; ++v) {
        double x = l(t, v);
        if (std::count(before.begin(), before.end(), v)) x = x > 0 ? x / penalty : x * penalty;
        total += std::exp(x / temperature);
        if (v == all[n].tokens[std::size_t(t)]) of_token = x / temperature;
      }
      CHECK(std::abs(all[n].logp[std::size_t(t)] - (of_token - std::log(total))) < 1e-12);
      before.push_back(all[n].tokens[std::size_t(t)]);
    }
  }
}

TEST_CASE(
    "generation: each sample of a group may have its own temperature, and is then what it would be if all had it") {
  archetype<double> backend;
  language_model model{backend, small(), random_seed{3}, {.initial_std = .5}};
  generator<archetype<double>> generate;
  std::vector<double> const temperatures{.4, 0, 1.6};
  auto all =
      generate(backend, model, prompts, {.group = 3, .max_tokens = 8, .temperatures = temperatures}, stream_id{5});
  for (std::size_t g = 0; g < 3; ++g) {
    auto same = generate(backend, model, prompts,
                         {.group = 3, .max_tokens = 8, .sampler = {.temperature = temperatures[g]}}, stream_id{5});
    for (std::size_t n = g; n < all.size(); n += 3) {
      CHECK(all[n].tokens == same[n].tokens);
      CHECK(all[n].logp == same[n].logp);
      CHECK(all[n].temperature == (g == 1 ? 1 : temperatures[g]));
    }
  }
}
