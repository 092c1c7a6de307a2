#pragma once
#include <cohort/advantage/decoupled.hpp>
#include <cohort/advantage/group_and_value.hpp>
#include <cohort/advantage/length_adaptive_gae.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/n_step.hpp>
#include <cohort/advantage/v_trace.hpp>
#include "random_layouts.hpp"

// The estimators with a critic, written out forward in time, one step after the other.
namespace references {

using namespace layouts;

/// f(the steps of a series, how many of them come before this one) is a step's target less its value; forward in time,
/// one step at a time.
template <class F>
result by_step(batch const& b, F f) {
  result r{numbers(b.M()), numbers(b.M())};
  for (auto const& s : b.series)
    for (int k = 0; k < int(s.size()); ++k)
      if (int i = s[k]; b.is_valid(i)) {
        r.advantage[i] = f(s, k);
        r.target[i] = r.advantage[i] + b.value[i];
      }
  return r;
}
inline double td_error(batch const& b, int i, double gamma) {
  return b.reward[i] + (b.terminated[i] ? 0 : gamma * b.next_value[i]) - b.value[i];
}

/// The errors from step k of a series on, each with its weight.
inline double errors_to_come(gae const& o, batch const& b, std::vector<int> const& s, int k) {
  double sum = 0, weight = 1;
  for (; k < int(s.size()); ++k) {
    int i = s[k];
    if (!b.is_valid(i) && o.invalid == invalid_steps::skip) continue;
    double after = std::isfinite(b.next_value[i]) ? b.next_value[i] : 0;
    sum += weight * (b.is_valid(i) ? td_error(b, i, o.gamma) : b.terminated[i] ? 0 : o.gamma * after);
    if (b.ends(i)) break;
    weight *= o.gamma * o.lambda;
  }
  return sum;
}
inline result by_hand(gae const& o, batch const& b) {
  return by_step(b, [&](std::vector<int> const& s, int k) { return errors_to_come(o, b, s, k); });
}
inline result by_hand(length_adaptive_gae const& o, batch const& b) {
  return by_step(b, [&](std::vector<int> const& s, int k) {
    double length = 0;
    for (int i : s) length += b.is_valid(i);
    return errors_to_come({o.gamma, o.alpha * length <= 1 ? 0 : 1 - 1 / (o.alpha * length), o.invalid}, b, s, k);
  });
}

inline double collected(batch const& b, std::vector<int> const& s, int k, double gamma, invalid_steps invalid) {
  double sum = 0, weight = 1;
  for (; k < int(s.size()); ++k) {
    int i = s[k];
    if (!b.is_valid(i) && invalid == invalid_steps::skip) continue;
    if (b.is_valid(i)) sum += weight * b.reward[i];
    if (b.ends(i)) break;
    weight *= gamma;
  }
  return sum;
}
inline result by_hand(monte_carlo const& o, batch const& b, bool critic = true) {
  if (critic && o.bootstrap) return by_hand(gae{o.gamma, 1, o.invalid}, b);
  result r = by_step(b, [&](std::vector<int> const& s, int k) {
    return collected(b, s, k, o.gamma, o.invalid) - (critic ? b.value[s[k]] : 0);
  });
  if (!critic) r.target.clear();
  return r;
}

template <class E, class Target>
result by_hand(decoupled<E, Target> const& o, batch const& b) {
  return {by_hand(o.estimator, b).advantage, by_hand(o.target, b).target};
}

inline result by_hand(n_step const& o, batch const& b) {
  return by_step(b, [&](std::vector<int> const& s, int k) {
    double sum = -b.value[s[k]], weight = 1;
    for (int j = 0;; ++j, ++k) {
      int i = s[k];
      sum += weight * b.reward[i];
      weight *= o.gamma;
      if (b.terminated[i]) return sum;
      if (b.truncated[i] || j + 1 == o.n || k + 1 == int(s.size())) return sum + weight * b.next_value[i];
    }
  });
}

inline result by_hand(v_trace const& o, batch const& b) {
  auto ratio = [&](int i) { return std::exp(b.old_logp[i] - b.sampler_logp[i]); };
  auto correction = [&](std::vector<int> const& s, int k) {  // e_k
    double sum = 0, weight = 1;
    for (; k < int(s.size()); ++k) {
      sum += weight * std::min(o.rho, ratio(s[k])) * td_error(b, s[k], o.gamma);
      if (b.ends(s[k])) break;
      weight *= o.gamma * o.lambda * std::min(o.c, ratio(s[k]));
    }
    return sum;
  };
  result r = by_step(b, correction);
  r.advantage = by_step(b, [&](std::vector<int> const& s, int k) {
                  double after = b.ends(s[k]) ? 0 : correction(s, k + 1);
                  return std::min(o.rho_pg, ratio(s[k])) * (td_error(b, s[k], o.gamma) + o.gamma * o.lambda * after);
                }).advantage;
  return r;
}

inline result by_hand(group_and_value const& o, batch const& b) {
  result r{numbers(b.M()), numbers(b.M())};
  for (auto const& all : b.members) {
    std::vector<int> group = b.present(all);
    double mean = 0;
    for (int n : group) {
      double weight = 1;
      for (int i : b.valid_steps(n)) mean += weight * b.reward[i] / double(group.size()), weight *= o.gamma;
    }
    for (int n : group)
      for (int k = 0; k < int(b.series[n].size()); ++k)
        if (int i = b.series[n][k]; b.is_valid(i)) {
          r.target[i] = collected(b, b.series[n], k, o.gamma, invalid_steps::skip);
          r.advantage[i] = r.target[i] - (o.mix * mean + (1 - o.mix) * b.value[i]);
        }
  }
  return r;
}

}  // namespace references
