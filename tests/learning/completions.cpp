#include <cohort/backend/eigen.hpp>

#include <cohort/language.hpp>
#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/echo.hpp"

using namespace cohort;
using support::echo;

namespace {

decoder_options const shape{.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};
auto const grpo = algorithm{
    .rollout = completions{.prompts = 16, .group = 16, .max_tokens = 4},
    .advantage = group_relative{},
    .objective = clipped_ratio{.epsilon = .2, .epsilon_high = .28} + entropy_bonus{.weight = .01} +
                 kl_penalty{.estimator = k3{}, .weight = 1e-4},
    .aggregation = step_mean{},
    .update = update{.epochs = 1,
                     .minibatches = 2,
                     .normalize = normalization::none,
                     .optimizer = adam{.rate = 3e-3},
                     .max_gradient_norm = 1},
};

template <class B>
double greedy_score(B& backend, language_model<B>& model) {
  generator<B> generate;
  echo task;
  std::vector<std::vector<std::int32_t>> prompts;
  for (int d = 0; d < 10; ++d) prompts.push_back(task.prompt({d}));
  auto all = generate(backend, model, prompts, {.max_tokens = 4, .stop = task.stop(), .sampler = {.temperature = 0}},
                      stream_id{});
  double total = 0;
  for (int d = 0; d < 10; ++d) total += task.score({d}, all[std::size_t(d)].tokens, all[std::size_t(d)].stopped);
  return total / 10;
}

template <class B, class Algorithm>
std::vector<double> parameters_after(B& backend, Algorithm const& algorithm, int updates,
                                     std::ptrdiff_t rows_per_pass = 40) {
  language_model model{backend, shape, random_seed{1}, {.initial_std = .2, .rows_per_pass = rows_per_pass}};
  train(backend, algorithm, echo{}, model, {.updates = updates, .seed = 2});
  auto p = model.parameters();
  return {p.data, p.data + p.rows};
}

}  // namespace

TEST_CASE("completions: GRPO teaches a language model to repeat a digit, from nothing, 3 of 3 seeds") {
  eigen::backend cpu;
  for (std::uint64_t s : {1, 2, 3}) {
    language_model model{cpu, shape, random_seed{s}, {.initial_std = .2}};
    auto report = train(cpu, grpo, echo{}, model, {.steps = 1'000'000, .updates = 200, .seed = s});
    CHECK(report.updates == 200);
    CHECK(greedy_score(cpu, model) > .85);  // nine of ten digits
    CHECK(report.completions.count == 256);
    CHECK(report.completions.reward > .85);
    CHECK(report.completions.max_length <= 4);
    CHECK(report.parameter_bytes == std::size_t(model.parameters().rows) * 4 * 2);
  }
}

TEST_CASE("completions: a value head joins by another policy, another advantage and a value loss") {
  eigen::backend cpu;
  auto objective = clipped_ratio{} + value_loss{} + entropy_bonus{.weight = .01};
  auto learn = [&](auto advantage) {
    language_model_with_value model{cpu, shape, random_seed{1}, {.initial_std = .2}};
    auto part = algorithm{.rollout = grpo.rollout,
                          .advantage = advantage,
                          .objective = objective,
                          .update = update{.epochs = 1,
                                           .minibatches = 2,
                                           .normalize = normalization::batch,
                                           .optimizer = adam{.rate = 3e-3},
                                           .max_gradient_norm = 1}};
    return train(cpu, part, echo{}, model, {.steps = 1'000'000, .updates = 200, .seed = 1}).completions.reward;
  };
  CHECK(learn(gae{.gamma = 1, .lambda = 1}) > .8);
  CHECK(learn(group_and_value{}) > .8);
}

TEST_CASE("demonstrations: maximum likelihood on solutions") {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{1}, {.initial_std = .2}};
  auto sft =
      algorithm{.rollout = demonstrations{64},
                .advantage = no_advantage{},
                .objective = log_likelihood{},
                .update = update{.epochs = 1, .normalize = normalization::none, .optimizer = adam{.rate = 1e-2}}};
  auto report = train(cpu, sft, echo{}, model, {.updates = 60, .seed = 1});
  CHECK(greedy_score(cpu, model) == 1);
  CHECK(report.metrics.loss < .1);
}

TEST_CASE("completions: neither the cut into passes nor the backend changes an update but for rounding") {
  eigen::basic_backend<double> cpu;
  archetype<double> reference;
  auto want = parameters_after(reference, grpo, 2);
  auto got = parameters_after(cpu, grpo, 2);
  REQUIRE(got.size() == want.size());
  double furthest = 0;
  for (std::size_t i = 0; i < want.size(); ++i) furthest = std::max(furthest, std::abs(got[i] - want[i]));
  CHECK(furthest < 1e-9);
}

TEST_CASE(
    "completions: a minibatch in 40 passes gives the gradient of one that goes through at once, but for rounding: the "
    "weights are the minibatch's") {
  eigen::basic_backend<double> cpu;
  auto furthest = [&](auto aggregation) {
    auto one =
        algorithm{.rollout = grpo.rollout,
                  .advantage = grpo.advantage,
                  .objective = grpo.objective,
                  .aggregation = aggregation,
                  .update = update<sgd>{
                      .epochs = 1, .minibatches = 2, .normalize = normalization::none, .optimizer = {.rate = 1}}};
    auto whole = parameters_after(cpu, one, 1, 1'000'000), cut = parameters_after(cpu, one, 1, 10);
    auto start = [&] {
      language_model model{cpu, shape, random_seed{1}, {.initial_std = .2}};
      return std::vector<double>(model.parameters().data, model.parameters().data + model.parameters().rows);
    }();
    double off = 0, moved = 0;
    for (std::size_t i = 0; i < whole.size(); ++i)
      off = std::max(off, std::abs(cut[i] - whole[i])), moved = std::max(moved, std::abs(whole[i] - start[i]));
    CHECK(moved > 1e-2);
    return off / moved;
  };
  CHECK(furthest(step_mean{}) < 1e-13);
  CHECK(furthest(series_mean{}) < 1e-13);
}

TEST_CASE("completions: the same bits on one thread and on two") {
  eigen::backend one({.threads = 1}), two({.threads = 2});
  CHECK(parameters_after(one, grpo, 3) == parameters_after(two, grpo, 3));
}
