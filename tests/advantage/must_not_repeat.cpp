#include "../catch.hpp"
#include "everything.hpp"

// Mistakes that libraries of policy optimization were reported to have made, each named as it was reported, looked for
// in every estimator that could make it.

namespace {

void same(std::string const& name, numbers const& found, numbers const& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(name, i);
    REQUIRE(close(found[i], expected[i], tolerance, tolerance));
  }
}
/// A group of series of one step with these rewards.
template <class T>
grouped<T> shifted(double base, double unit) {
  return {{1, 1, 1, 1}, {4}, {T(base + unit), T(base + 2 * unit), T(base + 4 * unit), T(base + 9 * unit)}};
}

}  // namespace

TEST_CASE(
    "NaN times 0 (OpenRLHF#1240): what stands in an invalid step changes no valid step's advantage, by any estimator "
    "or KL") {
  everything zeros = a_batch({3, 1, 4, 2});
  int invalid = 0;
  zeros.each_step([&](a_step& t) {
    if (!t.valid) t = {0, 0, 0, 0, 0, 0, 0, t.anchor, false}, ++invalid;
  });
  REQUIRE(invalid >= 8);
  for (double poison : {nan_, std::numeric_limits<double>::infinity(), -1e300}) {
    everything poisoned = zeros;
    poisoned.each_step([&](a_step& t) {
      if (!t.valid) t = {poison, poison, poison, poison, poison, poison, poison, t.anchor, false};
    });
    each_estimator([&](char const* name, auto const& e) {
      CAPTURE(name, poison);
      numbers clean = zeros.of_valid(e);
      for (double a : clean) REQUIRE(std::isfinite(a));
      REQUIRE(poisoned.of_valid(e) == clean);
    });
  }
}

TEST_CASE("NaN times 0: where lambda and gamma decay over invalid steps, a NaN there is a reward and a value of 0") {
  everything zeros = a_batch({3, 2});
  zeros.each_step([&](a_step& t) {
    if (!t.valid) t = {0, 0, 0, 0, 0, 0, 0, t.anchor, false};
  });
  everything poisoned = zeros;
  poisoned.each_step([&](a_step& t) {
    if (!t.valid) t = {nan_, nan_, nan_, nan_, nan_, nan_, nan_, t.anchor, false};
  });
  auto check = [&](auto const& e) { REQUIRE(poisoned.of_valid(e) == zeros.of_valid(e)); };
  check(gae{.gamma = .9, .lambda = .8, .invalid = invalid_steps::decay});
  check(monte_carlo{.gamma = .9, .bootstrap = false, .invalid = invalid_steps::decay});
  check(kl_in_reward{monte_carlo{.gamma = .9, .bootstrap = false, .invalid = invalid_steps::decay}});
  check(whitened{gae{.invalid = invalid_steps::decay}});
  check(length_adaptive_gae{.gamma = .9, .alpha = .5, .invalid = invalid_steps::decay});
}

TEST_CASE("NaN times 0: a reward that a series does not have (NaN) changes no other series' advantage") {
  everything e = a_batch({3, 4});
  e.groups[1][2].accuracy = nan_;
  e.groups[0][1].accuracy = e.groups[0][1].format = nan_;
  auto check = [&](auto const& estimator) {
    for (double a : e(estimator)) REQUIRE(std::isfinite(a));
  };
  check(weighted_rewards{});
  check(weighted_rewards{.low = -.5, .high = .5, .batch_wide = standardize{}});
  check(kl_in_reward{weighted_rewards{}});
  check(clipped_reward{weighted_rewards{}});
  check(gdpo{});
  check(gdpo{.over = averaged_over::series});
}

TEMPLATE_TEST_CASE(
    "one-pass variance (NeMo-RL#4158, verl 0.7): a large mean costs a group of small deviations no digits", "", float,
    double) {
  using T = TestType;
  double const base = std::is_same_v<T, float> ? 4096 : 1e9, unit = std::is_same_v<T, float> ? 1. / 64 : 1;
  T sum = 0, squares = 0;
  for (T x : shifted<T>(base, unit).reward) sum += x, squares += x * x;
  T one_pass = squares / 4 - sum / 4 * (sum / 4), exact = T(9.5 * unit * unit);
  REQUIRE(std::abs(one_pass - exact) > exact / 2);  // the mistake would show

  auto far = shifted<T>(base, unit), near = shifted<T>(0, unit);
  integers same_state{0, 0, 0, 0};
  auto check = [&](auto const& estimator) {
    auto on = [&](grouped<T> const& b) {
      auto v = b.views();
      v.scores = matrix(b.reward, 4);
      v.anchor = all(std::as_const(same_state)), v.anchors = 1;
      return cast<double>(advantages(estimator, v));
    };
    same("", on(far), on(near), 8 * std::numeric_limits<T>::epsilon());
  };
  using enum group_scale;
  for (auto by : {credit::episode, credit::return_to_go, credit::process, credit::step})
    check(group_relative{.by = by});
  check(group_relative{.scale = batch_std});
  check(group_relative{.baseline = group_baseline::leave_one_out});
  check(group_relative{.baseline = group_baseline::leave_one_out, .ddof = 0});
  check(best_of_group{});
  check(gigpo{});
  check(weighted_rewards{});
  check(weighted_rewards{.how = {.scale = none}, .batch_wide = standardize{}});
  check(gdpo{});
  check(whitened{monte_carlo{}});
  check(whitened{.estimator = monte_carlo{}, .over = averaged_over::series});
}

TEST_CASE("padding in means (TorchRL's KL, verl#3805): a batch padded with invalid steps gives what it gives packed") {
  everything packed = a_batch({3, 1, 4, 2}, 2), padded = packed;
  for (auto& group : padded.groups)
    for (auto& s : group)
      while (s.steps.size() < 9) s.steps.push_back({nan_, nan_, nan_, nan_, nan_, nan_, nan_, 0, false});
  each_estimator([&](char const* name, auto const& e) { same(name, padded.of_valid(e), packed.of_valid(e), 1e-13); });
}

TEST_CASE(
    "partial groups (AReaL#1419): in a batch of groups of unequal sizes each has the advantages that it would have "
    "alone") {
  everything together = a_batch({3, 1, 5, 2, 4}, 3);
  each_local_estimator([&](char const* name, auto const& e) {
    numbers one_by_one;
    for (auto const& group : together.groups) {
      numbers part = everything{{group}}.of_valid(e);
      one_by_one.insert(one_by_one.end(), part.begin(), part.end());
    }
    same(name, together.of_valid(e), one_by_one, 1e-13);
  });
}

TEST_CASE("zero-variance groups (trl#6365): a group of equal rewards gets 0, whatever the constants") {
  for (double reward : {0., .1, -1e6, 1. / 3}) {
    auto b = bandit<double>(numbers(7, reward));
    auto check = [&](auto const& e) {
      auto v = b.views();
      v.scores = matrix(b.reward, 7);
      for (double a : advantages(e, v)) {
        CAPTURE(reward);
        REQUIRE(a == 0);
      }
    };
    for (double epsilon : {0., 1e-9, 1e-4}) {
      check(group_relative{.epsilon = epsilon});
      check(group_relative{.baseline = group_baseline::leave_one_out, .epsilon = epsilon});
      check(group_relative{.by = credit::process, .epsilon = epsilon});
      check(group_relative{.epsilon = epsilon, .rule = epsilon_rule::floor});
      check(best_of_group{.epsilon = epsilon});
      check(weighted_rewards{.how = {.epsilon = epsilon}});
    }
    check(gdpo{});
    check(whitened{group_relative{.scale = group_scale::none}});
  }
}

TEMPLATE_TEST_CASE("rounding-noise groups (OpenRLHF's epsilon of 1e-9): rewards that differ by a rounding are equal",
                   "", float, double) {
  using T = TestType;
  T a = T(.3), up = std::nextafter(a, T(1)), down = std::nextafter(a, T(0));
  for (std::vector<T> rewards : {std::vector<T>{a, up, a, a}, {down, a, up, a, up, down, a, a}, {up, a}}) {
    auto b = bandit<T>(rewards);
    auto check = [&](auto const& e) {
      auto v = b.views();
      v.scores = matrix(b.reward, std::ptrdiff_t(rewards.size()));
      for (T x : advantages(e, v)) REQUIRE(x == 0);
    };
    for (double epsilon : {0., 1e-9, 1e-6}) {
      for (auto by : {credit::episode, credit::return_to_go, credit::process, credit::step})
        check(group_relative{.by = by, .epsilon = epsilon});
      check(group_relative{.scale = group_scale::batch_std, .epsilon = epsilon});
      check(group_relative{.baseline = group_baseline::leave_one_out, .epsilon = epsilon});
      check(best_of_group{.epsilon = epsilon});
      check(weighted_rewards{.how = {.epsilon = epsilon}});
      check(gdpo{.how = {.epsilon = epsilon}});
    }
    check(whitened{group_relative{.scale = group_scale::none}});
  }
}

TEST_CASE(
    "rounding-noise groups: what an epsilon that is added or the least makes of them in float32 is up to 1.6, here 0",
    "[golden]") {
  for (auto [library, epsilon] : {std::pair("trl", 1e-4f), {"verl", 1e-6f}, {"torchrl", 1e-6f}, {"openrlhf", 1e-9f}}) {
    CAPTURE(library);
    auto rows = golden::read("advantage/noise_" + std::string(library) + ".txt");
    auto x = cast<float>(golden::row(rows, "reward"));
    float mean = (x[0] + x[1] + x[2] + x[3]) / 4, squares = 0;
    for (float r : x) squares += (r - mean) * (r - mean);
    float deviation = std::sqrt(squares / 3),
          divisor = library == std::string("torchrl") ? std::max(deviation, epsilon) : deviation + epsilon;
    for (int i = 0; i < 4; ++i) REQUIRE(close((x[i] - mean) / divisor, golden::row(rows, "advantage")[i], 1e-6));
    REQUIRE(advantages(group_relative{.epsilon = epsilon}, bandit<float>(x)) == std::vector<float>(4, 0));
  }
}

TEST_CASE(
    "rewards lost across tool spans (verl#7278): a reward behind invalid steps reaches those before them, discounted "
    "by valid steps only") {
  grouped<double> b{{6}, {1}, {0, 0, 0, 0, 0, 8}};
  b.valid = {1, 1, 0, 0, 0, 1};
  numbers none(6, 0), zero{0};
  auto v = b.views();
  v.greedy_score = all(std::as_const(zero));
  auto check = [&](auto const& e) {
    auto a = advantages(e, v);
    REQUIRE((a[0] == 2 && a[1] == 4 && a[5] == 8));
  };
  check(monte_carlo{.gamma = .5});
  check(remax{.gamma = .5});
  v.value = v.next_value = all(std::as_const(none));
  check(gae{.gamma = .5, .lambda = 1});
  check(gae{.gamma = 1, .lambda = .5});
}

TEST_CASE("lengths that count tool steps (OpenRLHF#1252): a series is as long as its valid steps") {
  grouped<double> with_tools{{5, 2}, {2}, {0, 0, 0, 0, 6, 0, 3}}, without{{2, 2}, {2}, {0, 6, 0, 3}};
  with_tools.valid = {1, 0, 0, 0, 1, 1, 1};
  auto check = [&](auto const& e) { REQUIRE(advantages(e, with_tools)[0] == advantages(e, without)[0]); };
  check(opo{});
  check(whitened{group_relative{.scale = group_scale::none}});
  check(whitened{.estimator = group_relative{.scale = group_scale::none}, .over = averaged_over::series});
}

TEST_CASE(
    "first and last steps lost (OpenRLHF#973, verl#1758): every valid step of every series has its advantage, and its "
    "own") {
  grouped<double> b{{3, 1, 2}, {3}, {1, 2, 3, 4, 5, 6}};
  numbers value{10, 20, 30, 40, 50, 60}, next{20, 30, 0, 0, 60, 0};
  auto v = b.views();
  v.value = all(std::as_const(value)), v.next_value = all(std::as_const(next));
  REQUIRE(advantages(gae{.gamma = 1, .lambda = 0}, v) == numbers{11, 12, -27, -36, 15, -54});
  REQUIRE(advantages(group_relative{.scale = group_scale::none}, b) == numbers{-1, -1, -1, -3, 4, 4});
}

TEST_CASE("exp overflow: a clamped KL and a limited importance weight are finite at any log-ratio") {
  auto b = bandit<double>({1, 0});
  numbers logp{-1e5, -1}, other{-1, -1e5}, squares{.5, .5};
  auto v = b.views();
  v.old_logp = all(std::as_const(logp)), v.ref_logp = v.sampler_logp = all(std::as_const(other)),
  v.sum_of_squares = all(std::as_const(squares));
  REQUIRE(advantages(kl_in_reward{monte_carlo{}, clamped{}, .1}, v) == numbers{0, -1});  // k3 of +-1e5 is 10
  for (double a : advantages(optimal_token_baseline{.importance = true, .limit = 2}, v)) REQUIRE(std::isfinite(a));
}
