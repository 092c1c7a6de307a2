#include <cohort/advantage/gae.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "lane_batch.hpp"

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;

namespace {

auto run(gae const& g, auto const& b) { return estimate(g, b); }

lane_batch<double> recorded(std::string const& file, char const* reward) {
  auto t = golden::read(file);
  return {std::ptrdiff_t(golden::row(t, "extents")[0]),
          std::ptrdiff_t(golden::row(t, "extents")[1]),
          golden::row(t, reward),
          golden::row(t, "value"),
          golden::row(t, "next_value"),
          cast<std::uint8_t>(golden::row(t, "terminated")),
          cast<std::uint8_t>(golden::row(t, "truncated"))};
}

}  // namespace

TEST_CASE("gae: lambda 0 gives the one-step error") {
  auto b = one_episode({1, 2, -1}, {.5, 1, 2}, 4);
  auto [a, target] = run({.gamma = .5, .lambda = 0}, b);
  REQUIRE(a == numbers{1 + .5 * 1 - .5, 2 + .5 * 2 - 1, -1 + .5 * 4 - 2});
  REQUIRE(target == numbers{1.5, 3, 1});
}

TEST_CASE("gae: lambda 1 gives the discounted return with its bootstrap, minus the value") {
  auto b = one_episode({1, 2, -1}, {.5, 1, 2}, 4);
  auto [a, target] = run({.gamma = .5, .lambda = 1}, b);
  numbers returns{1 + .5 * 2 - .25 * 1 + .125 * 4, 2 - .5 * 1 + .25 * 4, -1 + .5 * 4};
  for (int t = 0; t < 3; ++t) {
    REQUIRE(close(target[t], returns[t], 1e-15));
    REQUIRE(close(a[t], returns[t] - b.value[t], 1e-15));
  }
}

TEST_CASE("gae: a constant reward without a critic is a geometric series of gamma lambda") {
  auto b = one_episode(numbers(50, 2), numbers(50, 0), 0);
  auto a = run({.gamma = .9, .lambda = .8}, b).advantage;
  for (int t = 0; t < 50; ++t) REQUIRE(close(a[t], 2 * (1 - std::pow(.72, 50 - t)) / (1 - .72), 1e-14));
}

TEST_CASE("gae: a critic that is right has no advantages, whatever lambda is") {
  numbers value(30, 1 / (1 - .9));
  auto b = one_episode(numbers(30, 1), value, value[0]);
  for (double lambda : {0., .5, 1.})
    for (double a : run({.gamma = .9, .lambda = lambda}, b).advantage) REQUIRE(std::abs(a) < 1e-13);
}

TEST_CASE(
    "gae: termination stops the bootstrap and the recurrence, truncation the recurrence alone; at the first step, "
    "inside and at the last") {
  for (int end : {0, 3, 6}) {
    auto b = one_episode(uniform(7, 1), uniform(7, 2), 3);
    auto plain = run({}, b).advantage;
    for (bool terminated : {true, false}) {
      auto ended = b;
      (terminated ? ended.terminated : ended.truncated)[end] = 1;
      auto a = run({}, ended).advantage;
      double delta = b.reward[end] + (terminated ? 0 : .99 * b.next_value[end]) - b.value[end];
      REQUIRE(close(a[end], delta, 1e-15));
      for (int t = end + 1; t < 7; ++t) REQUIRE(a[t] == plain[t]);
      if (end > 0)
        REQUIRE(
            close(a[end - 1], b.reward[end - 1] + .99 * b.value[end] - b.value[end - 1] + .99 * .95 * delta, 1e-14));
    }
  }
}

TEST_CASE("gae: terminated wins over truncated") {
  auto b = one_episode(uniform(5, 1), uniform(5, 2), 3);
  b.terminated[2] = 1;
  auto terminated = run({}, b).advantage;
  b.truncated[2] = 1;
  REQUIRE(run({}, b).advantage == terminated);
}

TEST_CASE("gae: what follows a termination may even be a NaN") {
  auto b = one_episode(uniform(5, 1), uniform(5, 2), 3);
  b.terminated[2] = 1;
  b.next_value[2] = std::numeric_limits<double>::quiet_NaN();
  for (double a : run({}, b).advantage) REQUIRE(std::isfinite(a));
}

TEST_CASE("gae: an invalid step hands on what came to it without decay, and what it holds gets nowhere") {
  auto whole = one_episode(uniform(6, 1), uniform(6, 2), 3);
  auto expected = run({}, whole).advantage;
  // The same episode with two steps of something else after its second one.
  double nan_ = std::numeric_limits<double>::quiet_NaN();
  auto spread = [&](auto v, auto other) {
    v.insert(v.begin() + 2, 2, other);
    return v;
  };
  lane_batch<> b{8,
                 1,
                 spread(whole.reward, nan_),
                 spread(whole.value, nan_),
                 spread(whole.next_value, nan_),
                 spread(whole.terminated, 1),
                 spread(whole.truncated, 1),
                 spread(flags(6, 1), 0)};
  auto a = run({}, b).advantage;
  for (int t = 0; t < 6; ++t) REQUIRE(a[t < 2 ? t : t + 2] == expected[t]);
  REQUIRE((a[2] == 0 && a[3] == 0));
}

TEST_CASE("gae: one lane, 70 lanes and packed segments agree, to the contraction of a product") {
  std::ptrdiff_t T = 19, N = 70;
  auto b = random_batch(T, N);
  b.valid = coins(T * N, 6, .8);
  auto lanes = run({}, b);
  lane_batch<> packed{T, N, {}, {}, {}, {}, {}, {}};
  integers offsets{0};
  auto check = [&](std::ptrdiff_t n, std::ptrdiff_t t, double advantage, double target) {
    REQUIRE(close(advantage, lanes.advantage[t * N + n], 0, 1e-14));
    REQUIRE(close(target, lanes.target[t * N + n], 0, 1e-14));
  };
  for (std::ptrdiff_t n = 0; n < N; ++n) {
    lane_batch<> one{T, 1, {}, {}, {}, {}, {}, {}};
    auto take = [&](auto field) {
      for (std::ptrdiff_t t = 0; t < T; ++t)
        (one.*field).push_back((b.*field)[t * N + n]), (packed.*field).push_back((b.*field)[t * N + n]);
    };
    for (auto field : {&lane_batch<>::reward, &lane_batch<>::value, &lane_batch<>::next_value}) take(field);
    for (auto field : {&lane_batch<>::terminated, &lane_batch<>::truncated, &lane_batch<>::valid}) take(field);
    offsets.push_back(offsets.back() + std::int32_t(T));
    auto alone = run({}, one);
    for (std::ptrdiff_t t = 0; t < T; ++t) check(n, t, alone.advantage[t], alone.target[t]);
  }
  auto view = packed.views();
  view.series = partition::segments(all(std::as_const(offsets)), T * N, T);
  auto segments = run({}, view);
  for (std::ptrdiff_t n = 0; n < N; ++n)
    for (std::ptrdiff_t t = 0; t < T; ++t) check(n, t, segments.advantage[n * T + t], segments.target[n * T + t]);
}

TEST_CASE("gae: segments of different lengths do not see each other") {
  auto b = random_batch(10, 1);
  integers offsets{0, 1, 7, 7, 10};
  auto view = b.views();
  view.series = partition::segments(all(std::as_const(offsets)), 10, 6);
  auto a = run({}, view).advantage;
  for (int n = 0; n < 4; ++n)
    for (int t = offsets[n]; t < offsets[n + 1]; ++t) {
      double expected = 0, weight = 1;  // forward, as the definition has it
      for (int s = t; s < offsets[n + 1]; ++s) {
        expected += weight * (b.reward[s] + (b.terminated[s] ? 0 : .99 * b.next_value[s]) - b.value[s]);
        weight *= b.terminated[s] || b.truncated[s] ? 0 : .99 * .95;
      }
      REQUIRE(close(a[t], expected, 0, 1e-14));
    }
}

TEST_CASE("gae: the numbers of a plain implementation in numpy, to 1e-12", "[golden]") {
  auto b = recorded("advantage/gae_numpy.txt", "reward");
  auto found = run({.gamma = .99, .lambda = .95}, b);
  auto t = golden::read("advantage/gae_numpy.txt");
  auto const& expected = golden::row(t, "advantage");
  REQUIRE(expected.size() == 120);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    REQUIRE(close(found.advantage[i], expected[i], 1e-12, 1e-13));
    REQUIRE(close(found.target[i], expected[i] + b.value[i], 1e-12, 1e-13));
  }
}

TEST_CASE("gae: the numbers of Stable-Baselines3's rollout buffer, to its float32", "[golden]") {
  auto b = recorded("advantage/gae_sb3.txt", "reward");
  auto t = golden::read("advantage/gae_sb3.txt");
  auto found = run({.gamma = .99, .lambda = .95}, b);
  lane_batch<float> small{
      b.steps,      b.lanes,    cast<float>(b.reward), cast<float>(b.value), cast<float>(b.next_value),
      b.terminated, b.truncated};
  auto in_float = run({.gamma = .99, .lambda = .95}, small);
  for (std::size_t i = 0; i < found.advantage.size(); ++i) {
    double advantage = golden::row(t, "sb3_advantage")[i], target = golden::row(t, "sb3_return")[i];
    REQUIRE(close(found.advantage[i], advantage, 0, 4e-6));  // of numbers up to 10, a unit of which is 1e-6
    REQUIRE(close(found.target[i], target, 0, 4e-6));
    REQUIRE(close(in_float.advantage[i], advantage, 0, 6e-6));
    REQUIRE(close(in_float.target[i], target, 0, 6e-6));
  }
}

TEST_CASE("gae: needs a critic and one action at a decision, and refuses parameters out of their range") {
  auto b = random_batch(4, 3);
  auto view = b.views();
  view.next_value = {};
  REQUIRE_THROWS_WITH(run({}, view), ContainsSubstring("next_value") && ContainsSubstring("actor_critic"));
  view = b.views();
  view.group = 3;
  REQUIRE_THROWS_WITH(run({}, view), ContainsSubstring("3") && ContainsSubstring("probes"));
  REQUIRE_THROWS_WITH(run({.gamma = 1.5}, b), ContainsSubstring("gamma is 1.5"));
  REQUIRE_THROWS_WITH(run({.lambda = -.1}, b), ContainsSubstring("lambda is -0.1"));
  REQUIRE_THROWS_AS(run({.gamma = std::numeric_limits<double>::quiet_NaN()}, b), value_error);
}
