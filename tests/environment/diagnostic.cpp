#include <cohort/environment/all.hpp>
#include <fstream>
#include <map>
#include <string>
#include "../catch.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using namespace cohort::diagnostic;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class E>
void require_refused(E const& e, char const* said) {
  CHECK_THROWS_WITH(environment_run{e}, ContainsSubstring(said));
}

/// The most that the return can be on average, by dynamic programming over the steps that are left.
template <class Lake>
double best_return(Lake const& lake) {
  std::vector<double> value(Lake::places, 0);
  for (int t = 0; t < lake.max_episode_steps; ++t) {
    auto next = value;
    for (int place = 0; place < Lake::places; ++place) {
      next[std::size_t(place)] = 0;
      for (int action = 0; action < 4; ++action) {
        double mean = 0;
        for (auto const& x : lake.transitions(place, action))
          mean += x.probability * (x.reward + (x.terminated ? 0 : value[std::size_t(x.place)]));
        next[std::size_t(place)] = std::max(next[std::size_t(place)], mean);
      }
    }
    value = next;
  }
  return value[0];
}

template <class Lake>
void compare_transitions(Lake const& lake, std::string const& file) {
  std::ifstream lines(paths::golden("gymnasium/" + file + ".txt"));
  std::string about;
  std::getline(lines, about);
  using transitions = std::vector<typename Lake::transition>;
  std::map<std::pair<int, int>, transitions> recorded;
  int place, action;
  typename Lake::transition x;
  while (lines >> place >> action >> x.probability >> x.place >> x.reward >> x.terminated)
    recorded[{place, action}].push_back(x);
  REQUIRE(recorded.size() == std::size_t(4 * Lake::places));
  for (auto const& [key, expected] : recorded) {
    CAPTURE(key.first, key.second);
    auto given = lake.transitions(key.first, key.second);
    REQUIRE(given.size() == expected.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      CHECK((given[i].probability == expected[i].probability && given[i].place == expected[i].place));
      CHECK((given[i].reward == expected[i].reward && given[i].terminated == expected[i].terminated));
    }
  }
}

/// The discounted sum of an episode's rewards under u = -gain . (x, v).
double played(environment_run<linear_quadratic>& run, std::array<double, 2> gain, double gamma) {
  double sum = 0, weight = 1;
  for (; !run.done(); weight *= gamma) {
    auto [x, v] = run.observation();
    sum += weight * run.step(-(gain[0] * x + gain[1] * v)).reward;
  }
  return sum;
}

}  // namespace

TEST_CASE("chain: nothing but the far end pays, which coin tosses reach after (length - 1) length steps on average") {
  environment_run right{chain{.length = 30}};
  for (int t = 1; t < 29; ++t) {
    auto out = right.step(1);
    REQUIRE((out.reward == 0 && !out.terminated && right.observation()[0] == Approx(t / 29.)));
  }
  auto last = right.step(1);
  CHECK((last.reward == 1 && last.terminated && right.observation()[0] == 1));
  environment_run left{chain{.length = 30}};
  while (!left.done()) REQUIRE(left.step(0).reward == 0);
  CHECK((left.observation()[0] == 0 && left.steps_of_episode() == 120));

  random_stream draws(stream_id{3});
  environment_run walk{chain{.length = 5, .max_episode_steps = 0}};
  constexpr int episodes = 4000;
  double steps = 0;
  for (int k = 0; k < episodes; ++k, walk.reset()) {
    while (!walk.done()) walk.step(int(draws.integer(2)));
    steps += walk.steps_of_episode();
  }
  CHECK(std::abs(steps / episodes - 20) <
        4.5 * 18 / std::sqrt(episodes));  // of the time of arrival the deviation is 17
  require_refused(chain{.length = 1}, "chain: length is 1, expected at least 2");
}

TEST_CASE("bandit: an episode is one step, and each arm pays as often as its chance says") {
  bandit<3> arms{.chances = {.2, 1, .75}};
  environment_run run{arms, 4};
  for (int arm = 0; arm < 3; ++arm) {
    constexpr int pulls = 4000;
    double paid = 0;
    for (int k = 0; k < pulls; ++k, run.reset()) {
      auto out = run.step(arm);
      REQUIRE((out.terminated && (out.reward == 0 || out.reward == 1)));
      paid += out.reward;
    }
    double chance = arms.chances[std::size_t(arm)];
    CHECK(std::abs(paid / pulls - chance) <= 4.5 * std::sqrt(chance * (1 - chance) / pulls));
  }
  require_refused(bandit<2>{.chances = {.5, 1.5}}, "bandit: a chance is 1.5, expected a number in [0, 1]");
}

TEST_CASE("recall: the cue is seen once, and only the last action counts") {
  environment_run run{recall{.delay = 6}, 2};
  int cues[2] = {};
  for (int episode = 0; episode < 200; ++episode, run.reset()) {
    double cue = run.observation()[0];
    REQUIRE((cue == -1 || cue == 1));
    ++cues[cue > 0];
    for (int t = 0; t < 6; ++t) {
      REQUIRE(run.observation() == std::array{t == 0 ? cue : 0, 0.});
      auto out = run.step(t % 2);
      REQUIRE((out.reward == 0 && !run.done()));
    }
    REQUIRE(run.observation() == std::array{0., 1.});
    int answer = episode % 2;
    auto out = run.step(answer);
    REQUIRE((out.reward == (answer == (cue > 0) ? 1 : -1) && out.terminated));
  }
  CHECK((cues[0] > 68 && cues[1] > 68));  // 4.5 deviations
  environment_run at_once{recall{.delay = 0}};
  CHECK(at_once.observation()[1] == 1);
  CHECK(at_once.step(at_once.observation()[0] > 0).reward == 1);
  require_refused(recall{.delay = -1}, "recall: delay is -1, expected at least 0");
}

TEST_CASE("linear_quadratic: the best gain returns what Riccati's equation says, and any other gain less") {
  double const gamma = .95;
  linear_quadratic e{.max_episode_steps = 600};
  auto best = e.solve(gamma);
  for (std::uint64_t seed : {1, 2, 3}) {
    environment_run run{e, seed};
    double expected = best.value(run.state().position.value, run.state().speed.value);
    CHECK(played(run, best.gain, gamma) == Approx(expected).epsilon(1e-12));
    for (std::size_t i : {0, 1})
      for (double by : {-.1, .1}) {
        auto gain = best.gain;
        gain[i] += by;
        environment_run other{e, seed};
        CHECK(played(other, gain, gamma) < expected);
      }
  }
  for (double x : {-1., 1.})
    for (double v : {-1., 1.}) CHECK(std::abs(best.force(x, v)) < 10);  // so that no bound is in its way
}

TEST_CASE("linear_quadratic: of two steps the first force is the one that a derivative gives, of one step none") {
  linear_quadratic e{.position_cost = .7, .speed_cost = .4, .force_cost = .2, .max_episode_steps = 2};
  CHECK(e.solve(1, 1).gain == std::array{0., 0.});
  double h = e.time_step, q = .7, w = .4, r = .2, x = .3, v = -.8, force = -w * h * v / (r + w * h * h);
  auto best = e.solve(1, 2);
  CHECK(best.force(x, v) == Approx(force));
  double speed = v + h * force, place = x + h * v;
  CHECK(best.value(x, v) ==
        Approx(-(q * x * x + w * v * v + r * force * force + q * place * place + w * speed * speed)));
}

TEST_CASE("linear_quadratic: noise costs what is predicted, on average") {
  double const gamma = .9;
  linear_quadratic e{.noise = 8, .max_episode_steps = 120};
  auto best = e.solve(gamma);
  environment_run run{e, 6};
  constexpr int episodes = 400;
  double sum = 0, squares = 0;
  for (int k = 0; k < episodes; ++k, run.reset()) {
    double expected = best.value(run.state().position.value, run.state().speed.value);
    double difference = played(run, best.gain, gamma) - expected;
    sum += difference, squares += difference * difference;
  }
  CHECK(std::abs(sum / episodes) < 4.5 * std::sqrt(squares) / episodes);
  CHECK(std::abs(sum / episodes) < best.constant / 10);
  CHECK_THROWS_WITH(e.solve(1), ContainsSubstring("gamma is 1, expected a number in [0, 1), or 1 with a number of"));
  require_refused(linear_quadratic{.force_cost = 0}, "linear_quadratic: force_cost is 0, expected a finite number > 0");
  require_refused(linear_quadratic{.noise = -1}, "linear_quadratic: noise is -1, expected a finite number >= 0");
}

TEST_CASE("frozen_lake: transitions and rewards are those of Gymnasium's table, returns the known optimum",
          "[golden]") {
  compare_transitions(frozen_lake<4>{.success_rate = .7, .goal_reward = 2, .hole_reward = -1, .ice_reward = -.125},
                      "frozen_lake_slippery");
  compare_transitions(frozen_lake<8>{.slippery = false}, "frozen_lake_sure");
  CHECK(std::abs(best_return(frozen_lake<4>{}) - .74) < .01);  // as in Gymnasium's registry
  CHECK(std::abs(best_return(frozen_lake<8>{}) - .91) < .05);
  CHECK((frozen_lake<4>{}.max_episode_steps == 100 && frozen_lake<8>{}.max_episode_steps == 200));
}

TEST_CASE("frozen_lake: steps happen as often as the table says, on a map of one's own") {
  frozen_lake<2, 3> lake{.map = {"FSF", "SHG"}, .success_rate = .5};
  std::map<int, int> starts, ends;
  constexpr int N = 4000;
  random_stream draws(stream_id{5});
  for (int k = 0; k < N; ++k) {
    auto s = lake.reset(draws);
    ++starts[s.place];
    s.place = 1;
    auto out = lake.step(s, 2, draws);
    ++ends[s.place];
    REQUIRE((out.terminated == (s.place == 4) && lake.observe(s)[std::size_t(s.place)] == 1));
  }
  auto near = [](int count, double chance) {
    return std::abs(count - N * chance) < 4.5 * std::sqrt(N * chance * (1 - chance));
  };
  CHECK((starts.size() == 2 && near(starts[1], .5) && near(starts[3], .5)));
  CHECK((ends.size() == 3 && near(ends[2], .5) && near(ends[4], .25) && near(ends[1], .25)));

  require_refused(frozen_lake<2, 3>{.map = {"FSF", "SHGF"}},
                  "a row of the map is \"SHGF\", expected 3 letters of S, F, H and G");
  require_refused(frozen_lake<2, 3>{.map = {"FSF", "SxG"}}, "a row of the map is \"SxG\"");
  require_refused(frozen_lake<2, 3>{}, "a row of the map is \"\"");
  require_refused(frozen_lake<1, 2>{.map = {"FG"}}, "the number of starts, S, on the map is 0, expected at least 1");
  require_refused(frozen_lake<4>{.success_rate = 2}, "frozen_lake: success_rate is 2, expected a number in [0, 1]");
}
