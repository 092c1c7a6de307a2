#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

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

/// The last loss of 60 updates on solutions. Of 10 digits it is log(10) / 2 = 1.15 to begin with, where the second token is known.
template <class Optimizer>
train_report after_demonstrations(Optimizer const& optimizer) {
  eigen::backend cpu;
  language_model model{cpu, shape, seed{1}, {.initial_std = .2}};
  algorithm<demonstrations, no_advantage, log_likelihood, step_mean, update<Optimizer>> sft{
      .rollout = demonstrations{64}, .update = {.epochs = 1, .normalize = normalization::none, .optimizer = optimizer}};
  return train(cpu, sft, copy_digit{}, model, {.updates = 60, .seed = 1});
}

template <class P>
std::vector<double> copied(P const& p) {
  return {p.data, p.data + p.rows};
}

}  // namespace

TEST_CASE("train: a language model learns by AdamW, by Lion and by Muon, with a warm-up and a cosine") {
  using rate = warm_up<cosine>;
  auto peak = [](double x) { return rate{.share = .1, .then = {x, x / 10}}; };
  adamw<rate> others{.rate = peak(1e-2)};
  CHECK(after_demonstrations(others).metrics.loss < .1);
  CHECK(after_demonstrations(lion<rate>{.rate = peak(1e-2)}).metrics.loss < .1);
  auto by_muon = after_demonstrations(muon<rate, adamw<rate>>{.rate = peak(3e-2), .others = others});
  CHECK(by_muon.metrics.loss < .1);
  std::size_t hidden = 4 * 16 * 16 + 3 * 16 * 32, rest = 12 * 16 + 3 * 16;
  CHECK(by_muon.optimizer_bytes == 4 * hidden + 9 * rest);
}

TEST_CASE("train: a limit on the gradient's elements keeps each from moving a parameter further than rate times the limit") {
  eigen::basic_backend<double> cpu;
  actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {8}}, seed{1}};
  auto before = copied(policy.parameters());
  auto one = algorithm{.rollout = lanes{.count = 4, .steps = 32},
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
