#include <cohort/advantage/reward_scale.hpp>
#include <cohort/advantage/running_reward_scale.hpp>
#include <cohort/backend/eigen.hpp>

#include "../catch.hpp"
#include "../support/refusal.hpp"
#include "grouped.hpp"

// Rewards scaled before advantages are estimated from them, against Stable-Baselines3's record and closed forms.

namespace {

using cpu = eigen::basic_backend<double>;

struct lane_rewards {
  std::ptrdiff_t T, N;
  numbers reward;
  flags terminated, truncated;
  integers offsets{};  // of lanes that stand one after the other

  /// T rows of a record from its number `first` on; every other end is a truncation.
  lane_rewards(std::ptrdiff_t T, std::ptrdiff_t N, numbers const& r, numbers const& done, std::ptrdiff_t first = 0)
      : T(T), N(N) {
    for (std::ptrdiff_t i = first; i < first + T * N; ++i) {
      reward.push_back(r[std::size_t(i)]);
      terminated.push_back(done[std::size_t(i)] != 0 && i % 2);
      truncated.push_back(done[std::size_t(i)] != 0 && i % 2 == 0);
    }
  }
  /// The same, one lane after the other.
  static lane_rewards packed(lane_rewards b) {
    lane_rewards const from = b;
    for (std::ptrdiff_t n = 0; n <= b.N; ++n) b.offsets.push_back(std::int32_t(n * b.T));
    for (std::ptrdiff_t i = 0; i < b.T * b.N; ++i) {
      auto const to = std::size_t(i % b.N * b.T + i / b.N), at = std::size_t(i);
      b.reward[to] = from.reward[at], b.terminated[to] = from.terminated[at], b.truncated[to] = from.truncated[at];
    }
    return b;
  }
  numbers unpacked(numbers const& lanes) const {
    numbers out;
    for (std::ptrdiff_t i = 0; i < T * N; ++i) out.push_back(lanes[std::size_t(i % N * T + i / N)]);
    return out;
  }
  batch_view<double> views() const {
    batch_view<double> b;
    b.series = partition::lanes(T, N);
    if (!offsets.empty()) b.series = partition::segments(all(offsets), T * N, T), b.goes_on = true;
    b.reward = all(reward), b.terminated = all(terminated), b.truncated = all(truncated);
    return b;
  }
};

template <class Scale, class State>
numbers scaled(cpu& backend, Scale const& scale, State& state, batch_view<double> const& b) {
  numbers out(b.reward.data, b.reward.data + b.reward.rows);
  scale(backend, state, b, all(out));
  return out;
}
template <class Scale>
numbers scaled(Scale const& scale, batch_view<double> const& b) {
  cpu backend;
  auto state = scale.template start<cpu>(backend);
  return scaled(backend, scale, state, b);
}

}  // namespace

TEST_CASE("running_reward_scale: over several rollouts of lanes it is Stable-Baselines3's VecNormalize, step by step",
          "[golden]") {
  auto rows = golden::read("advantage/sb3_reward_scale.txt");
  auto N = std::ptrdiff_t(golden::row(rows, "lanes")[0]);
  for (unsigned packed_ones : {0u, 31u, 10u}) {  // of the rollouts: those whose lanes stand one after the other
    cpu backend;
    running_reward_scale scale{.gamma = .97, .clip = 1.5};
    auto state = scale.start<cpu>(backend);
    int clipped = 0, ended_with_the_rollout = 0;
    std::ptrdiff_t before = 0;
    for (std::ptrdiff_t T : {1, 7, 20, 3, 9}) {
      lane_rewards b(T, N, golden::row(rows, "reward"), golden::row(rows, "done"), before * N);
      bool const packs = packed_ones & 1;
      packed_ones >>= 1;
      numbers found = packs ? b.unpacked(scaled(backend, scale, state, lane_rewards::packed(b).views()))
                            : scaled(backend, scale, state, b.views());
      for (std::size_t i = 0; i < found.size(); ++i) {
        REQUIRE(close(found[i], golden::row(rows, "scaled")[std::size_t(before * N) + i], 1e-12, 1e-13));
        clipped += std::abs(found[i]) == 1.5;
      }
      for (auto i = std::size_t((T - 1) * N); i < found.size(); ++i)
        ended_with_the_rollout += b.terminated[i] || b.truncated[i];
      before += T;
    }
    CHECK(clipped > 0);
    CHECK(ended_with_the_rollout > 0);
  }
}

TEST_CASE("running_reward_scale: of lanes that made different numbers of steps, those that made a k-th one count") {
  cpu backend;
  running_reward_scale scale{.gamma = .9, .epsilon = 0, .clip = 3};
  auto state = scale.start<cpu>(backend);
  numbers returns(3), all_returns;
  std::vector<std::vector<int>> const lengths{{3, 0, 2}, {1, 4, 4}};
  for (std::uint32_t round = 0; round < 2; ++round) {
    integers offsets{0};
    for (int length : lengths[round]) offsets.push_back(offsets.back() + length);
    auto const M = offsets.back();
    numbers const reward = uniform(M, round, -2, 5);
    flags const terminated = coins(M, 10 + round, .3), truncated = coins(M, 20 + round, .2);
    batch_view<double> b;
    b.series = partition::segments(all(std::as_const(offsets)), M, 4);
    b.reward = all(reward), b.terminated = all(terminated), b.truncated = all(truncated), b.goes_on = true;
    numbers const found = scaled(backend, scale, state, b);
    for (int k = 0; k < 4; ++k) {
      for (std::size_t n = 0; n < 3; ++n)
        if (auto const i = std::size_t(offsets[n] + k); k < lengths[round][n]) {
          all_returns.push_back(reward[i] + .9 * returns[n]);
          returns[n] = terminated[i] || truncated[i] ? 0 : all_returns.back();
        }
      double const weight = 1e-4 + double(all_returns.size());  // of a first number's 1e-4, with mean 0 and variance 1
      double mean = 0, squares = 0;
      for (double x : all_returns) mean += x / weight;
      for (double x : all_returns) squares += (x - mean) * (x - mean);
      double const deviation = std::sqrt((1e-4 * (1 + mean * mean) + squares) / weight);
      for (std::size_t n = 0; n < 3; ++n)
        if (auto const i = std::size_t(offsets[n] + k); k < lengths[round][n])
          REQUIRE(close(found[i], std::clamp(reward[i] / deviation, -3., 3.), 1e-12));
    }
  }
  CHECK(all_returns.size() == 14);
}

TEST_CASE("running_reward_scale: series that stand alone are taken in at once, and the statistics go on") {
  cpu backend;
  running_reward_scale scale{.gamma = .5, .epsilon = 0};
  auto state = scale.start<cpu>(backend);
  grouped<> b{{2, 0, 1}, {3}, {1, 2, 4}};  // returns 1, 2.5, 4
  double count = 1e-4, mean = 0, variance = 1;
  for (int round = 0; round < 2; ++round) {
    double m = 2.5, squares = 1.5 * 1.5 * 2, delta = m - mean, total = count + 3;
    variance = (variance * count + squares + delta * delta * count * 3 / total) / total;
    mean += delta * 3 / total, count = total;
    numbers found = scaled(backend, scale, state, b.views());
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(close(found[i], b.reward[i] / std::sqrt(variance), 1e-12, 1e-12));
  }
}

TEST_CASE("standardized_reward: over the batch, of valid steps alone, and a NaN in another does not get out") {
  grouped<> b{{2, 3}, {2}, {1, 2, std::nan(""), 6, 7}};
  b.valid = {1, 1, 0, 1, 1};
  numbers found = scaled(standardized_reward{.how = {.epsilon = 0}}, b.views());
  double deviation = std::sqrt((9 + 4 + 4 + 9) / 3.), expected[] = {-3, -2, 0, 2, 3};
  for (std::size_t i = 0; i < 5; ++i) CHECK(close(found[i], expected[i] / deviation, 1e-12, 1e-12));
  found = scaled(standardized_reward{.how = {.epsilon = 0}, .clip = .5}, b.views());
  CHECK(found == numbers{-.5, -.5, 0, .5, .5});
  found = scaled(standardized_reward{.how = {.baseline = group_baseline::none, .epsilon = 0}}, b.views());
  CHECK(close(found[0], 1 / deviation, 1e-12, 1e-12));
}

TEST_CASE("standardized_reward: of a group, all its series' scored rewards are one sample") {
  grouped<> b{{2, 2, 1, 1}, {2, 2}, {5, 1, 5, 3, 7, 7}};
  flags scored{0, 1, 0, 1, 1, 1};
  auto v = b.views();
  v.scored = all(std::as_const(scored));
  numbers found = scaled(standardized_reward{.scope = reward_scope::group, .how = {.epsilon = 0}}, v);
  double z = std::sqrt(.5);
  numbers expected{0, -z, 0, z, 0, 0};
  for (std::size_t i = 0; i < 6; ++i) CHECK(close(found[i], expected[i], 1e-12, 1e-12));
}

TEST_CASE("standardized_reward: where several actions are tried from each state, they are the group") {
  numbers reward{1, 3, 10, 10, -2, 0};
  flags none(6, 0);
  batch_view<double> b;
  b.series = partition::lanes(3, 1);
  b.group = 2;
  b.reward = all(std::as_const(reward)), b.terminated = b.truncated = all(std::as_const(none));
  numbers found = scaled(standardized_reward{.scope = reward_scope::group, .how = {.epsilon = 0}}, b);
  double z = std::sqrt(.5);
  numbers expected{-z, z, 0, 0, -z, z};
  for (std::size_t i = 0; i < 6; ++i) CHECK(close(found[i], expected[i], 1e-12, 1e-12));
}

TEST_CASE("reward scales: parameters out of range and batches they cannot serve are refused") {
  lane_rewards b(2, 2, {1, 2, 3, 4}, numbers(4, 0));
  auto says = [&](auto scale, batch_view<double> const& v) { return support::refusal([&] { scaled(scale, v); }); };
  CHECK(says(running_reward_scale{.gamma = 1.5}, b.views()) ==
        "running_reward_scale: gamma is 1.5, expected a number in [0, 1]");
  CHECK(says(running_reward_scale{.clip = 0}, b.views()) ==
        "running_reward_scale: clip is 0, expected a positive number (infinity: no limit)");
  auto masked = b.views();
  flags valid(4, 1);
  masked.valid = all(std::as_const(valid));
  CHECK(says(running_reward_scale{}, masked) ==
        "running_reward_scale counts every step, and this batch has invalid ones");
  CHECK(says(standardized_reward{.scope = reward_scope::group}, b.views()) ==
        "standardized_reward needs to know which series form a group: use it with a rollout in groups");
}
