#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>

#include "../catch.hpp"

using namespace cohort;

namespace {

struct copy_digit {
  struct row {
    int digit;
  };
  row draw(random_stream& draws) const { return {int(draws.integer(10))}; }
  std::vector<std::int32_t> prompt(row const& r) const { return {11, r.digit}; }
  std::vector<std::int32_t> solution(row const& r) const { return {r.digit, 10}; }
  double score(row const& r, std::span<std::int32_t const> tokens, bool) const { return tokens[0] == r.digit; }
  std::int32_t stop() const { return 10; }
};

decoder_options const shape{.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};

/// The last loss of 60 updates on solutions. Of 10 digits it is log(10) / 2 = 1.15 to begin with, where the second
/// token is known.
template <class Optimizer>
train_report after_demonstrations(Optimizer const& optimizer) {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{1}, {.initial_std = .2}};
  algorithm<demonstrations, no_advantage, log_likelihood, step_mean, update<Optimizer>> sft{
      .rollout = demonstrations{64}, .update = {.epochs = 1, .normalize = normalization::none, .optimizer = optimizer}};
  return train(cpu, sft, copy_digit{}, model, {.updates = 60, .seed = 1});
}

auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 32},
                           .advantage = gae{},
                           .objective = clipped_ratio{} + value_loss{},
                           .update = update{.epochs = 2, .minibatch_size = 64, .optimizer = adam{.rate = 1e-2}}};

template <class P>
std::vector<double> copied(P const& p) {
  return {p.data, p.data + p.rows};
}

/// Keeps the parameters after each update.
struct history {
  std::vector<std::vector<double>> all;
  template <class P>
  void on_start(train_report const&, P& policy) {
    all.push_back(copied(policy.parameters()));
  }
  template <class P>
  void on_update(train_report const&, P& policy) {
    all.push_back(copied(policy.parameters()));
  }
};

}  // namespace

TEST_CASE("train: a language model learns by AdamW, by Lion and by Muon, with a warm-up and a cosine") {
  using rate = warm_up<cosine>;
  auto peak = [](double x) { return rate{.share = .1, .then = {x, x / 10}}; };
  adamw others{.rate = peak(1e-2)};
  CHECK(after_demonstrations(others).metrics.loss < .1);
  CHECK(after_demonstrations(lion{.rate = peak(1e-2)}).metrics.loss < .1);
  auto by_muon = after_demonstrations(muon<adamw>{.rate = peak(3e-2), .others = others});
  CHECK(by_muon.metrics.loss < .1);
  std::size_t hidden = 4 * 16 * 16 + 3 * 16 * 32, rest = 12 * 16 + 3 * 16;
  CHECK(by_muon.optimizer_bytes == 4 * hidden + 9 * rest);
}

TEST_CASE(
    "train: a limit on the gradient's elements keeps each from moving a parameter further than rate times the limit") {
  eigen::basic_backend<double> cpu;
  actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
  auto before = copied(policy.parameters());
  auto one = algorithm{.rollout = lanes{.count = 4, .horizon = 32},
                       .objective = clipped_ratio{} + value_loss{},
                       .update = update{.epochs = 1, .optimizer = sgd{.rate = 1.}, .max_gradient_value = 1e-3}};
  auto report = train(cpu, one, classic_control::cart_pole{}, policy, {.updates = 1});
  auto after = copied(policy.parameters());
  double furthest = 0;
  for (std::size_t i = 0; i < after.size(); ++i) furthest = std::max(furthest, std::abs(after[i] - before[i]));
  CHECK(furthest == Approx(1e-3).epsilon(1e-10));
  CHECK(report.metrics.gradient_norm > .1);  // before the limit
  one.update.max_gradient_value = 0;
  CHECK_THROWS_WITH(train(cpu, one, classic_control::cart_pole{}, policy, {.updates = 1}),
                    "update: max_gradient_value is 0, expected a positive number (infinity: no limit)");
}

TEST_CASE(
    "moving_average: as a hook it is the weighted sum of the parameters at the start and after each update, or of the "
    "updates alone") {
  eigen::basic_backend<double> cpu;
  for (bool corrected : {false, true}) {
    actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
    moving_average average{cpu, {.share = .3, .corrected = corrected}};
    history seen;
    train(cpu, ppo, classic_control::cart_pole{}, policy, {.updates = 4}, average, seen);
    REQUIRE(seen.all.size() == 5);
    double weights[] = {corrected ? 0 : .2401, .3 * .343, .3 * .49, .3 * .7, .3}, total = 0;
    for (double w : weights) total += w;
    CHECK((corrected ? total < .8 : std::abs(total - 1) < 1e-15));
    auto last = copied(policy.parameters()), found = copied(average.parameters());
    for (std::size_t i = 0; i < found.size(); ++i) {
      double expected = 0;
      for (std::size_t k = 0; k < 5; ++k) expected += weights[k] / total * seen.all[k][i];
      REQUIRE(std::abs(found[i] - expected) < 1e-14);
    }
    average.swap(policy);
    CHECK(copied(policy.parameters()) == found);
    CHECK(copied(average.parameters()) == last);
    CHECK(average.bytes() == 8 * last.size());
  }
}

TEST_CASE("moving_average: of every second update, and with a share of 1 the last one that it saw") {
  eigen::basic_backend<double> cpu;
  actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
  moving_average average{cpu, {.share = 1, .every = 2}};
  history seen;
  train(cpu, ppo, classic_control::cart_pole{}, policy, {.updates = 3}, average, seen);
  CHECK(copied(average.parameters()) == seen.all[2]);
}

TEST_CASE("moving_average: bad parameters, and a swap without an average, are refused") {
  eigen::basic_backend<double> cpu;
  CHECK_THROWS_WITH((moving_average{cpu, {.share = 0}}), "moving_average: share is 0, expected a number in (0, 1]");
  CHECK_THROWS_WITH((moving_average{cpu, {.every = 0}}), "moving_average: every is 0, expected a positive number");
  actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
  moving_average average{cpu};
  CHECK_THROWS_WITH(average.swap(policy), "moving_average: swap without an average, expected a start before");
}
