#include <cohort/backend/eigen.hpp>

#include <cohort/language.hpp>
#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/echo.hpp"
#include "../support/refusal.hpp"

// Training on what a sampler's cuts kept: ratios and gradients of the distribution that was sampled from.

using namespace cohort;
using support::echo;

namespace {

decoder_options const shape{
    .vocabulary = 12, .hidden = 8, .intermediate = 12, .layers = 1, .heads = 2, .context = 16, .tied = false};
std::vector<std::int32_t> const prompt{11, 3, 7};

template <class B>
std::vector<double> on_host(B& backend, view<double const> v) {
  std::vector<double> all(std::size_t(v.size()));
  backend.download(std::span<double>(all), v);
  return all;
}

/// One-token completions of the prompt, of the softmax over `kept` (null: over everything).
template <class B>
struct one_token {
  B& backend;
  language_model<B>& model;
  std::vector<std::int32_t> tokens;
  token_support const* kept;
  token_packing<B> packing{};

  void pack() {
    packing.clear();
    packing.prompt(shape, prompt);
    for (auto v : tokens) packing.completion(shape, std::span(&v, 1), {.kept = kept});
    packing.finish(backend, shape);
  }
  std::vector<double> logp() {
    pack();
    typename B::template array<double> out;
    backend.resize(out, packing.steps());
    model.evaluate(backend, std::as_const(model).parameters(), packing, 1, {out.all(), {}, {}});
    return on_host(backend, view<double const>(out.all()));
  }
  /// The gradient of sum w logp.
  std::vector<double> gradient(std::vector<double> const& w) {
    pack();
    typename B::template array<double> weights, none;
    backend.assign(weights, std::span<double const>(w));
    backend.assign(none, std::span<double const>(std::vector<double>(w.size(), 0)));
    model.zero_gradient(backend);
    model.accumulate_gradient(backend, packing, 1, [&](std::ptrdiff_t first, auto const& now) {
      return head_results<double const>{
          weights.all().part(first, now.logp.rows), none.all().part(first, now.logp.rows), {}};
    });
    return on_host(backend, view<double const>(model.gradient()));
  }
};

/// A policy, a token of whose it drew many by top_k = 3, and the same policy some updates later.
template <class B>
struct drawn_then_changed {
  B backend{};
  language_model<B> model{backend, shape, random_seed{3}, {.initial_std = .6, .head_rows = 5}};
  std::vector<generated<double>> all;
  std::vector<std::int32_t> kept;
  std::vector<double> sampled, old_full;  // log-probabilities of the kept tokens, before

  explicit drawn_then_changed(int draws) {
    generator<B> generate;
    all = generate(backend, model, {prompt}, {.group = draws, .max_tokens = 1, .sampler = {.top_k = 3}, .keep = true},
                   stream_id{8});
    kept = all[0].kept.tokens(0);
    sampled = one_token<B>{backend, model, kept, &all[0].kept}.logp();
    old_full = one_token<B>{backend, model, kept, nullptr}.logp();
    random_stream changes(stream_id{9, draw_purpose::user});
    auto p = model.parameters();
    for (std::ptrdiff_t i = 0; i < p.rows; ++i) p[i] += .1 * changes.normal();
  }
};

}  // namespace

TEMPLATE_TEST_CASE(
    "kept tokens: importance ratios average to 1 under the distribution that was sampled from; those of the full "
    "softmax do not",
    "", archetype<double>, eigen::basic_backend<double>) {
  constexpr int N = 4000;
  drawn_then_changed<TestType> c(N);
  REQUIRE(c.kept.size() == 3);
  auto of_kept = one_token<TestType>{c.backend, c.model, c.kept, &c.all[0].kept}.logp(),
       full = one_token<TestType>{c.backend, c.model, c.kept, nullptr}.logp();
  double exact = 0, exact_full = 0, squares = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    double p = std::exp(c.sampled[i]), r = std::exp(of_kept[i] - c.sampled[i]);
    exact += p * r, squares += p * (r - 1) * (r - 1), exact_full += p * std::exp(full[i] - c.old_full[i]);
  }
  CHECK(std::abs(exact - 1) < 1e-12);
  CHECK(std::abs(exact_full - 1) > .05);
  double mean = 0, mean_full = 0, error = std::sqrt(squares / N);
  for (auto const& g : c.all) {
    auto i = std::size_t(std::find(c.kept.begin(), c.kept.end(), g.tokens[0]) - c.kept.begin());
    REQUIRE(i < 3);
    CHECK(std::abs(g.sampler_logp[0] - c.sampled[i]) < 1e-12);
    CHECK(g.logp.empty());
    mean += std::exp(of_kept[i] - g.sampler_logp[0]) / N, mean_full += std::exp(full[i] - c.old_full[i]) / N;
  }
  CHECK(std::abs(mean - 1) < 4 * error);
  CHECK(std::abs(mean_full - 1) > .03);
}

TEMPLATE_TEST_CASE(
    "kept tokens: the policy gradient is that of the expectation under what was kept; that of the full softmax is not",
    "", archetype<double>, eigen::basic_backend<double>) {
  drawn_then_changed<TestType> c(1);
  one_token<TestType> of_kept{c.backend, c.model, c.kept, &c.all[0].kept}, full{c.backend, c.model, c.kept, nullptr};
  std::vector<double> const reward{1, -.5, 2};
  auto slope_of = [&](one_token<TestType>& which, std::vector<double> const& old) {
    auto now = which.logp();
    std::vector<double> w;
    for (std::size_t i = 0; i < 3; ++i) w.push_back(std::exp(c.sampled[i]) * std::exp(now[i] - old[i]) * reward[i]);
    return which.gradient(w);
  };
  auto slope = slope_of(of_kept, c.sampled), biased = slope_of(full, c.old_full);
  auto expectation = [&] {
    auto logp = of_kept.logp();
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += std::exp(logp[i]) * reward[i];
    return sum;
  };
  auto p = c.model.parameters();
  double furthest = 0;
  for (std::ptrdiff_t at = 0; at < p.rows; at += 7) {
    double h = 2e-4, was = p[at], v[4];
    int k = 0;
    for (double step : {-2., -1., 1., 2.}) {
      p[at] = was + step * h;
      v[k++] = expectation();
    }
    p[at] = was;
    double want = (v[0] - 8 * v[1] + 8 * v[2] - v[3]) / (12 * h);
    CHECK(slope[std::size_t(at)] == Approx(want).epsilon(1e-7).margin(1e-9));
    furthest = std::max(furthest, std::abs(biased[std::size_t(at)] - want));
  }
  CHECK(furthest > .01);

  // Tokens that were cut away get no gradient whatever, not a small one.
  of_kept.gradient({1, 1, 1});
  auto head = c.model.network().head(c.model.gradient());
  for (std::int32_t v = 0; v < shape.vocabulary; ++v) {
    bool kept = std::find(c.kept.begin(), c.kept.end(), v) != c.kept.end();
    for (std::ptrdiff_t h = 0; h < shape.hidden; ++h) CHECK((head(v, h) == 0) == !kept);
  }
}

TEMPLATE_TEST_CASE(
    "kept tokens: entropy and log-probabilities are of what was kept, whether or not the steps beside it were cut", "",
    archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  language_model<TestType> model{backend, shape, random_seed{3}, {.initial_std = .6, .head_rows = 4}};
  token_support kept(12);
  std::vector<std::int32_t> const sets[] = {{1, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {2}}, tokens{4, 7, 2};
  for (auto const& s : sets) kept.add(s);
  auto evaluate = [&](double temperature, std::vector<std::pair<std::int32_t, sampling_of>> const& completions,
                      double own) {
    token_packing<TestType> packing;
    packing.prompt(shape, prompt);
    for (auto [first, how] : completions) {
      std::vector<std::int32_t> t = tokens;
      t[0] = first;
      how.temperature = own;
      packing.completion(shape, t, how);
    }
    packing.finish(backend, shape);
    typename TestType::template array<double> out;
    backend.resize(out, 2 * packing.steps());
    model.evaluate(backend, std::as_const(model).parameters(), packing, temperature,
                   {out.all().part(0, packing.steps()), out.all().part(packing.steps(), packing.steps()), {}});
    return on_host(backend, view<double const>(out.all()));
  };
  auto one = evaluate(1.5, {{1, {}}, {4, {.kept = &kept}}, {4, {}}}, 0),
       own = evaluate(9, {{1, {}}, {4, {.kept = &kept}}, {4, {}}}, 1.5);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(own[i] == Approx(one[i]).epsilon(1e-13));
  double odds = one[6] - one[0];  // log p(4) / p(1), of the whole softmax
  CHECK(one[3] == Approx(-std::log1p(std::exp(-odds))).epsilon(1e-12));
  double q = 1 / (1 + std::exp(-odds));
  CHECK(one[9 + 3] == Approx(-q * std::log(q) - (1 - q) * std::log1p(-q)).epsilon(1e-12));
  CHECK(one[4] == Approx(one[7]).epsilon(1e-13));  // everything was kept
  CHECK(one[5] == 0);                              // the only one
  CHECK(one[9 + 5] == 0);
}

TEMPLATE_TEST_CASE("kept tokens: the gradient under temperatures of their own is that of five-point differences", "",
                   archetype<double>, eigen::basic_backend<double>) {
  TestType backend;
  language_model<TestType> model{backend, shape, random_seed{3}, {.initial_std = .6, .head_rows = 4}};
  token_support kept(12);
  std::vector<std::int32_t> const first{1, 4, 6}, second{0, 7, 8, 9}, tokens{4, 7};
  kept.add(first), kept.add(second);
  token_packing<TestType> packing;
  packing.prompt(shape, prompt);
  packing.completion(shape, tokens, {.temperature = .6});
  packing.completion(shape, tokens);
  packing.completion(shape, tokens, {.temperature = 1.7, .kept = &kept});
  packing.finish(backend, shape);
  std::vector<double> const w{1, -2, .5, .3, -.7, 1.1, .4, .2, -.6, .9, -.3, .8};  // of logp, then of the entropy
  typename TestType::template array<double> weights, out;
  backend.assign(weights, std::span<double const>(w));
  backend.resize(out, 12);
  model.zero_gradient(backend);
  model.accumulate_gradient(backend, packing, 1.2, [&](std::ptrdiff_t from, auto const& now) {
    return head_results<double const>{
        weights.all().part(from, now.logp.rows), weights.all().part(6 + from, now.logp.rows), {}};
  });
  auto slope = on_host(backend, view<double const>(model.gradient()));
  auto p = model.parameters();
  for (std::ptrdiff_t at = 0; at < p.rows; at += 5) {
    double h = 2e-4, was = p[at], v[4];
    int k = 0;
    for (double step : {-2., -1., 1., 2.}) {
      p[at] = was + step * h;
      model.evaluate(backend, std::as_const(model).parameters(), packing, 1.2,
                     {out.all().part(0, 6), out.all().part(6, 6), {}});
      auto found = on_host(backend, view<double const>(out.all()));
      v[k] = 0;
      for (std::size_t i = 0; i < 12; ++i) v[k] += w[i] * found[i];
      ++k;
    }
    p[at] = was;
    CHECK(slope[std::size_t(at)] == Approx((v[0] - 8 * v[1] + 8 * v[2] - v[3]) / (12 * h)).epsilon(1e-7).margin(1e-8));
  }
}

namespace {

struct outcome {
  std::vector<double> parameters;
  update_metrics metrics;
};
template <class B>
outcome trained(completions rollout, int rows_per_pass = 1000, int updates = 2, int epochs = 2) {
  B backend;
  language_model model{
      backend, shape, random_seed{1}, {.initial_std = .5, .rows_per_pass = rows_per_pass, .head_rows = 16}};
  rollout.prompts = 6, rollout.group = 4, rollout.max_tokens = 4;
  algorithm<completions, group_relative, decltype(clipped_ratio{} + kl_penalty<>{}), step_mean, update<>> a{
      .rollout = rollout,
      .objective = clipped_ratio{} + kl_penalty<>{.weight = .1},
      .update = update<>{.epochs = epochs,
                         .normalize = normalization::none,
                         .optimizer = adam{.rate = 3e-3, .epsilon = 1e-4},
                         .max_gradient_norm = 1},
  };
  auto report = train(backend, a, echo{}, model, {.updates = updates, .seed = 2});
  return {on_host(backend, std::as_const(model).parameters()), report.metrics};
}

}  // namespace

TEST_CASE("completions: at the first update the ratio is 1, however tokens were drawn") {
  auto kl = [](completions const& rollout) {
    return std::abs(trained<eigen::basic_backend<double>>(rollout, 1000, 1, 1).metrics.approximate_kl);
  };
  allowed_tokens even;
  for (int v = 0; v < 12; ++v) even.always.push_back(v % 2 == 0);
  for (auto over : {softmax_over::support, softmax_over::vocabulary}) {
    CHECK(kl({.sampler = {.temperature = .8}, .softmax = over}) < 1e-20);
    CHECK(kl({.sampler = {.top_k = 3}, .softmax = over}) < 1e-20);
    CHECK(kl({.sampler = {.temperature = 1.4, .top_p = .7, .min_p = .01, .typical_p = .8}, .softmax = over}) < 1e-20);
    CHECK(kl({.sampler = {.top_k = 5}, .temperatures = {.5, .8, 1, 2}, .softmax = over}) < 1e-20);
    CHECK(kl({.allowed = even, .softmax = over}) < 1e-20);
  }
  CHECK(kl({.sampler = {.repetition_penalty = 1.5}, .softmax = softmax_over::vocabulary}) < 1e-20);
}

TEST_CASE(
    "completions: with cuts too, neither the cut into passes nor the backend changes an update but for rounding") {
  for (completions const& rollout : {completions{.sampler = {.top_k = 4, .top_p = .9}},
                                     {.sampler = {.typical_p = .8}, .temperatures = {.5, .8, 1, 2}}}) {
    auto want = trained<archetype<double>>(rollout).parameters;
    for (auto const& got : {trained<eigen::basic_backend<double>>(rollout).parameters,
                            trained<eigen::basic_backend<double>>(rollout, 20).parameters}) {
      double furthest = 0;
      for (std::size_t i = 0; i < want.size(); ++i) furthest = std::max(furthest, std::abs(got[i] - want[i]));
      CHECK(furthest < 1e-9);
    }
    auto biased = rollout;
    biased.softmax = softmax_over::vocabulary;
    CHECK(trained<archetype<double>>(biased).parameters != want);
  }
}

TEST_CASE("completions: what training could not follow is refused in one sentence") {
  auto message = [](completions const& c) { return support::message_of([&] { c.check(); }); };
  CHECK(message({.sampler = {.repetition_penalty = 1.2}}) ==
        "completions: sampler.repetition_penalty is 1.2, which training does not apply; expected 1, or softmax = "
        "softmax_over::vocabulary, whose ratio is biased");
  CHECK(message({.sampler = {.repetition_penalty = 1.2}, .softmax = softmax_over::vocabulary}).empty());
  std::string cold =
      "completions: the temperature is 0, which leaves one token and no gradient; expected a positive number, or "
      "softmax = softmax_over::vocabulary";
  CHECK(message({.sampler = {.temperature = 0}}) == cold);
  CHECK(message({.group = 2, .temperatures = {1, 0}}) == cold);
  CHECK(message({.sampler = {.temperature = 0}, .softmax = softmax_over::vocabulary}).empty());
  CHECK(message({.group = 3, .temperatures = {1, 2}}) ==
        "generate: there are 2 temperatures, expected one for each of the group's 3");
  CHECK(message({.group = 2, .temperatures = {1, -2}}) ==
        "generate: a temperature is -2, expected 0 (the most probable token) or a number from 1e-6 up");
  CHECK(message({.group = 2, .temperatures = {1, 1e-40}}) ==
        "generate: a temperature is 1e-40, expected 0 (the most probable token) or a number from 1e-6 up");
}

TEST_CASE("completion_batch: tokens that were cut away and not remembered are found out") {
  completion_batch<archetype<double>> batch;
  batch.clear();
  batch.begin_group(prompt);
  std::vector<std::int32_t> const tokens{3, 5}, of_first{3, 4}, of_second{5, 6}, others{1, 2};
  std::vector<double> const logp{-1, -2}, cut{-1, -1.5}, unknown{std::nan(""), std::nan("")};
  batch.add(tokens, logp, logp, 1);
  batch.add(tokens, unknown, unknown, 1);
  CHECK_THROWS_WITH(batch.add(tokens, logp, cut, 1),
                    "completion_batch: token 1 of completion 2 has sampler_logp -1.5 and logp -2: tokens were cut away "
                    "when it was drawn; expected what was kept "
                    "(generation_options.keep), or softmax_over::vocabulary, whose ratio is biased");
  token_support kept(12), wrong(12);
  kept.add(of_first), wrong.add(of_first), wrong.add(others);
  CHECK_THROWS_WITH(batch.add(tokens, cut, cut, 1, kept),
                    "completion_batch: completion 2 has 2 tokens, and its token_support 1");
  kept.add(of_second);
  batch.add(tokens, cut, cut, 1, kept);
  CHECK(batch.sampling(2).kept->tokens(1) == of_second);
  CHECK(batch.sampling(0).kept == nullptr);
  CHECK_THROWS_WITH(batch.add(tokens, cut, cut, 1, wrong),
                    "completion_batch: token 1 of completion 3 is 5, which is not among those that its cuts kept");
  batch.training = softmax_over::vocabulary;
  batch.add(tokens, logp, cut, 1);
  CHECK(batch.sampling(3).kept == nullptr);
}
