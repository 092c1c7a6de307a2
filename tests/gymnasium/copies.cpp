#include <algorithm>
#include <array>
#include <cohort/environment/environment_run.hpp>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <thread>
#include <vector>
#include "odd.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

std::string how(std::string const& name, gymnasium::make_options const& options = {}) {
  return gymnasium::make(name, options).visit([](auto const& e) { return e.copies(); });
}

template <class E>
auto some_action(E const& e, random_stream& draws) {
  if constexpr (std::is_same_v<decltype(e.actions), discrete>) return int(draws.integer(std::uint32_t(e.actions.n)));
  else {
    std::vector<float> numbers(e.actions.low.size());
    for (auto& x : numbers) x = float(draws.uniform(-1, 1));
    return numbers;
  }
}

/// A copy of a copy of an episode, each stepped by turns with the original, shows the same bits to the end.
template <class E>
void copies_step_as_originals(E const& e, std::uint64_t seed = 3) {
  random_stream draws(stream_id{seed, draw_purpose::user, 0});
  std::array states{e.reset(draws), e.reset(draws), e.reset(draws)};
  for (int step = 0; step < 50; ++step) {
    if (step == 10) states[1] = states[0];
    if (step == 20) states[2] = states[1];
    auto const action = some_action(e, draws);
    outcome first;
    for (std::size_t k = 0; k <= std::size_t(step / 10) && k < 3; ++k) {
      auto const now = e.step(states[k], action);
      if (k == 0) first = now;
      REQUIRE(now.reward == first.reward);
      REQUIRE(now.terminated == first.terminated);
      REQUIRE(std::ranges::equal(e.observe(states[k]), e.observe(states[0])));
    }
  }
}

}  // namespace

TEST_CASE("gymnasium: the first way of copying that is proved is taken") {
  CHECK(how("CartPole-v1") == "attributes");
  CHECK(how("LunarLander-v3") == "replay");  // its deepcopy is a new environment (gymnasium's issues 1177, 1292)
  CHECK(how("HalfCheetah-v5") == "mujoco");
  CHECK(how("odd_environments:Wrapped-v0") == "attributes");
  CHECK(how("odd_environments:ForgetsWhenCopied-v0") == "replay");
  CHECK(how("odd_environments:SharedWhenCopied-v0") == "replay");
  CHECK(how("odd_environments:Generator-v0") == "replay");
  CHECK(how("odd_environments:Generator-v0",
            {.capture = "odd_environments:capture", .restore = "odd_environments:restore"}) == "functions");
}

TEST_CASE("gymnasium: copies of episodes step as their originals") {
  for (char const* name : {"CartPole-v1", "LunarLander-v3", "HalfCheetah-v5", "Humanoid-v5", "BipedalWalker-v3",
                           "odd_environments:Wrapped-v0", "odd_environments:ForgetsWhenCopied-v0"}) {
    CAPTURE(name);
    gymnasium::make(name).visit([](auto const& e) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(e.actions)>, discrete> ||
                    cohort::detail::is_box<std::remove_cvref_t<decltype(e.actions)>>)
        copies_step_as_originals(e);
    });
  }
}

TEST_CASE("gymnasium: copies of Atari games have the action that the game may repeat by chance") {
  auto const pong = gymnasium::make("ALE/Pong-v5", {.arguments = {{"obs_type", "ram"}}}).of<discrete>();
  CHECK(pong.copies() == "ale");
  for (int k = 0; k < 4; ++k) copies_step_as_originals(pong, std::uint64_t(k));
  CHECK(pong.replayed_steps() == 0);
}

TEST_CASE("gymnasium: the steps of replays are counted") {
  auto const e = odd("ForgetsWhenCopied").of<discrete>();
  CHECK(e.copies() == "replay");
  auto s = e.start(1);
  for (int step = 0; step < 9; ++step) e.step(s, 1);
  auto t = s, unused = s;
  CHECK(e.replayed_steps() == 0);
  e.step(t, 1);
  CHECK(e.replayed_steps() == 9);
  e.step(s, 1);  // `unused` has the old one still
  CHECK(e.replayed_steps() == 18);
  CHECK(e.observe(s)[0] == e.observe(t)[0]);
  CHECK(e.observe(unused)[1] == 9);
}

TEST_CASE("gymnasium: what no way copies is refused with the faults of each") {
  auto const noisy = raised([] { how("odd_environments:Unrepeatable-v0"); });
  CHECK_THAT(noisy, ContainsSubstring("cannot be copied in mid-episode"));
  CHECK_THAT(noisy, ContainsSubstring("attributes: observation of step 1 differs"));
  CHECK_THAT(noisy, ContainsSubstring("replay: two episodes of seed 1 with the same actions differ"));
  CHECK_THAT(raised([] { how("odd_environments:StartsAnywhere-v0"); }),
             ContainsSubstring("reset: reset(seed=1) gives two different observations"));
  CHECK_THAT(raised([] {
               how("odd_environments:Unrepeatable-v0",
                   {.capture = "odd_environments:capture", .restore = "odd_environments:restore"});
             }),
             ContainsSubstring("functions: AttributeError"));
  CHECK_THAT(raised<value_error>([] { how("CartPole-v1", {.capture = "odd_environments:capture"}); }),
             ContainsSubstring("both are needed"));
}

TEST_CASE("gymnasium: an episode is the same whatever its instance played before") {
  for (char const* name : {"odd_environments:Remembers-v0", "CartPole-v1"}) {
    auto const e = gymnasium::make(name).of<discrete>();
    std::array<float, 2> last{};
    for (float& x : last) {
      auto s = e.start(5);
      for (int step = 0; step < 8; ++step) e.step(s, step % 2);
      x = e.observe(s)[0];
    }
    CHECK(last[0] == last[1]);
  }
}

TEST_CASE(
    "gymnasium: the limit and the threshold of Gymnasium are the environment's, other truncations are the outcome's") {
  auto const limited = odd("Walk").of<discrete>();
  CHECK(limited.max_episode_steps == 25);
  CHECK_FALSE(limited.reward_threshold());
  CHECK(cohort::gymnasium::make("CartPole-v1").of<discrete>().reward_threshold() == 475);
  environment_run walk{limited, 1};
  while (!walk.done()) walk.step(1);
  CHECK(walk.steps_of_episode() == 25);

  for (auto [name, steps] : {std::pair{"CutsItself", 5}, {"Wrapped", 12}}) {
    environment_run own{odd(name).of<discrete>(), 1};
    auto last = own.step(1);
    while (!own.done()) last = own.step(1);
    CHECK(own.steps_of_episode() == steps);
    CHECK((last.truncated && !last.terminated));
  }
}

TEST_CASE("gymnasium: a step after the end changes nothing; any thread may step") {
  auto const e = odd("Walk").of<discrete>();
  auto s = e.start(1);
  for (int step = 0; step < 30; ++step) e.step(s, 1);
  std::vector const seen(e.observe(s).begin(), e.observe(s).end());
  CHECK(e.step(s, 1).terminated);
  CHECK(std::ranges::equal(e.observe(s), seen));
  std::thread([s, e]() mutable {
    s = e.start(1);
    e.step(s, 1);
  }).join();
}
