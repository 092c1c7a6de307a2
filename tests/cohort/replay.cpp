#ifdef COHORT_PROGRAM
#include <cohort/environment/all.hpp>
#include <cohort/file/json.hpp>
#include <cstddef>

#include "../golden/gymnasium.hpp"
#include "a_user.hpp"

using namespace a_user;
using Catch::Matchers::ContainsSubstring;
using cohort::file::json;
using namespace cohort;

namespace {

template <class Episodes>
void require_replayed(std::string const& name, Episodes const& episodes, json const& with = json::object()) {
  CAPTURE(name);
  scratch here;
  std::string traces;
  for (auto const& episode : episodes) {
    json actions = json::array();
    for (auto const& step : episode.steps) actions.push_back(step.action);
    traces += json{{"env", name}, {"state", episode.state}, {"actions", actions}, {"with", with}}.dump() + "\n";
  }
  files::put(here.in("traces.jsonl"), traces);
  auto const played = here.run("replay traces.jsonl");
  INFO(played.err);
  REQUIRE(played.status == 0);
  std::istringstream lines(played.out);
  for (auto const& episode : episodes) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    json const is = json::parse(line);
    CHECK(is["env"] == name);
    for (std::size_t t = 0; t < episode.steps.size(); ++t) {
      auto const& step = episode.steps[t];
      CAPTURE(episode.name, t);
      for (std::size_t d = 0; d < step.observation.size(); ++d)
        REQUIRE(is["obs"][t][d].template get<double>() == double(step.observation[d]));
      REQUIRE(is["reward"][t].template get<double>() == step.reward);
      REQUIRE(is["terminated"][t].template get<bool>() == step.terminated);
    }
    REQUIRE(is["reward"].size() == episode.steps.size());
  }
}

}  // namespace

TEST_CASE("cohort replay: recorded episodes of Gymnasium come out bit for bit", "[golden]") {
  require_replayed("CartPole-v1", gymnasium::of<classic_control::cart_pole>("cart_pole"));
  require_replayed("MountainCar-v0", gymnasium::of<classic_control::mountain_car>("mountain_car"));
  require_replayed("MountainCarContinuous-v0",
                   gymnasium::of<classic_control::continuous_mountain_car>("continuous_mountain_car"));
  require_replayed("Acrobot-v1", gymnasium::of<classic_control::acrobot>("acrobot"));
  require_replayed("Pendulum-v1", gymnasium::of<classic_control::pendulum>("pendulum"));
  require_replayed("Pendulum-v1", gymnasium::of<classic_control::pendulum>("pendulum_g"), {{"gravity", 9.81}});
  require_replayed("Acrobot-v1", gymnasium::of<classic_control::acrobot>("acrobot_nips"), {{"dynamics", "nips"}});
}

TEST_CASE("cohort replay: what is no trace is refused with its line") {
  scratch here;
  auto says = [&](std::string const& lines, std::string const& what) {
    files::put(here.in("traces.jsonl"), lines);
    auto const o = here.run("replay traces.jsonl");
    INFO(o.err);
    CHECK(o.status == 1);
    CHECK_THAT(o.err, ContainsSubstring(what));
  };
  std::string const good = R"({"env": "CartPole-v1", "state": [0, 0, 0, 0], "actions": [1]})";
  says(good + "\n{", "traces.jsonl:2: is not JSON, from byte 2 on");
  says(R"({"env": "CartPole-v1", "actions": []})", R"(traces.jsonl:1: has no "state")");
  says(R"({"env": "CartPole", "state": [], "actions": []})", "there is no environment named 'CartPole'; the nearest");
  says(R"({"env": "CartPole-v1", "state": [0, 0, 0], "actions": []})",
       "state is [0,0,0], expected a list of 4 numbers");
  says(R"({"env": "CartPole-v1", "state": [0, 0, 0, "x"], "actions": []})", "state[3] is \"x\", expected a number");
  says(R"({"env": "CartPole-v1", "state": [0, 0, 0, 0], "actions": [1, 2]})",
       "actions[1] is 2, expected an integer from 0 to 1");
  says(R"({"env": "CartPole-v1", "state": [2.39, 9, 0, 0], "actions": [1, 1]})",
       "actions[1] comes after the end of the episode");
  says(R"({"env": "Pendulum-v1", "state": [0, 0], "actions": [0], "with": {"mas": 2}})",
       "there is no parameter named 'mas'; the nearest are mass");
  CHECK_THAT(here.refusal("replay missing.jsonl", 1), ContainsSubstring("missing.jsonl cannot be opened"));
}
#endif
