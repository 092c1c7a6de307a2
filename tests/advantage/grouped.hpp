#pragma once
#include <algorithm>
#include <cohort/advantage/batch_view.hpp>
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// Packed series in groups, for tests of estimators.
using namespace cohort;
using namespace arrays;

/// Series of these lengths, packed, in groups of these sizes.
template <class T = double>
struct grouped {
  integers offsets{0}, group_offsets{0};
  std::vector<T> reward;
  flags terminated, truncated, valid{};

  grouped(std::vector<int> lengths, std::vector<int> groups, std::vector<T> rewards)
      : reward(rewards), terminated(rewards.size(), 0), truncated(rewards.size(), 0) {
    for (int l : lengths) offsets.push_back(offsets.back() + l);
    for (int g : groups) group_offsets.push_back(group_offsets.back() + g);
    for (std::size_t n = 1; n < offsets.size(); ++n)
      if (offsets[n] > offsets[n - 1]) terminated[offsets[n] - 1] = 1;
  }
  batch_view<T> views() const {
    batch_view<T> b;
    std::int32_t longest = 0;
    for (std::size_t n = 1; n < offsets.size(); ++n) longest = std::max(longest, offsets[n] - offsets[n - 1]);
    b.series = partition::segments(all(offsets), offsets.back(), longest);
    b.groups = partition::segments(all(group_offsets), group_offsets.back(), 0);
    b.reward = all(reward);
    b.terminated = all(terminated);
    b.truncated = all(truncated);
    if (!valid.empty()) b.valid = all(valid);
    return b;
  }
};
/// One group of episodes of one step, with these returns.
template <class T>
grouped<T> bandit(std::vector<T> returns) {
  return {std::vector<int>(returns.size(), 1), {int(returns.size())}, returns};
}

template <class E, class T>
std::vector<T> advantages(E const& estimator, batch_view<T> const& b) {
  eigen::basic_backend<T> backend;
  std::vector<T> advantage(b.reward.rows, -99);
  estimator(backend, b, {all(advantage), {}});
  return advantage;
}
template <class E, class T>
std::vector<T> advantages(E const& estimator, grouped<T> const& b) {
  return advantages(estimator, b.views());
}

/// What one of the scripts in tests/golden recorded: its batch, and its results by name.
struct recorded_groups {
  golden::table rows;
  grouped<> batch{{}, {}, {}};

  explicit recorded_groups(std::string const& file) : rows(golden::read(file)) {
    batch.offsets = cast<std::int32_t>(row("offsets"));
    if (rows.count("group_offsets")) batch.group_offsets = cast<std::int32_t>(row("group_offsets"));
    else
      for (int g = 0; g * int(row("group_size")[0]) < int(batch.offsets.size()) - 1; ++g)
        batch.group_offsets.push_back((g + 1) * int(row("group_size")[0]));
    std::size_t M = std::size_t(batch.offsets.back());
    if (rows.count("reward")) batch.reward = row("reward");
    batch.terminated = batch.truncated = flags(M, 0);
    for (std::size_t n = 1; n < batch.offsets.size(); ++n) batch.terminated[std::size_t(batch.offsets[n]) - 1] = 1;
    if (rows.count("valid")) batch.valid = cast<std::uint8_t>(row("valid"));
  }
  numbers const& row(std::string const& name) const { return golden::row(rows, name); }
  recorded_groups without_last_group() const {
    auto g = *this;
    g.batch.group_offsets.pop_back();
    g.batch.offsets.resize(std::size_t(g.batch.group_offsets.back()) + 1);
    auto M = std::size_t(g.batch.offsets.back());
    g.batch.reward.resize(M), g.batch.terminated.resize(M), g.batch.truncated.resize(M);
    if (!g.batch.valid.empty()) g.batch.valid.resize(M);
    return g;
  }
  /// The scores in these rows, one after the other for each series.
  numbers scores(std::initializer_list<char const*> names) const {
    numbers result;
    for (std::size_t n = 0; n + 1 < batch.offsets.size(); ++n)
      for (auto name : names) result.push_back(row(name)[n]);
    return result;
  }
  bool is_valid(std::size_t i) const { return batch.valid.empty() || batch.valid[i]; }
  /// The number of the next valid step of the same series; after the last one, 0.
  numbers next_valid(numbers const& of_step) const {
    numbers next(of_step.size(), 0);
    for (std::size_t n = 0; n + 1 < batch.offsets.size(); ++n) {
      double after = 0;
      for (auto i = std::size_t(batch.offsets[n + 1]); i-- > std::size_t(batch.offsets[n]);) {
        next[i] = after;
        if (is_valid(i)) after = of_step[i];
      }
    }
    return next;
  }
  /// How far valid steps are from the recorded ones, as far as these go.
  double distance(numbers const& found, std::string const& name) const {
    auto const& expected = row(name);
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (is_valid(i)) {
        double d = std::abs(found[i] - expected[i]) / std::max(1., std::abs(expected[i]));
        worst = d <= worst ? worst : d;  // a NaN stays
      }
    return worst;
  }
};
