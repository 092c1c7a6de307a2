#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>
#include <iterator>
#include <map>
#include <numeric>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"

// Groups without variance are left out and sampling goes on, with a limit.

using namespace cohort;

namespace {

/// A third of the prompts (digits 0, 3, 6, 9) gives scores that depend on the completion; the others always give 1.
struct partly_constant {
  bool always = false, first_token = false;
  struct row {
    int digit;
  };
  row draw(random_stream& draws) const { return {int(draws.integer(10))}; }
  std::vector<std::int32_t> prompt(row const& r) const { return {11, r.digit}; }
  double score(row const& r, std::span<std::int32_t const> tokens, bool) const {
    return !first_token && (always || r.digit % 3 != 0) ? 1 : tokens[0];
  }
  std::int32_t stop() const { return 10; }
};

struct collected {
  eigen::backend cpu;
  language_model<eigen::backend> model{
      cpu, decoder_options{.vocabulary = 12, .hidden = 8, .intermediate = 8, .layers = 1, .heads = 1, .context = 8},
      random_seed{1}};
  rollout_summary summary;
  std::vector<std::vector<std::int32_t>> prompts;

  collected(completions how, partly_constant task) {
    completions_collector<eigen::backend, partly_constant, language_model<eigen::backend>> collector(cpu, how, task,
                                                                                                     model, 1);
    auto& batch = collector.collect(cpu, model, 0, summary);
    prompts = batch.prompt;
    CHECK(batch.groups.count() == std::ptrdiff_t(prompts.size()));
  }
  int teaching() const {
    return int(std::count_if(prompts.begin(), prompts.end(), [](auto const& p) { return p[1] % 3 == 0; }));
  }
};

/// The answers of a batch, some of them more than once, on a task where the first token is the score.
struct batch_of {
  using answer = std::tuple<std::vector<std::int32_t>, std::vector<std::int32_t>, double>;  ///< prompt, tokens, score
  eigen::backend cpu;
  language_model<eigen::backend> model{
      cpu, decoder_options{.vocabulary = 12, .hidden = 8, .intermediate = 8, .layers = 1, .heads = 1, .context = 8},
      random_seed{1}};
  rollout_summary summary;
  std::vector<answer> answers;
  std::size_t prompts = 0;

  explicit batch_of(completions how) {
    partly_constant task{.first_token = true};
    completions_collector<eigen::backend, partly_constant, language_model<eigen::backend>> collector(cpu, how, task,
                                                                                                     model, 1);
    auto& batch = collector.collect(cpu, model, 0, summary);
    prompts = batch.prompt.size();
    for (std::size_t g = 0; g < prompts; ++g)
      for (auto n = std::size_t(batch.group_first[g]); n < std::size_t(batch.group_first[g + 1]); ++n)
        answers.emplace_back(batch.prompt[g], batch.completion[n], batch.reward.data()[batch.step_first[n + 1] - 1]);
  }
  std::map<answer, int> counted() const {
    std::map<answer, int> times;
    for (auto const& a : answers) ++times[a];
    return times;
  }
};

/// The reward is 0 but for starts above a half, where each action 1 earns.
struct partly_rewarding : support::counting {
  double above = .5;
  cohort::outcome step(state& s, int a) const {
    auto result = support::counting::step(s, a);
    result.reward = s.start > above && a == 1;
    return result;
  }
};

struct played {
  eigen::backend cpu;
  partly_rewarding environment;
  actor<eigen::backend, categorical> policy;
  groups_collector<eigen::backend, partly_rewarding, actor<eigen::backend, categorical>> collector;
  rollout_summary summary;

  played(groups how, double above = .5)
      : environment{{}, above},
        policy(cpu, environment, {.hidden = {4}}, random_seed{1}),
        collector(cpu, how, environment, policy, 1) {}
  auto& next(std::int64_t budget = 1'000'000) { return collector.collect(cpu, policy, budget, summary); }
};

}  // namespace

TEST_CASE("completions: without resample every group stays") {
  collected c({.prompts = 12, .group = 4, .max_tokens = 3}, {});
  CHECK(c.prompts.size() == 12);
  CHECK(c.summary.completions.left_out == 0);
  CHECK(c.summary.completions.frac_reward_zero_std > .3);
}

TEST_CASE(
    "completions: with resample, groups that teach nothing are left out until there are enough, and the rest is cut") {
  collected c({.prompts = 12, .group = 4, .max_tokens = 3, .resample = 20}, {});
  CHECK(c.prompts.size() == 12);
  CHECK(c.teaching() == 12);
  CHECK(c.summary.completions.count == 4 * (12 + c.summary.completions.left_out));  // metrics are of all that was drawn
  CHECK(c.summary.completions.left_out > 12);
  CHECK(c.summary.steps > 4 * 24);
}

TEST_CASE("completions: a limit on the rounds may leave fewer groups") {
  collected c({.prompts = 12, .group = 4, .max_tokens = 3, .resample = 1}, {});
  CHECK(c.summary.completions.count == 2 * 12 * 4);
  CHECK(c.teaching() == int(c.prompts.size()));
  CHECK(c.prompts.size() < 12);
  CHECK(!c.prompts.empty());
}

TEST_CASE("completions: where no group of any round differs, the last round stands, so that the run goes on") {
  collected c({.prompts = 3, .group = 4, .max_tokens = 3, .resample = 2}, {.always = true});
  CHECK(c.prompts.size() == 3);
  CHECK(c.summary.completions.left_out == 6);
  CHECK(c.summary.completions.frac_reward_zero_std == 1);
}

TEST_CASE(
    "completions: with drop_equal, groups that teach nothing are left out of the one round that is drawn; where none "
    "differs, all stand") {
  collected all({.prompts = 40, .group = 4, .max_tokens = 3}, {}),
      some({.prompts = 40, .group = 4, .max_tokens = 3, .drop_equal = true}, {});
  std::vector<std::vector<std::int32_t>> expected;
  std::copy_if(all.prompts.begin(), all.prompts.end(), std::back_inserter(expected),
               [](auto const& p) { return p[1] % 3 == 0; });
  CHECK(some.prompts == expected);
  CHECK(!expected.empty());
  CHECK(some.summary.completions.left_out == 40 - double(expected.size()));
  CHECK(some.summary.steps == all.summary.steps);
  collected none({.prompts = 3, .group = 4, .max_tokens = 3, .drop_equal = true}, {.always = true});
  CHECK(none.prompts.size() == 3);
  CHECK(none.summary.completions.left_out == 0);
}

TEST_CASE(
    "completions: with score_power the answers are drawn again by their scores, with replacement, as many as there "
    "are") {
  completions plain{.prompts = 40, .group = 2, .max_tokens = 3}, filtered = plain;
  filtered.score_power = 2;
  batch_of all(plain), some(filtered);
  REQUIRE(all.answers.size() == 80);
  REQUIRE(some.answers.size() == 80);
  CHECK(some.summary.episode_returns == all.summary.episode_returns);
  CHECK(some.prompts < all.prompts);
  double most = 0;
  for (auto const& [answer, times] : some.counted()) {
    auto [prompt, tokens, score] = answer;
    CHECK(all.counted().count(answer) == 1);
    CHECK(score > 0);
    most = std::max(most, double(times) / double(all.counted()[answer]));
  }
  CHECK(most >= 3);
}

TEST_CASE("resampled_counts: a number comes as often as its power says, NaNs never, and equal ones of 0 once each") {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  auto draw = [](std::vector<double> const& x, double power, std::uint32_t step = 0) {
    return detail::resampled_counts(x, power, stream_id{1, draw_purpose::user, step});
  };
  CHECK(draw({0, 0, -3, 0}, 2) == std::vector<int>{0, 0, 4, 0});
  CHECK(draw({0, 0, 0}, 2) == std::vector<int>{1, 1, 1});
  CHECK(draw({0, nan, 0}, 1) == std::vector<int>{1, 0, 1});
  CHECK(draw({nan, 1e300, nan, 0}, 3) == std::vector<int>{0, 2, 0, 0});
  CHECK(draw({nan, nan}, 2) == std::vector<int>{0, 0});
  CHECK(draw({}, 2).empty());
  std::vector<double> const x{1, -2, 0, 3, nan, 1};
  for (double power : {.5, 1., 2.}) {
    double total = 0, rounds = 20'000;
    for (double v : x) total += std::isnan(v) ? 0 : std::pow(std::abs(v), power);
    std::vector<double> found(x.size());
    for (std::uint32_t k = 0; k < 20'000; ++k) {
      auto times = draw(x, power, k);
      if (std::accumulate(times.begin(), times.end(), 0) != 5) FAIL();
      for (std::size_t i = 0; i < x.size(); ++i) found[i] += times[i];
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      double p = std::isnan(x[i]) ? 0 : std::pow(std::abs(x[i]), power) / total;
      CHECK(std::abs(found[i] - 5 * rounds * p) <= 4 * std::sqrt(5 * rounds * p * (1 - p)));
    }
  }
}

TEST_CASE("groups: with resample, groups whose returns are all equal are left out, and the steps of all rounds count") {
  played p(groups{.count = 4, .group = 3, .resample = 10});
  auto& b = p.next();
  REQUIRE(b.groups.count() == 4);
  CHECK(b.series.count() == 12);
  CHECK(b.R == 120);
  for (int n = 0; n < 12; ++n) {
    auto first = b.offsets.data()[n];
    CHECK(b.observation.data()[2 * first] == 0);
    CHECK(b.observation.data()[2 * first + 1] > .5f);
    CHECK(b.observation.data()[2 * first + 1] == b.observation.data()[2 * b.offsets.data()[n / 3 * 3] + 1]);
    for (int t = 0; t < 10; ++t) {
      CHECK(b.observation.data()[2 * (first + t)] == float(t));
      CHECK(bool(b.reward.data()[first + t]) == (b.action.data()[first + t] == 1));
      CHECK(b.truncated.data()[first + t] == (t == 9));
    }
  }
  CHECK(p.summary.steps > 120);
  CHECK(p.summary.steps % 120 == 0);
  CHECK(std::int64_t(p.summary.episode_returns.size()) == p.summary.steps / 10);
}

TEST_CASE(
    "groups: where no group of any round differs, the last round stands; a budget that ends within a round drops all "
    "of it") {
  played none(groups{.count = 2, .group = 3, .resample = 2}, 2);
  CHECK(none.next().groups.count() == 2);
  CHECK(none.summary.steps == 180);
  played cut(groups{.count = 2, .group = 3, .resample = 2}, 2);
  CHECK(cut.next(130).R == 0);
  CHECK(cut.summary.steps == 130);
}

TEST_CASE("dynamic sampling: a negative limit is refused") {
  CHECK_THROWS_WITH((groups{.resample = -1}.check()), "groups: resample is -1, expected 0 or a positive number");
  CHECK_THROWS_WITH((completions{.resample = -1}.check()),
                    "completions: resample is -1, expected 0 or a positive number");
  CHECK_THROWS_WITH((completions{.score_power = -1}.check()),
                    "completions: score_power is -1, expected 0 or a positive number");
}

TEST_CASE("group_scores: they differ by more than rounding of what they were added up from, in any unit") {
  auto differ = [](std::vector<double> const& scores, double magnitude, auto... epsilon) {
    detail::group_scores s;
    for (double x : scores) s.add(x, magnitude);
    return s.differs(epsilon...);
  };
  for (double unit : {1e-200, 1e-12, 1., 1e12}) {
    CHECK(differ({1 * unit, 0, 1 * unit}, unit));
    CHECK_FALSE(differ({(.1 + .2) * unit, .3 * unit}, unit));
    CHECK_FALSE(differ({(.1 + .2 - .3) * unit, 0}, .6 * unit));
    CHECK_FALSE(differ({(double(.1f) + .2f - .3f) * unit, 0}, .6 * unit, 0x1p-23));
    CHECK(differ({1e-3 * unit, 0}, 500 * unit, 0x1p-23));
  }
  CHECK_FALSE(differ({0, 0, 0}, 0));
  CHECK_FALSE(differ({3}, 3));
}

namespace {

/// Three steps whose rewards cancel, in an order that the first action chooses.
struct cancelling {
  struct state {
    int count, first;
  };
  static constexpr cohort::discrete actions{3};
  static constexpr cohort::box<1> observations{{0}, {3}};
  int max_episode_steps = 3;
  double last = -.3;
  state reset(random_stream&) const { return {0, 0}; }
  outcome step(state& s, int a) const {
    if (s.count == 0) s.first = a;
    double const rewards[3][3] = {{.1, .2, last}, {.2, last, .1}, {0, 0, 0}};
    double reward = rewards[s.first][s.count++];
    return {.reward = reward, .terminated = s.count == 3};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.count)}; }
};

}  // namespace

TEST_CASE("groups: returns that rounding alone makes different teach nothing") {
  auto steps = [](double last) {
    eigen::backend cpu;
    cancelling e{.last = last};
    actor policy(cpu, e, {.hidden = {4}}, random_seed{1});
    rollout_summary summary;
    groups_collector<eigen::backend, cancelling, decltype(policy)> collector(
        cpu, {.count = 4, .group = 8, .resample = 2}, e, policy, 1);
    collector.collect(cpu, policy, 1'000'000, summary);
    return summary.steps;
  };
  CHECK(steps(-.3) == 3 * 4 * 8 * 3);  // three rounds in search of a group that differs
  CHECK(steps(-.29999) < 3 * 4 * 8 * 3);
}
