#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"

// What rollouts bring beside rewards for estimators that read more: the greedy answer's score, several rewards, the
// states' numbers.

using namespace cohort;

namespace {

struct digits {
  struct row {
    int digit;
  };
  row draw(random_stream& draws) const { return {int(draws.integer(10))}; }
  std::vector<std::int32_t> prompt(row const& r) const { return {11, r.digit}; }
  double score(row const& r, std::span<std::int32_t const> tokens, bool) const { return tokens[0] - .1 * r.digit; }
  std::int32_t stop() const { return 10; }
};
struct digits_in_parts : digits {
  std::array<double, 2> parts(row const& r, std::span<std::int32_t const> tokens, bool stopped) const {
    return {double(tokens[0] == r.digit), stopped ? double(tokens.size()) : std::numeric_limits<double>::quiet_NaN()};
  }
};

template <class Task>
struct collected {
  eigen::backend cpu;
  language_model<eigen::backend> model{
      cpu,
      decoder_options{.vocabulary = 12, .hidden = 8, .intermediate = 8, .layers = 1, .heads = 1, .context = 8},
      random_seed{1},
      {.initial_std = .5}};
  Task task;
  rollout_summary summary;
  completions_collector<eigen::backend, Task, language_model<eigen::backend>> collector;
  completion_batch<eigen::backend>& batch;
  explicit collected(completions how)
      : collector(cpu, how, task, model, 1), batch(collector.collect(cpu, model, 0, summary)) {}
};

}  // namespace

TEST_CASE(
    "completions: with greedy each series knows what the likeliest answer to its prompt is worth, and remax reads it") {
  collected<digits> c({.prompts = 6, .group = 3, .max_tokens = 4, .greedy = true});
  collected<digits> plain({.prompts = 6, .group = 3, .max_tokens = 4});
  CHECK(c.summary.steps > plain.summary.steps);
  REQUIRE(c.batch.completion == plain.batch.completion);
  auto view = c.batch.view_for_estimator();
  REQUIRE(view.greedy_score.rows == 18);
  CHECK(!plain.batch.view_for_estimator().greedy_score);
  generator<eigen::backend> generate;
  for (std::size_t p = 0; p < 6; ++p) {
    auto likeliest = generate(c.cpu, c.model, {c.batch.prompt[p]},
                              {.max_tokens = 4, .stop = 10, .sampler = {.temperature = 0}}, stream_id{});
    for (std::size_t g = 0; g < 3; ++g)
      CHECK(view.greedy_score[std::ptrdiff_t(3 * p + g)] ==
            Approx(c.task.score({c.batch.prompt[p][1]}, likeliest[0].tokens, true)));
  }
  host_array<float> advantage(c.batch.R);
  remax{}(c.cpu, view, {advantage.all(), {}});
  std::ptrdiff_t first = 0;
  for (std::size_t n = 0; n < 18; ++n) {
    double score = c.task.score({c.batch.prompt[n / 3][1]}, c.batch.completion[n], true);
    CHECK(advantage.data()[first] == Approx(score - view.greedy_score[std::ptrdiff_t(n)]).margin(1e-6));
    first += std::ptrdiff_t(c.batch.completion[n].size());
  }
}

TEST_CASE(
    "completions: what each of a task's rewards says of a completion reaches weighted_rewards and gdpo, absent ones as "
    "NaN") {
  collected<digits_in_parts> c({.prompts = 5, .group = 4, .max_tokens = 3});
  auto view = c.batch.view_for_estimator();
  REQUIRE(view.scores.rows == 20);
  REQUIRE(view.scores.columns == 2);
  int absent = 0;
  for (std::size_t n = 0; n < 20; ++n) {
    auto const& tokens = c.batch.completion[n];
    CHECK(view.scores(std::ptrdiff_t(n), 0) == float(tokens[0] == c.batch.prompt[n / 4][1]));
    absent += std::isnan(view.scores(std::ptrdiff_t(n), 1));
    CHECK(std::isnan(view.scores(std::ptrdiff_t(n), 1)) == (tokens.back() != 10));
  }
  CHECK(absent > 0);
  host_array<float> advantage(c.batch.R);
  for (auto run : {0, 1}) {
    if (run) gdpo{.weights = {1, .5}}(c.cpu, view, {advantage.all(), {}});
    else weighted_rewards{.weights = {1, .5}}(c.cpu, view, {advantage.all(), {}});
    for (std::ptrdiff_t i = 0; i < c.batch.R; ++i) REQUIRE(std::isfinite(advantage.data()[i]));
  }
}

TEST_CASE("completions: process supervision compares the scores alone, which stand on the last tokens") {
  collected<digits> c({.prompts = 4, .group = 4, .max_tokens = 4});
  host_array<float> process(c.batch.R), episode(c.batch.R);
  group_relative{.by = credit::process}(c.cpu, c.batch.view_for_estimator(), {process.all(), {}});
  group_relative{}(c.cpu, c.batch.view_for_estimator(), {episode.all(), {}});
  for (std::ptrdiff_t i = 0; i < c.batch.R; ++i) REQUIRE(process.data()[i] == Approx(episode.data()[i]).margin(1e-6));
}

TEST_CASE("gigpo: train numbers equal observations of a group, and it learns") {
  eigen::backend cpu;
  support::counting environment{.max_episode_steps = 4};
  actor policy{cpu, environment, {.hidden = {4}}, random_seed{1}};
  groups_collector<eigen::backend, support::counting, decltype(policy)> collector(cpu, groups{.count = 2, .group = 3},
                                                                                  environment, policy, 1);
  rollout_summary summary;
  auto& b = collector.collect(cpu, policy, 1000, summary);
  b.write_state_index(cpu);
  auto view = b.view_for_estimator();
  CHECK(view.anchors == 8);  // 4 counts of 2 starts
  for (std::ptrdiff_t i = 0; i < b.R; ++i)
    for (std::ptrdiff_t k = 0; k < b.R; ++k) {
      bool same = b.observation.data()[2 * i] == b.observation.data()[2 * k] &&
                  b.observation.data()[2 * i + 1] == b.observation.data()[2 * k + 1];
      REQUIRE((view.anchor[i] == view.anchor[k]) == same);
    }
  auto report = train(
      cpu, algorithm{.rollout = groups{.count = 2, .group = 3}, .advantage = gigpo{}, .objective = clipped_ratio{}},
      environment, policy, {.updates = 2, .seed = 1});
  CHECK(report.updates == 2);
}
