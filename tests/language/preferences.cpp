#include <cohort/backend/eigen.hpp>

#include <cohort/language.hpp>
#include "../catch.hpp"

// A language model learns from pairs: DPO, and a reward model by Bradley-Terry.

using namespace cohort;

namespace {

/// Of two answers the one is preferred that says the prompt's digit again.
struct preference {
  struct row {
    int digit, other;
  };
  row draw(random_stream& draws) const {
    int digit = int(draws.integer(10));
    return {digit, (digit + 1 + int(draws.integer(9))) % 10};
  }
  std::vector<std::int32_t> prompt(row const& r) const { return {11, r.digit}; }
  std::vector<std::int32_t> chosen(row const& r) const { return {r.digit, 10}; }
  std::vector<std::int32_t> rejected(row const& r) const { return {r.other, r.other, 10}; }
  double score(row const&, std::span<std::int32_t const>, bool) const { return 0; }
  std::int32_t stop() const { return 10; }
};

decoder_options const shape{.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};

template <class O>
auto learning(O const& objective) {
  return algorithm<preferences, no_advantage, O, step_mean, update<>>{
      .rollout = preferences{32},
      .objective = objective,
      .update = update<>{.epochs = 1,
                         .minibatches = 2,
                         .normalize = normalization::none,
                         .optimizer = adam{.rate = 5e-3},
                         .max_gradient_norm = 1},
  };
}

struct empty_rejected : preference {
  std::vector<std::int32_t> rejected(row const&) const { return {}; }
};

}  // namespace

TEST_CASE("preferences: DPO makes the chosen answers likelier than the rejected ones, from a frozen reference") {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{1}, {.initial_std = .2, .rows_per_pass = 40}};
  auto report = train(cpu, learning(dpo{.beta = .5}), preference{}, model, {.updates = 60, .seed = 1});
  CHECK(report.updates == 60);
  CHECK(report.metrics.loss < .1);  // log 2 at the start
  CHECK(report.metrics.reference_kl > 0);
  CHECK(report.metrics.gradient_norm > 0);
  CHECK(report.parameter_bytes == std::size_t(model.parameters().rows) * 4 * 2);
}

TEST_CASE("preferences: Bradley-Terry trains a value head to tell them apart, and needs no reference") {
  eigen::backend cpu;
  language_model_with_value model{cpu, shape, random_seed{1}, {.initial_std = .2}};
  auto report = train(cpu, learning(bradley_terry{}), preference{}, model, {.updates = 60, .seed = 1});
  CHECK(report.metrics.loss < .1);
  CHECK(report.parameter_bytes == std::size_t(model.parameters().rows) * 4);
}

TEST_CASE("preferences: the cut into passes and the number of threads change nothing but roundings") {
  auto after = [](int threads, std::ptrdiff_t rows) {
    eigen::basic_backend<double> cpu({.threads = threads});
    language_model model{cpu, shape, random_seed{1}, {.initial_std = .2, .rows_per_pass = int(rows)}};
    train(cpu, learning(dpo{}), preference{}, model, {.updates = 3, .seed = 1});
    auto p = model.parameters();
    return std::vector<double>{p.data, p.data + p.rows};
  };
  auto once = after(1, 1000), cut = after(1, 20);
  CHECK(after(2, 1000) == once);
  for (std::size_t i = 0; i < once.size(); ++i) REQUIRE(std::abs(once[i] - cut[i]) < 1e-9);
}

TEST_CASE("preferences: an empty completion is refused, with its pair") {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{1}};
  CHECK_THROWS_WITH(train(cpu, learning(dpo{}), empty_rejected{}, model, {.updates = 1}),
                    "preferences: the rejected completion of row 0 is empty, expected a token or more");
}

TEST_CASE("train: objectives of series learn on completions as on controllers") {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  actor policy{cpu, environment, {.hidden = {16}}, random_seed{1}};
  algorithm<groups, group_relative, gspo, series_mean, update<>> a{
      .rollout = groups{.count = 2, .group = 8},
      .objective = gspo{.epsilon = .02, .epsilon_high = .03},
      .update = update<>{.epochs = 4, .normalize = normalization::none, .optimizer = adam{.rate = 1e-2}},
  };
  auto report = train(cpu, a, environment, policy, {.steps = 30'000, .seed = 1});
  CHECK(report.mean_return > 100);
}
