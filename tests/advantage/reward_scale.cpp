#include <cohort/advantage/reward_scale.hpp>
#include <cohort/advantage/running_reward_scale.hpp>
#include <cohort/backend/eigen.hpp>
#include <random>

#include "../catch.hpp"
#include "grouped.hpp"

// Rewards scaled before advantages are estimated from them, against plain loops.

namespace {

using cpu = eigen::basic_backend<double>;

struct lane_rewards {
  std::ptrdiff_t T, N;
  numbers reward;
  flags terminated, truncated;

  lane_rewards(std::ptrdiff_t T, std::ptrdiff_t N, std::mt19937& draws) : T(T), N(N) {
    std::normal_distribution<double> normal(1, 3);
    for (std::ptrdiff_t i = 0; i < T * N; ++i) {
      reward.push_back(normal(draws));
      terminated.push_back(draws() % 5 == 0);
      truncated.push_back(draws() % 7 == 0);
    }
  }
  batch_view<double> views() const {
    batch_view<double> b;
    b.decisions = series::lanes(T, N);
    b.reward = all(reward), b.terminated = all(terminated), b.truncated = all(truncated);
    return b;
  }
};

/// VecNormalize, as its source reads: one time step after the other.
struct vec_normalize {
  double gamma, epsilon, clip;
  double count = 1e-4, mean = 0, variance = 1;
  numbers returns{};

  numbers operator()(lane_rewards const& b) {
    numbers out;
    returns.resize(std::size_t(b.N), 0);
    for (std::ptrdiff_t t = 0; t < b.T; ++t) {
      double sum = 0, squares = 0, n = double(b.N);
      for (std::ptrdiff_t k = 0; k < b.N; ++k) sum += returns[std::size_t(k)] = returns[std::size_t(k)] * gamma + b.reward[std::size_t(t * b.N + k)];
      for (double r : returns) squares += (r - sum / n) * (r - sum / n);
      double delta = sum / n - mean, total = count + n;
      variance = (variance * count + squares + delta * delta * count * n / total) / total;
      mean += delta * n / total;
      count = total;
      for (std::ptrdiff_t k = 0; k < b.N; ++k) {
        auto i = std::size_t(t * b.N + k);
        out.push_back(std::clamp(b.reward[i] / std::sqrt(variance + epsilon), -clip, clip));
        if (b.terminated[i] || b.truncated[i]) returns[std::size_t(k)] = 0;
      }
    }
    return out;
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

TEST_CASE("running_reward_scale: in lanes, over several rollouts, it is VecNormalize step by step") {
  std::mt19937 draws(1);
  cpu backend;
  running_reward_scale scale{.gamma = .97, .clip = 1.2};
  auto state = scale.start<cpu>(backend);
  vec_normalize plain{.97, 1e-8, 1.2};
  int clipped = 0;
  for (std::ptrdiff_t T : {1, 7, 20, 3}) {
    lane_rewards b(T, 5, draws);
    numbers found = scaled(backend, scale, state, b.views()), expected = plain(b);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      REQUIRE(close(found[i], expected[i], 1e-12, 1e-12));
      clipped += std::abs(found[i]) == 1.2;
    }
  }
  CHECK(clipped > 0);
}

TEST_CASE("running_reward_scale: an episode that ended with the last rollout is not gone on with") {
  std::mt19937 draws(2);
  cpu backend;
  running_reward_scale scale{.gamma = 1};
  auto state = scale.start<cpu>(backend);
  vec_normalize plain{1, 1e-8, 10};
  lane_rewards first(4, 2, draws), second(3, 2, draws);
  first.terminated[6] = 1, first.truncated[6] = 0, first.terminated[7] = first.truncated[7] = 0;
  scaled(backend, scale, state, first.views());
  plain(first);
  numbers found = scaled(backend, scale, state, second.views()), expected = plain(second);
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(close(found[i], expected[i], 1e-12, 1e-12));
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
  b.decisions = series::lanes(3, 1);
  b.group = 2;
  b.reward = all(std::as_const(reward)), b.terminated = b.truncated = all(std::as_const(none));
  numbers found = scaled(standardized_reward{.scope = reward_scope::group, .how = {.epsilon = 0}}, b);
  double z = std::sqrt(.5);
  numbers expected{-z, z, 0, 0, -z, z};
  for (std::size_t i = 0; i < 6; ++i) CHECK(close(found[i], expected[i], 1e-12, 1e-12));
}

TEST_CASE("reward scales: parameters out of range and batches they cannot serve are refused") {
  std::mt19937 draws(1);
  lane_rewards b(2, 2, draws);
  auto says = [&](auto scale, batch_view<double> const& v) -> std::string {
    try {
      scaled(scale, v);
    } catch (value_error const& e) {
      return e.what();
    }
    return "";
  };
  CHECK(says(running_reward_scale{.gamma = 1.5}, b.views()) == "running_reward_scale: gamma is 1.5, expected a number in [0, 1]");
  CHECK(says(running_reward_scale{.clip = 0}, b.views()) == "running_reward_scale: clip is 0, expected a positive number (infinity: no limit)");
  auto masked = b.views();
  flags valid(4, 1);
  masked.valid = all(std::as_const(valid));
  CHECK(says(running_reward_scale{}, masked) == "running_reward_scale counts every step, and this batch has invalid ones");
  CHECK(says(standardized_reward{.scope = reward_scope::group}, b.views()) ==
        "standardized_reward needs to know which series form a group: use it with a rollout in groups");
}
