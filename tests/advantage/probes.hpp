#pragma once
#include <cohort/advantage/hybrid_grpo.hpp>
#include "../support/arrays.hpp"

// Batches of probes, and Hybrid GRPO written out beside the header: one decision at a time, in double, from the
// definition.
namespace probes {

using namespace cohort;
using namespace arrays;

struct probe_batch {
  int T, N, G, K;  // M = T N G steps; reward and flags have K rows of M
  numbers reward, value, next_value, probe_value;
  flags terminated, truncated;
  integers executed;

  int R() const { return T * N; }
  int M() const { return T * N * G; }

  batch_view<double> views() const {
    batch_view<double> b;
    b.series = partition::lanes(T, N);
    b.group = G;
    b.depth = K;
    b.reward = matrix(reward, K);
    b.terminated = matrix(terminated, K);
    b.truncated = matrix(truncated, K);
    b.value = all(value);
    b.next_value = all(next_value);
    b.probe_value = all(probe_value);
    b.executed = all(executed);
    return b;
  }
};

inline probe_batch random(int T, int N, int G, int K, double ends = .15) {
  int R = T * N, M = R * G;
  probe_batch b{T,
                N,
                G,
                K,
                uniform(K * M, 1, -2, 3),
                uniform(R, 2, -5, 5),
                uniform(R, 3, -5, 5),
                uniform(M, 4, -5, 5),
                coins(K * M, 5, ends),
                coins(K * M, 6, ends),
                integers(R)};
  auto pick = uniform(R, 7, 0, G);
  for (int r = 0; r < R; ++r) b.executed[r] = r * G + int(pick[r]);
  return b;
}

struct result {
  numbers advantage, target;
};
template <class Estimator = hybrid_grpo>
result run(Estimator const& o, batch_view<double> const& b) {
  cpu backend;
  result r{numbers(b.series.steps() * b.group), numbers(b.series.steps() * b.group)};
  o(backend, b, {all(r.advantage), all(r.target)});
  return r;
}
template <class Estimator = hybrid_grpo>
result run(Estimator const& o, probe_batch const& b) {
  return run(o, b.views());
}

struct moments {
  double mean = 0, std = 0;
};
inline moments moments_of(numbers const& x, int ddof) {
  moments m;
  for (double v : x) m.mean += v / double(x.size());
  for (double v : x) m.std += (v - m.mean) * (v - m.mean);
  m.std = std::sqrt(m.std / std::max(1., double(x.size()) - ddof));
  return m;
}

/// Whether step k of probe i is to be read.
inline bool read(probe_batch const& b, int k, int i) {
  for (int j = 0; j < k; ++j)
    if (b.terminated[j * b.M() + i] || b.truncated[j * b.M() + i]) return false;
  return true;
}

inline numbers transformed(hybrid_grpo const& o, probe_batch const& b) {
  numbers f = b.reward;
  if (o.transform == reward_transform::tanh)
    for (double& x : f) x = std::tanh(o.tau * x);
  auto score = [&](int first, int count) {  // those of these rewards that are to be read
    numbers members;
    for (int i = first; i < first + count; ++i)
      if (read(b, i / b.M(), i % b.M())) members.push_back(b.reward[i]);
    moments m = moments_of(members, o.ddof);
    for (int i = first; i < first + count; ++i) f[i] = std::tanh(o.tau * (b.reward[i] - m.mean) / (m.std + o.epsilon));
  };
  if (o.transform == reward_transform::tanh_of_batch_score) score(0, b.K * b.M());
  if (o.transform == reward_transform::tanh_of_group_score)
    for (int first = 0; first < b.K * b.M(); first += b.G) score(first, b.G);
  if (o.transform == reward_transform::weighted_in_group)
    for (int first = 0; first < b.K * b.M(); first += b.G) {
      double least = 1e300, most = -1e300;
      for (int i = first; i < first + b.G; ++i)
        if (read(b, i / b.M(), i % b.M())) least = std::min(least, b.reward[i]), most = std::max(most, b.reward[i]);
      for (int i = first; i < first + b.G; ++i)
        f[i] *= std::tanh(2.5 * o.tau * (b.reward[i] - least) / (most - least + o.epsilon));
    }
  return f;
}

inline double probe_return(hybrid_grpo const& o, probe_batch const& b, numbers const& f, int i) {
  double q = 0;
  for (int k = 0; k < b.K; ++k) {
    q += std::pow(o.gamma, k) * f[k * b.M() + i];
    if (b.terminated[k * b.M() + i]) return q;
    if (b.truncated[k * b.M() + i] || k + 1 == b.K)
      return q + (o.after == bootstrap::none           ? 0
                  : o.after == bootstrap::undiscounted ? 1
                                                       : std::pow(o.gamma, k + 1)) *
                     b.probe_value[i];
  }
  return q;
}

/// GAE of the executed branch at decision r = t N + n, forward along its lane; without its own one-step error it is the
/// tail.
inline double along_lane(hybrid_grpo const& o, probe_batch const& b, numbers const& f, int r, bool own) {
  double sum = 0, weight = 1;
  for (int s = r; s < b.R(); s += b.N) {
    int i = b.executed[s];
    double delta = f[i] + (b.terminated[i] ? 0 : o.gamma * b.next_value[s]) - b.value[s];
    if (own || s > r) sum += weight * delta;
    if (b.terminated[i] || b.truncated[i]) break;
    weight *= o.gamma * o.lambda;
  }
  return sum;
}

inline result by_hand(hybrid_grpo const& o, probe_batch const& b) {
  numbers f = transformed(o, b);
  result out{numbers(b.M()), numbers(b.M())};
  std::vector<moments> of_group;
  for (int r = 0; r < b.R(); ++r) {
    numbers q;
    double plain = 0;
    for (int g = 0; g < b.G; ++g) {
      q.push_back(probe_return(o, b, f, r * b.G + g));
      plain += probe_return({.gamma = o.gamma}, b, b.reward, r * b.G + g) / b.G;
    }
    of_group.push_back(moments_of(q, o.ddof));
    for (int g = 0; g < b.G; ++g) {
      int i = r * b.G + g;
      double mean = of_group[r].mean, others = b.G == 1 ? 0 : (mean * b.G - q[g]) / (b.G - 1);
      bool compared = b.G > 1 || o.transform == reward_transform::tanh_of_group_score ||
                      o.transform == reward_transform::weighted_in_group;
      double kappa = compared ? o.baseline.kappa : 0;
      double level = (1 - kappa) * b.value[r] + kappa * (o.baseline.leave_one_out ? others : mean);
      out.advantage[i] = q[g] - o.baseline.weight * level;
      if (o.tail && b.executed[r] == i) out.advantage[i] += along_lane(o, b, f, r, false);
      out.target[i] = o.target == critic_target::group_mean   ? mean
                      : o.target == critic_target::plain_mean ? plain
                                                              : along_lane(o, b, f, r, true) + b.value[r];
    }
  }
  moments of_batch = moments_of(out.advantage, o.ddof);
  for (int r = 0; r < b.R(); ++r) {
    double divisor = 1, mean = 0;
    if (o.scale == group_scale::batch_std) divisor = of_batch.std + o.epsilon;
    if (o.scale == group_scale::group_std && b.G > 1) divisor = of_group[r].std + o.epsilon;
    for (int g = 0; g < b.G; ++g) mean += (out.advantage[r * b.G + g] /= divisor) / b.G;
    if (o.averaged)
      for (int g = 0; g < b.G; ++g) out.advantage[r * b.G + g] = mean;
  }
  return out;
}

}  // namespace probes
