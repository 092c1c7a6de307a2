#pragma once
#include <cohort/advantage/batch_view.hpp>
#include "../support/arrays.hpp"

// Lanes with a critic, for tests of estimators.
using namespace cohort;
using namespace arrays;

template <class T = double>
struct lane_batch {
  std::ptrdiff_t steps, lanes;
  std::vector<T> reward, value, next_value;
  flags terminated, truncated, valid{};

  batch_view<T> views() const {
    batch_view<T> b;
    b.series = partition::lanes(steps, lanes);
    b.reward = all(reward);
    b.value = all(value);
    b.next_value = all(next_value);
    b.terminated = all(terminated);
    b.truncated = all(truncated);
    if (!valid.empty()) b.valid = all(valid);
    return b;
  }
};

/// Random numbers everywhere, ends here and there.
inline lane_batch<> random_batch(std::ptrdiff_t T, std::ptrdiff_t N) {
  return {T,
          N,
          uniform(T * N, 1),
          uniform(T * N, 2, -5, 5),
          uniform(T * N, 3, -5, 5),
          coins(T * N, 4, .1),
          coins(T * N, 5, .1)};
}
/// One lane, no ends, each next value that of the following step.
inline lane_batch<> one_episode(numbers reward, numbers value, double last) {
  std::ptrdiff_t T = std::ptrdiff_t(reward.size());
  numbers next(value.begin() + 1, value.end());
  next.push_back(last);
  return {T, 1, reward, value, next, flags(T, 0), flags(T, 0)};
}

template <class T>
struct result {
  std::vector<T> advantage, target;
};
template <class E, class T>
result<T> estimate(E const& g, batch_view<T> const& b) {
  eigen::basic_backend<T> backend;
  result<T> r{std::vector<T>(b.reward.rows), std::vector<T>(b.reward.rows)};
  g(backend, b, {all(r.advantage), all(r.target)});
  return r;
}
template <class E, class T>
result<T> estimate(E const& g, lane_batch<T> const& b) {
  return estimate(g, b.views());
}
