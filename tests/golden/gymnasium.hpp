#pragma once
#include <array>
#include <bit>
#include <cohort/environment/concept.hpp>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <istream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "../support/paths.hpp"

// Episodes of Gymnasium that golden/gymnasium_episodes.py recorded; the file format is described there.
namespace gymnasium {

template <int States, int Observations>
struct step {
  double action;
  std::array<double, States> state;  ///< after the step
  std::array<float, Observations> observation;
  double reward;
  bool terminated;
};

template <int States, int Observations>
struct episode {
  std::string name;
  std::array<double, States> state;  ///< after the reset
  std::array<float, Observations> observation;
  std::vector<step<States, Observations>> steps;
};

inline double next(std::istream& line, double) {
  std::string word;
  line >> word;
  return std::strtod(word.c_str(), nullptr);
}
inline float next(std::istream& line, float) {
  std::string word;
  line >> word;
  return std::strtof(word.c_str(), nullptr);
}
template <class T, std::size_t N>
std::array<T, N> next(std::istream& line, std::array<T, N> numbers) {
  for (T& x : numbers) x = next(line, x);
  return numbers;
}

template <int States, int Observations>
std::vector<episode<States, Observations>> episodes(std::string const& path) {
  std::ifstream file(path);
  std::vector<episode<States, Observations>> result;
  for (std::string text; std::getline(file, text);) {
    if (text.empty() || text[0] == '#') continue;
    std::istringstream line(text);
    if (text.starts_with("episode")) {
      auto& e = result.emplace_back();
      std::string word, policy, seed;
      line >> word >> policy >> seed;
      e.name = policy + " " + seed;
      e.state = next(line, e.state);
      e.observation = next(line, e.observation);
    } else {
      step<States, Observations> s;
      s.action = next(line, 0.);
      s.state = next(line, s.state);
      s.observation = next(line, s.observation);
      s.reward = next(line, 0.);
      s.terminated = next(line, 0.) != 0;
      result.back().steps.push_back(s);
    }
    if (!line || !(line >> std::ws).eof())
      throw std::runtime_error(path + ": a line is too short or too long: " + text);
  }
  if (result.empty()) throw std::runtime_error(path + ": no episodes");
  return result;
}

/// A step with the state it starts from.
template <int States>
struct transition {
  std::array<double, States> before;
  double action;
  std::array<double, States> after;
  double reward;
  bool terminated;
};

template <int States, int Observations>
std::vector<transition<States>> transitions(std::vector<episode<States, Observations>> const& episodes) {
  std::vector<transition<States>> result;
  for (auto const& e : episodes) {
    auto before = e.state;
    for (auto const& s : e.steps) {
      result.push_back({before, s.action, s.state, s.reward, s.terminated});
      before = s.state;
    }
  }
  return result;
}

/// The recorded episodes of an environment, in golden/gymnasium/<file>.txt; they are read once.
template <class E>
auto const& of(std::string const& file) {
  constexpr int states = sizeof(typename E::template state<cohort::real<double>>) / sizeof(double);
  static std::map<std::string, std::vector<episode<states, cohort::observation_size<E>>>> read;
  auto found = read.find(file);
  if (found == read.end())
    found =
        read.emplace(file, episodes<states, cohort::observation_size<E>>(paths::golden("gymnasium/" + file + ".txt")))
            .first;
  return found->second;
}

/// A state from its numbers in their order, and back.
template <class State, class Numbers>
State from(Numbers const& recorded) {
  return std::apply([](auto const&... x) { return State{x...}; }, recorded);
}
template <class State>
auto numbers(State const& s) {
  return std::bit_cast<std::array<double, sizeof(State) / sizeof(double)>>(s);
}

}  // namespace gymnasium
