#include <cohort/advantage/group_relative.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

// Every combination of options beside the definition, written out in O(n^2).
using namespace cohort;
using namespace arrays;

namespace {

struct batch {
  std::vector<int> group_of, length;  // of each series
  std::vector<numbers> reward;
  std::vector<std::vector<char>>
      ends;  // one is in the middle of a series: what is to come ends there, the series' score does not

  batch() {
    int const sizes[] = {4, 1, 3, 6, 2}, lengths[] = {5, 1, 9, 3, 7, 2, 2, 2, 8, 1, 4, 4, 12, 6, 3, 1};
    int n = 0;
    for (int g = 0; g < 5; ++g)
      for (int k = 0; k < sizes[g]; ++k, ++n) {
        group_of.push_back(g);
        length.push_back(lengths[n]);
        reward.push_back(uniform(lengths[n], std::uint32_t(n), -2, 3));
        ends.push_back(std::vector<char>(lengths[n], 0));
        ends[n].back() = 1;
      }
    ends[4][3] = 1;
  }
  double to_go(int n, int t, double gamma, bool across_ends) const {
    double sum = 0, weight = 1;
    for (int s = t; s < length[n]; ++s, weight *= gamma) {
      sum += weight * reward[n][s];
      if (ends[n][s] && !across_ends) break;
    }
    return sum;
  }
};

double expected(group_relative const& o, batch const& b, int n, int t) {
  bool episode = o.by == credit::episode;
  numbers members, everything;
  for (int j = 0; j < int(b.length.size()); ++j) {
    for (int s = 0; s < (episode ? 1 : b.length[j]); ++s) everything.push_back(b.to_go(j, s, o.gamma, episode));
    if (b.group_of[j] != b.group_of[n]) continue;
    if (episode) members.push_back(b.to_go(j, 0, o.gamma, episode));
    else if (t < b.length[j]) members.push_back(b.to_go(j, t, o.gamma, episode));
    else if (o.finished == finished_episodes::count_as_zero) members.push_back(0);
  }
  double x = b.to_go(n, episode ? 0 : t, o.gamma, episode), G = double(members.size());
  if (G == 1) return o.single == group_of_one::raw ? x : 0;
  auto deviation = [&](numbers const& v) {
    double mean = 0, squares = 0;
    for (double y : v) mean += y / double(v.size());
    for (double y : v) squares += (y - mean) * (y - mean);
    return std::sqrt(squares / (double(v.size()) - o.ddof));
  };
  double sum = 0;
  for (double y : members) sum += y;
  double level = o.baseline == group_baseline::none   ? 0
                 : o.baseline == group_baseline::mean ? sum / G
                                                      : (sum - x) / (G - 1);
  double divisor = o.scale == group_scale::none
                       ? 1
                       : deviation(o.scale == group_scale::group_std ? members : everything) + o.epsilon;
  return (x - level) / divisor;
}

}  // namespace

TEST_CASE(
    "group_relative: with every combination of its options it is its definition, on ragged groups of ragged episodes") {
  batch b;
  int N = int(b.length.size()), compared = 0;
  integers offsets{0}, group_offsets{0, 4, 5, 8, 14, 16};
  numbers reward;
  flags terminated, truncated;
  for (int n = 0; n < N; ++n) {
    offsets.push_back(offsets.back() + b.length[n]);
    for (int t = 0; t < b.length[n]; ++t) {
      reward.push_back(b.reward[n][t]);
      terminated.push_back(b.ends[n][t] && n % 2 == 0);
      truncated.push_back(b.ends[n][t] && n % 2 == 1);
    }
  }
  batch_view<double> view;
  view.series = partition::segments(all(std::as_const(offsets)), offsets.back(), 12);
  view.groups = partition::segments(all(std::as_const(group_offsets)), N, 6);
  view.reward = all(std::as_const(reward));
  view.terminated = all(std::as_const(terminated));
  view.truncated = all(std::as_const(truncated));

  cpu backend;
  for (auto by : {credit::episode, credit::return_to_go})
    for (double gamma : {1., .9, 0.})
      for (auto baseline : {group_baseline::mean, group_baseline::leave_one_out, group_baseline::none})
        for (auto scale : {group_scale::group_std, group_scale::batch_std, group_scale::none})
          for (auto finished : {finished_episodes::leave, finished_episodes::count_as_zero})
            for (auto single : {group_of_one::zero, group_of_one::raw})
              for (int ddof : {0, 1}) {
                group_relative o{by, gamma, baseline, scale, finished, single, ddof, 1e-4};
                numbers found(reward.size());
                o(backend, view, {all(found), {}});
                for (int n = 0; n < N; ++n)
                  for (int t = 0; t < b.length[n]; ++t, ++compared)
                    REQUIRE(close(found[offsets[n] + t], expected(o, b, n, t), 1e-11, 1e-12));
              }
  REQUIRE(compared == 432 * 70);
}
