#include <cohort/backend/eigen.hpp>

#include <cohort/language.hpp>
#include "../catch.hpp"
#include "../support/echo.hpp"

// Selections and terms of series in a training run: what they need of all steps is known before the first derivative,
// however a minibatch is cut into passes.

using namespace cohort;
using support::echo;

namespace {

decoder_options const shape{.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};

template <class O>
std::vector<double> parameters_after(O const& objective, int rows_per_pass, int updates = 2, token_sampler sampler = {},
                                     softmax_over softmax = softmax_over::support) {
  eigen::basic_backend<double> cpu;
  language_model model{
      cpu, shape, random_seed{1}, {.initial_std = .2, .rows_per_pass = rows_per_pass, .head_rows = 16}};
  algorithm<completions, group_relative, O, step_mean, update<>> a{
      .rollout = completions{.prompts = 8, .group = 8, .max_tokens = 4, .sampler = sampler, .softmax = softmax},
      .objective = objective,
      .update = update<>{.epochs = 2,
                         .minibatches = 2,
                         .normalize = normalization::none,
                         .optimizer = adam{.rate = 3e-3},
                         .max_gradient_norm = 1},
  };
  train(cpu, a, echo{}, model, {.updates = updates, .seed = 2});
  auto p = model.parameters();
  return {p.data, p.data + p.rows};
}

void require_close(std::vector<double> const& a, std::vector<double> const& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(std::abs(a[i] - b[i]) < 1e-9);
}

/// A selection of one's own: the first half of the series.
struct first_half {
  static constexpr unsigned reads = 0;
  template <backend B>
  void operator()(B& backend, step_views<value_t<B>> const& at, stream_id, view<value_t<B>> weight) const {
    std::vector<std::int32_t> n(std::size_t(weight.rows));
    backend.download(std::span<std::int32_t>(n), at.series_of);
    std::vector<value_t<B>> w;
    for (auto s : n) w.push_back(2 * s < at.series);
    backend.upload(weight, std::span<value_t<B> const>(w));
  }
};
struct everything {
  static constexpr unsigned reads = 0;
  template <backend B>
  void operator()(B& backend, step_views<value_t<B>> const&, stream_id, view<value_t<B>> weight) const {
    backend.map(outputs{weight}, detail::filled{1}, view<value_t<B> const>(weight));
  }
};

}  // namespace

TEST_CASE(
    "train: a selection that keeps everything changes nothing, one that keeps a part does, and selections multiply") {
  auto plain = parameters_after(clipped_ratio{}, 1000);
  CHECK(parameters_after(weighted(everything{}, clipped_ratio{}), 1000) == plain);
  auto half = parameters_after(weighted(first_half{}, clipped_ratio{}), 1000);
  CHECK(half != plain);
  CHECK(parameters_after(weighted(first_half{}, weighted(first_half{}, clipped_ratio{})), 1000) == half);
  CHECK(parameters_after(weighted(importance_weights{}, clipped_ratio{}), 1000) ==
        plain);  // nothing was cut from what was sampled
}

TEST_CASE("train: selections by what the policy says now, and terms of series, do not depend on the cut into passes") {
  auto check = [](auto const& objective) {
    require_close(parameters_after(objective, 1000), parameters_after(objective, 20));
  };
  check(gspo{.epsilon = .02, .epsilon_high = .03});
  check(weighted(top_entropy{.share = .4}, clipped_ratio{}));
  check(aggregate(series_mean{}, weighted(off_policy_series{}, vespo{})) + .5 * clipped_ratio{} + entropy_bonus{});
  check(weighted(clip_cov{.share = .2, .low = -10, .high = 10}, clipped_ratio{}));
}

TEST_CASE("train: importance weights know what the sampler's cuts left, where training does not") {
  token_sampler narrow{.top_p = .8};
  auto after = [&](auto const& objective, softmax_over softmax) {
    return parameters_after(objective, 1000, 2, narrow, softmax);
  };
  auto corrected = weighted(importance_weights{}, clipped_ratio{});
  CHECK(after(clipped_ratio{}, softmax_over::vocabulary) != after(corrected, softmax_over::vocabulary));
  CHECK(after(clipped_ratio{}, softmax_over::support) == after(corrected, softmax_over::support));
}

TEST_CASE(
    "train: the effective sample size of importance weights is a metric, 1 where nothing was cut from what was "
    "sampled, and 1 without them") {
  struct last_metric {
    double* seen;
    void on_update(train_report const& r) { *seen = r.metrics.effective_sample_size; }
  };
  auto seen = [](auto const& objective, token_sampler sampler) {
    eigen::basic_backend<double> cpu;
    language_model model{cpu, shape, random_seed{1}, {.initial_std = .2}};
    algorithm a{
        .rollout =
            completions{
                .prompts = 8, .group = 8, .max_tokens = 4, .sampler = sampler, .softmax = softmax_over::vocabulary},
        .advantage = group_relative{},
        .objective = objective,
        .aggregation = step_mean{},
        .update = update{.epochs = 1, .normalize = normalization::none, .optimizer = adam{.rate = 3e-3}}};
    double found = -1;
    train(cpu, a, echo{}, model, {.updates = 1, .seed = 2}, last_metric{&found});
    return found;
  };
  auto corrected = weighted(importance_weights{.high = 1e9}, clipped_ratio{});
  CHECK(std::abs(seen(corrected, {}) - 1) < 1e-12);
  double cut = seen(corrected, {.top_k = 3});
  CHECK(cut > 0);
  CHECK(cut < .999);
  CHECK(seen(clipped_ratio{}, {.top_k = 3}) == 1);
}
