#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <set>

#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/lanes_in_one_call.hpp"
#include "../support/parameters.hpp"

// Lanes that begin their episodes by a step of their own.

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

using arrays::cpu, arrays::all;
using poles = support::lanes_in_one_call<on_host<classic_control::cart_pole>>;

poles poles_in(autoreset mode, int limit = 13) {
  return {on_host{classic_control::cart_pole{.max_episode_steps = limit}}, mode};
}
auto critic_for(cpu& backend) {
  return actor_critic{backend, poles_in(autoreset::next_step), {.hidden = {6}}, random_seed{3}};
}
using critic = decltype(critic_for(std::declval<cpu&>()));
/// What lanes do whose k-th action is a function of the lane and k, whatever steps they begin episodes by; and what
/// `restart` moved to `last` at each end.
auto scripted(autoreset mode, int steps) {
  constexpr int N = 3, D = 4;
  cpu backend;
  auto const e = poles_in(mode);
  vector_environment<cpu, poles> lanes(backend, e, N, 5);
  std::vector<double> seen(N * D), last(N * D), reward(N);
  std::vector<std::uint8_t> terminated(N), truncated(N);
  std::vector<std::int32_t> actions(N), made(N);
  std::vector<std::vector<double>> final(N);
  lanes.reset(backend);
  for (int t = 0; t < steps; ++t) {
    auto const resetting = lanes.resetting();
    CHECK(resetting.size() == (mode == autoreset::next_step ? N : 0));
    std::vector<bool> rests(N);
    for (std::size_t n = 0; n < N; ++n) {
      rests[n] = !resetting.empty() && resetting[n];
      actions[n] = rests[n] ? 1 : int((n + 1) * std::size_t(made[n]++) / 2 % 2);
    }
    lanes.step(backend, view<std::int32_t const>(all(actions)), all(reward), all(terminated), all(truncated),
               view<double>(seen.data(), N, D));
    for (std::size_t n = 0; n < N; ++n) CHECK(reward[n] == (rests[n] ? 0 : 1));
    lanes.restart(backend, all(terminated), all(truncated), view<double>(seen.data(), N, D),
                  view<double>(last.data(), N, D));
    for (std::size_t n = 0; n < N; ++n)
      if (terminated[n] || truncated[n]) final[n].insert(final[n].end(), &last[n * D], &last[n * D] + D);
  }
  return std::pair(*e.log, final);
}

/// The same as `n` first elements of each lane have.
template <class Lanes>
Lanes first_of(Lanes all, Lanes const& other) {
  for (std::size_t n = 0; n < all.size(); ++n) all[n].resize(std::min(all[n].size(), other[n].size()));
  return all;
}

/// Advantages of one lane's steps, from the log alone: each episode by itself.
std::vector<double> advantages_by_hand(critic& policy, cpu& backend, std::vector<poles::moment> const& lane) {
  auto value = [&](std::vector<float> const& of) {
    std::vector<double> row(of.begin(), of.end()), v(1);
    policy.value(backend, view<double const>(row.data(), 1, std::ptrdiff_t(row.size())), all(v));
    return v[0];
  };
  std::vector<double> found(lane.size());
  double after = 0;
  for (std::size_t t = lane.size(); t-- > 0;) {
    auto const& m = lane[t];
    double const delta = m.reward + (m.terminated ? 0 : .99 * value(m.next)) - value(m.seen);
    found[t] = after = delta + (m.terminated || m.truncated ? 0 : .99 * .95 * after);
  }
  return found;
}

/// The parameters after one step of plain gradient descent with normalized advantages.
template <class Batch>
std::vector<double> descended(cpu& backend, Batch& b) {
  auto policy = critic_for(backend);
  update const how{.epochs = 1, .normalize = normalization::batch, .optimizer = sgd{.rate = .1}};
  learner<cpu, critic, Batch> learner(backend, how, step_mean{}, policy, 1);
  any_objective<cpu> loss(clipped_ratio{} + value_loss{} + entropy_bonus{});
  auto const metrics = learner.learn(backend, loss, policy, b, 0);
  CHECK(metrics.gradient_norm > .01);
  auto after = support::parameters_of(policy);
  for (double m : {metrics.loss, metrics.entropy, metrics.value_loss, metrics.ratio_mean}) after.push_back(m);
  return after;
}

template <class E>
auto returns_of(E const& e) {
  cpu backend;
  auto policy = critic_for(backend);
  auto const returns = evaluate(backend, e, policy, 6, 3);
  return std::vector<double>(returns.begin(), returns.end());
}

}  // namespace

TEST_CASE("autoreset::next_step: lanes play the episodes that they play in same_step mode") {
  auto const [same, same_final] = scripted(autoreset::same_step, 80);
  auto const [next, next_final] = scripted(autoreset::next_step, 80);
  for (std::size_t n = 0; n < next.size(); ++n) {
    CHECK(same[n].size() == 80);
    std::set<std::pair<bool, bool>> ends;
    for (auto const& m : next[n]) ends.emplace(m.terminated, m.truncated);
    CHECK(ends.size() > 1);
    CHECK(next[n].size() + next_final[n].size() / 4 - 80 <= 1);  // an episode that ended last has not begun again
  }
  CHECK(next == first_of(same, next));
  CHECK(next_final == first_of(same_final, next_final));
  CHECK(returns_of(poles_in(autoreset::next_step)) == returns_of(poles_in(autoreset::same_step)));
}

TEST_CASE("autoreset::next_step: rollouts of lanes have the steps of the policy alone, each lane's in order") {
  cpu backend;
  auto policy = critic_for(backend);
  auto const e = poles_in(autoreset::next_step);
  lanes_collector<cpu, poles, critic> collector(backend, lanes{.count = 4, .horizon = 16}, e, policy, 1);
  rollout_summary summary;
  std::vector<std::size_t> before(4);
  std::size_t ended = 0;
  std::set<bool> kinds;
  for (int k = 0; k < 5; ++k) {
    INFO("rollout " << k);
    auto& b = collector.collect(backend, policy, 10000, summary);
    gae{}(backend, b.view_for_estimator(), estimates<double>{b.advantage.all(), b.target.all()});
    REQUIRE(b.series.count() == 4);
    REQUIRE(b.series.steps() == b.R);
    std::ptrdiff_t i = 0;
    batch<cpu, std::int32_t> by_hand;  // lanes in the other order, each episode a series
    by_hand.observation_size = 4;
    std::vector<double> observation, logp, advantage, target, value;
    std::vector<std::int32_t> action;
    for (std::size_t n = 0; n < 4; ++n) {
      std::vector const mine(e.log->at(n).begin() + std::ptrdiff_t(before[n]), e.log->at(n).end());
      before[n] = e.log->at(n).size();
      auto const expected = advantages_by_hand(policy, backend, mine);
      kinds.insert(b.series.is_lanes());
      for (std::size_t t = 0; t < mine.size(); ++t) {
        auto const& m = mine[t];
        i = b.series.first(std::ptrdiff_t(n)) + std::ptrdiff_t(t) * b.series.stride();
        REQUIRE(std::vector<float>(&b.observation.data()[i * 4], &b.observation.data()[i * 4] + 4) == m.seen);
        REQUIRE(b.action.data()[i] == m.action);
        REQUIRE(b.reward.data()[i] == m.reward);
        REQUIRE(bool(b.terminated.data()[i]) == m.terminated);
        REQUIRE(bool(b.truncated.data()[i]) == m.truncated);
        REQUIRE(b.series_of.data()[i] == std::int32_t(n));
        REQUIRE(arrays::close(b.advantage.data()[i], expected[t], 1e-12, 1e-14));
        ended += m.terminated || m.truncated;
        observation.insert(observation.begin(), m.seen.begin(), m.seen.end());
        action.insert(action.begin(), m.action), logp.insert(logp.begin(), b.sampler_logp.data()[i]);
        value.insert(value.begin(), b.value.data()[i]), advantage.insert(advantage.begin(), expected[t]);
        target.insert(target.begin(), expected[t] + b.value.data()[i]);
      }
      CHECK(b.series.length(std::ptrdiff_t(n)) == std::ptrdiff_t(mine.size()));
    }
    auto fill = [&]<class U>(auto& to, std::vector<U> const& from) { backend.assign(to, std::span<U const>(from)); };
    by_hand.R = b.R, by_hand.series = partition::lanes(b.R, 1), by_hand.has_values = true;
    fill(by_hand.observation, observation), fill(by_hand.action, action), fill(by_hand.sampler_logp, logp);
    fill(by_hand.advantage, advantage), fill(by_hand.target, target), fill(by_hand.value, value);
    fill(by_hand.series_of, std::vector<std::int32_t>(std::size_t(b.R)));
    auto const found = descended(backend, b), expected = descended(backend, by_hand);
    for (std::size_t p = 0; p < found.size(); ++p) REQUIRE(arrays::close(found[p], expected[p], 1e-9, 1e-12));
  }
  CHECK(kinds.contains(false));
  CHECK(summary.steps == std::int64_t(before[0] + before[1] + before[2] + before[3]));
  CHECK(summary.steps + std::int64_t(ended) - 5 * 64 <= 4);
  CHECK(summary.episode_returns.size() == ended);
}

TEST_CASE("autoreset::next_step: where all lanes of a rollout begin at once, the next one follows, and steps count") {
  cpu backend;
  auto const e = poles_in(autoreset::next_step, 1);
  auto policy = critic_for(backend);
  auto const ppo = algorithm{.rollout = lanes{.count = 3, .horizon = 1},
                             .objective = clipped_ratio{} + value_loss{},
                             .update = update{.epochs = 1, .normalize = normalization::none}};
  auto const report = train(backend, ppo, e, policy, {.steps = 30, .seed = 2});
  CHECK(report.steps == 30);
  CHECK(report.updates == 10);
  CHECK(report.episodes == 30);
  CHECK(report.mean_return == 1);
}

TEST_CASE("autoreset: lanes that begin by themselves are not cut, nor do they end in the step that begins them") {
  for (auto mode : {autoreset::same_step, autoreset::next_step})
    CHECK_THROWS_WITH(returns_of(time_limit{poles_in(mode), 4}),
                      ContainsSubstring("lane 0 was cut after 4 steps, and lanes that begin their episodes by "
                                        "themselves cannot be cut earlier"));
  struct never_begins : poles {
    struct lanes : poles::lanes {
      void step(std::span<Number const> actions) { poles::lanes::step(actions), terminated[1] = 1; }
    };
    auto lanes_together(int n) const { return std::make_shared<lanes>(lanes{*poles::lanes_together(n)}); }
  };
  CHECK_THROWS_WITH(returns_of(never_begins{poles_in(autoreset::next_step)}),
                    "lane 1 ended in the step that only begins its episode (autoreset::next_step)");
}
