#include <cohort/environment/environment_of.hpp>
#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/rollout/groups.hpp>
#include <cohort/rollout/probes.hpp>
#include <cohort/rollout/vine.hpp>
#include <exception>
#include <string>

#include "../catch.hpp"
#include "../support/arrays.hpp"

using namespace cohort;
using arrays::cpu;

namespace {

/// Cuts its episodes at its fourth step, by itself.
struct cut {
  struct state {
    int steps = 0;
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{0}, {9}};
  state reset(random_stream&) const { return {}; }
  outcome step(state& s, int action) const {
    ++s.steps;
    return {.reward = 1, .terminated = action == 1, .truncated = s.steps == 4};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.steps)}; }
};

struct uncopyable : cut {
  int max_episode_steps = 5;
  void require_copies() const { throw environment_error("its copies share a simulator"); }
};

template <class Rollout, class E>
void refused(E const& e) {
  cpu backend;
  actor_critic policy{backend, e, {.hidden = {2}}, random_seed{1}};
  using collector = typename Rollout::template collector<cpu, E, decltype(policy)>;
  CHECK_THROWS_WITH(collector(backend, Rollout{}, e, policy, 1), "its copies share a simulator");
}

}  // namespace

TEST_CASE("outcome: an environment may cut its episodes by a rule of its own") {
  environment_run run{cut{}, 1};
  for (int t = 1; t <= 3; ++t) CHECK(!run.step(0).truncated);
  auto const last = run.step(0);
  CHECK((last.truncated && !last.terminated));
  run.reset();
  for (int t = 1; t <= 3; ++t) run.step(0);
  auto const ended = run.step(1);
  CHECK((ended.terminated && !ended.truncated));  // the end of the task goes before

  auto lanes = [](auto const& environment) {
    cpu backend;
    vector_environment e(backend, environment, 2, 1);
    std::array<std::int32_t, 2> const last_actions{0, 1};
    std::array<std::int32_t, 2> actions{};
    std::array<double, 2> reward{}, seen{};
    std::array<std::uint8_t, 2> terminated{}, truncated{};
    e.reset(backend);
    for (int t = 1; t <= 4; ++t) {
      if (t == 4) actions = last_actions;
      e.step(backend, view<std::int32_t const>(actions.data(), 2), view(reward.data(), 2), view(terminated.data(), 2),
             view(truncated.data(), 2), view(seen.data(), 2, 1));
      CHECK(truncated == std::array{std::uint8_t(t == 4), std::uint8_t(0)});
      CHECK(terminated == std::array{std::uint8_t(0), std::uint8_t(t == 4)});
    }
  };
  lanes(cut{});
  lanes(environment_of<discrete>(cut{}));
}

TEST_CASE("vector_environment: what a plain environment raises is told with its lane, and nested") {
  struct failing : cut {
    outcome step(state& s, int action) const {
      if (action == 1) throw environment_error("it broke");
      return cut::step(s, action);
    }
  };
  cpu backend;
  vector_environment e(backend, failing{}, 2, 1);
  std::array<std::int32_t, 2> const actions{0, 1};
  std::array<double, 2> reward{}, seen{};
  std::array<std::uint8_t, 2> terminated{}, truncated{};
  e.reset(backend);
  try {
    e.step(backend, view<std::int32_t const>(actions.data(), 2), view(reward.data(), 2), view(terminated.data(), 2),
           view(truncated.data(), 2), view(seen.data(), 2, 1));
    FAIL("nothing was raised");
  } catch (environment_error const& error) {
    CHECK(std::string(error.what()) == "lane 1: it broke");
    CHECK_THROWS_WITH(std::rethrow_if_nested(error), "it broke");
  }
}

TEST_CASE("require_copies: rollouts that need copies ask before they begin, and take the environment's own words") {
  refused<groups>(uncopyable{});
  refused<probes>(uncopyable{});
  refused<vine>(uncopyable{});
  refused<groups>(environment_of<discrete>(uncopyable{}));
}
