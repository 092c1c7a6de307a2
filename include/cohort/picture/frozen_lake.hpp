#pragma once
#include <algorithm>
#include <cohort/environment/diagnostic/frozen_lake.hpp>
#include <cohort/picture/scene.hpp>
#include <cstddef>
#include <ranges>

namespace COHORT_NAMESPACE::picture {

/// The map from above, its first row on top: holes, the goal, and who walks there.
template <int Rows, int Columns>
scene scene_of(diagnostic::frozen_lake<Rows, Columns> const& e) {
  shapes lake;
  for (int i = 0; i <= Rows; ++i) lake.push_back(line(ink::scenery, 0, {{0, double(i)}, {Columns, double(i)}}));
  for (int i = 0; i <= Columns; ++i) lake.push_back(line(ink::scenery, 0, {{double(i), 0}, {double(i), Rows}}));
  for (int place = 0; place < e.places; ++place) {
    point const middle{place % Columns + .5, Rows - 1 - place / Columns + .5};
    char const on = e.map[std::size_t(place / Columns)][std::size_t(place % Columns)];
    if (on == 'H') lake.push_back(disc(ink::hazard, middle, .4));
    if (on != 'G') continue;
    lake.push_back(area(ink::goal, {{middle.x - .4, middle.y - .4},
                                    {middle.x - .4, middle.y + .4},
                                    {middle.x + .4, middle.y + .4},
                                    {middle.x + .4, middle.y - .4}}));
  }
  double const margin = .05 * Rows;
  return {{-margin, Columns + margin, -margin, Rows + margin}, 4, [lake](moment const& m, std::size_t) {
            auto const place = int(std::ranges::max_element(m.observation) - m.observation.begin());
            shapes all = lake;
            all.push_back(disc(ink::joint, {place % Columns + .5, Rows - 1 - place / Columns + .5}, .25));
            return all;
          }};
}

}  // namespace COHORT_NAMESPACE::picture
