// Compiled without fused multiply-adds (examples/CMakeLists.txt), so that episodes come out as Gymnasium's bit for bit.
#include "replay.hpp"

#include <cohort/environment/classic_control/names.hpp>
#include <cohort/environment/registry.hpp>
#include <cohort/file/json.hpp>

#include <cmath>
#include <fstream>
#include <iostream>

namespace cli {

namespace {

using namespace cohort;
using file::json;

double number(json const& x, std::string const& where) {
  if (!x.is_number()) throw value_error(where + " is " + detail::shown(x) + ", expected a number");
  return x.get<double>();
}

template <class E>
typename E::template state<real<double>> state_of_numbers(json const& given) {
  using state = typename E::template state<real<double>>;
  constexpr std::size_t count = sizeof(state) / sizeof(real<double>);
  if (!given.is_array() || given.size() != count)
    throw value_error("state is " + detail::shown(given) + ", expected a list of " + std::to_string(count) +
                      " numbers");
  state s{};
  for (std::size_t i = 0; i < count; ++i)
    reinterpret_cast<real<double>*>(&s)[i] = number(given[i], "state[" + std::to_string(i) + "]");
  return s;
}

template <class E>
detail::step_action<E> action_of_json(json given, std::string const& where) {
  if (given.is_array() && given.size() == 1) given = given[0];
  double const x = number(given, where);
  if constexpr (detail::discrete_actions<E>) {
    if (!(x >= 0 && x < E::actions.n && x == std::floor(x)))
      throw value_error(where + " is " + detail::shown(given) + ", expected an integer from 0 to " +
                        std::to_string(E::actions.n - 1));
    return x;
  } else {
    return {x};
  }
}

std::vector<setting> settings_in(json const& trace) {
  json const with = trace.value("with", json::object());
  if (!with.is_object()) throw value_error("with is " + detail::shown(with) + ", expected an object");
  std::vector<setting> all;
  for (auto const& [name, value] : with.items()) {
    if (value.is_string()) all.push_back({name, value.get<std::string>()});
    else if (value.is_boolean()) all.push_back({name, value.get<bool>()});
    else all.push_back({name, number(value, "with." + name)});
  }
  return all;
}

template <class E>
json replayed(E environment, json const& trace) {
  detail::set_parameters(environment, "with", settings_in(trace));
  detail::check_environment(environment);
  auto s = state_of_numbers<E>(trace["state"]);
  if (!trace["actions"].is_array())
    throw value_error("actions is " + detail::shown(trace["actions"]) + ", expected a list");
  json result{{"env", trace["env"]},
              {"obs", json::array()},
              {"reward", json::array()},
              {"terminated", json::array()},
              {"truncated", json::array()}};
  random_stream draws;
  outcome last;
  int steps = 0;
  bool cut = false;
  for (json const& given : trace["actions"]) {
    std::string const where = "actions[" + std::to_string(steps) + "]";
    if (last.terminated || cut) throw value_error(where + " comes after the end of the episode");
    last = detail::plain_step(environment, s, action_of_json<E>(given, where), draws);
    ++steps;
    cut = !last.terminated && episode_limit(environment) > 0 && steps >= episode_limit(environment);
    std::vector<float> seen(std::size_t(observation_size<E>));
    detail::put_observation(environment, s, std::span<float>(seen));
    result["obs"].push_back(seen);
    result["reward"].push_back(last.reward);
    result["terminated"].push_back(last.terminated);
    result["truncated"].push_back(cut);
  }
  return result;
}

json replayed(json const& trace) {
  for (auto const* key : {"env", "state", "actions"})
    if (!trace.contains(key)) throw value_error(std::string("has no \"") + key + "\"");
  std::string const name = trace["env"].is_string() ? trace["env"].get<std::string>() : detail::shown(trace["env"]);
  json result;
  std::vector<std::string> known;
  classic_control::each_named([&](char const* of, auto const& environment) {
    known.push_back(of);
    if (name == of) result = replayed(environment, trace);
  });
  if (result.is_null()) throw detail::unknown_name("env", "environment", name, known);
  return result;
}

}  // namespace

void replay(std::string const& from, std::function<void(std::string const&)> const& line) {
  std::ifstream file;
  if (from != "-") {
    file.open(from);
    if (!file) throw std::runtime_error(from + " cannot be opened");
  }
  std::istream& in = from == "-" ? std::cin : file;
  std::string text;
  for (int n = 1; std::getline(in, text); ++n) {
    if (text.empty()) continue;
    std::string const where = from + ":" + std::to_string(n);
    json const trace = file::parse_object(text, where);
    std::string played;
    try {
      played = replayed(trace).dump();
    } catch (value_error const& e) {
      throw std::runtime_error(where + ": " + e.what());
    }
    line(played);
  }
}

}  // namespace cli
