#pragma once
#include <cohort/preset/recorded_batch.hpp>

// The batch of docs/conventions.md.

using numbers = std::vector<double>;

/// Two groups of four answers and one of a single answer, packed. A2 has a tool's output at its steps 3 and 4; B's
/// rewards are equal up to rounding.
struct worked_batch {
  std::vector<std::int32_t> offsets{0, 3, 8, 10, 14, 16, 17, 20, 22, 24}, group_offsets{0, 4, 8, 9}, one_group{0, 9};
  std::vector<std::uint8_t> valid = std::vector<std::uint8_t>(24, 1), terminated = std::vector<std::uint8_t>(24, 0),
                            truncated = terminated;
  numbers score{1, 0, .25, .75, .3, .1 + .2, .3, .3, 2}, reward = numbers(24, 0), old_logp = numbers(24, -1),
                                                         ref_logp = old_logp, value, next_value;

  worked_batch() {
    valid[5] = valid[6] = 0;
    for (std::size_t n = 0; n < 9; ++n) {
      auto last = std::size_t(offsets[n + 1]) - 1;
      terminated[last] = 1;
      reward[last] = score[n];
    }
    for (std::size_t i = 0; i < 24; ++i) ref_logp[i] = -1 - .5 * double(i % 3);  // log pi - log ref is 0, .5, 1, 0, ...
    for (std::size_t i = 0; i < 24; ++i) value.push_back(.1 * double(i % 4));
    for (std::size_t i = 0; i < 24; ++i) next_value.push_back(terminated[i] ? 0 : value[i + 1]);
  }
  cohort::batch_view<double> views() const {
    auto in = [](auto const& v) {
      return cohort::view<typename std::decay_t<decltype(v)>::value_type const>{v.data(), std::ptrdiff_t(v.size())};
    };
    cohort::batch_view<double> b;
    b.series = cohort::partition::segments(in(offsets), 24, 5);
    b.groups = cohort::partition::segments(in(group_offsets), 9, 4);
    b.reward = in(reward), b.terminated = in(terminated), b.truncated = in(truncated), b.valid = in(valid);
    b.old_logp = b.sampler_logp = in(old_logp), b.ref_logp = in(ref_logp), b.scores = in(score);
    return b;
  }
  cohort::batch_view<double> with_critic() const {
    auto b = views();
    b.value = {value.data(), 24}, b.next_value = {next_value.data(), 24};
    return b;
  }
  /// The same as a log has it, after some steps of an update: log-ratios of 0, 0.1, -0.3, ... and two far ones.
  cohort::preset::recorded_batch recorded() const {
    double const moved[] = {0, .1, -.3, .05, .25, -.1};
    cohort::preset::recorded_batch batch;
    for (std::size_t g = 0; g + 1 < group_offsets.size(); ++g) {
      std::vector<cohort::preset::recorded_series> members;
      for (auto n = std::size_t(group_offsets[g]); n < std::size_t(group_offsets[g + 1]); ++n) {
        cohort::preset::recorded_series s;
        for (auto i = std::size_t(offsets[n]); i < std::size_t(offsets[n + 1]); ++i) {
          s.reward.push_back(reward[i]), s.old_logp.push_back(old_logp[i]), s.sampler_logp.push_back(old_logp[i]),
              s.ref_logp.push_back(ref_logp[i]);
          s.logp.push_back(old_logp[i] + (i == 4 ? 1.3 : i == 9 ? -1.2 : moved[i % 6]));
          s.value.push_back(value[i]), s.valid.push_back(valid[i]);
        }
        members.push_back(s);
      }
      batch.add_group(members);
    }
    return batch;
  }
};
