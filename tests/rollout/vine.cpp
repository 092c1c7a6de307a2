#include <algorithm>
#include <cohort/backend/eigen.hpp>
#include <set>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"

using namespace cohort;
using support::counting;
using B = eigen::backend;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class E>
struct played {
  B cpu{eigen::options{.threads = 1}};
  actor<B, categorical> policy;
  vine_collector<B, E, actor<B, categorical>> collector;
  rollout_summary summary;

  played(vine const& o, E const& e, std::uint64_t run_seed = 1)
      : policy(cpu, e, network_options{.hidden = {8}, .policy_gain = 1}, random_seed{3}),
        collector(cpu, o, e, policy, run_seed) {}
  auto& next(std::int64_t budget = 100'000'000) { return collector.collect(cpu, policy, budget, summary); }
};

/// 1 + gamma + ..., n terms.
double geometric(double gamma, int n) {
  double sum = 0;
  for (int j = 0; j < n; ++j) sum += std::pow(gamma, j);
  return sum;
}

/// Pays the square of the number it draws, plus the action; ends with a probability of .2 after each step.
struct lottery {
  struct state {
    int count = 0;
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{0}, {1}};
  int max_episode_steps = 12;
  double ends = .2;

  state reset(random_stream&) const { return {}; }
  outcome step(state& s, int a, random_stream& draws) const {
    ++s.count;
    double u = draws.uniform();
    return {.reward = u * u + a, .terminated = draws.uniform() < ends};
  }
  std::array<float, 1> observe(state const&) const { return {1}; }
};

}  // namespace

TEST_CASE("vine: where nothing is random the values are the returns to the time limit, and nothing is left after it") {
  auto c = played(vine{.lanes = 2, .horizon = 13, .rollouts = 3, .gamma = .9}, counting{});
  auto& b = c.next();
  REQUIRE(b.R == 26);
  REQUIRE(b.has_values);
  for (int t = 0; t < 13; ++t)
    for (int n = 0; n < 2; ++n) {
      int m = t * 2 + n, left = 10 - t % 10;
      CHECK(std::abs(b.value.data()[m] - geometric(.9, left)) < 1e-6);
      CHECK(std::abs(b.next_value.data()[m] - geometric(.9, left - 1)) < 1e-6);
      CHECK(b.truncated.data()[m] == (left == 1));
    }
  CHECK(b.next_value.data()[9 * 2] == 0);
}

TEST_CASE("vine: the same to a termination, in an environment that steps by formulas too") {
  auto c = played(vine{.lanes = 1, .horizon = 9, .rollouts = 2, .gamma = 1}, counting{.life = 4});
  auto& b = c.next();
  for (int t = 0; t < 9; ++t) {
    CHECK(b.value.data()[t] == 4 - t % 4);
    CHECK(b.next_value.data()[t] == 3 - t % 4);
    CHECK(b.terminated.data()[t] == (t % 4 == 3));
  }
  auto pole = played(vine{.lanes = 2, .horizon = 6, .rollouts = 2, .gamma = .5},
                     time_limit{classic_control::cart_pole{}, 4});  // nobody falls in 4 steps
  auto& p = pole.next();
  for (int m = 0; m < 12; ++m) {
    CHECK(std::abs(p.value.data()[m] - geometric(.5, 4 - m / 2 % 4)) < 1e-6);
    CHECK(std::abs(p.next_value.data()[m] - geometric(.5, 3 - m / 2 % 4)) < 1e-6);
  }
}

TEST_CASE(
    "vine: every step of every copy counts, those of states after the last decision too, but none where a lane ended") {
  auto steps_of = [](int T) {
    auto c = played(vine{.lanes = 2, .horizon = T, .rollouts = 3}, counting{});
    c.next();
    return c.summary.steps;
  };
  auto by_hand = [](int T) {
    std::int64_t n = 2 * T;
    for (int t = 0; t < T; ++t) n += 2 * 3 * (10 - t % 10);
    return n + (T % 10 ? 2 * 3 * (10 - T % 10) : 0);
  };
  for (int T : {1, 9, 10, 13, 20}) CHECK(steps_of(T) == by_hand(T));
}

TEST_CASE("vine: episodes are those of the lanes, which go on from one rollout to the next") {
  auto c = played(vine{.lanes = 3, .horizon = 7, .rollouts = 2}, counting{});
  c.next();
  CHECK(c.summary.episode_returns.empty());
  auto& b = c.next();
  CHECK(b.observation.data()[0] == 7);
  CHECK(std::abs(b.value.data()[0] - geometric(.99, 3)) < 1e-6);
  CHECK(c.summary.episode_returns == std::vector<double>{10, 10, 10});
}

TEST_CASE("vine: a rollout that the budget cannot finish is dropped and its steps counted") {
  // 2 decisions of one lane and copies of three states: 2 + 2 (10 + 9 + 8) steps.
  vine o{.lanes = 1, .horizon = 2, .rollouts = 2};
  auto c = played(o, counting{});
  CHECK(c.next(55).R == 0);
  CHECK(c.summary.steps == 55);
  auto d = played(o, counting{});
  CHECK(d.next(56).R == 2);
  CHECK(d.summary.steps == 56);
}

TEST_CASE(
    "vine: the mean over copies is that of the closed form, within four standard errors, whoever is left when others "
    "have ended") {
  int K = 4000;
  auto c = played(vine{.lanes = 3, .horizon = 2, .rollouts = K, .gamma = .9}, lottery{});
  auto& b = c.next();
  float one = 1, logp = 0;
  std::int32_t action = 1;
  c.policy.log_probability(c.cpu, c.policy.parameters(), view<float const>(&one, 1, 1),
                           view<std::int32_t const>(&action, 1, 1), 1, view<float>(&logp, 1, 1));
  // First and second moment of the return over n steps, G_n = r + [goes on] gamma G_{n-1}, and the same for r = u^2 +
  // a.
  double p = std::exp(logp), mean_reward = 1. / 3 + p, square_reward = 1. / 5 + 2 * p / 3 + p, mean = 0, square = 0;
  std::array<double, 13> expected{}, deviation{};
  for (int n = 1; n <= 12; ++n) {
    square = square_reward + 2 * mean_reward * .8 * .9 * mean + .8 * .81 * square;
    mean = mean_reward + .8 * .9 * mean;
    expected[n] = mean, deviation[n] = std::sqrt(square - mean * mean);
  }
  CHECK(std::abs(expected[12] - mean_reward * geometric(.9 * .8, 12)) < 1e-12);
  int new_episodes = 0;
  for (int n = 0; n < 3; ++n)
    for (int t = 0; t < 2; ++t) {
      bool first = t == 0 || b.terminated.data()[n];
      int left = first ? 12 : 11;
      new_episodes += first;
      CHECK(std::abs(b.value.data()[t * 3 + n] - expected[left]) < 4 * deviation[left] / std::sqrt(K));
    }
  CHECK(new_episodes >= 3);
  CHECK(std::set<float>(b.value.data(), b.value.data() + 6).size() == 6);
}

TEST_CASE("vine: copies have noise of their own, not the lane's, unless they share it among themselves") {
  lottery quiet{.ends = 0};
  auto c = played(vine{.lanes = 4, .horizon = 12, .rollouts = 1, .gamma = 0}, quiet);
  auto& b = c.next();
  int equal = 0;
  for (int m = 0; m < 48; ++m) equal += std::fmod(b.value.data()[m], 1.f) == std::fmod(b.reward.data()[m], 1.f);
  CHECK(equal == 0);

  struct paid_by_chance : lottery {
    outcome step(state& s, int, random_stream& draws) const { return lottery::step(s, 0, draws); }
  };
  auto values = [&](int K, action_noise how) {
    auto d = played(vine{.lanes = 2, .horizon = 5, .rollouts = K, .noise = how}, paid_by_chance{{.ends = 0}});
    auto& x = d.next();
    return std::vector<float>(x.value.data(), x.value.data() + x.R);
  };
  auto once = values(1, action_noise::independent), shared = values(3, action_noise::common),
       apart = values(3, action_noise::independent);
  for (std::size_t m = 0; m < once.size(); ++m) {
    CHECK(std::abs(shared[m] - once[m]) < 1e-6);
    CHECK(std::abs(apart[m] - once[m]) > 1e-6);
  }
}

TEST_CASE("vine: gae with lambda 0 on it is r + gamma V(s') - V(s), for a policy without a critic") {
  auto c = played(vine{.lanes = 3, .horizon = 20, .rollouts = 4, .gamma = .9}, lottery{});
  auto& b = c.next();
  gae{.gamma = .9, .lambda = 0}(c.cpu, b.view_for_estimator(), {b.advantage.all(), {}});
  int ended = 0;
  for (int m = 0; m < 60; ++m) {
    bool done = b.terminated.data()[m] || b.truncated.data()[m];
    ended += done;
    float after = done ? 0 : m + 3 < 60 ? b.value.data()[m + 3] : b.next_value.data()[m];
    CHECK(std::abs(b.advantage.data()[m] - (b.reward.data()[m] + .9f * after - b.value.data()[m])) < 1e-5);
  }
  CHECK(ended > 3);
}

TEST_CASE("vine: refuses an environment without a limit, and parameters out of their range") {
  CHECK_THROWS_WITH(played(vine{}, counting{.max_episode_steps = 0}),
                    ContainsSubstring("vine") && ContainsSubstring("max_episode_steps"));
  CHECK_THROWS_WITH(vine{.lanes = 0}.check(), ContainsSubstring("vine: lanes is 0"));
  CHECK_THROWS_WITH(vine{.horizon = 0}.check(), ContainsSubstring("vine: horizon is 0"));
  CHECK_THROWS_WITH(vine{.rollouts = 0}.check(), ContainsSubstring("vine: rollouts is 0"));
  CHECK_THROWS_WITH(vine{.gamma = 1.5}.check(), ContainsSubstring("vine: gamma is 1.5"));
}

TEST_CASE("vine: a reward of a copy that is no number stops the run") {
  struct broken : counting {
    outcome step(state& s, int a) const {
      auto result = counting::step(s, a);
      if (s.count == 7) result.reward = std::nan("");
      return result;
    }
  };
  auto c = played(vine{.lanes = 1, .horizon = 2, .rollouts = 2}, broken{});
  CHECK_THROWS_WITH(c.next(), ContainsSubstring("the environment's reward is nan"));
}

TEST_CASE("vine: the same seeds give the same parameters on one thread and on two") {
  time_limit environment{classic_control::cart_pole{}, 40};
  auto vine_ppo = algorithm{.rollout = vine{.lanes = 4, .horizon = 16, .gamma = .98},
                            .advantage = gae{.gamma = .98, .lambda = 0},
                            .objective = clipped_ratio{},
                            .aggregation = step_mean{},
                            .update = update{.epochs = 3, .minibatch_size = 24, .optimizer = adam{.rate = 3e-3}}};
  auto run = [&](int threads) {
    eigen::backend cpu({.threads = threads});
    actor policy{cpu, environment, {}, random_seed{1}};
    auto report = train(cpu, vine_ppo, environment, policy, {.steps = 30'000, .seed = 1});
    CHECK(report.updates >= 3);
    return std::vector<float>(policy.parameters().data, policy.parameters().data + policy.parameters().rows);
  };
  CHECK(run(1) == run(2));
}
