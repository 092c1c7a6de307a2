#pragma once
#include <algorithm>
#include <cohort/advantage/batch_view.hpp>
#include <functional>
#include <iterator>
#include "../support/arrays.hpp"

// Batches of random shape, seen twice: as the views that an estimator gets, in float or double, and as plain lists of
// indices, from which the tests write each formula out in double.
namespace layouts {

using namespace cohort;
using namespace arrays;

/// Every number is a float, so that both types start from the same; rewards are eighths, so that equal sums are equal
/// in both.
struct batch {
  std::vector<std::vector<int>> series;   ///< the indices of the steps of each, in time
  std::vector<std::vector<int>> members;  ///< the series of each group
  int lanes = 0, steps_of_lane = 0, lanes_of_groups = 0;
  integers offsets{0}, group_offsets{0};
  int rewards = 0, anchors = 0;
  numbers reward, value, next_value, sampler_logp, old_logp, ref_logp, sum_of_squares, greedy, scores;
  flags terminated, truncated, valid, scored;  ///< valid, scored: empty where absent
  integers anchor;

  int M() const { return int(reward.size()); }
  int N() const { return int(series.size()); }
  bool is_valid(int i) const { return valid.empty() || valid[std::size_t(i)]; }
  bool ends(int i) const { return terminated[std::size_t(i)] || truncated[std::size_t(i)]; }
  int group_of(int n) const {
    for (std::size_t g = 0;; ++g)
      if (std::count(members[g].begin(), members[g].end(), n)) return int(g);
  }
  std::vector<int> valid_steps(int n) const {
    std::vector<int> result;
    std::copy_if(series[n].begin(), series[n].end(), std::back_inserter(result), [&](int i) { return is_valid(i); });
    return result;
  }
  /// Those of a group that have a valid step; where all are valid, those without any step too.
  bool is_member(int n) const { return valid.empty() || !valid_steps(n).empty(); }
  std::vector<int> present(std::vector<int> const& group) const {
    std::vector<int> result;
    std::copy_if(group.begin(), group.end(), std::back_inserter(result), [&](int n) { return is_member(n); });
    return result;
  }
};

struct wanted {
  bool critic = true, invalid = true, groups = true;
};

/// Lanes or packed series, some empty, some of one step; groups in lanes or packed, some empty, some of one; ends
/// anywhere; of a batch with a mask some series have no valid step at all, and what invalid steps hold is a NaN or
/// infinite.
inline batch draw(std::uint32_t seed, wanted w = {}) {
  random_stream draws(stream_id{11, draw_purpose::user, seed});
  auto below = [&](int n) { return int(draws.integer(std::uint32_t(n))); };
  auto chance = [&](double p) { return draws.uniform() < p; };
  batch b;
  if (chance(.5)) {
    b.steps_of_lane = 1 + below(12), b.lanes = 1 + below(chance(.3) ? 70 : 9);
    for (int n = 0; n < b.lanes; ++n) {
      b.series.emplace_back();
      for (int t = 0; t < b.steps_of_lane; ++t) b.series.back().push_back(t * b.lanes + n);
    }
  } else {
    for (int n = 1 + below(20); n > 0; --n) {
      int length = chance(.2) ? 0 : chance(.2) ? 1 : 1 + below(17);
      b.series.emplace_back();
      for (int t = 0; t < length; ++t) b.series.back().push_back(b.offsets.back() + t);
      b.offsets.push_back(b.offsets.back() + length);
    }
  }
  int M = b.lanes ? b.lanes * b.steps_of_lane : b.offsets.back(), N = b.N();
  if (w.groups && chance(.3)) {
    b.lanes_of_groups = N % 3 == 0 ? N / 3 : N % 2 == 0 ? N / 2 : N;
    b.members.resize(std::size_t(b.lanes_of_groups));
    for (int n = 0; n < N; ++n) b.members[n % b.lanes_of_groups].push_back(n);
  } else {
    for (int n = 0; n < N;) {
      int size = std::min(N - n, chance(.15) ? 0 : chance(.2) ? 1 : 1 + below(9));
      b.members.emplace_back();
      for (int k = 0; k < size; ++k) b.members.back().push_back(n++);
      b.group_offsets.push_back(n);
    }
  }

  auto number = [&](double low, double high) { return double(float(draws.uniform(low, high))); };
  auto eighths = [&](double low, double high) { return std::round(draws.uniform(low, high) * 8) / 8; };
  bool sparse = chance(.3);
  for (int i = 0; i < M; ++i) {
    b.reward.push_back(sparse && chance(.7) ? 0 : eighths(-2, 3));
    b.value.push_back(number(-5, 5));
    b.next_value.push_back(number(-5, 5));
    b.sampler_logp.push_back(number(-4, -.1));
    b.old_logp.push_back(number(-4, -.1));
    b.ref_logp.push_back(number(-4, -.1));
    double p = std::exp(b.old_logp.back());
    b.sum_of_squares.push_back(double(float(p * p + (1 - p) * (1 - p) * draws.uniform(.1, 1))));
    b.terminated.push_back(chance(.08));
    b.truncated.push_back(chance(.08));
  }
  b.anchors = 1 + below(6);
  for (int i = 0; i < M; ++i) b.anchor.push_back(below(b.anchors));
  for (auto const& s : b.series)
    if (!s.empty() && chance(.5)) b.terminated[s.back()] = chance(.5), b.truncated[s.back()] = !b.terminated[s.back()];
  b.rewards = 1 + below(3);
  for (int n = 0; n < N; ++n) {
    b.greedy.push_back(eighths(-2, 3));
    for (int k = 0; k < b.rewards; ++k) b.scores.push_back(chance(.2) ? std::nan("") : eighths(-2, 3));
  }
  if (chance(.4)) {
    b.scored = flags(M);
    for (auto& s : b.scored) s = chance(.4);
  }
  if (!w.invalid || chance(.4)) return b;

  b.valid = flags(M);
  for (auto const& s : b.series) {
    double share = chance(.2) ? 0 : chance(.2) ? 1 : .7;
    for (int i : s) b.valid[i] = chance(share);
  }
  if (chance(.05)) b.valid = flags(M, 0);
  double const inf = std::numeric_limits<double>::infinity(), poison[] = {std::nan(""), inf, -inf};
  for (int i = 0; i < M; ++i)
    if (!b.valid[i])
      for (auto* field :
           {&b.reward, &b.value, &b.next_value, &b.sampler_logp, &b.old_logp, &b.ref_logp, &b.sum_of_squares})
        (*field)[i] = poison[below(3)];
  return b;
}

/// The numbers of a batch in one type, and its views.
template <class T>
struct in_type {
  batch const& b;
  bool critic;
  std::vector<T> reward = of(b.reward), value = of(b.value), next_value = of(b.next_value),
                 sampler_logp = of(b.sampler_logp), old_logp = of(b.old_logp), ref_logp = of(b.ref_logp),
                 sum_of_squares = of(b.sum_of_squares), greedy = of(b.greedy), scores = of(b.scores);

  integers anchor = of<std::int32_t>(b.anchor);

  template <class U = T, class From>
  static std::vector<U> of(std::vector<From> const& x) {
    std::vector<U> result;
    result.reserve(x.size() + 1);  // else a view of no steps would be absent
    for (From v : x) result.push_back(U(v));
    return result;
  }
  batch_view<T> views() const {
    auto longest = [](auto const& lists) {
      std::size_t n = 0;
      for (auto const& list : lists) n = std::max(n, list.size());
      return std::ptrdiff_t(n);
    };
    batch_view<T> v;
    v.series = b.lanes ? partition::lanes(b.steps_of_lane, b.lanes)
                       : partition::segments(all(b.offsets), b.M(), longest(b.series));
    v.groups = b.lanes_of_groups ? partition::lanes(b.N() / b.lanes_of_groups, b.lanes_of_groups)
                                 : partition::segments(all(b.group_offsets), b.N(), longest(b.members));
    v.reward = all(reward);
    v.terminated = all(b.terminated);
    v.truncated = all(b.truncated);
    if (!b.valid.empty()) v.valid = all(b.valid);
    if (!b.scored.empty()) v.scored = all(b.scored);
    if (critic) v.value = all(value), v.next_value = all(next_value);
    v.sampler_logp = all(sampler_logp);
    v.old_logp = all(old_logp);
    v.ref_logp = all(ref_logp);
    v.sum_of_squares = all(sum_of_squares);
    v.greedy_score = all(greedy);
    v.scores = {scores.data(), b.N(), b.rewards};
    v.anchor = all(anchor);
    v.anchors = b.anchors;
    return v;
  }
};

struct result {
  numbers advantage, target;
};

template <class T, class E>
result run(E const& estimator, batch const& b, bool critic) {
  eigen::basic_backend<T> backend;
  std::size_t M = b.reward.size();
  std::vector<T> advantage(M, T(-99)), target(M, T(-99));
  in_type<T> numbers_of{b, critic};
  estimator(backend, numbers_of.views(), {all(advantage), critic ? all(target) : view<T>{}});
  return {cast<double>(advantage), critic ? cast<double>(target) : numbers{}};
}

/// The worst of the valid steps, relative to 1 or to the largest number of the batch; infinite where a number is
/// missing, even of an invalid step.
inline double distance(batch const& b, numbers const& found, numbers const& expected) {
  double worst = 0, largest = 1;
  for (int i = 0; i < b.M(); ++i)
    if (b.is_valid(i)) largest = std::max(largest, std::abs(expected[i]));
  for (int i = 0; i < b.M(); ++i) {
    if (!std::isfinite(found[i])) return std::numeric_limits<double>::infinity();
    if (b.is_valid(i)) worst = std::max(worst, std::abs(found[i] - expected[i]) / largest);
  }
  return worst;
}

}  // namespace layouts
