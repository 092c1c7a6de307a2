#include <typeinfo>
#include "../catch.hpp"
#include "random_options.hpp"

// What a NaN or an infinite number of a valid step does: it is seen, and only by those who are compared with it.
using namespace layouts;
using namespace references;

namespace {

double const nan_ = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

bool same(double a, double b) { return a == b || (a != a && b != b); }

/// The steps of these series.
std::vector<bool> steps_of(batch const& b, std::vector<int> const& which) {
  std::vector<bool> result(b.M());
  for (int n : which)
    for (int i : b.series[n]) result[i] = true;
  return result;
}
template <class E>
void check(E const& e, batch const& b, batch const& planted, std::vector<bool> const& touched, bool critic) {
  result before = run<float>(e, b, critic), after = run<float>(e, planted, critic);
  bool seen = false;
  for (int i = 0; i < b.M(); ++i) {
    if (!touched[i]) REQUIRE(same(before.advantage[i], after.advantage[i]));
    if (!touched[i] && critic) REQUIRE(same(before.target[i], after.target[i]));
    seen = seen || (touched[i] && !std::isfinite(after.advantage[i]));
  }
  REQUIRE(seen);
}

}  // namespace

TEST_CASE(
    "not finite: a NaN reward of a valid step shows in its group, and the other groups stay as they are to the bit") {
  int checked = 0;
  for (std::uint32_t seed = 7000; seed < 7200; ++seed) {
    batch b = draw(seed);
    option_draws d(seed);
    if (b.M() == 0) continue;
    int n = d.below(b.N());
    auto steps = b.valid_steps(n);
    auto group = b.present(b.members[b.group_of(n)]);
    if (steps.empty() || group.size() == 1) continue;
    int i = steps[d.below(int(steps.size()))];
    b.reward[i] = 100;  // a score that is not 0 either way, for gpg
    b.scored.clear();
    b.terminated = b.truncated = flags(b.M());  // else what is to come may not reach it
    for (int& a : b.anchor) a = 0;
    for (int j : group)
      for (int s : b.series[j]) b.anchor[s] = 1;
    b.anchors = 2;
    for (int j : group)
      for (int k = 0; k < b.rewards; ++k)
        b.scores[j * b.rewards + k] = j;  // the only one that has a reward would get 0
    batch planted = b;
    planted.reward[i] = nan_;
    for (int k = 0; k < b.rewards; ++k) planted.scores[n * b.rewards + k] = inf;
    auto touched = steps_of(b, group);
    each_of_groups(d, b, [&]<class E>(E e) {
      CAPTURE(seed, typeid(E).name());
      auto within = [](group_statistics& s) { s.scale = group_scale::group_std, s.baseline = group_baseline::mean; };
      if constexpr (std::is_same_v<E, group_relative>) e.scale = group_scale::group_std, e.by = credit::episode;
      if constexpr (std::is_same_v<E, gigpo>) e.episodes.scale = group_scale::none, within(e.steps);
      if constexpr (std::is_same_v<E, weighted_rewards>) within(e.how), e.weights.clear();
      if constexpr (std::is_same_v<E, gdpo>) within(e.how), e.weights.clear();
      check(e, b, planted, std::is_same_v<E, gdpo> ? std::vector<bool>(b.M(), true) : touched, false);
    });
    check(group_and_value{}, b, planted, touched, true);
    ++checked;
  }
  REQUIRE(checked > 80);
}

TEST_CASE("not finite: a NaN or infinite reward or value of a valid step stays in its series") {
  for (std::uint32_t seed = 7500; seed < 7700; ++seed) {
    batch b = draw(seed);
    option_draws d(seed);
    if (b.M() == 0) continue;
    int n = d.below(b.N());
    auto steps = b.valid_steps(n);
    if (steps.empty()) continue;
    int i = steps[d.below(int(steps.size()))];
    auto touched = steps_of(b, {n});
    for (double x : {nan_, inf, -inf})
      for (auto field : {&batch::reward, &batch::value}) {
        batch planted = b;
        (planted.*field)[i] = x;
        each_with_critic(d, b, [&]<class E>(E e) {
          CAPTURE(seed, typeid(E).name(), x);
          if constexpr (std::is_same_v<E, group_and_value>) return;
          if constexpr (std::is_same_v<E, v_trace>) e.rho = e.rho_pg = 1;
          check(e, b, planted, touched, true);
        });
      }
  }
}

TEST_CASE("not finite: a truncation at the rollout's end is the rollout's end, to the bit") {
  for (std::uint32_t seed = 7800; seed < 7900; ++seed) {
    batch b = draw(seed, {.invalid = false});
    option_draws d(seed);
    batch cut = b;
    for (auto const& s : b.series)
      if (!s.empty()) cut.truncated[s.back()] = 1, b.truncated[s.back()] = 0;
    each_with_critic(d, b, [&]<class E>(E const& e) {
      CAPTURE(seed, typeid(E).name());
      result open = run<float>(e, b, true), closed = run<float>(e, cut, true);
      REQUIRE(open.advantage == closed.advantage);
      REQUIRE(open.target == closed.target);
    });
  }
}
