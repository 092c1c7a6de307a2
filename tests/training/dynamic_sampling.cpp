#include <cohort/backend/eigen.hpp>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"

// Groups without variance are left out and sampling goes on, with a limit.

using namespace cohort;

namespace {

/// A third of the prompts (digits 0, 3, 6, 9) gives scores that depend on the completion; the others always give 1.
struct partly_constant {
  bool always = false;
  struct row {
    int digit;
  };
  row draw(random_stream& draws) const { return {int(draws.integer(10))}; }
  std::vector<std::int32_t> prompt(row const& r) const { return {11, r.digit}; }
  double score(row const& r, std::span<std::int32_t const> tokens, bool) const { return always || r.digit % 3 != 0 ? 1 : tokens[0]; }
  std::int32_t stop() const { return 10; }
};

struct collected {
  eigen::backend cpu;
  language_model<eigen::backend> model{cpu, decoder_options{.vocabulary = 12, .hidden = 8, .intermediate = 8, .layers = 1, .heads = 1, .context = 8}, seed{1}};
  rollout_summary summary;
  std::vector<std::vector<std::int32_t>> prompts;

  collected(completions how, partly_constant task) {
    completions_collector<eigen::backend, partly_constant, language_model<eigen::backend>> collector(cpu, how, task, model, 1);
    auto& batch = collector.collect(cpu, model, 0, summary);
    prompts = batch.prompt;
    CHECK(batch.groups.count() == std::ptrdiff_t(prompts.size()));
  }
  int teaching() const {
    return int(std::count_if(prompts.begin(), prompts.end(), [](auto const& p) { return p[1] % 3 == 0; }));
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

  played(groups how, double above = .5) : environment{{}, above}, policy(cpu, environment, {.hidden = {4}}, seed{1}), collector(cpu, how, environment, policy, 1) {}
  auto& next(std::int64_t budget = 1'000'000) { return collector.collect(cpu, policy, budget, summary); }
};

}  // namespace

TEST_CASE("completions: without resample every group stays") {
  collected c({.prompts = 12, .group = 4, .max_tokens = 3}, {});
  CHECK(c.prompts.size() == 12);
  CHECK(c.summary.completions.left_out == 0);
  CHECK(c.summary.completions.frac_reward_zero_std > .3);
}

TEST_CASE("completions: with resample, groups that teach nothing are left out until there are enough, and the rest is cut") {
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

TEST_CASE("groups: with resample, groups whose returns are all equal are left out, and the steps of all rounds count") {
  played p(groups{.count = 4, .group = 3, .resample = 10});
  auto& b = p.next();
  REQUIRE(b.groups.count() == 4);
  CHECK(b.decisions.count() == 12);
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

TEST_CASE("groups: where no group of any round differs, the last round stands; a budget that ends within a round drops all of it") {
  played none(groups{.count = 2, .group = 3, .resample = 2}, 2);
  CHECK(none.next().groups.count() == 2);
  CHECK(none.summary.steps == 180);
  played cut(groups{.count = 2, .group = 3, .resample = 2}, 2);
  CHECK(cut.next(130).R == 0);
  CHECK(cut.summary.steps == 130);
}

TEST_CASE("dynamic sampling: a negative limit is refused") {
  CHECK_THROWS_WITH((groups{.resample = -1}.check()), "groups: resample is -1, expected 0 or a positive number");
  CHECK_THROWS_WITH((completions{.resample = -1}.check()), "completions: resample is -1, expected 0 or a positive number");
}
