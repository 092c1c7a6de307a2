#pragma once
#include <algorithm>
#include <cohort/environment/spaces.hpp>
#include <cohort/picture/scene.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// Environments of which there is no drawing: the numbers of the observation along the steps, each between its extremes
/// and with its name, and a mark where the moment is. Eight numbers at the most, the first ones.
inline scene scene_of_numbers(space_values const& observations, std::span<moment const> moments) {
  if (moments.empty()) throw value_error("scene_of_numbers: there are no moments, expected one or more");
  std::size_t const count = std::min<std::size_t>(8, moments[0].observation.size());
  std::size_t const last = moments.size() - 1, every = moments.size() / 250 + 1;  // points of a curve
  std::vector<std::vector<double>> heights(count);
  auto place = [last](std::size_t i) { return last == 0 ? 1.7 : 1.7 + 3.5 * double(i) / double(last); };
  shapes chart;
  for (std::size_t d = 0; d < count; ++d) {
    double low = moments[0].observation[d], high = low, base = double(count - 1 - d) + .15;
    for (auto const& m : moments) low = std::min(low, m.observation[d]), high = std::max(high, m.observation[d]);
    for (auto const& m : moments)
      heights[d].push_back(base + (high > low ? .7 * (m.observation[d] - low) / (high - low) : .35));
    std::vector<point> curve;
    for (std::size_t i = 0; i < last; i += every) curve.push_back({place(i), heights[d][i]});
    curve.push_back({place(last), heights[d][last]});
    chart.push_back(line(ink::body, .02, std::move(curve)));
    auto const& names = observations.names;
    auto say = [&](double x, double y, double height, std::string text) {
      chart.push_back(words(ink::scenery, {x, y}, height, std::move(text)));
    };
    say(.85, base + .29, .17, d < names.size() ? names[d] : "observation[" + std::to_string(d) + "]");
    say(5.6, base + (high > low ? .63 : .29), .14, detail::text(high));
    if (high > low) say(5.6, base - .03, .14, detail::text(low));
  }
  return {{0, 6, 0, double(std::max<std::size_t>(1, count))}, 15, [=](moment const&, std::size_t at) {
            shapes all = chart;
            for (auto const& of_one : heights) all.push_back(disc(ink::joint, {place(at), of_one[at]}, .06));
            return all;
          }};
}

}  // namespace COHORT_NAMESPACE::picture
