#pragma once
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <istream>
#include <sstream>
#include <stdexcept>
#include <string>
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

using cart_pole_episode = episode<4, 4>;
using pendulum_episode = episode<2, 3>;

inline std::vector<cart_pole_episode> const& cart_pole() {
  static auto const all = episodes<4, 4>(paths::golden("gymnasium/cart_pole.txt"));
  return all;
}
inline std::vector<pendulum_episode> const& pendulum() {
  static auto const all = episodes<2, 3>(paths::golden("gymnasium/pendulum.txt"));
  return all;
}

}  // namespace gymnasium
