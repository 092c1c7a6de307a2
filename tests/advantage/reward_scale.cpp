#include <cohort/advantage/reward_scale.hpp>
#include <cohort/advantage/running_reward_scale.hpp>
#include <cohort/backend/eigen.hpp>

#include "../catch.hpp"
#include "grouped.hpp"

// Rewards scaled before advantages are estimated from them, against Stable-Baselines3's record and closed forms.

namespace {

using cpu = eigen::basic_backend<double>;

struct lane_rewards {
  std::ptrdiff_t T, N;
  numbers reward;
  flags terminated, truncated;

  /// T rows of a record from its number `first` on; every other end is a truncation.
  lane_rewards(std::ptrdiff_t T, std::ptrdiff_t N, numbers const& r, numbers const& done, std::ptrdiff_t first = 0)
      : T(T), N(N) {
    for (std::ptrdiff_t i = first; i < first + T * N; ++i) {
      reward.push_back(r[std::size_t(i)]);
      terminated.push_back(done[std::size_t(i)] != 0 && i % 2);
      truncated.push_back(done[std::size_t(i)] != 0 && i % 2 == 0);
    }
  }
  batch_view<double> views() const {
    batch_view<double> b;
    b.series = partition::lanes(T, N);
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
  auto N = std::ptrdiff_t(golden::row(rows, "lanes")[0]), before = std::ptrdiff_t(0);
  cpu backend;
  running_reward_scale scale{.gamma = .97, .clip = 1.5};
  auto state = scale.start<cpu>(backend);
  int clipped = 0, ended_with_the_rollout = 0;
  for (std::ptrdiff_t T : {1, 7, 20, 3, 9}) {
    lane_rewards b(T, N, golden::row(rows, "reward"), golden::row(rows, "done"), before * N);
    numbers found = scaled(backend, scale, state, b.views());
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
  auto says = [&](auto scale, batch_view<double> const& v) -> std::string {
    try {
      scaled(scale, v);
    } catch (value_error const& e) {
      return e.what();
    }
    return "";
  };
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
