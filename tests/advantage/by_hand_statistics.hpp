#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <iterator>
#include "random_layouts.hpp"

// Statistics of groups written out in double, one number at a time, from their formulas, and what is made of them. Of
// an estimator's object only its options are read.
namespace references {

using namespace layouts;

inline numbers steps_of_series(batch const& b, numbers const& by_series) {
  numbers result(b.M());
  for (int n = 0; n < b.N(); ++n)
    for (int i : b.series[n]) result[i] = by_series[n];
  return result;
}
/// The sum of gamma^t r_t over the valid steps of each series.
inline numbers scores(batch const& b, double gamma = 1) {
  numbers result(b.N());
  for (int n = 0; n < b.N(); ++n) {
    double weight = 1;
    for (int i : b.valid_steps(n)) result[n] += weight * b.reward[i], weight *= gamma;
  }
  return result;
}
/// What is still to come at each step, up to the end of its episode.
inline numbers to_go(batch const& b, numbers const& reward, double gamma) {
  numbers result(b.M());
  for (int n = 0; n < b.N(); ++n) {
    auto s = b.valid_steps(n);
    for (std::size_t t = 0; t < s.size(); ++t) {
      double weight = 1;
      for (std::size_t k = t; k < s.size(); ++k, weight *= gamma) {
        result[s[t]] += weight * reward[s[k]];
        if (b.ends(s[k])) break;
      }
    }
  }
  return result;
}

inline double sum(numbers const& x) {
  double total = 0;
  for (double v : x) total += v;
  return total;
}
inline double deviation(numbers const& x, int ddof) {
  double squares = 0, mean = sum(x) / double(x.size());
  for (double v : x) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / std::max(1., double(x.size()) - ddof));
}
/// x against the members of its cell and of the batch.
inline double relative(group_statistics const& o, double x, numbers const& cell, numbers const& everything) {
  double n = double(cell.size());
  if (n <= 1) return o.single == group_of_one::raw ? x : 0;
  bool equal = std::all_of(cell.begin(), cell.end(), [&](double v) { return v == cell[0]; });
  if (equal && o.baseline != group_baseline::none) return 0;
  double level = o.baseline == group_baseline::none   ? 0
                 : o.baseline == group_baseline::mean ? sum(cell) / n
                                                      : (sum(cell) - x) / (n - 1);
  if (o.scale == group_scale::none) return x - level;
  double d = deviation(o.scale == group_scale::group_std ? cell : everything, o.ddof);
  return (x - level) / (o.rule == epsilon_rule::added ? d + o.epsilon : std::max(d, o.epsilon));
}
inline numbers of(numbers const& x, std::vector<int> const& which) {
  numbers result;
  for (int k : which) result.push_back(x[k]);
  return result;
}
/// Each number that is there (no NaN) against those of its group; 0 for the others.
inline numbers within_groups(group_statistics const& o, batch const& b, numbers x) {
  numbers result(x.size()), everything;
  for (int n = 0; n < b.N(); ++n)
    if (!b.is_member(n)) x[n] = std::nan("");
  for (double v : x)
    if (v == v) everything.push_back(v);
  for (auto const& group : b.members) {
    numbers cell;
    for (int n : group)
      if (x[n] == x[n]) cell.push_back(x[n]);
    for (int n : group)
      if (x[n] == x[n]) result[n] = relative(o, x[n], cell, everything);
  }
  return result;
}

inline group_statistics statistics_of(group_relative const& o) {
  return {o.baseline, o.scale, o.single, o.ddof, o.epsilon, o.rule};
}

inline numbers by_hand(group_relative const& o, batch const& b) {
  group_statistics how = statistics_of(o);
  if (o.by == credit::episode) return steps_of_series(b, within_groups(how, b, scores(b, o.gamma)));
  numbers z(b.M()), everything;
  if (o.by == credit::return_to_go) {
    numbers r = to_go(b, b.reward, o.gamma);
    for (auto const& group : b.members)
      for (int n : group)
        for (std::size_t t = 0; t < b.series[n].size(); ++t) {
          numbers cell;
          for (int j : group)
            if (t < b.series[j].size()) cell.push_back(r[b.series[j][t]]);
            else if (o.finished == finished_episodes::count_as_zero) cell.push_back(0);
          z[b.series[n][t]] = relative(how, r[b.series[n][t]], cell, r);
        }
    return z;
  }
  auto has_reward = [&](int i) { return b.is_valid(i) && (b.scored.empty() || b.scored[i]); };
  for (int i = 0; i < b.M(); ++i)
    if (has_reward(i)) everything.push_back(b.reward[i]);
  for (auto const& group : b.members) {
    std::vector<int> here;
    for (int n : group) std::copy_if(b.series[n].begin(), b.series[n].end(), std::back_inserter(here), has_reward);
    for (int i : here) z[i] = relative(how, b.reward[i], of(b.reward, here), everything);
  }
  return o.by == credit::step ? z : to_go(b, z, o.gamma);
}

/// Those of x that `there` has, brought to mean 0 and deviation 1; the others stay.
inline numbers standardized(standardize const& o, numbers x, std::vector<bool> const& there) {
  numbers present;
  for (std::size_t k = 0; k < x.size(); ++k)
    if (there[k]) present.push_back(x[k]);
  if (int(present.size()) <= o.ddof) return x;
  bool equal = std::all_of(present.begin(), present.end(), [&](double v) { return v == present[0]; });
  double mean = equal ? present[0] : sum(present) / double(present.size()), d = deviation(present, o.ddof);
  for (double& v : x) v = (v - mean) / (d + o.epsilon);
  return x;
}

}  // namespace references
