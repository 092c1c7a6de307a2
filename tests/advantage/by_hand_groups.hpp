#pragma once
#include <cohort/advantage/gigpo.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include "by_hand_statistics.hpp"

// The estimators that compare series, written out.
namespace references {

/// f(a member's number, the numbers of its group, its place among them), for the scores.
template <class F>
numbers by_group(batch const& b, F f) {
  numbers x = scores(b), result(b.N());
  for (auto const& all : b.members) {
    std::vector<int> group = b.present(all);
    for (std::size_t k = 0; k < group.size(); ++k) result[group[k]] = f(group, of(x, group), k);
  }
  return steps_of_series(b, result);
}

inline numbers by_hand(opo const& o, batch const& b) {
  return by_group(b, [&](std::vector<int> const& group, numbers const& r, std::size_t k) {
    if (r.size() == 1) return o.single == group_of_one::raw ? r[0] : 0;
    double weighted = 0, lengths = 0;
    for (std::size_t j = 0; j < r.size(); ++j) {
      double l = double(b.valid_steps(group[j]).size());
      weighted += l * r[j], lengths += l;
    }
    return lengths == 0 ? 0 : r[k] - weighted / lengths;
  });
}

inline numbers by_hand(gpg const& o, batch const& b) {
  numbers everything = scores(b);
  double not_zero = 0, members = 0;
  for (int n = 0; n < b.N(); ++n)
    if (b.is_member(n)) ++members, not_zero += everything[n] != 0;
  return by_group(b, [&](std::vector<int> const&, numbers const& r, std::size_t k) {
    double level = r.size() > 1 ? sum(r) / double(r.size()) : o.single == group_of_one::raw ? 0 : r[0];
    return not_zero == 0 ? 0 : members / not_zero * (r[k] - level) / o.divisor;
  });
}

inline numbers by_hand(max_rl const&, batch const& b) {
  return by_group(b, [&](std::vector<int> const&, numbers const& r, std::size_t k) {
    double mean = sum(r) / double(r.size());
    return mean > 0 ? (r[k] - mean) / mean : 0;
  });
}

inline numbers by_hand(best_of_group const& o, batch const& b) {
  return by_group(b, [&](std::vector<int> const&, numbers r, std::size_t k) {
    if (r.size() == 1) return 0.;
    double own = r[k], divisor = o.scale ? deviation(r, 1) + o.epsilon : 1;
    r.erase(r.begin() + std::ptrdiff_t(k));
    return std::max(0., own - *std::max_element(r.begin(), r.end())) / divisor;
  });
}

inline double choose(int n, int k) {
  double ways = 1;
  for (int i = 0; i < k; ++i) ways *= double(n - i) / double(i + 1);
  return k > n ? 0 : std::round(ways);
}
inline numbers by_hand(pass_at_k const& o, batch const& b) {
  return by_group(b, [&](std::vector<int> const&, numbers const& r, std::size_t k) {
    if (r[k] > o.threshold) return double(o.k);
    int others = int(r.size()) - 1, drawn = std::min(o.k - 1, others);
    int wrong = int(std::count_if(r.begin(), r.end(), [&](double x) { return !(x > o.threshold); })) - 1;
    return o.k * (1 - choose(wrong, drawn) / choose(others, drawn));
  });
}

inline numbers by_hand(optimal_token_baseline const& o, batch const& b) {
  numbers r = to_go(b, b.reward, 1), result(b.M());
  auto weight = [&](std::vector<int> const& s, std::size_t t) {
    double total = 0;
    for (std::size_t k = 0; k <= t; ++k) total += 1 - 2 * std::exp(b.old_logp[s[k]]) + b.sum_of_squares[s[k]];
    return total;
  };
  for (auto const& all : b.members)
    for (int n : b.present(all)) {
      std::vector<int> group = b.present(all);
      auto own = b.valid_steps(n);
      for (std::size_t t = 0; t < own.size(); ++t) {
        double weighted = 0, weights = 0;
        int alive = 0;
        for (int j : group)
          if (auto s = b.valid_steps(j); t < s.size())
            ++alive, weighted += r[s[t]] * weight(s, t), weights += weight(s, t);
        bool none = group.size() == 1 || (o.alone_is_zero && alive == 1);
        result[own[t]] = r[own[t]] - (none ? 0 : weighted / (weights + o.epsilon));
      }
    }
  return result;
}

inline numbers by_hand(gigpo const& o, batch const& b) {
  numbers result = by_hand(o.episodes, b), r = to_go(b, b.reward, o.gamma), everything;
  for (int i = 0; i < b.M(); ++i)
    if (b.is_valid(i)) everything.push_back(r[i]);
  for (int i = 0; i < b.M(); ++i) {
    numbers cell;
    for (int j = 0; j < b.M(); ++j)
      if (b.is_valid(j) && b.anchor[j] == b.anchor[i]) cell.push_back(r[j]);
    if (b.is_valid(i)) result[i] += o.weight * relative(o.steps, r[i], cell, everything);
  }
  return result;
}

inline numbers column(batch const& b, int k) {
  numbers result;
  for (int n = 0; n < b.N(); ++n) result.push_back(b.scores[n * b.rewards + k]);
  return result;
}
inline numbers by_hand(weighted_rewards const& o, batch const& b) {
  numbers total(b.N(), std::nan(""));
  for (int k = 0; k < b.rewards; ++k)
    for (int n = 0; n < b.N(); ++n)
      if (double x = column(b, k)[n]; x == x)
        total[n] = (total[n] == total[n] ? total[n] : 0) + (o.weights.empty() ? 1 : o.weights[k]) * x;
  return steps_of_series(b, within_groups(o.how, b, total));
}

inline numbers by_hand(gdpo const& o, batch const& b) {
  numbers total(b.N());
  std::vector<bool> any(b.N()), any_step(b.M());
  for (int k = 0; k < b.rewards; ++k) {
    numbers x = column(b, k), z = within_groups(o.how, b, x);
    for (int n = 0; n < b.N(); ++n) {
      total[n] += (o.weights.empty() ? 1 : o.weights[k]) * z[n];
      any[n] = any[n] || (x[n] == x[n] && b.is_member(n));
    }
  }
  if (o.over == averaged_over::series) total = standardized(o.batch_wide, total, any);
  for (int n = 0; n < b.N(); ++n)
    for (int i : b.series[n]) any_step[i] = any[n] && b.is_valid(i);
  numbers result = steps_of_series(b, total);
  if (o.over == averaged_over::steps) result = standardized(o.batch_wide, result, any_step);
  for (int i = 0; i < b.M(); ++i)
    if (!any_step[i]) result[i] = 0;
  return result;
}

inline numbers by_hand(remax const& o, batch const& b) {
  numbers result = to_go(b, b.reward, o.gamma), greedy = steps_of_series(b, b.greedy);
  for (int i = 0; i < b.M(); ++i) result[i] -= greedy[i];
  return result;
}

}  // namespace references
