#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/environment/classic_control/acrobot.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/continuous_mountain_car.hpp>
#include <cohort/environment/classic_control/mountain_car.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/picture/scene.hpp>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

// The five as Gymnasium's render() draws them.

namespace COHORT_NAMESPACE::picture {

/// A point of a body that is turned by an angle, counterclockwise, and then moved.
inline point moved(point p, double angle, point to) {
  double c = std::cos(angle), s = std::sin(angle);
  return {to.x + c * p.x - s * p.y, to.y + s * p.x + c * p.y};
}
inline std::vector<point> moved(std::vector<point> body, double angle, point to) {
  for (auto& p : body) p = moved(p, angle, to);
  return body;
}

/// A cart on a track with its pole, of half its length on the screen as in Gymnasium's 125 pixels a meter.
inline scene scene_of(classic_control::cart_pole const& e) {
  double const side = e.position_limit, length = 2 * e.half_length;
  return {{-side, side, -.4, std::max(1.6, length + .3)}, 1 / e.time_step, [=](moment const& m, std::size_t) {
            point const cart{m.observation[0], 0}, axle{cart.x, .06};
            return shapes{
                line(ink::scenery, 0, {{-side, 0}, {side, 0}}),
                area(ink::body, moved({{-.2, -.12}, {-.2, .12}, {.2, .12}, {.2, -.12}}, 0, cart)),
                line(ink::limb, .08, {axle, moved({0, length}, -m.observation[2], axle)}),
                disc(ink::joint, axle, .04),
            };
          }};
}

inline double hill(double x) { return std::sin(3 * x) * .45 + .55; }

/// A car on its wheels, along the slope of the hill, and the flag.
template <class E>
scene hill_scene(E const& e) {
  std::vector<point> ground;
  for (int i = 0; i <= 100; ++i) {
    double const x = e.min_position + (e.max_position - e.min_position) * i / 100;
    ground.push_back({x, hill(x)});
  }
  point const flag{e.goal_position, hill(e.goal_position)};
  return {{e.min_position, e.max_position, 0, 1.2}, 30, [=](moment const& m, std::size_t) {
            double const x = m.observation[0], slope = std::cos(3 * x);
            point const on{x, hill(x)};
            auto wheel = [&](double along) { return disc(ink::joint, moved({along, .024}, slope, on), .024); };
            return shapes{
                line(ink::scenery, 0, ground),
                line(ink::scenery, 0, {flag, {flag.x, flag.y + .15}}),
                area(ink::goal, {{flag.x, flag.y + .15}, {flag.x, flag.y + .12}, {flag.x + .075, flag.y + .135}}),
                area(ink::body, moved({{-.06, .03}, {-.06, .09}, {.06, .09}, {.06, .03}}, slope, on)),
                wheel(-.03),
                wheel(.03),
            };
          }};
}

inline scene scene_of(classic_control::mountain_car const& e) { return hill_scene(e); }
inline scene scene_of(classic_control::continuous_mountain_car const& e) { return hill_scene(e); }

/// Two links, and the line that the tip is to reach. The second link's length is no parameter: it is 1.
inline scene scene_of(classic_control::acrobot const& e) {
  double const length = e.length_1, bound = length + 1 + .2;
  return {{-bound, bound, -bound, bound}, 15, [=](moment const& m, std::size_t) {
            auto const& seen = m.observation;  // cosines and sines of the angles
            point const fixed{0, 0}, joint{length * seen[1], -length * seen[0]};
            point const tip{joint.x + seen[1] * seen[2] + seen[0] * seen[3],
                            joint.y - seen[0] * seen[2] + seen[1] * seen[3]};
            return shapes{
                line(ink::goal, 0, {{-bound, 1}, {bound, 1}}),
                line(ink::body, .2, {fixed, joint}),
                line(ink::body, .2, {joint, tip}),
                disc(ink::joint, fixed, .1),
                disc(ink::joint, joint, .1),
            };
          }};
}

/// A rod on its pivot; around it an arrow in the torque's direction, the larger the stronger.
inline scene scene_of(classic_control::pendulum const& e) {
  double const length = e.length, bound = std::max(1.1, length + .2), most = e.max_torque;
  return {{-bound, bound, -bound, bound}, 1 / e.time_step, [=](moment const& m, std::size_t) {
            double const torque = m.action.empty() ? 0 : std::clamp(m.action[0], -most, most);
            double const radius = .5 * std::abs(torque) / most, way = torque < 0 ? -1 : 1;
            auto around = [&](double share, double r) {  // of three quarters of a turn, from the lower left or right
              double const angle = std::numbers::pi * (1.5 * share - .25);
              return point{way * r * std::cos(angle), r * std::sin(angle)};
            };
            std::vector<point> arc;
            for (int i = 0; i <= 12; ++i) arc.push_back(around(.9 * i / 12, radius));
            point const pivot{0, 0}, tip{-length * m.observation[1], length * m.observation[0]};
            return shapes{
                line(ink::body, .2, {pivot, tip}),
                disc(ink::joint, pivot, .05),
                line(ink::limb, .03, arc),
                area(ink::limb, {around(.88, .8 * radius), around(1.03, radius), around(.88, 1.2 * radius)}),
            };
          }};
}

}  // namespace COHORT_NAMESPACE::picture
