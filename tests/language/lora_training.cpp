// Low-rank adapters in whole runs.
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/language.hpp>

#include "../catch.hpp"
#include "../support/files.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Say the prompt's digit again, then stop. Half the score for each.
struct say_again {
  using row = std::int32_t;
  row draw(random_stream& draws) const { return row(draws.integer(4)); }
  std::vector<std::int32_t> prompt(row digit) const { return {5, digit}; }
  double score(row digit, std::span<std::int32_t const> tokens, bool stopped) const {
    return .5 * (tokens[0] == digit) + .5 * (stopped && tokens.size() == 2);
  }
  std::int32_t stop() const { return 4; }
};

decoder_options const shape{.vocabulary = 6, .hidden = 32, .intermediate = 48, .layers = 2, .heads = 2, .context = 16};

auto const grpo = algorithm{.rollout = completions{.prompts = 8, .group = 8, .max_tokens = 4},
                            .advantage = group_relative{},
                            .objective = clipped_ratio{} + kl_penalty{.weight = .001},
                            .aggregation = series_mean{},
                            .update = update{.epochs = 1,
                                             .minibatches = 2,
                                             .normalize = normalization::none,
                                             .optimizer = adam{.rate = 2e-3},
                                             .max_gradient_norm = 1}};

struct run_of_adapters {
  eigen::backend cpu{{.threads = 1}};
  std::vector<float> numbers;
  frozen_model<eigen::backend> base = drawn();
  lora_model<eigen::backend> policy{cpu, base, {.rank = 4, .alpha = 8}, random_seed{1}};
  say_again task;
  training<eigen::backend, completions, detail::erased_update_t<eigen::backend, decltype(grpo.update)>, say_again,
           lora_model<eigen::backend>>
      run;

  explicit run_of_adapters(int updates) : run(cpu, grpo, task, policy, {.updates = updates, .seed = 3}) {}
  frozen_model<eigen::backend> drawn() {
    language_model start(cpu, shape, random_seed{7}, {.initial_std = .3});
    numbers.assign(&start.parameters()[0], &start.parameters()[0] + start.parameters().rows);
    return {cpu, shape, std::span<float const>(numbers)};
  }
  std::vector<float> adapters() const {
    auto const p = policy.parameters();
    return {p.data, p.data + p.rows};
  }
};

}  // namespace

TEST_CASE("lora_model: GRPO with a KL to the base learns by adapters alone, and the base stays as it was") {
  run_of_adapters r(100);
  REQUIRE(r.run.step());
  double const before = r.run.report().completions.reward;
  auto const report = train_on(r.run);
  CHECK(before < .5);
  CHECK(report.completions.reward > .7);
  CHECK(report.metrics.reference_kl > 0);
  // Parameters and the reference are adapters.
  CHECK(report.parameter_bytes == 2 * sizeof(float) * std::size_t(r.policy.adapters().parameters()));
  auto const base = r.base.parameters();
  CHECK(std::equal(r.numbers.begin(), r.numbers.end(), base.data));
  CHECK(base.data == r.policy.base().parameters().data);  // of which there is one
}

TEST_CASE("lora_model: what is generated has the log-probabilities of evaluate; a copy is a policy of its own") {
  run_of_adapters r(3);
  train_on(r.run);
  auto copy = r.policy;
  auto const before = r.adapters();
  generator<eigen::backend> generate;
  auto const all = generate(r.cpu, copy, {{5, 1}, {5, 3}}, {.group = 3, .max_tokens = 5}, stream_id{1});
  token_packing<eigen::backend> packing;
  std::vector<float> generated, logp;
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (n % 3 == 0) packing.prompt(shape, std::vector<std::int32_t>{5, n < 3 ? 1 : 3});
    packing.completion(shape, all[n].tokens);
    generated.insert(generated.end(), all[n].logp.begin(), all[n].logp.end());
  }
  packing.finish(r.cpu, shape);
  logp.resize(generated.size());
  copy.evaluate(r.cpu, std::as_const(copy).parameters(), packing, 1,
                {view<float>(logp.data(), packing.steps()), {}, {}});
  for (std::size_t i = 0; i < logp.size(); ++i) CHECK(logp[i] == Approx(generated[i]).margin(2e-6));
  detail::fill_with(r.cpu, copy.parameters(), .5);
  CHECK(r.adapters() == before);
  CHECK(copy.base().parameters().data == r.base.parameters().data);
}

TEST_CASE("lora_model: a run that was saved goes on to the bit, and its file says what the adapters are") {
  files::scratch const here("cohort_lora");
  auto const path = here.path / "run.cohort";
  run_of_adapters whole(6), first(3), second(6);
  train_on(whole.run);
  train_on(first.run);
  save(first.cpu, first.run, path);
  load(second.cpu, second.run, path);
  train_on(second.run);
  CHECK(second.adapters() == whole.adapters());
  lora_model other(first.cpu, first.base, {.rank = 4, .alpha = 4});
  CHECK_THROWS_WITH(load(first.cpu, other, path), ContainsSubstring("policy.adapters.lora_alpha is 8.0, expected 4.0"));
  language_model plain(first.cpu, shape);
  CHECK_THROWS_WITH(load(first.cpu, plain, path),
                    ContainsSubstring("policy.kind is \"lora_model\", expected \"language_model\""));
}
