#include <cohort/backend/eigen.hpp>
#include <set>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"

using namespace cohort;
using support::counting;
using B = eigen::backend;

namespace {

template <class Rollout, class E, class P>
struct collected {
  B cpu{eigen::options{.threads = 1}};
  P policy;
  typename Rollout::template collector<B, E, P> collector;
  rollout_summary summary;
  collected(Rollout const& r, E const& e, P p, std::uint64_t run_seed = 1)
      : policy(std::move(p)), collector(cpu, r, e, policy, run_seed) {}
  auto& next(std::int64_t budget = 1'000'000) { return collector.collect(cpu, policy, budget, summary); }
};
template <class Rollout, class E>
auto with_critic(Rollout const& r, E const& e) {
  B cpu;
  return collected<Rollout, E, decltype(actor_critic{cpu, e})>(r, e,
                                                               actor_critic{cpu, e, {.hidden = {8}}, random_seed{3}});
}
template <class Rollout, class E>
auto without_critic(Rollout const& r, E const& e) {
  B cpu;
  return collected<Rollout, E, decltype(actor{cpu, e})>(r, e, actor{cpu, e, {.hidden = {8}}, random_seed{3}});
}

float value_of(auto& c, float count, float start) {
  float row[2] = {count, start}, v = 0;
  c.policy.value(c.cpu, view<float const>(row, 1, 2), view<float>(&v, 1));
  return v;
}

}  // namespace

TEST_CASE("lanes: episodes go on from one rollout to the next, and each lane starts its own") {
  auto c = with_critic(lanes{.count = 3, .horizon = 7}, counting{});
  auto& first = c.next();
  CHECK(first.R == 21);
  CHECK(first.observation.data()[6 * 3 * 2] == 6);  // step 6 of lane 0
  std::set<float> starts;
  for (int n = 0; n < 3; ++n) starts.insert(first.observation.data()[n * 2 + 1]);
  CHECK(starts.size() == 3);
  auto& second = c.next();
  CHECK(second.observation.data()[0] == 7);
  CHECK(second.observation.data()[3 * 3 * 2] == 0);  // the limit of 10 fell in between
  CHECK(c.summary.steps == 42);
  CHECK(c.summary.episode_returns == std::vector<double>{10, 10, 10});
}

TEST_CASE("lanes: a truncated step bootstraps from its true last observation, and is not marked as terminated") {
  auto c = with_critic(lanes{.count = 2, .horizon = 12}, counting{});
  auto& b = c.next();
  int m = 9 * 2 + 1;  // the tenth step of lane 1
  CHECK(b.truncated.data()[m] == 1);
  CHECK(b.terminated.data()[m] == 0);
  CHECK(b.next_value.data()[m] == value_of(c, 10, b.observation.data()[m * 2 + 1]));
  CHECK(b.next_value.data()[m] != b.value.data()[m + 2]);
  int inner = 4 * 2;
  CHECK(b.next_value.data()[inner] == b.value.data()[inner + 2]);
}

TEST_CASE("lanes: termination at the time limit wins over truncation") {
  auto c = with_critic(lanes{.count = 1, .horizon = 10}, counting{.max_episode_steps = 5, .life = 5});
  auto& b = c.next();
  CHECK(b.terminated.data()[4] == 1);
  CHECK(b.truncated.data()[4] == 0);
}

TEST_CASE(
    "lanes: the last rollout is cut to the budget, and nothing is collected where not one step of every lane fits") {
  auto c = without_critic(lanes{.count = 4, .horizon = 8}, counting{});
  CHECK(c.next(13).R == 12);
  CHECK(c.next(3).R == 0);
  CHECK(c.summary.steps == 12);
}

TEST_CASE("groups: all episodes of a group start from one copied state, groups from different ones") {
  auto c = without_critic(groups{.count = 2, .group = 3}, counting{});
  auto& b = c.next();
  CHECK(b.R == 60);
  CHECK(b.series.count() == 6);
  std::set<float> starts;
  for (int n = 0; n < 6; ++n) {
    auto first = b.offsets.data()[n];
    CHECK(b.observation.data()[first * 2] == 0);
    CHECK(b.observation.data()[first * 2 + 1] == b.observation.data()[b.offsets.data()[n / 3 * 3] * 2 + 1]);
    starts.insert(b.observation.data()[first * 2 + 1]);
  }
  CHECK(starts.size() == 2);
}

TEST_CASE("groups: episodes are packed whole, one after the other, and only their own steps are counted") {
  classic_control::cart_pole environment;
  auto c = without_critic(groups{.count = 2, .group = 4}, environment);
  auto& b = c.next();
  std::int64_t total = 0;
  for (int n = 0; n < 8; ++n) {
    int first = b.offsets.data()[n], last = b.offsets.data()[n + 1] - 1;
    for (int i = first; i < last; ++i) CHECK_FALSE((b.terminated.data()[i] || b.truncated.data()[i]));
    CHECK((b.terminated.data()[last] || b.truncated.data()[last]));
    CHECK(c.summary.episode_returns.size() == 8);
    total += last - first + 1;
  }
  CHECK(c.summary.steps == total);
  CHECK(b.R == total);
}

TEST_CASE("groups: a rollout that the budget cannot finish is dropped and its steps counted") {
  auto c = without_critic(groups{.count = 1, .group = 3}, counting{});
  CHECK(c.next(29).R == 0);
  CHECK(c.summary.steps == 29);
  auto d = without_critic(groups{.count = 1, .group = 3}, counting{});
  CHECK(d.next(30).R == 30);
}

TEST_CASE("groups: an environment without a limit is refused") {
  CHECK_THROWS_WITH(without_critic(groups{}, counting{.max_episode_steps = 0}),
                    Catch::Matchers::ContainsSubstring("max_episode_steps"));
}

TEST_CASE("probes: every action is tried from a copy of the same state, and the lane goes on with the executed one") {
  auto c = with_critic(probes{.lanes = 2, .horizon = 13, .group = 3}, counting{});
  auto& b = c.next();
  CHECK(b.R == 26);
  CHECK(b.M() == 78);
  CHECK(c.summary.steps == 78);
  for (int r = 0; r < 26; ++r) {
    CHECK(b.executed.data()[r] == r * 3);
    CHECK(b.observation.data()[r * 2] == (r / 2) % 10);
  }
  int last = 9 * 2;  // the tenth decision of lane 0: all its probes are truncated, and bootstrap from the count of 10
  for (int g = 0; g < 3; ++g) {
    CHECK(b.truncated.data()[last * 3 + g] == 1);
    CHECK(b.probe_value.data()[last * 3 + g] == value_of(c, 10, b.observation.data()[last * 2 + 1]));
  }
  CHECK(b.next_value.data()[last] == b.probe_value.data()[last * 3]);
}

TEST_CASE("probes: longer ones stop being counted where they end, and look from the executed state on") {
  auto c = with_critic(probes{.lanes = 1, .horizon = 10, .group = 2, .depth = 4}, counting{});
  auto& b = c.next();
  // Ten decisions, each two probes of min(4, 10 - t) steps.
  CHECK(c.summary.steps == 2 * (7 * 4 + 3 + 2 + 1));
  CHECK(b.probe_value.data()[0] == value_of(c, 4, b.observation.data()[1]));
  CHECK(b.probe_value.data()[2 * 8] == value_of(c, 10, b.observation.data()[1]));
  CHECK(b.next_value.data()[0] == value_of(c, 1, b.observation.data()[1]));
}

namespace {

/// One decision an episode, over four actions with the rewards 0, 1, 2 and 4.
struct four_arms {
  struct state {
    int pulled = 0;
  };
  static constexpr discrete actions{4};
  static constexpr box<2> observations{{0, 0}, {1, 1}};
  int max_episode_steps = 1;

  state reset(random_stream&) const { return {}; }
  outcome step(state& s, int a) const {
    ++s.pulled;
    return {.reward = double(a < 3 ? a : 4), .terminated = true};
  }
  std::array<float, 2> observe(state const& s) const { return {float(s.pulled), 0}; }
};

/// The number of probes with the largest reward among the executed, of 500 lanes with 4 probes; and how many lanes that
/// should be under softmax(T z).
struct executed_best {
  int lanes = 0;
  double expected = 0, variance = 0;
};
executed_best best_among(probes o, std::uint64_t run_seed) {
  o.lanes = 500, o.horizon = 1, o.group = 4;
  B cpu;
  auto c = collected<probes, four_arms, decltype(actor_critic{cpu, four_arms{}})>(
      o, four_arms{}, actor_critic{cpu, four_arms{}, {.hidden = {8}}, random_seed{3}}, run_seed);
  auto& b = c.next();
  executed_best found;
  for (int r = 0; r < b.R; ++r) {
    float const* reward = b.reward.data() + 4 * r;
    double mean = 0, deviation = 0, total = 0, at_best = 0;
    for (int g = 0; g < 4; ++g) mean += reward[g] / 4.;
    for (int g = 0; g < 4; ++g) deviation += (reward[g] - mean) * (reward[g] - mean);
    deviation = std::sqrt(deviation / 3);
    float most = *std::max_element(reward, reward + 4);
    for (int g = 0; g < 4; ++g) {
      double weight = std::exp(o.sharpness * (reward[g] - mean) / (deviation + 1e-8));
      total += weight, at_best += reward[g] == most ? weight : 0;
    }
    int executed = b.executed.data()[r] - 4 * r;
    REQUIRE((executed >= 0 && executed < 4));
    found.lanes += reward[executed] == most;
    double p = at_best / total;
    found.expected += p, found.variance += p * (1 - p);
  }
  return found;
}

}  // namespace

TEST_CASE("probes: the best is the one with the largest reward, the first of equals") {
  CHECK(best_among({.execute = executed_probe::best}, 1).lanes == 500);
  auto c = with_critic(probes{.lanes = 2, .horizon = 13, .group = 3, .execute = executed_probe::best}, counting{});
  auto& b = c.next();
  for (int r = 0; r < 26; ++r) CHECK(b.executed.data()[r] == r * 3);
}

TEST_CASE("probes: the softmax draws by exp(T z), within four standard deviations; T = 0 any, a large T the best") {
  for (double T : {0., .5, 1., 3.}) {
    auto found = best_among({.execute = executed_probe::softmax, .sharpness = T}, 1);
    CAPTURE(T, found.lanes, found.expected);
    CHECK(std::abs(found.lanes - found.expected) < 4 * std::sqrt(found.variance));
  }
  CHECK(best_among({.execute = executed_probe::softmax, .sharpness = 1e4}, 1).lanes == 500);
  CHECK_THROWS_WITH(probes{.sharpness = -1}.check(), Catch::Matchers::ContainsSubstring("sharpness is -1"));
}

TEST_CASE("rollouts: the same seed gives the same batch, another seed another") {
  auto draw = [](std::uint64_t s) {
    B cpu;
    classic_control::cart_pole e;
    actor_critic p{cpu, e, {.hidden = {8}}, random_seed{3}};
    collected<lanes, classic_control::cart_pole, decltype(p)> c(lanes{.count = 5, .horizon = 40}, e, p, s);
    auto& b = c.next();
    return std::vector<float>(b.observation.data(), b.observation.data() + b.R * 4);
  };
  CHECK(draw(1) == draw(1));
  CHECK(draw(1) != draw(2));
}

TEST_CASE("rollouts: more steps than 32 bits number are refused, whatever their factors") {
  using Catch::Matchers::ContainsSubstring;
  int const large = 2147483647;
  CHECK_NOTHROW((lanes{.count = 65'536, .horizon = 32'767}.check()));
  CHECK_THROWS_WITH((lanes{.count = 65'536, .horizon = 32'768}.check()),
                    ContainsSubstring("lanes: count x horizon is 2.14748e+09, expected at most 2147483647"));
  CHECK_THROWS_WITH((groups{.count = 2, .group = large}.check()), ContainsSubstring("groups: count x group is 4.29"));
  CHECK_THROWS_WITH((probes{.group = large}.check()), ContainsSubstring("probes: lanes x horizon x group x depth"));
  CHECK_THROWS_WITH((probes{.depth = large}.check()), ContainsSubstring("probes: lanes x horizon x group x depth"));
  CHECK_THROWS_WITH((vine{.rollouts = large}.check()), ContainsSubstring("vine: lanes x horizon x rollouts"));
  // The limit of CartPole's episodes counts: 501 rows a member.
  eigen::backend cpu;
  classic_control::cart_pole const environment;
  actor const policy{cpu, environment, {}, random_seed{1}};
  using collector =
      groups::collector<eigen::backend, classic_control::cart_pole, std::remove_cvref_t<decltype(policy)>>;
  CHECK_THROWS_WITH((collector{cpu, groups{.count = 1, .group = 4'286'396}, environment, policy, 1}),
                    ContainsSubstring("groups: count x group x (max_episode_steps + 1) x (resample + 1) is 2.1474"));
}
