#pragma once
#include <array>
#include <cohort/environment/check.hpp>
#include <cohort/environment/space.hpp>
#include <cohort/random/stream.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::diagnostic {

/// FrozenLake-v1 (and with 8 x 8 FrozenLake8x8-v1): across a lake of ice, F, from the start, S, to the goal, G, around
/// the holes, H. Actions 0 left, 1 down, 2 right, 3 up; on slippery ice a step goes where it should with the
/// probability success_rate, else aside, to either side alike. A hole or the goal ends the episode.
///
/// Transitions and rewards as in Gymnasium 1.4.0; the place is shown as Gymnasium's FlattenObservation shows it, a 1
/// among zeros at row * Columns + column. 100 steps at the most, 200 on more than four rows.
template <int Rows = 4, int Columns = Rows>
struct frozen_lake {
  std::array<std::string, std::size_t(Rows)> map =
      standard_map();  ///< Gymnasium's for 4 x 4 and 8 x 8, else to be given
  bool slippery = true;
  double success_rate = 1. / 3;
  double goal_reward = 1, hole_reward = 0, ice_reward = 0;
  int max_episode_steps = Rows > 4 ? 200 : 100;

  static constexpr int places = Rows * Columns;
  static constexpr discrete actions{4};
  static constexpr box<places> observations = [] {
    box<places> one_place;
    one_place.high.fill(1);
    return one_place;
  }();
  static constexpr std::array action_names{"left", "down", "right", "up"};

  struct state {
    int place = 0;
  };
  /// What a step may come to.
  struct transition {
    double probability = 0;
    int place = 0;
    double reward = 0;
    bool terminated = false;
  };

  constexpr void parameters(auto f) const {
    f("slippery", slippery), f("success_rate", success_rate), f("goal_reward", goal_reward),
        f("hole_reward", hole_reward), f("ice_reward", ice_reward);
  }
  void check() const {
    std::size_t starts = 0;
    for (auto const& row : map) {
      if (row.size() != std::size_t(Columns) || row.find_first_not_of("SFHG") != row.npos)
        throw value_error("frozen_lake: a row of the map is \"" + row + "\", expected " + std::to_string(Columns) +
                          " letters of S, F, H and G");
      for (char letter : row) starts += letter == 'S';
    }
    detail::require(starts > 0, "frozen_lake", "the number of starts, S, on the map", double(starts), "at least 1");
    detail::require(success_rate >= 0 && success_rate <= 1, "frozen_lake", "success_rate", success_rate,
                    "a number in [0, 1]");
    detail::require_finite("frozen_lake",
                           {{"goal_reward", goal_reward}, {"hole_reward", hole_reward}, {"ice_reward", ice_reward}});
  }

  state reset(random_stream& draws) const {
    std::vector<int> starts;
    for (int place = 0; place < places; ++place)
      if (letter(place) == 'S') starts.push_back(place);
    return {starts.at(draws.integer(std::uint32_t(starts.size())))};
  }
  /// The transitions in Gymnasium's order; without slipping, and where the episode is over, one with probability 1.
  std::vector<transition> transitions(int place, int action) const {
    if (letter(place) == 'H' || letter(place) == 'G') return {{1, place, 0, true}};
    if (!slippery) return {towards(place, action, 1)};
    double aside = (1 - success_rate) / 2;
    return {towards(place, (action + 3) % 4, aside), towards(place, action, success_rate),
            towards(place, (action + 1) % 4, aside)};
  }
  outcome step(state& s, int action, random_stream& draws) const {
    auto possible = transitions(s.place, action);
    double below = possible[0].probability, drawn = draws.uniform();
    std::size_t i = 0;
    for (; drawn >= below && i + 1 < possible.size(); below += possible[i].probability) ++i;
    s.place = possible[i].place;
    return {possible[i].reward, possible[i].terminated};
  }
  std::array<float, std::size_t(places)> observe(state const& s) const {
    std::array<float, std::size_t(places)> seen{};
    seen[std::size_t(s.place)] = 1;
    return seen;
  }

 private:
  static std::array<std::string, std::size_t(Rows)> standard_map() {
    if constexpr (Rows == 4 && Columns == 4) return {"SFFF", "FHFH", "FFFH", "HFFG"};
    else if constexpr (Rows == 8 && Columns == 8)
      return {"SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG"};
    else return {};
  }
  char letter(int place) const { return map[std::size_t(place / Columns)][std::size_t(place % Columns)]; }
  transition towards(int place, int direction, double probability) const {
    int row = place / Columns, column = place % Columns;
    if (direction == 0 && column > 0) --column;
    if (direction == 1 && row < Rows - 1) ++row;
    if (direction == 2 && column < Columns - 1) ++column;
    if (direction == 3 && row > 0) --row;
    int to = row * Columns + column;
    char on = letter(to);
    double reward = on == 'G' ? goal_reward : on == 'H' ? hole_reward : ice_reward;
    return {probability, to, reward, on == 'G' || on == 'H'};
  }
};

}  // namespace COHORT_NAMESPACE::diagnostic
